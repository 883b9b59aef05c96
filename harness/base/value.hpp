// A plain piece of data: what a suite's scalar, an observation's figure or a journal field holds.
// It is the currency between the rooms, so that the JSON library stays in one .cpp (value.cpp).
// Maps keep the order in which keys were added.
#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "harness/base/error.hpp"

namespace mccoy {
class Value {
 public:
  using List = std::vector<Value>;
  using Map = std::vector<std::pair<std::string, Value>>;

  Value() = default;  ///< null
  Value(std::nullptr_t) {}
  Value(bool value) : held_(value) {}
  Value(int value) : held_(std::int64_t{value}) {}
  Value(unsigned value) : held_(std::int64_t{value}) {}
  Value(long value) : held_(std::int64_t{value}) {}
  Value(long long value) : held_(std::int64_t{value}) {}
  Value(unsigned long value) : Value(static_cast<unsigned long long>(value)) {}
  Value(unsigned long long value);  ///< above the largest int64 a double, as from_json reads it
  Value(double value) : held_(value) {}
  Value(std::string value) : held_(std::move(value)) {}
  Value(std::string_view value) : held_(std::string(value)) {}
  Value(const char* value) : held_(std::string(value)) {}
  Value(List value) : held_(std::move(value)) {}
  Value(Map value) : held_(std::move(value)) {}

  static Value list() { return Value(List{}); }
  static Value map() { return Value(Map{}); }
  /// {{"key", value}, ...}
  static Value map(std::initializer_list<std::pair<const char*, Value>> entries);

  bool is_null() const { return held_.index() == 0; }
  bool is_bool() const { return held_.index() == 1; }
  bool is_int() const { return held_.index() == 2; }
  bool is_double() const { return held_.index() == 3; }
  bool is_number() const { return is_int() || is_double(); }
  bool is_string() const { return held_.index() == 4; }
  bool is_list() const { return held_.index() == 5; }
  bool is_map() const { return held_.index() == 6; }

  /// The value if it has that type, else the fallback: a reader of evidence never throws.
  bool as_bool(bool fallback = false) const;
  std::int64_t as_int(std::int64_t fallback = 0) const;  ///< a double is not an int
  double as_double(double fallback = 0) const;           ///< ints are widened
  const std::string& as_string() const;                  ///< "" unless a string
  const List& as_list() const;                           ///< empty unless a list
  const Map& as_map() const;                             ///< empty unless a map

  /// Member of a map; a shared null when absent or when this is no map.
  const Value& operator[](std::string_view key) const;
  /// nullptr when absent.
  const Value* find(std::string_view key) const;
  /// Adds or replaces a member; a null value becomes a map first.
  Value& set(std::string_view key, Value value);
  /// Appends; a null value becomes a list first.
  Value& push(Value value);
  /// RFC 6901; "" is the whole. nullptr when it leads nowhere.
  const Value* pointer(std::string_view json_pointer) const;

  /// Same type and content; 1 equals 1.0; the order of map keys does not matter.
  friend bool operator==(const Value& a, const Value& b);

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Map> held_;
};

/// One line, members in the order they were set. Never fails:
///   invalid UTF-8    each bad byte becomes U+FFFD
///   NaN, infinity    null
///   over 64 levels   the text kTooDeep, so that whatever was written can be read back
/// Controls (DEL, C1, U+2028 and bidirectional marks too) are escaped, so the line is harmless on a terminal; keys are
/// all ASCII. Doubles are the shortest text that reads back as the same double, always with a point or an exponent.
std::string to_json(const Value& value);
/// The same over several lines, indented by two blanks, without a last newline.
std::string to_pretty_json(const Value& value);
inline constexpr std::string_view kTooDeep = "[mccoy: nested over 64 levels]";
inline constexpr int kJsonDepthMax = 64;
/// Strict JSON: no byte order mark, no duplicate keys, no NaN, no number over the range of a double, at most 64 levels,
/// nothing after the value. Integers outside int64 are doubles.
///   errors  where.line/column of the text; where.file is left empty
Result<Value> from_json(std::string_view text);
}  // namespace mccoy
