#include "harness/run/load_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/clock.hpp"
#include "harness/base/text.hpp"

namespace mccoy::run {
namespace {
std::string duration(const Value& ns) {
  const double x = ns.as_double();
  if (x >= 1e9) return fmt::format("{:.3g}s", x / 1e9);
  return x >= 1e6 ? fmt::format("{:.3g}ms", x / 1e6) : fmt::format("{:.3g}us", x / 1e3);
}

std::string percent(std::int64_t part, std::int64_t of) {
  return of > 0 ? fmt::format("{:.3g}%", 100.0 * static_cast<double>(part) / static_cast<double>(of)) : "none";
}

std::string percentiles(const Value& times) {
  if (!times.is_map()) return "no samples";
  std::string line;
  for (const char* name : {"p50", "p90", "p95", "p99", "p999", "max"})
    line += fmt::format("{}{} {}", line.empty() ? "" : "  ", name, duration(times[name]));
  return line;
}

std::string requests(const Value& load) {
  const Value& all = load["all"];
  const double seconds = load["counted_s"].as_double();
  std::string line = fmt::format("{}{}; {} of {} due were answered", load["model"].as_string(),
                                 load["spacing"].is_string() ? ", " + load["spacing"].as_string() : "",
                                 all["finished"].as_int(), all["due"].as_int());
  const Value* came = all.find("came");  // bundles of before have none
  const double in_time = (came != nullptr ? *came : all["finished"]).as_double();
  if (seconds > 0) line += fmt::format(" in {:.3g}s: {:.4g}/s", seconds, in_time / seconds);
  if (seconds > 0 && load["model"].as_string() == "open")
    line += fmt::format(" of {:.4g}/s", all["due"].as_double() / seconds);
  line += fmt::format("; {} dropped, {} late", all["dropped"].as_int(), all["late"].as_int());
  if (all["never_sent"].as_int() > 0) line += fmt::format(", {} never sent", all["never_sent"].as_int());
  if (load["cut_off"].as_int() > 0) line += fmt::format("; {} sequences cut off by the end", load["cut_off"].as_int());
  return line;
}

std::string errors(const Value& all) {
  const std::int64_t begun = all["due"].as_int() - all["dropped"].as_int() - all["never_sent"].as_int();
  std::string line =
      fmt::format("{} of {} ({})", all["errors"].as_int(), begun, percent(all["errors"].as_int(), begun));
  std::string causes;
  if (all["check_failed"].as_int() > 0) causes += fmt::format(", {} failed a check", all["check_failed"].as_int());
  for (const auto& [cause, count] : all["causes"].as_map()) causes += fmt::format(", {} {}", count.as_int(), cause);
  if (all["abandoned"].as_int() > 0) causes += fmt::format(", {} never answered", all["abandoned"].as_int());
  return causes.empty() ? line : line + ": " + causes.substr(2);
}

std::string generator(const Value& load) {
  const Value& g = load["generator"];
  const std::string grid = g["grid_ns"].as_int() > 0 ? "grid " + duration(g["grid_ns"]) : "a timer for each";
  const Value& arrival = load["all"]["arrival"];
  std::string line = arrival.is_map() ? fmt::format("sent {} (p50), {} (p99) after it was due, ",
                                                    duration(arrival["p50"]), duration(arrival["p99"]))
                                      : std::string();
  return line + fmt::format("{}; {:.0f}% of a processor, {} thread{}", grid, g["cpu_share"].as_double() * 100,
                            g["threads"].as_int(), g["threads"].as_int() == 1 ? "" : "s");
}
}  // namespace

std::vector<std::pair<std::string, std::string>> load_in_words(const Value& figures) {
  const Value& load = figures["load"];
  if (!load.is_map()) return {};
  std::vector<std::pair<std::string, std::string>> lines = {{"load", requests(load)},
                                                            {"errors", errors(load["all"])},
                                                            {"response", percentiles(load["all"]["response"])},
                                                            {"service", percentiles(load["all"]["service"])},
                                                            {"generator", generator(load)}};
  if (const Value& arrivals = figures["arrivals"]; arrivals["counted"].is_number())
    lines.emplace_back("arrived", fmt::format("the service counted {:.6g} of {} sent", arrivals["counted"].as_double(),
                                              arrivals["sent"].as_int()));
  for (const Value& target : load["connections"].as_list())
    if (const Value* why = target.find("tls_failure"); why != nullptr)
      lines.emplace_back("tls", target["target"].as_string() + ": " + why->as_string());
  for (auto& [label, text] : lines) text = visible_line(text);
  return lines;
}

std::string progress_in_words(const Value& figures) {
  constexpr int kBar = 16;
  const double elapsed = figures["elapsed_ns"].as_double(), span = figures["span_ns"].as_double();
  const double part = span > 0 ? std::clamp(elapsed / span, 0.0, 1.0) : 0;
  const auto full = static_cast<std::size_t>(part * kBar);
  const bool open = figures["model"].as_string() == "open";
  return visible_line(
      fmt::format("[{}{}] {:.0f}s of {:.0f}s {}  {}/s of {:.4g}{}  {} in flight  {} errors  p50 {} p95 {} p99 {}",
                  std::string(full, '='), std::string(kBar - full, ' '), elapsed / 1e9, span / 1e9,
                  figures["stage"].as_string(), figures["rate"].as_int(), figures["asked"].as_double(),
                  open ? "/s" : " users", figures["in_flight"].as_int(), figures["errors"].as_int(),
                  duration(figures["p50_ns"]), duration(figures["p95_ns"]), duration(figures["p99_ns"])));
}
}  // namespace mccoy::run
