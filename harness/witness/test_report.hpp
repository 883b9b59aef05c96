// Counts of executed tests from a JUnit XML file that the command wrote: a claim of the target, used only against it.
#pragma once
#include <string>

#include "harness/evidence/facts.hpp"

namespace mccoy::witness {
/// errors: missing, not XML, no test suites, larger than 64 MiB, has a DOCTYPE. written_in_trial is left to the caller.
Result<evidence::TestCounts> read_junit_counts(const std::string& path);
}  // namespace mccoy::witness
