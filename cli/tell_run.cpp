#include <algorithm>
#include <array>

#include "cli/telling.hpp"
#include "harness/base/text.hpp"

namespace mccoy::cli {
namespace {
constexpr std::size_t kTextBytes = 400;
constexpr int kNameColumns = 10, kNumberColumns = 10;
constexpr std::array kOutcomeRows = {judge::Outcome::pass, judge::Outcome::fail, judge::Outcome::error,
                                     judge::Outcome::skip, judge::Outcome::not_run};
constexpr std::array kProvenanceColumnsInOrder = {judge::Provenance::real, judge::Provenance::simulated,
                                                  judge::Provenance::mock, judge::Provenance::unproven};

std::string text_of(const Value& record, std::string_view key) {
  return visible_line(record[key].as_string(), kTextBytes);
}

std::int64_t cell(const judge::Totals& totals, judge::Outcome outcome, judge::Provenance provenance) {
  return totals.matrix[static_cast<std::size_t>(outcome)][static_cast<std::size_t>(provenance)];
}

bool column_used(const judge::Totals& totals, judge::Provenance provenance) {
  return std::any_of(kOutcomeRows.begin(), kOutcomeRows.end(),
                     [&](judge::Outcome outcome) { return cell(totals, outcome, provenance) > 0; });
}

std::string right(std::string_view text, int columns) {
  const auto size = static_cast<int>(text.size());
  return std::string(static_cast<std::size_t>(size < columns ? columns - size : 0), ' ') + std::string(text);
}

std::string joined_texts(const Value& list) {
  std::vector<std::string> texts;
  for (const auto& item : list.as_list()) texts.push_back(item.is_string() ? item.as_string() : to_json(item));
  return visible_line(join(texts, ", "), kTextBytes);
}

Lines tell_leftovers(const Value& record, const Paint& paint) {
  Lines lines;
  for (const char* what : {"processes", "ports", "files"})
    if (!record[what].as_list().empty())
      lines.push_back(paint(Tone::bad, "LEFT BEHIND ") + text_of(record, "name") + ": " + what + " " +
                      joined_texts(record[what]));
  return lines;
}

Tone tone_of(judge::Verdict verdict) {
  if (verdict == judge::Verdict::proven) return Tone::good;
  return verdict == judge::Verdict::not_proven ? Tone::unsure : Tone::bad;
}
}  // namespace

Lines tell_preflight(const Value& record, const Paint& paint) {
  if (record["ok"].as_bool())
    return {paint(Tone::quiet, "preflight  " + text_of(record, "name") + ": " + text_of(record, "found"))};
  return {paint(Tone::bad, "PREFLIGHT ") + " " + text_of(record, "name") + " failed: " + text_of(record, "why")};
}

Lines tell_service(const Value& record, const Paint& paint) {
  const std::string& event = record["event"].as_string();
  const std::string name = text_of(record, "name");
  if (event == "ready")
    return {paint(Tone::quiet,
                  "service    " + name + " is ready after " + human_duration(Duration(record["after_ns"].as_int())))};
  if (event == "failed" || event == "died") return {paint(Tone::bad, "SERVICE   ") + " " + text_of(record, "why")};
  if (event == "leftovers") return tell_leftovers(record, paint);
  return {};
}

Lines tell_note(std::string_view text, const Paint& paint) {
  return {paint(Tone::unsure, "note       " + visible_line(text, kTextBytes))};
}

Lines tell_table(const judge::Totals& totals, const Paint& paint) {
  Lines lines;
  std::string head = padded("", kNameColumns);
  for (const auto provenance : kProvenanceColumnsInOrder)
    if (column_used(totals, provenance)) head += right(judge::to_text(provenance), kNumberColumns);
  lines.push_back(paint(Tone::quiet, head));
  for (const auto outcome : kOutcomeRows) {
    if (totals.of(outcome) == 0) continue;
    std::string row = padded(judge::to_text(outcome), kNameColumns);
    for (const auto provenance : kProvenanceColumnsInOrder)
      if (column_used(totals, provenance))
        row += right(std::to_string(cell(totals, outcome, provenance)), kNumberColumns);
    lines.push_back(std::move(row));
  }
  return lines;
}

Lines tell_end(const run::RunResult& result, const Paint& paint) {
  Lines lines(1);
  const Lines table = tell_table(result.summary.totals, paint);
  lines.insert(lines.end(), table.begin(), table.end());
  lines.emplace_back();
  for (const auto& problem : result.problems)
    lines.push_back(paint(Tone::unsure, "problem: ") + visible_line(problem, kTextBytes));
  lines.push_back(paint(tone_of(result.summary.verdict), visible_line(result.summary.sentence)));
  lines.push_back("evidence: " + visible_line(result.bundle));
  lines.push_back("verify:   " + visible_line(shell_quoted({"mccoy", "verify", result.bundle})));
  return lines;
}
}  // namespace mccoy::cli
