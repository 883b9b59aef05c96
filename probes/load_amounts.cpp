#include "probes/load_amounts.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "harness/base/text.hpp"

namespace mccoy::probes {
namespace {
constexpr Duration kLongest = std::chrono::hours(24 * 7);

/// The number in front and what stands behind it; false: there is no number.
bool number_and_unit(std::string_view text, double& number, std::string_view& unit) {
  text = trim(text);
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  unit = trim(text.substr(static_cast<std::size_t>(end - text.data())));
  return problem == std::errc() && std::isfinite(number);
}

/// Seconds of "/s", "/min", "/h"; 0: none of them.
double seconds_of(std::string_view unit) {
  constexpr std::pair<std::string_view, double> kSpans[] = {
      {"/s", 1}, {"/sec", 1}, {"/m", 60}, {"/min", 60}, {"/h", 3600}};
  for (const auto& [word, seconds] : kSpans)
    if (unit == word) return seconds;
  return 0;
}
}  // namespace

Result<Amount> read_amount(const Said& said) {
  const std::string text = said.text();
  double number = 0;
  std::string_view unit;
  constexpr const char* kHint = "write 500/s, 30/min or 50 users";
  if (!number_and_unit(text, number, unit))
    return said.refuse(fmt::format("\"{}\" is no amount of load", visible_line(text, 40)), kHint);
  Amount amount{.users = unit.empty() || unit == "users" || unit == "user", .value = number};
  const double seconds = seconds_of(unit);
  if (!amount.users && seconds == 0)
    return said.refuse(fmt::format("\"{}\" is no unit of load", visible_line(unit, 40)), kHint);
  if (!amount.users) amount.value /= seconds;
  if (number < 0) return said.refuse(fmt::format("{} is less than nothing", visible_line(text, 40)), kHint);
  if (amount.value > (amount.users ? kMostUsers : kMostPerSecond))
    return said.refuse(fmt::format("{} is more than one machine can make", visible_line(text, 40)),
                       amount.users ? "at most 100000 users" : "at most 1000000/s");
  if (amount.users && std::trunc(amount.value) != amount.value)
    return said.refuse(fmt::format("{} users are no whole number", amount.value), kHint);
  return amount;
}

Result<Duration> read_span(const Said& said, std::string_view what) {
  if (!said.given()) return said.refuse(fmt::format("{} is missing", what), "for example 30s");
  const Duration span(said.value().as_int());
  if (span <= Duration::zero()) return said.refuse(fmt::format("{} is no time at all", what), "for example 30s");
  if (span > kLongest) return said.refuse(fmt::format("{} is longer than a week", what), "for example 1h");
  return span;
}

Result<std::pair<Duration, Duration>> read_think(const Said& said) {
  const std::string text = said.text();
  const auto dots = text.find("..");
  const auto low = parse_duration(trim(std::string_view(text).substr(0, dots)));
  const auto high = dots == std::string::npos ? low : parse_duration(trim(std::string_view(text).substr(dots + 2)));
  if (!low.ok() || !high.ok() || *high < *low)
    return said.refuse(fmt::format("\"{}\" is no time to think", visible_line(text, 40)), "write 2s or 1s..3s");
  return std::pair(*low, *high);
}

Result<double> read_share(const Said& said) {
  const std::string text = said.text();
  double number = 0;
  std::string_view unit;
  const bool read = number_and_unit(text, number, unit) && (unit.empty() || unit == "%");
  if (unit == "%") number /= 100;
  if (!read || number <= 0 || number > 1)
    return said.refuse(fmt::format("\"{}\" is no share", visible_line(text, 40)), "write 1% or 0.01; at most 100%");
  return number;
}
}  // namespace mccoy::probes
