// Switches by which a command says itself that it only pretends: dry run, help, version, list, syntax check. Flags
// differ by tool ("-n" is a dry run for make, a count for head), so a short flag counts only for tools in the table; a
// tool is known by the file its name resolves to. Long flags that mean nothing else ("--dry-run", "--dry-run=client")
// count everywhere.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "harness/evidence/facts.hpp"

namespace mccoy::witness {
/// argv as it was run (wrappers such as env, sh -c "…", sudo, timeout, nice, npx are looked through), env "NAME=value".
std::vector<evidence::DeclaredMode> declared_modes(const std::vector<std::string>& argv,
                                                   const std::vector<std::string>& env);

/// Tools that look for switches in variables, by the name they are called by or the file they lead to.
bool takes_switches_from_variables(const std::vector<std::string>& argv, std::string_view path);
/// Of an environment, the variables in which any of them looks.
std::vector<std::string> switches_among(std::vector<std::string> env);
/// An environment in which such a tool finds these, and none else of them.
std::vector<std::string> with_switches(std::vector<std::string> env, const std::vector<std::string>& switches);
}  // namespace mccoy::witness
