// The switches of one command by which it says that it pretends.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "harness/evidence/facts.hpp"
#include "harness/witness/command_words.hpp"

namespace mccoy::witness {
struct ModesOfCommand {
  std::set<std::string> names;  ///< of the tool
  std::vector<evidence::DeclaredMode> modes;
};
/// With those of the script or module that an interpreter runs, and of the variables that the tool looks at.
ModesOfCommand modes_of(const CommandWords& command, const std::vector<std::string>& env);
}  // namespace mccoy::witness
