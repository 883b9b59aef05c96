// The rules as data. docs/evidence.md explains each of them; a test holds the two together.
#include "harness/judge/judge.hpp"

namespace mccoy::judge {
const std::vector<Rule>& rules() {
  static const std::vector<Rule> kRules = {
      {"R0", "an observer started late, lost events or was cut off: nothing is called real on its word", "unproven"},
      {"R1", "the run itself failed, or the target could not be asked: that is the result", "fail, error"},
      {"R2", "it passed, but the program that had to do the work ended with another status: a masked failure",
       "fail, unproven"},
      {"R3", "nothing was executed: no tests, all skipped, or only help, a version or a list was printed", "unproven"},
      {"R4", "physically impossible: shorter than it must take, less processor time or fewer bytes than the work needs",
       "simulated, mock"},
      {"R5",
       "it ran in a mode that it declares to be without effect, and the effect is missing or nothing else was shown",
       "simulated, unproven"},
      {"R6",
       "somebody else answered: an instance older than the run, the run itself, a known stub, or another program than "
       "the engine",
       "unproven, mock, simulated"},
      {"R7",
       "an emulator or a file system in memory was loaded by the program that did the work, and what the claim names "
       "was "
       "not touched",
       "simulated"},
      {"R8",
       "a test double or recorder was loaded by the program that did the work, and what the claim names was not "
       "contacted",
       "mock"},
      {"R9", "a file that had to be computed is a link, a rename or a copy of one that was there before", "mock"},
      {"R10", "the answer stayed the same, or wrong for its input, where it had to follow the input", "mock"},
      {"R11", "something the claim needs was broken and the check stayed green", "mock, unproven"},
      {"R12", "something that must be seen was not seen, or a challenge said nothing", "unproven"},
      {"R13", "nothing was stated and nothing was observed that shows the work", "unproven"},
      {"R14", "all that must be seen was seen, and no challenge was missed", "real"},
  };
  return kRules;
}
}  // namespace mccoy::judge
