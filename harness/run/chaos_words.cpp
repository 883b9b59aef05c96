#include "harness/run/chaos_words.hpp"

#include <fmt/format.h>

#include "harness/base/clock.hpp"
#include "harness/base/text.hpp"

namespace mccoy::run {
namespace {
using Lines = std::vector<std::pair<std::string, std::string>>;

std::string reading(const Value& one) {
  if (one.is_null()) return "not measured";
  return fmt::format("{:g}{}{}", one["value"].as_double(), one["unit"].as_string().empty() ? "" : " ",
                     one["unit"].as_string());
}

void add_fault(const Value& fault, Lines& lines) {
  const Value& course = fault["course"];
  std::string text = fault["fault"].as_string() + " of " + fault["service"].as_string();
  if (course.is_map()) {
    text += fmt::format(": {}: {} before, {} during, {} after", course["before"]["what"].as_string(),
                        reading(course["before"]), reading(course["during"]), reading(course["after"]));
  } else {
    for (const Value& what : fault["plan"]["does"].as_list()) text += "; would " + what.as_string();
  }
  lines.emplace_back("fault", std::move(text));
}

/// "120 ms", or nothing where it was not measured.
std::string time(const Value& metric) {
  return metric["time_ns"].is_number() ? human_duration(Duration(metric["time_ns"].as_int())) : "";
}

void add_times(const Value& metrics, Lines& lines) {
  std::vector<std::string> parts;
  const auto add = [&](const char* metric, std::string_view before, std::string_view after, std::string_view at_once) {
    const std::string shown = time(metrics[metric]);
    if (shown.empty()) return;
    const bool none = metrics[metric]["time_ns"].as_int() == 0;
    parts.push_back(none ? std::string(at_once) : std::string(before) + shown + std::string(after));
  };
  add("time_to_detect", "seen to be wrong after ", "", "seen to be wrong at once");
  add("outage", "wrong for ", "", "never wrong");
  add("time_to_recover", "back ", " after it began to be undone", "back before it began to be undone");
  if (!parts.empty()) lines.emplace_back("course", join(parts, ", "));
}

void add_errors(const Value& metrics, Lines& lines) {
  const Value& errors = metrics["errors_during"];
  if (errors["of"].as_int() == 0) return;
  std::string text = fmt::format("{} of {} while it lasted", errors["count"].as_int(), errors["of"].as_int());
  if (const Value& lost = metrics["requests_lost"]; lost["of"].as_int() > 0)
    text += fmt::format(", {} of them without an answer", lost["count"].as_int());
  lines.emplace_back("errors", std::move(text));
}

void add_ledger(const Value& metrics, Lines& lines) {
  const Value& lost = metrics["lost_writes"];
  if (lost.is_null()) return;
  if (!lost["count"].is_number()) {
    lines.emplace_back("ledger", lost["why"].as_string());
    return;
  }
  std::string text = fmt::format("{} acknowledged: {} lost, {} there twice", lost["of"].as_int(),
                                 lost["count"].as_int(), metrics["duplicate_writes"]["count"].as_int());
  if (const Value& order = metrics["out_of_order_writes"]; order["count"].is_number())
    text += fmt::format(", {} out of order", order["count"].as_int());
  text +=
      fmt::format("; {} there without having been acknowledged", metrics["unacknowledged_present"]["count"].as_int());
  lines.emplace_back("ledger", std::move(text));
}
}  // namespace

std::vector<std::pair<std::string, std::string>> chaos_in_words(const Value& figures) {
  Lines lines;
  const Value& chaos = figures["chaos"];
  if (!chaos.is_map()) return lines;
  for (const Value& fault : chaos["faults"].as_list()) add_fault(fault, lines);
  add_times(figures["metrics"], lines);
  add_errors(figures["metrics"], lines);
  add_ledger(figures["metrics"], lines);
  for (auto& [label, text] : lines) text = visible_line(text, 400);
  return lines;
}
}  // namespace mccoy::run
