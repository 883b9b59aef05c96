// What an earlier run measured in the same case, laid beside what this one measured, so that `mccoy verify` needs no
// other bundle to judge again.
#pragma once
#include <string>

#include "harness/evidence/observation.hpp"

namespace mccoy::run {
/// Adds texts["baseline"] and values["baseline"] {bundle, head: of its journal, case, error_share, level}; without a
/// bundle, or when it does not verify, holds no such measurement or one of something else (other requests, another
/// rate, more errors), values["baseline"] {why} alone: gates on it are then not to be known.
void add_baseline(const std::string& bundle, const std::string& case_id, evidence::Observation& observation);
}  // namespace mccoy::run
