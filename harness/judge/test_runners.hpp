// Programs whose work is to run tests, known by the file they are and the first words of their arguments, and what they
// said with their exit status. That a program is one accuses nobody: a name can be borrowed.
#pragma once
#include <string>
#include <vector>

#include "harness/evidence/activity.hpp"

namespace mccoy::judge {
struct RunnerRun {
  int program = evidence::kNoProgram;  ///< where it began
  std::string what;                    ///< the runner and its operands: runs of the same tests say the same
  bool failed = false;                 ///< it ended with a status that is not 0, or by a signal nobody below sent
  bool ran_none = false;               ///< it ended with the status that it documents for "there were no tests"
};
/// Runs that got to an end, in the order in which they began; none that only list, and none below another runner: what
/// a test of a test runner makes of failures is that one's business.
std::vector<RunnerRun> runner_runs(const evidence::Activity& activity);
}  // namespace mccoy::judge
