// Evidence -> judgement: weigh, then ask the rules in their order.
#include "harness/judge/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/judge/bench.hpp"
#include "harness/judge/follow.hpp"
#include "harness/judge/shorten.hpp"
#include "harness/judge/weigh.hpp"

namespace mccoy::judge {
namespace {
// R0 is not in the list: it decides nothing by itself, it forbids `real`.
constexpr std::array<RuleFunction, 16> kOrder = {
    &r1_failed,          &r2_masked_failure, &r3_nothing_executed, &r4_impossible, &r5_dry_run,      &r5_without_effect,
    &r6_wrong_responder, &r7_emulated,       &r8_doubled,          &r9_copied,     &r10_insensitive, &r11_cannot_fail,
    &r12_untouched,      &r12_not_seen,      &r13_nothing_shown,   &r14_real,
};

std::vector<ChallengeResult> conclude_all(const CaseEvidence& evidence) {
  std::vector<ChallengeResult> results;
  for (const auto& record : evidence.challenges) {
    ChallengeResult result = conclude(record, evidence.terms, evidence.attempts.back().facts);
    if (!record.automatic || result.status == ChallengeStatus::met) results.push_back(std::move(result));
  }
  for (const auto& name : evidence.terms.challenges) {
    const bool carried_out = std::any_of(results.begin(), results.end(), [&](const auto& r) { return r.name == name; });
    if (!carried_out) results.push_back({.name = name, .why = "it was planned and not carried out", .group = {}});
  }
  return results;
}

const evidence::Coverage* incomplete(const evidence::Facts& facts) {
  const auto found =
      std::find_if(facts.coverage.begin(), facts.coverage.end(), [](const auto& c) { return !c.complete; });
  return found == facts.coverage.end() ? nullptr : &*found;
}

/// R0: whatever was decided, nothing is real that was observed in part. A failure stays a failure and keeps its reason.
void forbid_real(const Bench& bench, Judgement& judgement) {
  const auto* coverage = incomplete(bench.facts());
  if (coverage == nullptr || judgement.provenance != Provenance::real) return;
  judgement.provenance = Provenance::unproven;
  judgement.strength = Strength::none;
  judgement.missing.push_back("a run that is observed from its beginning to its end");
  judgement.facts.push_back(fmt::format("the observer of {} did not see all of it", coverage->observer));
  if (judgement.outcome != Outcome::pass) return;
  judgement.rule = "R0";
  judgement.reason = fmt::format("The observer of {} did not see all of it, so nothing can be called real on its word.",
                                 coverage->observer);
}

bool is_flaky(const CaseEvidence& evidence) {
  if (evidence.waited) return false;
  return std::any_of(evidence.attempts.begin(), evidence.attempts.end() - 1,
                     [](const Trial& trial) { return trial.outcome() != Outcome::pass; });
}

Judgement not_run(std::string reason) {
  Judgement judgement;
  judgement.reason = std::move(reason);
  return judgement;
}
}  // namespace

Outcome Trial::outcome() const {
  if (chaos && !chaos->lacks.empty()) return Outcome::not_run;
  return error.empty() && !timed_out ? outcome_of(checks) : Outcome::error;
}

Judgement ruling(const Bench& bench, std::string_view rule, Provenance provenance, std::string reason) {
  Judgement judgement;
  judgement.outcome = bench.outcome;
  judgement.provenance = provenance;
  judgement.strength = provenance == Provenance::real ? Strength::observed : Strength::none;
  judgement.rule = rule;
  judgement.reason = std::move(reason);
  return judgement;
}

std::string told(const ObligationResult& obligation) {
  return fmt::format("{}: {} ({})", obligation.text, to_text(obligation.status), obligation.why);
}
std::string told(const ChallengeResult& challenge) {
  return fmt::format("challenge \"{}\": {} ({})", challenge.name, to_text(challenge.status), challenge.why);
}

bool work_seen(const Bench& bench) {
  const auto& responder = bench.facts().responder;
  if (answered_by_own_service(bench.facts()) && responder && responder->bytes_in > 0 && responder->bytes_out > 0)
    return true;
  if (chaos_seen(bench.last)) return true;
  // That a program ran is enough once a challenge has shown that its answer depends on something, whatever else is
  // stated.
  const bool ran_is_enough = bench.any_challenge_met();
  if (ran_is_enough && bench.facts().root_exec_seen) return true;
  return bench.obligation([&](const ObligationResult& item) {
    return item.status == ObligationStatus::held && item.shows_work &&
           (item.stated || item.kind != "exec" || ran_is_enough);
  }) != nullptr;
}

namespace {
Judgement judge_followed(const CaseEvidence& evidence) {
  if (evidence.interrupted) return not_run("The run was interrupted before this case was finished.");
  if (evidence.attempts.empty()) return not_run("It was planned and never executed.");
  const Trial& last = evidence.attempts.back();
  if (last.chaos && !last.chaos->lacks.empty()) return not_run(last.chaos->lacks);
  const Bench bench{evidence, last, last.outcome(), weigh(evidence.terms, last), conclude_all(evidence)};
  std::optional<Judgement> judgement;
  for (const auto rule : kOrder)
    if ((judgement = rule(bench))) break;
  MCCOY_CHECK(judgement.has_value());
  forbid_real(bench, *judgement);
  judgement->flaky = judgement->outcome == Outcome::pass && is_flaky(evidence);
  return *std::move(judgement);
}
}  // namespace

Judgement judge(const CaseEvidence& evidence) {
  const auto by_proxy = [](const Trial& trial) { return goes_by_a_proxy(trial.facts); };
  if (std::ranges::none_of(evidence.attempts, by_proxy)) return judge_followed(evidence);
  CaseEvidence direct = evidence;
  for (Trial& trial : direct.attempts) trial.facts = followed(std::move(trial.facts));
  return judge_followed(direct);
}
}  // namespace mccoy::judge
