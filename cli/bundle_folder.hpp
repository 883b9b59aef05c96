// Where a run keeps its evidence, and the words it was started with.
#pragma once
#include <string>
#include <vector>

namespace mccoy::cli {
/// mccoy-out/20261121T114203Z-k3x9ab
std::string fresh_bundle();
/// An earlier run is never mixed with a new one.
bool is_taken(const std::string& folder);
/// As the kernel keeps them.
std::vector<std::string> own_command_line();
}  // namespace mccoy::cli
