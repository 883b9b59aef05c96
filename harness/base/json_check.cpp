#include "harness/base/json_check.hpp"

#include <array>
#include <vector>

#include "harness/base/repeated.hpp"
#include "harness/base/utf8.hpp"
#include "harness/base/value.hpp"

namespace mccoy {
namespace {
constexpr std::size_t kDigitsMax = 300;  ///< more could leave the range of a double, which ends at 1.8e308

/// Bytes a string may hold as they are, each a character by itself.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < 0x80; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}();

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

class Check {
 public:
  explicit Check(std::string_view text) : rest_(text) {}

  bool whole() {
    if (!value(0)) return false;
    skip_blanks();
    return rest_.empty();
  }

 private:
  bool value(int depth) {
    skip_blanks();
    switch (next()) {
      case '{':
        return depth < kJsonDepthMax && map(depth + 1);
      case '[':
        return depth < kJsonDepthMax && list(depth + 1);
      case '"':
        return string();
      case 't':
        return take("true");
      case 'f':
        return take("false");
      case 'n':
        return take("null");
      default:
        return number();
    }
  }

  bool map(int depth) {
    const std::size_t outer = keys_.size();
    if (!members(depth)) return false;
    const bool twice = any_twice(std::span(keys_).subspan(outer));
    keys_.resize(outer);
    return !twice;
  }

  bool members(int depth) {
    take('{');
    skip_blanks();
    if (take('}')) return true;
    do {
      skip_blanks();
      if (!key()) return false;
      skip_blanks();
      if (!take(':') || !value(depth)) return false;
      skip_blanks();
    } while (take(','));
    return take('}');
  }

  bool list(int depth) {
    take('[');
    skip_blanks();
    if (take(']')) return true;
    do {
      if (!value(depth)) return false;
      skip_blanks();
    } while (take(','));
    return take(']');
  }

  bool key() {
    const std::string_view from_here = rest_;
    if (!string()) return false;
    const std::string_view key = from_here.substr(0, from_here.size() - rest_.size());
    keys_.push_back(key);
    return key.find('\\') == std::string_view::npos;  // spelt in two ways, two keys may be one
  }

  bool string() {
    if (!take('"')) return false;
    for (;;) {
      std::size_t plain = 0;
      while (plain < rest_.size() && kPlain[static_cast<unsigned char>(rest_[plain])]) ++plain;
      rest_.remove_prefix(plain);
      if (take('"')) return true;
      if (!(next() == '\\' ? escape() : beyond_ascii())) return false;
    }
  }

  bool escape() {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    if (rest_.size() < 2) return false;
    const char letter = rest_[1];
    rest_.remove_prefix(2);
    return letter == 'u' ? code_unit() : kLetters.find(letter) != std::string_view::npos;
  }

  bool code_unit() {
    if (rest_.size() < 4) return false;
    int unit = 0;
    for (const char digit : rest_.substr(0, 4)) {
      if (hex_digit(digit) < 0) return false;
      unit = unit * 16 + hex_digit(digit);
    }
    rest_.remove_prefix(4);
    return unit < 0xD800 || unit > 0xDFFF;
  }

  bool beyond_ascii() {
    if (rest_.empty() || static_cast<unsigned char>(rest_.front()) < 0x80) return false;
    const CodePoint point = decode_utf8(rest_);
    rest_.remove_prefix(point.length);
    return point.valid;
  }

  bool number() {
    take('-');
    if (next() == '0' ? digits() != 1 : digits() == 0) return false;
    if (take('.') && digits() == 0) return false;
    return next() != 'e' && next() != 'E';
  }

  /// How many there were; none when there were too many.
  std::size_t digits() {
    std::size_t count = 0;
    while (count < rest_.size() && is_digit(rest_[count])) ++count;
    rest_.remove_prefix(count);
    return count > kDigitsMax ? 0 : count;
  }

  char next() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool take(char expected) {
    if (next() != expected || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  void skip_blanks() {
    while (next() == ' ' || next() == '\n' || next() == '\t' || next() == '\r') rest_.remove_prefix(1);
  }

  std::string_view rest_;
  std::vector<std::string_view> keys_;  ///< of all maps that are open, those of the innermost last
};
}  // namespace

bool surely_json(std::string_view text) {
  return Check(text).whole();
}
}  // namespace mccoy
