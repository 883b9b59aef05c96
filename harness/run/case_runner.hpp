// One case from its first attempt to its judgement.
#pragma once
#include <vector>

#include "harness/run/context.hpp"
#include "harness/run/run.hpp"

namespace mccoy::run {
/// Attempts, challenges, judgement; the "case" record is durable when this returns.
///   problems  what went wrong beside the case (a service did not come back), appended
CaseEnd run_case(SuiteContext& context, const suite::Case& which, std::vector<std::string>& problems);
/// A case that is skipped or cannot be run: journalled with its reason.
CaseEnd pass_over(Recorder& recorder, const suite::Case& which, judge::Outcome outcome, const std::string& why);
}  // namespace mccoy::run
