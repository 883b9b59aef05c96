// Suite files as every command takes them: all are read before anything else happens, and all mistakes are told at
// once.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "harness/run/run.hpp"
#include "harness/suite/suite.hpp"

namespace mccoy::cli {
/// Reads and checks all files. Any mistake: every one of them rendered on stderr, and nothing is returned (exit code
/// 64).
std::optional<std::vector<suite::Suite>> load_suites(const std::vector<std::string>& paths);

/// The plan of these suites; on a mistake (no case matches, a shard that is none) it is told and nothing is returned.
std::optional<std::vector<run::Planned>> load_plan(const std::vector<suite::Suite>& suites,
                                                   const run::RunOptions& options);

/// An error on stderr as the user sees it.
void tell(const Error& error);
}  // namespace mccoy::cli
