// R2 and R3 where no obligation names the test runner: one below the command failed, or found no tests, and the case
// passed all the same. What that means nobody but the suite can say, so nothing is called false here and nothing real.
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/judge/bench.hpp"
#include "harness/judge/programs.hpp"
#include "harness/judge/test_runners.hpp"
#include "harness/judge/weigh_activity.hpp"

namespace mccoy::judge {
namespace {
using evidence::Activity;

/// The command itself ended with a status that is no success, and the suite expects that: nothing is hidden.
bool failure_was_expected(const Bench& bench) {
  const bool failed = bench.facts().exit_code != 0;
  return failed && std::ranges::any_of(bench.last.checks, [](const CheckResult& check) {
           return check.held == Held::yes && (check.subject == "exit" || check.subject == "signal");
         });
}

/// The suite states how this run must end, or which of its runs it means: `exec` has weighed it.
bool is_stated(const Bench& bench, const Activity& activity, int run) {
  return std::ranges::any_of(bench.evidence.terms.contract, [&](const suite::Obligation& obligation) {
    if (!obligation.stated || obligation.kind->name != "exec") return false;
    if (obligation.settings["exit"].is_null() && obligation.settings["argv"].is_null()) return false;
    const auto runs = runs_of(activity, obligation, "exe");
    return std::ranges::find(runs, run) != runs.end();
  });
}

/// The last of the runs with the same tests is their word.
bool has_a_later_one(const std::vector<RunnerRun>& runs, std::size_t at) {
  return std::any_of(runs.begin() + static_cast<std::ptrdiff_t>(at) + 1, runs.end(),
                     [&](const RunnerRun& later) { return later.what == runs[at].what; });
}

std::vector<RunnerRun> last_words(const Bench& bench) {
  const Activity* activity = watched(bench.facts());
  if (activity == nullptr || bench.evidence.terms.claim == "plan" || failure_was_expected(bench)) return {};
  const std::vector<RunnerRun> runs = runner_runs(*activity);
  std::vector<RunnerRun> last;
  for (std::size_t at = 0; at < runs.size(); ++at)
    if (!has_a_later_one(runs, at) && !is_stated(bench, *activity, runs[at].program)) last.push_back(runs[at]);
  return last;
}

std::string ended(const Activity& activity, const RunnerRun& run) {
  return fmt::format("{}: {}", describe(program_at(activity, run.program).process),
                     ended_words(program_at(activity, last_image(activity, run.program))));
}
}  // namespace

std::optional<Judgement> r2_unnamed_runner(const Bench& bench) {
  const auto runs = last_words(bench);
  const auto failed = std::ranges::find_if(runs, &RunnerRun::failed);
  if (failed == runs.end()) return std::nullopt;
  Judgement judgement = ruling(bench, "R2", Provenance::unproven,
                               fmt::format("It passed, but a test runner below it failed (`{}`), and the suite does "
                                           "not say what that means.",
                                           trim(failed->what)));
  judgement.facts.push_back(ended(*watched(bench.facts()), *failed));
  judgement.missing.emplace_back(
      "the runner under `evidence: exec:`, so that its failure is one of the claim; with `exit:` if it has to fail");
  return judgement;
}

std::optional<Judgement> r3_unnamed_runner(const Bench& bench) {
  const auto runs = last_words(bench);
  const bool all_empty = !runs.empty() && std::ranges::all_of(runs, &RunnerRun::ran_none);
  if (!all_empty) return std::nullopt;
  Judgement judgement = ruling(bench, "R3", Provenance::unproven,
                               fmt::format("`{}` found no tests, so nothing was found out.", trim(runs[0].what)));
  judgement.facts.push_back(ended(*watched(bench.facts()), runs[0]));
  judgement.missing.emplace_back("at least one test that is executed");
  return judgement;
}
}  // namespace mccoy::judge
