#include <algorithm>
#include <iterator>

#include "cli/telling.hpp"
#include "harness/base/text.hpp"
#include "harness/run/chaos_words.hpp"
#include "harness/run/load_words.hpp"

namespace mccoy::cli {
namespace {
constexpr std::size_t kOutputLines = 10;
constexpr std::size_t kOutputLineBytes = 200, kValueBytes = 400;
constexpr int kOutcomeColumns = 8, kProvenanceColumns = 18;
constexpr std::string_view kIndent = "         ";

struct Shown {
  judge::Outcome outcome;
  std::string_view word;
  Tone tone;
};
constexpr Shown kShown[] = {
    {judge::Outcome::pass, "pass", Tone::good},         {judge::Outcome::fail, "FAIL", Tone::bad},
    {judge::Outcome::error, "ERROR", Tone::bad},        {judge::Outcome::skip, "skip", Tone::quiet},
    {judge::Outcome::not_run, "not-run", Tone::unsure},
};

Tone tone_of(judge::Provenance provenance) {
  if (provenance == judge::Provenance::real) return Tone::good;
  return provenance == judge::Provenance::mock ? Tone::bad : Tone::unsure;
}

const Shown& shown_as(judge::Outcome outcome) {
  return *std::find_if(std::begin(kShown), std::end(kShown), [&](const Shown& row) { return row.outcome == outcome; });
}

bool was_executed(judge::Outcome outcome) {
  return outcome != judge::Outcome::skip && outcome != judge::Outcome::not_run;
}

std::string head_line(const run::CaseEnd& end, const Paint& paint) {
  const auto& judgement = end.judgement;
  const Shown& shown = shown_as(judgement.outcome);
  const std::string provenance = was_executed(judgement.outcome) ? provenance_words(judgement) : "-";
  std::string line = paint(shown.tone, padded(shown.word, kOutcomeColumns)) + " " +
                     paint(tone_of(judgement.provenance), padded(provenance, kProvenanceColumns)) + " " +
                     visible_line(end.which->id);
  if (was_executed(judgement.outcome)) line += paint(Tone::quiet, "  " + human_duration(end.wall));
  if (judgement.flaky) line += paint(Tone::unsure, "  flaky: it took " + std::to_string(end.attempts) + " attempts");
  return line;
}

std::string labelled(std::string_view label, std::string_view text) {
  return std::string(kIndent) + padded(label, 9) + " " + visible_line(text, kValueBytes);
}

std::string place(const suite::Case& which) {
  return std::string(kIndent) + visible_line(std::string(which.span.file)) + ":" + std::to_string(which.span.line);
}

void add_checks(const run::CaseEnd& end, Lines& lines) {
  for (const auto& check : end.checks) {
    if (check.held == judge::Held::yes) continue;
    lines.push_back(labelled("claimed", check.subject + " " + check.expected));
    if (check.held == judge::Held::no) lines.push_back(labelled("found", check.actual));
    if (!check.why.empty()) lines.push_back(labelled("because", check.why));
  }
}

void add_output(const run::CaseEnd& end, Lines& lines) {
  auto shown = split(visible_text(trim(end.last_output)), '\n');
  if (trim(end.last_output).empty()) return;
  lines.push_back(labelled(end.last_output_name, "(its last lines)"));
  const std::size_t from = shown.size() > kOutputLines ? shown.size() - kOutputLines : 0;
  for (std::size_t i = from; i < shown.size(); ++i)
    lines.push_back(std::string(kIndent) + "  | " + visible_line(shown[i], kOutputLineBytes));
}

/// Of a load or of faults, whatever came of it.
void add_load(const run::CaseEnd& end, Lines& lines) {
  for (const auto& [label, text] : run::chaos_in_words(end.figures)) lines.push_back(labelled(label, text));
  for (const auto& [label, text] : run::load_in_words(end.figures)) lines.push_back(labelled(label, text));
}

/// They accuse nobody, and are shown whatever came of the case.
void add_leftovers(const run::CaseEnd& end, const Paint& paint, Lines& lines) {
  if (end.leftovers.empty()) return;
  lines.push_back(paint(Tone::unsure, labelled("left", "behind, and killed: " + join(end.leftovers, ", "))));
}

/// A failure that is real was told by its checks, or by its error; a hidden one by nothing yet.
void add_hidden_failure(const run::CaseEnd& end, const std::string& rule, Lines& lines) {
  const bool told = !end.error.empty() || std::ranges::any_of(end.checks, [](const judge::CheckResult& check) {
    return check.held == judge::Held::no;
  });
  if (!told) lines.push_back(labelled("because", end.judgement.reason + rule));
}

/// What keeps a pass from counting, or a result from being believed.
void add_doubts(const run::CaseEnd& end, const Paint& paint, Lines& lines) {
  const auto& judgement = end.judgement;
  const std::string rule = judgement.rule.empty() ? "" : " (" + judgement.rule + ")";
  if (judgement.provenance == judge::Provenance::real && judgement.outcome != judge::Outcome::pass)
    return add_hidden_failure(end, rule, lines);
  if (!judgement.reason.empty()) {
    lines.push_back(
        paint(tone_of(judgement.provenance), labelled(judge::to_text(judgement.provenance), judgement.reason + rule)));
  }
  for (const auto& challenge : end.challenges)
    if (challenge.status == judge::ChallengeStatus::unmet && judgement.reason.find(challenge.why) == std::string::npos)
      lines.push_back(labelled("challenge", challenge.name + ": " + challenge.why));
  if (judgement.missing.empty()) return;
  const bool only_weak = judgement.provenance == judge::Provenance::real;
  lines.push_back(labelled(only_weak ? "missing" : "to become real:", join(judgement.missing, "; ")));
}

void add_again(const suite::Case& which, Lines& lines) {
  lines.push_back(std::string(kIndent) + padded("again", 9) + " " +
                  visible_line(shell_quoted({"mccoy", "run", std::string(which.span.file), "--only", which.id})));
}

Lines not_executed(const run::CaseEnd& end, const Paint& paint) {
  const std::string& why = end.judgement.outcome == judge::Outcome::skip ? end.which->skip : end.why_not_run;
  Lines lines(1, head_line(end, paint) + paint(Tone::quiet, "  " + visible_line(why, kValueBytes)));
  add_load(end, lines);  // as far as it went
  return lines;
}
}  // namespace

std::string provenance_words(const judge::Judgement& judgement) {
  std::string words(judge::to_text(judgement.provenance));
  if (judgement.strength != judge::Strength::none) words += ", " + std::string(judge::to_text(judgement.strength));
  return words;
}

Lines tell_case(const run::CaseEnd& end, std::optional<suite::Requirement> require, const Paint& paint) {
  const auto outcome = end.judgement.outcome;
  if (!was_executed(outcome)) return not_executed(end, paint);
  Lines lines(1, head_line(end, paint));
  add_load(end, lines);
  add_leftovers(end, paint, lines);
  const bool counts =
      outcome == judge::Outcome::pass && judge::meets(end.judgement, require.value_or(end.which->require));
  if (counts) return lines;
  lines.push_back(place(*end.which));
  if (outcome != judge::Outcome::pass) add_checks(end, lines);
  if (!end.error.empty()) lines.push_back(labelled("error", end.error));
  if (outcome != judge::Outcome::pass) add_output(end, lines);
  add_doubts(end, paint, lines);
  if (const auto& waiver = end.which->waiver; waiver && end.which->level == suite::Level::soft)
    lines.push_back(labelled("waived", "until " + waiver->expires + " by " + waiver->owner));
  add_again(*end.which, lines);
  return lines;
}
}  // namespace mccoy::cli
