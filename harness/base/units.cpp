// Durations and sizes as people write and read them; the functions are declared in clock.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>

#include "harness/base/clock.hpp"
#include "harness/base/text.hpp"

namespace mccoy {
namespace {
struct Unit {
  std::string_view name;
  std::int64_t worth;  ///< nanoseconds or bytes
};
constexpr Unit kTimes[] = {{"ns", 1},
                           {"us", 1'000},
                           {"ms", 1'000'000},
                           {"s", 1'000'000'000},
                           {"m", 60'000'000'000},
                           {"h", 3'600'000'000'000},
                           {"d", 86'400'000'000'000}};
constexpr Unit kSizes[] = {{"", 1},
                           {"B", 1},
                           {"KiB", 1LL << 10},
                           {"MiB", 1LL << 20},
                           {"GiB", 1LL << 30},
                           {"TiB", 1LL << 40},
                           {"kB", 1'000},
                           {"KB", 1'000},
                           {"MB", 1'000'000},
                           {"GB", 1'000'000'000},
                           {"TB", 1'000'000'000'000}};

/// "1.5m" taken apart; whole is empty when the text does not start with a digit.
struct Quantity {
  std::string_view whole, fraction, unit;
};

std::string_view take_digits(std::string_view& text) {
  const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto digits = text.substr(0, end);
  text.remove_prefix(end);
  return digits;
}

Quantity take_apart(std::string_view text) {
  Quantity parts{.whole = take_digits(text), .fraction = {}, .unit = {}};
  if (text.size() > 1 && text[0] == '.' && text[1] >= '0' && text[1] <= '9') {
    text.remove_prefix(1);
    parts.fraction = take_digits(text);
  }
  parts.unit = text;
  return parts;
}

template <std::size_t n>
const Unit* find_unit(const Unit (&units)[n], std::string_view name) {
  const auto* found = std::ranges::find(units, name, &Unit::name);
  return found == std::end(units) ? nullptr : found;
}

Error refused(std::string_view kind, std::string_view text, std::string_view why, std::string_view hint) {
  return Error{.what = fmt::format("\"{}\" is not a {}: {}", visible_line(text, 60), kind, why),
               .hint = std::string(hint)};
}

/// whole * worth, false on overflow.
bool multiplied(std::string_view whole, std::int64_t worth, std::int64_t& out) {
  std::int64_t count = 0;
  const auto [end, problem] = std::from_chars(whole.data(), whole.data() + whole.size(), count);
  return problem == std::errc() && end == whole.data() + whole.size() && !__builtin_mul_overflow(count, worth, &out);
}

/// Adds the decimals exactly; false when they are finer than one nanosecond or overflow.
bool add_fraction(std::string_view digits, std::int64_t worth, std::int64_t& out) {
  for (const char digit : digits) {
    if (worth % 10 != 0 && digit != '0') return false;
    worth /= 10;
    if (__builtin_add_overflow(out, (digit - '0') * worth, &out)) return false;
  }
  return true;
}
}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  constexpr std::string_view kKind = "duration";
  constexpr std::string_view kHint = "write a number and a unit: 250ms, 2s, 1.5m, 1h, 7d";
  const Quantity parts = take_apart(text);
  if (parts.whole.empty()) return refused(kKind, text, "it does not start with a digit", kHint);
  if (parts.unit.empty()) return refused(kKind, text, "it has no unit", kHint);
  const Unit* unit = find_unit(kTimes, parts.unit);
  if (unit == nullptr) return refused(kKind, text, "unknown unit", kHint);
  std::int64_t ns = 0;
  if (!multiplied(parts.whole, unit->worth, ns)) return refused(kKind, text, "it is over 292 years", kHint);
  if (!add_fraction(parts.fraction, unit->worth, ns)) return refused(kKind, text, "it is too fine or too long", kHint);
  return Duration(ns);
}

Result<std::int64_t> parse_size(std::string_view text) {
  constexpr std::string_view kKind = "size";
  constexpr std::string_view kHint = "write whole bytes or a unit: 512, 64KiB, 500MiB, 1GB";
  const Quantity parts = take_apart(text);
  if (parts.whole.empty()) return refused(kKind, text, "it does not start with a digit", kHint);
  if (!parts.fraction.empty()) return refused(kKind, text, "it is not a whole number", kHint);
  const Unit* unit = find_unit(kSizes, parts.unit);
  if (unit == nullptr) return refused(kKind, text, "unknown unit", kHint);
  std::int64_t bytes = 0;
  if (!multiplied(parts.whole, unit->worth, bytes)) return refused(kKind, text, "it is over 8 EiB", kHint);
  return bytes;
}

std::string human_duration(Duration span) {
  if (span < Duration::zero()) {
    return '-' + human_duration(span == Duration::min() ? Duration::max() : -span);
  }
  const std::int64_t ns = span.count();
  const auto rounded = [ns](std::int64_t unit) { return ns / unit + (ns % unit >= (unit + 1) / 2 ? 1 : 0); };
  if (ns < 1'000) return fmt::format("{} ns", ns);
  if (rounded(1'000) < 1'000) return fmt::format("{} us", rounded(1'000));
  if (rounded(1'000'000) < 1'000) return fmt::format("{} ms", rounded(1'000'000));
  const std::int64_t tenths = rounded(100'000'000);
  if (tenths < 600) return fmt::format("{}.{} s", tenths / 10, tenths % 10);
  const std::int64_t seconds = rounded(1'000'000'000);
  if (seconds < 3'600) return fmt::format("{} m {:02} s", seconds / 60, seconds % 60);
  const std::int64_t minutes = rounded(60'000'000'000);
  return fmt::format("{} h {:02} m", minutes / 60, minutes % 60);
}

std::string human_size(std::int64_t bytes) {
  if (bytes < 0) return '-' + human_size(bytes == std::numeric_limits<std::int64_t>::min() ? -(bytes + 1) : -bytes);
  if (bytes < 1024) return fmt::format("{} B", bytes);
  constexpr std::string_view kNames[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double size = static_cast<double>(bytes) / 1024;
  std::size_t name = 0;
  for (; size >= 1023.95 && name + 1 < std::size(kNames); ++name) size /= 1024;
  return fmt::format("{:.1f} {}", size, kNames[name]);
}
}  // namespace mccoy
