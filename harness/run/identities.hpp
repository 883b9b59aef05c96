// What the names in a claim contract mean on this machine: files, by device, inode and digest, resolved before the
// judge (which is pure and sees no machine) weighs them. Also counts of a test report the claim names.
#pragma once
#include <string>
#include <vector>

#include "harness/judge/judge.hpp"

namespace mccoy::run {
/// Adds resolved_path, resolved_device, resolved_inode, resolved_sha256 for `exe`, `peer_exe` or `kind` of the
/// obligation, when the name leads to a file; adds "resolved": [..] with all candidates for an engine.
void resolve_identities(suite::Obligation& obligation, const std::vector<std::string>& env, const std::string& folder);
/// Reads the report named by a `tests` obligation into the facts.
void count_tests(const judge::Terms& terms, const std::string& folder, std::int64_t since_ms, evidence::Facts& facts);
}  // namespace mccoy::run
