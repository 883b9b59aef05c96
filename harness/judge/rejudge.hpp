// The judgement done again from a bundle: every check from the recorded observation, every challenge and obligation
// from the recorded facts, every judgement and the totals from those. A verdict that does not follow from its evidence
// is rejected, whoever wrote it.
#pragma once
#include <string>
#include <vector>

#include "harness/evidence/bundle.hpp"
#include "harness/judge/judge.hpp"

namespace mccoy::judge {
/// The kinds of records that are read here. The words are those of harness/run/records.hpp, which this room may not
/// include; a test holds the two together.
namespace kinds {
constexpr std::string_view kOpen = "open", kPlan = "plan", kPlanned = "planned", kTrial = "trial",
                           kChallenge = "challenge", kCase = "case", kProblem = "problem", kClose = "close";
}  // namespace kinds

struct Rejudged {
  std::int64_t planned = 0, judged = 0, checks = 0;
  std::vector<std::string>
      problems;  ///< beside the cases: leftovers, services that died. They keep a run from being proven
  std::vector<std::string> disagreements;  ///< one sentence each: what the journal says, what follows from it
  Summary summary;                         ///< recomputed: plan against case records, with not-run for what is missing
  bool closed = false, interrupted = false;
};
/// Streams the journal; memory holds the plan and one case at a time.
///   errors  cannot be read
Result<Rejudged> rejudge(const std::string& bundle_folder);
}  // namespace mccoy::judge
