#include "harness/run/case_runner.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include "harness/judge/follow.hpp"
#include "harness/run/auto_challenge.hpp"
#include "harness/run/challenge.hpp"
#include "harness/run/records.hpp"

namespace mccoy::run {
namespace {
using judge::Outcome;

void journal_case(Recorder& recorder, const suite::Case& which, const judge::CaseEvidence& evidence, const CaseEnd& end,
                  std::int64_t started_ms, evidence::Durable durable) {
  Value body = Value::map({{"case", which.id}, {"terms", judge::to_value(evidence.terms)}});
  if (evidence.waited) body.set("waited", true);
  if (evidence.interrupted) body.set("interrupted", true);
  body.set("attempts", end.attempts);
  body.set("judgement", judge::to_value(end.judgement));
  if (!end.why_not_run.empty()) body.set("why_not_run", end.why_not_run);
  body.set("started_ms", started_ms);
  body.set("wall_ns", static_cast<std::int64_t>(end.wall.count()));
  recorder.append(record::kCase, body, durable);
}

/// Asked only while no control keeps a service stopped: such a service is waited for, and not missing.
std::optional<std::string> unusable_service(SuiteContext& context, const suite::Case& which) {
  if (!context.services || which.uses.empty()) return std::nullopt;
  const auto share = context.world.shared();
  for (const std::string& service : which.uses)
    if (const auto why = context.services->unusable(service)) return "service " + service + " cannot be used: " + *why;
  return std::nullopt;
}

/// A fault may have ended a service for good; the cases after it are not to pay for that. One that cannot be started
/// again makes them not-run.
void start_again(SuiteContext& context, const suite::Case& which) {
  if (!which.kind->alone || !context.services || context.interrupt.raised()) return;
  const auto alone = context.world.alone();
  for (const std::string& service : which.uses)
    if (context.services->unusable(service)) (void)context.services->restore(service);
}

/// Attempts until one passes or none is left.
TrialRun attempt_all(SuiteContext& context, const suite::Case& which, judge::CaseEvidence& evidence) {
  const int attempts = 1 + (which.retry ? which.retry->times : 0);
  for (int attempt = 1;; ++attempt) {
    if (attempt > 1) context.progress.phase(which, "attempt " + std::to_string(attempt));
    TrialRun run = settle_trial(context, which, {}, {"baseline", attempt}, false);
    evidence.attempts.push_back(run.trial);
    evidence.terms = run.terms;
    const bool last = attempt >= attempts || run.outcome() == Outcome::pass || run.interrupted;
    if (last || context.interrupt.raised()) return run;
    pause(context, which.retry->every);
  }
}
/// Those of the suite, and what the evidence suggests.
std::vector<suite::Challenge> challenges_of(const SuiteContext& context, const suite::Case& which,
                                            const TrialRun& pass) {
  std::vector<suite::Challenge> all = which.challenges;
  if (!context.options.auto_challenge || which.kind->alone) return all;
  std::vector<std::string> services;
  for (const suite::Service& service : context.suite.services) services.push_back(service.name);
  const evidence::Facts seen = judge::followed(pass.trial.facts);
  const bool of_a_command = seen.activity && !seen.activity->programs.empty() && which.workspace.empty();
  const std::string folder = of_a_command ? seen.activity->programs.front().cwd : "";
  auto more = automatic_controls(which, seen, services, folder, context.seed);
  std::ranges::move(more, std::back_inserter(all));
  return all;
}
}  // namespace

CaseEnd pass_over(Recorder& recorder, const suite::Case& which, Outcome outcome, const std::string& why) {
  CaseEnd end;
  end.which = &which;
  end.judgement.outcome = outcome;
  end.judgement.reason = why;
  if (outcome == Outcome::not_run) end.why_not_run = why;
  judge::CaseEvidence nothing;
  nothing.terms.case_id = which.id;
  nothing.terms.kind = which.kind->name;
  journal_case(recorder, which, nothing, end, wall_ms(), evidence::Durable::no);
  return end;
}

CaseEnd run_case(SuiteContext& context, const suite::Case& which, std::vector<std::string>& problems) {
  if (!which.skip.empty()) return pass_over(context.recorder, which, Outcome::skip, which.skip);
  if (const auto why = unusable_service(context, which))
    return pass_over(context.recorder, which, Outcome::not_run, *why);

  const std::int64_t started_ms = wall_ms();
  const Instant began = Clock::now();
  judge::CaseEvidence evidence;
  evidence.terms.case_id = which.id;
  evidence.waited = which.until.has_value();
  TrialRun last = attempt_all(context, which, evidence);
  start_again(context, which);
  const std::vector<suite::Challenge> challenges = challenges_of(context, which, last);
  if (last.outcome() == Outcome::pass && !challenges.empty())
    evidence.challenges = challenge(context, which, last.trial.facts, challenges, problems);
  evidence.interrupted = last.interrupted || (context.interrupt.raised() && !challenges.empty());
  if (last.outcome() == Outcome::pass)
    for (const auto& [name, value] : last.captured.as_map()) context.captures.set(name, value);

  CaseEnd end;
  end.which = &which;
  end.judgement = judge::judge(evidence);
  if (end.judgement.outcome == Outcome::not_run)
    end.why_not_run = evidence.interrupted ? "interrupted" : end.judgement.reason;
  end.error = last.trial.error;
  end.checks = last.trial.checks;
  end.figures = std::move(last.figures);
  for (const judge::ChallengeRecord& record : evidence.challenges)
    end.challenges.push_back(judge::conclude(record, evidence.terms, judge::followed(last.trial.facts)));
  end.last_output = std::move(last.last_output);
  end.last_output_name = std::move(last.last_output_name);
  end.leftovers = std::move(last.trial.facts.leftovers);
  end.attempts = static_cast<int>(evidence.attempts.size());
  end.wall = Clock::now() - began;
  journal_case(context.recorder, which, evidence, end, started_ms, evidence::Durable::soon);
  return end;
}
}  // namespace mccoy::run
