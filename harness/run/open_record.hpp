// Who ran what, where, with which mccoy: the body of the first record of a journal (harness/run/records.hpp, "open").
#pragma once
#include <string>
#include <vector>

#include "harness/run/run.hpp"

namespace mccoy::run {
Value open_body(const std::vector<suite::Suite>& suites, const RunOptions& options, const std::string& run_id,
                std::int64_t started_ms, std::uint64_t seed);
/// One entry of a "plan" record; defaults are left out.
Value plan_entry(const Planned& planned, suite::Requirement require);
}  // namespace mccoy::run
