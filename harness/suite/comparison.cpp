// ">= 3", "1..10", "2xx", "< 500ms" -> bounds; declared in check.hpp.
#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "harness/base/clock.hpp"
#include "harness/base/text.hpp"
#include "harness/suite/check.hpp"

namespace mccoy::suite {
namespace {
using Kind = Comparison::Kind;
struct Sign {
  std::string_view text;
  Kind kind;
};
constexpr Sign kSigns[] = {{"==", Kind::eq}, {"!=", Kind::ne}, {"<=", Kind::le}, {">=", Kind::ge},
                           {"<", Kind::lt},  {">", Kind::gt},  {"=", Kind::eq}};

Error refused(std::string_view text, std::string_view why) {
  return {.what = fmt::format("\"{}\" is not a comparison: {}", visible_line(text, 60), why),
          .hint = "write 200, \">= 3\", \"1..10\" or 2xx"};
}

Result<double> plain_number(std::string_view text) {
  double number = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) {
    return refused(text, "no number");
  }
  return number;
}

Result<double> quantity(std::string_view text, Unit unit) {
  text = trim(text);
  if (unit == Unit::duration_ns) {
    MCCOY_TRY(span, parse_duration(text));
    return static_cast<double>(span.count());
  }
  if (unit == Unit::size_bytes) {
    MCCOY_TRY(bytes, parse_size(text));
    return static_cast<double>(bytes);
  }
  return plain_number(text);
}

/// "2xx" -> 200..299
bool status_class(std::string_view text, Comparison& out) {
  if (text.size() != 3 || text[0] < '1' || text[0] > '9' || (text.substr(1) != "xx" && text.substr(1) != "XX")) {
    return false;
  }
  const double low = (text[0] - '0') * 100;
  out = {.kind = Kind::range, .low = low, .high = low + 99};
  return true;
}

std::string shortest(double x) {
  const bool whole = std::trunc(x) == x && std::abs(x) < 1e15;
  return whole ? fmt::format("{}", static_cast<std::int64_t>(x)) : fmt::format("{}", x);
}
}  // namespace

bool Comparison::holds(double x) const {
  switch (kind) {
    case Kind::eq:
      return x == low;
    case Kind::ne:
      return x != low;
    case Kind::lt:
      return x < low;
    case Kind::le:
      return x <= low;
    case Kind::gt:
      return x > low;
    case Kind::ge:
      return x >= low;
    case Kind::range:
      return x >= low && x <= high;
  }
  return false;
}

Result<Comparison> parse_comparison(std::string_view text, Unit unit) {
  text = trim(text);
  Comparison parsed;
  if (unit == Unit::none && status_class(text, parsed)) return parsed;
  for (const Sign& sign : kSigns) {
    if (!text.starts_with(sign.text)) continue;
    MCCOY_TRY(bound, quantity(text.substr(sign.text.size()), unit));
    return Comparison{.kind = sign.kind, .low = bound};
  }
  if (const auto dots = text.find(".."); dots != std::string_view::npos) {
    MCCOY_TRY(low, quantity(text.substr(0, dots), unit));
    MCCOY_TRY(high, quantity(text.substr(dots + 2), unit));
    if (low > high) return refused(text, "the range is empty");
    return Comparison{.kind = Kind::range, .low = low, .high = high};
  }
  MCCOY_TRY(value, quantity(text, unit));
  return Comparison{.kind = Kind::eq, .low = value};
}

std::string to_text(const Comparison& comparison) {
  std::string low = shortest(comparison.low);
  switch (comparison.kind) {
    case Kind::eq:
      return low;
    case Kind::ne:
      return "!= " + low;
    case Kind::lt:
      return "< " + low;
    case Kind::le:
      return "<= " + low;
    case Kind::gt:
      return "> " + low;
    case Kind::ge:
      return ">= " + low;
    case Kind::range:
      return low + ".." + shortest(comparison.high);
  }
  return low;
}
}  // namespace mccoy::suite
