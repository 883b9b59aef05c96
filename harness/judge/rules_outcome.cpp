// R1 to R3: failures are failures, whoever hides them, and an empty run is no fake.
#include <fmt/format.h>

#include <algorithm>

#include "harness/judge/bench.hpp"
#include "harness/judge/programs.hpp"
#include "harness/judge/shorten.hpp"
#include "harness/judge/weigh.hpp"

namespace mccoy::judge {
namespace {
using evidence::DeclaredMode;

std::string told(const CheckResult& check) {
  const std::string actual = check.actual.empty() ? "" : ", but was " + shorten(check.actual, 160);
  return fmt::format("{} {}{}{}", check.subject, check.expected, actual,
                     check.why.empty() ? "" : " (" + check.why + ")");
}

const CheckResult* first(const std::vector<CheckResult>& checks, Held held) {
  const auto found =
      std::find_if(checks.begin(), checks.end(), [held](const auto& check) { return check.held == held; });
  return found == checks.end() ? nullptr : &*found;
}

/// The failure is that of what the claim is about, and not of somebody else who happened to answer.
bool subject_was_seen(const Bench& bench) {
  if (bench.facts().root_exec_seen || answered_by_own_service(bench.facts())) return true;
  if (chaos_seen(bench.last)) return true;
  if (bench.evidence.terms.kind == "file" && !bench.facts().files.empty())
    return true;  // the harness looked at it itself
  return bench.obligation([](const auto& item) { return item.status == ObligationStatus::held && item.shows_work; }) !=
         nullptr;
}

Judgement failed(const Bench& bench) {
  const CheckResult* check = first(bench.last.checks, Held::no);
  const bool seen = subject_was_seen(bench);
  Judgement judgement =
      ruling(bench, "R1", seen ? Provenance::real : Provenance::unproven, "The claim is false: " + told(*check) + ".");
  for (const auto& other : bench.last.checks)
    if (other.held == Held::no) judgement.facts.push_back(told(other));
  if (!seen) judgement.missing.push_back("to see who failed: the program that ran, or the service that answered");
  return judgement;
}

Judgement errored(const Bench& bench) {
  const CheckResult* check = first(bench.last.checks, Held::unknown);
  std::string why = bench.last.error;
  if (why.empty() && bench.last.timed_out) why = "the deadline passed";
  if (why.empty() && check != nullptr) why = told(*check);
  if (why.empty()) why = "nothing was checked";
  Judgement judgement = ruling(bench, "R1", Provenance::unproven, "It could not be found out: " + why + ".");
  judgement.facts.push_back(why);
  return judgement;
}

bool is_empty_mode(const DeclaredMode& mode, bool tests_are_claimed) {
  using Kind = DeclaredMode::Kind;
  if (mode.kind == Kind::no_tests) return tests_are_claimed;
  return mode.where == "argv" &&
         (mode.kind == Kind::help || mode.kind == Kind::version || mode.kind == Kind::list_only);
}
std::string_view what_was_asked(DeclaredMode::Kind kind) {
  if (kind == DeclaredMode::Kind::help) return "to print its help";
  if (kind == DeclaredMode::Kind::no_tests) return "to leave the tests out";
  return kind == DeclaredMode::Kind::version ? "to print its version" : "to print a list of what it would do";
}

/// A flag that looks like such a mode, next to an effect that was seen, was none.
bool effect_was_seen(const Bench& bench) {
  return bench.obligation([](const auto& item) {
    return item.status == ObligationStatus::held && item.effect && item.shows_work;
  }) != nullptr;
}
}  // namespace

std::optional<Judgement> r1_failed(const Bench& bench) {
  if (bench.outcome == Outcome::pass) return std::nullopt;
  return bench.outcome == Outcome::fail ? failed(bench) : errored(bench);
}

std::optional<Judgement> r2_masked_failure(const Bench& bench) {
  const ObligationResult* masked = bench.accusation("R2");
  if (masked == nullptr) return r2_unnamed_runner(bench);
  Judgement judgement = ruling(bench, "R2", Provenance::real,
                               fmt::format("It looked like a pass, but {}: {}.", masked->text, masked->why));
  judgement.outcome = Outcome::fail;
  judgement.facts.push_back(told(*masked));
  return judgement;
}

std::optional<Judgement> r3_nothing_executed(const Bench& bench) {
  const auto& facts = bench.facts();
  if (facts.tests && facts.tests->seen && facts.tests->executed == 0) {
    Judgement judgement =
        ruling(bench, "R3", Provenance::unproven,
               fmt::format("No test was executed ({} were skipped), so nothing was found out.", facts.tests->skipped));
    judgement.facts.push_back(fmt::format("{}: 0 executed, {} skipped", facts.tests->report, facts.tests->skipped));
    judgement.missing.push_back("at least one test that is executed");
    return judgement;
  }
  const auto modes = modes_of_work(bench);
  const bool about_tests = tests_are_claimed(bench.evidence.terms.claim, bench.evidence.terms.contract);
  const auto mode = std::find_if(modes.begin(), modes.end(),
                                 [=](const DeclaredMode& one) { return is_empty_mode(one, about_tests); });
  if (mode == modes.end() || bench.evidence.terms.claim == "plan" || effect_was_seen(bench))
    return r3_unnamed_runner(bench);
  Judgement judgement = ruling(
      bench, "R3", Provenance::unproven,
      fmt::format("The command was asked by {} only {}; it did no work.", mode->flag, what_was_asked(mode->kind)));
  judgement.facts.push_back(fmt::format("{} in its {}", mode->flag, mode->where == "argv" ? "arguments" : mode->where));
  judgement.missing.push_back(
      fmt::format("the command without {}, or `claim: plan` if that is all it claims", mode->flag));
  return judgement;
}
}  // namespace mccoy::judge
