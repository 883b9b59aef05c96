// Runs the cases of one suite in the order their needs allow, several at a time.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "harness/run/context.hpp"
#include "harness/run/run.hpp"

namespace mccoy::run {
struct Schedule {
  std::vector<const suite::Case*> cases;  ///< in plan order: a case stands behind all it needs
  int jobs = 1;
  bool fail_fast = false;
};
/// Every case gets exactly one CaseEnd, given to `done` (calls do not overlap): run, skipped, or not-run with its
/// cause.
void run_schedule(SuiteContext& context, const Schedule& schedule, std::vector<std::string>& problems,
                  const std::function<void(CaseEnd)>& done);
}  // namespace mccoy::run
