// One code point at a time out of bytes that may be anything. Everything that shows, escapes or counts text reads it
// here.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace mccoy {
struct CodePoint {
  char32_t value = 0;      ///< the byte itself when it is not valid UTF-8
  std::size_t length = 1;  ///< bytes read; 1 for a bad byte, so that each bad byte is told apart
  bool valid = false;      ///< false: overlong, surrogate, above U+10FFFF, cut short or a stray byte
};

/// The first code point of the bytes; bytes must not be empty.
CodePoint decode_utf8(std::string_view bytes);
/// value must be a code point, not a surrogate.
void append_utf8(std::string& out, char32_t value);
/// Code points, a bad byte counting as one: the columns a terminal needs (wide characters are counted as one).
std::size_t count_code_points(std::string_view bytes);
}  // namespace mccoy
