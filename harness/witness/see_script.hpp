#pragma once
#include <string>
#include <vector>

namespace mccoy::witness {
/// The file that an interpreter was told to run, when `exe` is one by its name and argv names a file that exists; else
/// "".
std::string script_named_by(const std::string& exe, const std::vector<std::string>& argv, const std::string& cwd);
}  // namespace mccoy::witness
