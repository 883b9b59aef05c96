#include "reports/junit_case.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/run/chaos_words.hpp"
#include "harness/run/load_words.hpp"

namespace mccoy::reports {
namespace {
constexpr std::size_t kLineMax = 4096;
constexpr std::size_t kTextMax = 8'000'000;
constexpr std::size_t kExcerpt = 64 << 10;       ///< bytes of head and of tail of a case that did not pass
constexpr std::size_t kExcerptPassed = 4 << 10;  ///< of one that did: the whole is in the bundle
constexpr std::int64_t kYearMs = std::int64_t{365} * 24 * 3600 * 1000;

JunitCase::Result result_of(Standing standing) {
  switch (standing) {
    case Standing::met:
      return JunitCase::Result::passed;
    case Standing::failed:
    case Standing::below:
      return JunitCase::Result::failure;
    case Standing::skipped:
    case Standing::waived:
      return JunitCase::Result::skipped;
    case Standing::error:
    case Standing::not_run:
      break;
  }
  return JunitCase::Result::error;
}

void add_checks(const run::CaseView& view, std::string& text) {
  for (const judge::CheckResult& check : view.checks) {
    if (check.held == judge::Held::yes) continue;
    const bool unknown = check.held == judge::Held::unknown;
    text += fmt::format("{}: {}\n  expected: {}\n  actual:   {}\n", unknown ? "not found out" : "failed check",
                        visible_line(check.subject), visible_line(check.expected),
                        visible_line(unknown && !check.why.empty() ? check.why : check.actual, kLineMax));
    if (check.span.line > 0) text += fmt::format("  at:       {}:{}\n", visible_line(check.span.file), check.span.line);
  }
}

void add_list(std::string_view title, const std::vector<std::string>& items, std::string& text) {
  if (items.empty()) return;
  text += std::string(title) + ":\n";
  for (const std::string& item : items) text += "  - " + visible_line(item, kLineMax) + '\n';
}

void add_evidence(const run::CaseView& view, std::string& text) {
  std::vector<std::string> obligations, challenges;
  for (const judge::ObligationResult& one : view.obligations)
    obligations.push_back(
        fmt::format("{}: {}{}{}", judge::to_text(one.status), one.text, one.why.empty() ? "" : ": ", one.why));
  for (const judge::ChallengeResult& one : view.challenges)
    challenges.push_back(
        fmt::format("{}: {}{}{}", judge::to_text(one.status), one.name, one.why.empty() ? "" : ": ", one.why));
  add_list("obligations", obligations, text);
  add_list("challenges", challenges, text);
  add_list("facts", view.judgement.facts, text);
  add_list("to become real", view.judgement.missing, text);
}

std::string details_of(const run::CaseView& view) {
  const judge::Judgement& judgement = view.judgement;
  std::string text =
      fmt::format("{}:{}: {} ({})\n{}, {}", visible_line(view.file), view.line, visible_line(view.id),
                  visible_line(view.kind), judge::to_text(judgement.outcome), provenance_words(judgement));
  if (!judgement.rule.empty()) text += ", rule " + visible_line(judgement.rule);
  if (!judgement.reason.empty()) text += ": " + visible_line(judgement.reason, kLineMax);
  text += '\n';
  if (!view.error.empty()) text += "error: " + visible_line(view.error, kLineMax) + '\n';
  add_checks(view, text);
  add_evidence(view, text);
  return text;
}

/// A text with a head line that lets an auditor find the whole of it.
Result<std::string> shown(const run::RunView& run, const run::TextView& text, std::size_t keep) {
  if (text.bytes == 0) return std::string();
  MCCOY_TRY(part, run::excerpt(run, text, keep));
  std::string all = fmt::format("[{}: {} bytes, sha256 {}]\n{}", visible_line(text.name), text.bytes,
                                visible_line(text.sha256), visible_text(part.head));
  if (part.between > 0)
    all += fmt::format("\n[{} bytes left out; {} bytes in all, sha256 {}]\n{}", part.between, text.bytes,
                       visible_line(text.sha256), visible_text(part.tail));
  if (!all.ends_with('\n')) all += '\n';
  return all;
}

Status add_texts(const run::RunView& run, const run::CaseView& view, JunitCase& into) {
  const std::size_t keep = into.result == JunitCase::Result::passed ? kExcerptPassed : kExcerpt;
  for (const auto& [label, line] : run::chaos_in_words(view.figures))
    into.out += fmt::format("{:<10} {}\n", label, line);
  for (const auto& [label, line] : run::load_in_words(view.figures))
    into.out += fmt::format("{:<10} {}\n", label, line);
  for (const run::TextView& text : view.texts) {
    if (view.figures["load"].is_map() || view.figures["chaos"].is_map())
      break;  // histograms are for machines, and are in the bundle
    MCCOY_TRY(part, shown(run, text, keep));
    (text.name == "stderr" ? into.err : into.out) += part;
  }
  into.out = junit_text(into.out);
  into.err = junit_text(into.err);
  return {};
}

void add_properties(const run::CaseView& view, const Told& told, JunitCase& into) {
  const judge::Judgement& judgement = view.judgement;
  const auto add = [&](std::string_view name, std::string_view value) {
    into.properties.emplace_back(name, junit_line(value));
  };
  add("outcome", judge::to_text(judgement.outcome));
  add("provenance", judge::to_text(judgement.provenance));
  if (judgement.strength != judge::Strength::none) add("strength", judge::to_text(judgement.strength));
  if (judgement.flaky) add("flaky", "true");
  if (told.standing == Standing::waived) add("waived", told.why);
  if (!view.covers.empty()) add("covers", join(view.covers, ", "));
  if (const Value& all = view.figures["load"]["all"]; all.is_map()) {
    for (const char* name : {"due", "finished", "errors", "dropped"})
      add(std::string("load.") + name, std::to_string(all[name].as_int()));
    for (const char* name : {"p50", "p95", "p99"})
      if (all["response"].is_map())
        add(std::string("load.response_ns.") + name, std::to_string(all["response"][name].as_int()));
  }
}
}  // namespace

std::string junit_line(std::string_view bytes) {
  return xml_text(visible_line(bytes, kLineMax));
}

std::string junit_text(std::string_view bytes) {
  std::string text = xml_text(bytes);
  if (text.size() <= kTextMax) return text;
  std::size_t cut = kTextMax;
  while ((static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80) --cut;  // not inside a character
  return text.substr(0, cut) + "\n[cut here; the whole is in the bundle]\n";
}

std::int64_t junit_ms(std::int64_t ns) {
  return std::clamp<std::int64_t>(ns / 1'000'000 + (ns % 1'000'000 >= 500'000), 0, kYearMs - 1);
}

Result<JunitCase> junit_case(const run::RunView& run, const run::CaseView& view) {
  const Told told = tell(view, is_strict(run));
  JunitCase into;
  into.classname = junit_line(view.suite);
  into.name = junit_line(view.name);
  into.file = junit_line(view.file);
  into.line = view.line;
  into.started_ms = view.started_ms;
  into.time_ms = junit_ms(view.wall_ns);
  into.result = result_of(told.standing);
  into.type = junit_line(told.type);
  into.message = junit_line(told.why);
  if (!view.waited)
    for (const run::EarlierAttempt& attempt : view.earlier)
      into.earlier.push_back({attempt.outcome == judge::Outcome::error, junit_line(attempt.why)});
  if (into.result != JunitCase::Result::passed) into.details = junit_text(details_of(view));
  MCCOY_DO(add_texts(run, view, into));
  add_properties(view, told, into);
  return into;
}
}  // namespace mccoy::reports
