// Where a run keeps its evidence, the words it was started with, and who we are.
#pragma once
#include <string>
#include <thread>
#include <vector>

namespace mccoy::cli {
/// mccoy-out/20261121T114203Z-k3x9ab
std::string fresh_bundle();
/// An earlier run is never mixed with a new one.
bool is_taken(const std::string& folder);
/// As the kernel keeps them.
std::vector<std::string> own_command_line();
/// The record of a run names the digest of the program that made it. Reads it while the suites are read; whoever asks
/// identify_executable() then has it at once. Joins when it goes.
std::jthread identify_ourselves();
}  // namespace mccoy::cli
