#include "harness/target/describe.hpp"

#include <fmt/format.h>

#include "harness/base/clock.hpp"
#include "harness/base/text.hpp"

namespace mccoy::target {
namespace {
struct SpanUnit {
  std::int64_t milliseconds;
  std::string_view name;
};
constexpr SpanUnit kSpanUnits[] = {{86'400'000, "days"}, {3'600'000, "h"}, {60'000, "min"}, {1'000, "s"}};

std::string started(std::int64_t process_ms, std::int64_t run_ms) {
  if (process_ms == 0) return "";
  if (run_ms == 0 || process_ms >= run_ms) return ", started " + rfc3339(process_ms);
  return fmt::format(", started {} before this run", rough_span(run_ms - process_ms));
}
}  // namespace

std::string rough_span(std::int64_t milliseconds) {
  for (const auto& unit : kSpanUnits)
    if (milliseconds >= unit.milliseconds) return fmt::format("{} {}", milliseconds / unit.milliseconds, unit.name);
  return fmt::format("{} ms", milliseconds);
}

std::string describe(const evidence::SeenProcess& process, std::int64_t run_started_ms) {
  const auto exe = process.exe.empty() ? std::string("(its program cannot be read)") : visible_line(process.exe);
  const auto script = process.script.empty() ? "" : fmt::format(" ({})", visible_line(process.script));
  return fmt::format("pid {} {}{}{}", process.id.pid, exe, script, started(process.started_wall_ms, run_started_ms));
}

std::string describe(const std::vector<evidence::SeenProcess>& processes, std::int64_t run_started_ms) {
  if (processes.empty()) return "a process that cannot be seen";
  std::vector<std::string> each;
  for (const auto& process : processes) each.push_back(describe(process, run_started_ms));
  return join(each, " and ");
}

std::string last_line(std::string_view text, std::size_t most) {
  text = trim(text);
  const auto line = text.rfind('\n');
  return visible_line(trim(line == std::string_view::npos ? text : text.substr(line + 1)), most);
}
}  // namespace mccoy::target
