// One sentence about an observation that can be false. The suite states it, the judge evaluates it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/error.hpp"
#include "harness/base/value.hpp"

namespace mccoy::suite {
/// Extractor grammar, used by `capture:`, `vary.of:` and as the subject of a check:
///   NAME                       a value or a whole text of the observation: status, exit, stdout, body, size …
///   [TEXT] json /POINTER       inside a text parsed as JSON (TEXT defaults to the kind's main text)
///   [TEXT] number              the first number in a text
///   [TEXT] line N              1-based line; negative counts from the end
///   [TEXT] matches REGEX       the first capture group, else the whole match (RE2)
///   [TEXT] sha256              digest of the text
///   header NAME                a header, name without regard to case
struct Extractor {
  std::string source;  ///< "stdout", "body", "status", "header" …
  enum class Form { whole, json, number, line, matches, sha256, header } form = Form::whole;
  std::string argument;      ///< pointer, regex, line number, header name
  std::string text() const;  ///< as a suite would write it
};
Result<Extractor> parse_extractor(std::string_view text, std::string_view main_text);

enum class Op {
  equals,    ///< same value; 1 equals 1.0
  any_of,    ///< operand is a list
  contains,  ///< text in text
  not_contains,
  matches,  ///< RE2, unanchored
  not_matches,
  compare,  ///< operand is a comparison: ">= 3", "1..10", "2xx"; numbers, durations (ns), sizes (bytes) already
            ///< converted
  subset,   ///< operand's members and items are all found in the value (lists: each item somewhere, in order)
  empty,    ///< operand true: nothing there; false: something there
  lines,    ///< number of lines, as a comparison
  bytes,    ///< number of bytes, as a comparison
  glob,     ///< at least one path of a list of paths matches
  gate,     ///< a figure of many measurements, see gate.hpp; the operand holds the gate
};
std::string_view to_text(Op op);
bool op_from_text(std::string_view text, Op& op);

struct Check {
  Extractor subject;
  Op op = Op::equals;
  Value operand;  ///< may hold ${…} until it is expanded for a trial
  Span span;
};

/// "<", ">= 3", "1..10", "2xx", "200" -> bounds; for Op::compare.
struct Comparison {
  enum class Kind { eq, ne, lt, le, gt, ge, range } kind = Kind::eq;
  double low = 0, high = 0;  ///< range: both ends included; else `low`
  bool holds(double x) const;
};
enum class Unit { none, duration_ns, size_bytes };
///   errors  no number, a unit that does not fit, a range that is empty; where is left empty
Result<Comparison> parse_comparison(std::string_view text, Unit unit);
/// The same without units, as an operand of Op::compare: ">= 3", "1..10", "500000000"; reads back to the same bounds.
std::string to_text(const Comparison& comparison);

Value to_value(const Check& check);  ///< for the journal
Result<Check> check_from_value(const Value& value);
}  // namespace mccoy::suite
