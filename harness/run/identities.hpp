// What the names in a claim contract mean on this machine: files, by device, inode and digest, resolved before the
// judge (which is pure and sees no machine) weighs them. Also counts of a test report the claim names.
#pragma once
#include <string>
#include <vector>

#include "harness/judge/judge.hpp"

namespace mccoy::run {
/// Adds "resolved": all files that the names in `exe`, `by`, `peer_exe`, `exec` or `kind` of the obligation lead to,
/// [{path, device, inode, sha256}, …]; empty when they lead nowhere.
void resolve_identities(suite::Obligation& obligation, const std::vector<std::string>& env, const std::string& folder);
/// Reads the report named by a `tests` obligation into the facts.
void count_tests(const judge::Terms& terms, const std::string& folder, std::int64_t since_ms, evidence::Facts& facts);
}  // namespace mccoy::run
