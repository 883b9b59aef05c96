// Many results, one answer: counts by outcome and provenance, the verdict, and a sentence that keeps the planned cases
// as its denominator.
#include <fmt/format.h>

#include <numeric>

#include "harness/base/text.hpp"
#include "harness/judge/verdict.hpp"

namespace mccoy::judge {
namespace {
/// How often each thing happened that keeps a run from being proven; soft cases and skips are in none of them.
struct Tally {
  std::int64_t failed = 0, unknown = 0, unmet = 0, counted = 0;  ///< counted: cases the verdict rests on
  std::int64_t challenged = 0, observed = 0;                     ///< real passes of all cases
  bool all_real = true;                                          ///< every counted pass is real
};

bool is_skipped(const Weighed& item) {
  return item.judgement.outcome == Outcome::skip || (item.judgement.outcome == Outcome::not_run && item.optional);
}

bool is_real_pass(const Judgement& judgement) {
  return meets(judgement, suite::Requirement::real);
}

bool is_failed(const Weighed& item, bool strict) {
  const Judgement& judgement = item.judgement;
  return judgement.outcome == Outcome::fail || (strict && judgement.flaky && judgement.outcome == Outcome::pass);
}

void count_must(const Weighed& item, bool strict, Tally& tally) {
  ++tally.counted;
  if (is_failed(item, strict))
    ++tally.failed;
  else if (item.judgement.outcome != Outcome::pass)
    ++tally.unknown;
  else if (!meets(item.judgement, item.require))
    ++tally.unmet;
  if (!is_real_pass(item.judgement)) tally.all_real = false;
}

void count(const Weighed& item, bool strict, Totals& totals, Tally& tally) {
  const Judgement& judgement = item.judgement;
  ++totals.matrix[static_cast<std::size_t>(judgement.outcome)][static_cast<std::size_t>(judgement.provenance)];
  if (judgement.flaky) ++totals.flaky;
  if (is_real_pass(judgement)) ++(judgement.strength == Strength::challenged ? tally.challenged : tally.observed);
  const bool stands = meets(judgement, item.require) && !is_failed(item, strict);
  if (stands) ++totals.proven;
  if (is_skipped(item)) return;
  if (item.soft && !stands) ++totals.waived;
  if (!item.soft) count_must(item, strict, tally);
}

Verdict verdict_of(const Tally& tally, bool interrupted, bool evidence_lost, std::size_t problems) {
  if (evidence_lost) return Verdict::evidence_lost;
  if (tally.failed > 0) return Verdict::failed;
  if (interrupted) return Verdict::interrupted;
  if (tally.unknown > 0 || tally.counted == 0 || problems > 0) return Verdict::unknown;
  return tally.unmet > 0 ? Verdict::not_proven : Verdict::proven;
}

std::string provenances(const Totals& totals) {
  const auto& passes = totals.matrix[static_cast<std::size_t>(Outcome::pass)];
  std::vector<std::string> parts;
  for (const auto provenance : {Provenance::mock, Provenance::simulated, Provenance::unproven})
    if (const auto n = passes[static_cast<std::size_t>(provenance)]; n > 0)
      parts.push_back(fmt::format("{} {}", n, to_text(provenance)));
  return join(parts, ", ");
}

/// "; 1 failed, 2 could not be found out, 7 not run, 1 passed without proof (1 mock), 1 skipped"
std::string what_else(const Totals& totals, const Tally& tally) {
  std::vector<std::string> parts;
  auto add = [&parts](std::int64_t n, std::string_view words) {
    if (n > 0) parts.push_back(fmt::format("{} {}", n, words));
  };
  add(totals.of(Outcome::fail), "failed");
  add(totals.of(Outcome::error), "could not be found out");
  add(totals.of(Outcome::not_run), "not run");
  const auto unreal = totals.of(Outcome::pass) - tally.challenged - tally.observed;
  if (const auto kinds = provenances(totals); unreal > 0)
    parts.push_back(fmt::format("{} passed without proof{}", unreal, kinds.empty() ? "" : " (" + kinds + ")"));
  add(totals.of(Outcome::skip), "skipped");
  add(totals.flaky, "flaky");
  add(totals.waived, "waived");
  return parts.empty() ? "" : "; " + join(parts, ", ");
}

std::string strengths(const Tally& tally) {
  if (tally.challenged == 0) return tally.observed == 0 ? "" : fmt::format(" ({} observed)", tally.observed);
  if (tally.observed == 0) return fmt::format(" ({} challenged)", tally.challenged);
  return fmt::format(" ({} challenged, {} observed)", tally.challenged, tally.observed);
}

std::string real_of_planned(const Totals& totals, const Tally& tally) {
  const auto real = tally.challenged + tally.observed;
  if (totals.planned == 0) return "nothing was planned";
  const char* verb = real == 1 ? "is a real pass" : "are real passes";
  if (totals.planned == 1 && real == 0) return "the 1 planned case is no real pass";
  if (real == totals.planned && real == 1) return "the 1 planned case is a real pass" + strengths(tally);
  if (real == totals.planned) return fmt::format("all {} planned cases are real passes{}", real, strengths(tally));
  return fmt::format("{} of {} planned cases {}{}", real, totals.planned, verb, strengths(tally));
}

std::string beside(std::size_t problems) {
  return problems == 0 ? "" : fmt::format("; {} problem{} beside the cases", problems, problems == 1 ? "" : "s");
}

std::string_view opening(Verdict verdict, bool all_real) {
  switch (verdict) {
    case Verdict::proven:
      return all_real ? "PROVEN: " : "PASSED, as far as the suite requires: ";
    case Verdict::evidence_lost:
      return "NOT PROVEN, the evidence could not be kept: ";
    case Verdict::interrupted:
      return "NOT PROVEN, the run was interrupted: ";
    default:
      return "NOT PROVEN: ";
  }
}
}  // namespace

std::int64_t Totals::of(Outcome outcome) const {
  const auto& row = matrix[static_cast<std::size_t>(outcome)];
  return std::accumulate(row.begin(), row.end(), std::int64_t{0});
}

Summary summarise(const std::vector<Weighed>& cases, bool strict, bool interrupted, bool evidence_lost,
                  std::size_t problems) {
  Summary summary;
  Tally tally;
  summary.totals.planned = static_cast<std::int64_t>(cases.size());
  for (const auto& item : cases) count(item, strict, summary.totals, tally);
  summary.verdict = verdict_of(tally, interrupted, evidence_lost, problems);
  summary.sentence =
      fmt::format("{}{}{}{}", opening(summary.verdict, tally.all_real), real_of_planned(summary.totals, tally),
                  what_else(summary.totals, tally), beside(problems));
  return summary;
}

int exit_code(Verdict verdict) {
  return static_cast<int>(verdict);
}

std::string_view to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::proven:
      return "proven";
    case Verdict::failed:
      return "failed";
    case Verdict::not_proven:
      return "not-proven";
    case Verdict::evidence_lost:
      return "evidence-lost";
    case Verdict::interrupted:
      return "interrupted";
    case Verdict::unknown:
      break;
  }
  return "unknown";
}

Value to_value(const Summary& summary) {
  const Totals& totals = summary.totals;
  Value matrix = Value::map();
  for (int o = 0; o < kOutcomes; ++o) {
    Value row;
    for (int p = 0; p < kProvenances; ++p)
      if (const auto n = totals.matrix[static_cast<std::size_t>(o)][static_cast<std::size_t>(p)]; n > 0)
        row.set(to_text(static_cast<Provenance>(p)), n);
    if (!row.is_null()) matrix.set(to_text(static_cast<Outcome>(o)), std::move(row));
  }
  Value counts = Value::map({{"planned", totals.planned},
                             {"proven", totals.proven},
                             {"pass", totals.of(Outcome::pass)},
                             {"fail", totals.of(Outcome::fail)},
                             {"error", totals.of(Outcome::error)},
                             {"skip", totals.of(Outcome::skip)},
                             {"not_run", totals.of(Outcome::not_run)},
                             {"flaky", totals.flaky},
                             {"waived", totals.waived},
                             {"matrix", std::move(matrix)}});
  return Value::map(
      {{"summary", std::move(counts)}, {"verdict", to_text(summary.verdict)}, {"sentence", summary.sentence}});
}
}  // namespace mccoy::judge
