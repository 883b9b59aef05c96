#include "reports/standing.hpp"

#include <fmt/format.h>

#include "harness/base/text.hpp"

namespace mccoy::reports {
namespace {
using judge::Outcome;
using judge::Provenance;

std::string first_failed_check(const run::CaseView& view) {
  for (const judge::CheckResult& check : view.checks)
    if (check.held == judge::Held::no)
      return fmt::format("{} {}, but was {}", check.subject, check.expected, check.actual);
  return {};
}

/// Without the full stop, as more is said after it.
std::string reason_of(const run::CaseView& view) {
  std::string reason = view.judgement.reason;
  if (reason.ends_with('.')) reason.pop_back();
  return reason;
}

std::string why_failed(const run::CaseView& view) {
  const std::string check = first_failed_check(view);
  std::string reason = reason_of(view);
  if (check.empty() || reason.find(check) != std::string::npos) return reason;
  return reason.empty() ? check : check + " (" + reason + ")";
}

std::string why_below(const run::CaseView& view) {
  const judge::Judgement& judgement = view.judgement;
  std::string why =
      fmt::format("passed, but is {} where {} is required", provenance_words(judgement), to_text(view.require));
  if (!judgement.reason.empty()) why += ": " + reason_of(view);
  const bool only_weak = judgement.provenance == Provenance::real;
  if (!judgement.missing.empty())
    why += (only_weak ? "; missing " : "; to become real: ") + join(judgement.missing, "; ");
  return why;
}

Told below(const run::CaseView& view) {
  const bool only_weak = view.judgement.provenance == Provenance::real;
  return {Standing::below,
          "mccoy.Provenance." + std::string(only_weak ? "unchallenged" : judge::to_text(view.judgement.provenance)),
          why_below(view)};
}

Told tell_pass(const run::CaseView& view, bool strict) {
  if (!judge::meets(view.judgement, view.require)) return below(view);
  if (strict && view.judgement.flaky)
    return {Standing::failed, "mccoy.Flaky", "passed only after an attempt that did not, and the run is strict"};
  return {Standing::met, "", ""};
}

Told tell_required(const run::CaseView& view, bool strict) {
  const judge::Judgement& judgement = view.judgement;
  switch (judgement.outcome) {
    case Outcome::pass:
      return tell_pass(view, strict);
    case Outcome::fail:
      return {Standing::failed, "mccoy.CheckFailed", why_failed(view)};
    case Outcome::skip:
      return {Standing::skipped, "", view.skip.empty() ? judgement.reason : view.skip};
    case Outcome::not_run:
      if (view.optional) return {Standing::skipped, "", "not-run: " + view.why_not_run};
      return {Standing::not_run, "mccoy.NotRun", "not run: " + view.why_not_run};
    case Outcome::error:
      break;
  }
  return {Standing::error, "mccoy.Error", view.error.empty() ? judgement.reason : view.error};
}

std::string waiver(const run::CaseView& view) {
  std::string words = "waived";
  if (!view.owner.empty()) words += " by " + view.owner;
  if (!view.expires.empty()) words += " until " + view.expires;
  return words + ": ";
}
}  // namespace

std::string_view to_text(Standing standing) {
  constexpr std::string_view kWords[] = {"met", "failed", "below", "error", "not-run", "skipped", "waived"};
  return kWords[static_cast<std::size_t>(standing)];
}

std::string_view to_text(suite::Requirement requirement) {
  constexpr std::string_view kWords[] = {"none", "real", "challenged"};
  return kWords[static_cast<std::size_t>(requirement)];
}

std::string_view to_text(judge::Held held) {
  constexpr std::string_view kWords[] = {"unknown", "yes", "no"};
  return kWords[static_cast<std::size_t>(held)];
}

bool is_strict(const run::RunView& run) {
  return run.open["options"]["strict"].as_bool();
}

std::string provenance_words(const judge::Judgement& judgement) {
  std::string words(judge::to_text(judgement.provenance));
  if (judgement.strength != judge::Strength::none) words += fmt::format(" ({})", judge::to_text(judgement.strength));
  return words;
}

Told tell(const run::CaseView& view, bool strict) {
  Told told = tell_required(view, strict);
  if (!view.soft || told.standing == Standing::met || told.standing == Standing::skipped) return told;
  return {Standing::waived, "", waiver(view) + told.why};
}

std::vector<std::string> troubles(const run::RunView& run) {
  std::vector<std::string> found = run.problems;
  if (run.journal.state == evidence::JournalState::torn)
    found.push_back("the journal ends in the middle of a record: " + run.journal.why);
  if (!run.closed)
    found.push_back("the journal has no close record: the run was cut off");
  else if (!run.sealed)
    found.push_back("the evidence is not sealed: it may be incomplete");
  if (run.interrupted) found.push_back("the run was interrupted");
  if (run.cases.empty()) found.push_back("no case was planned");
  return found;
}
}  // namespace mccoy::reports
