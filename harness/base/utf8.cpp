#include "harness/base/utf8.hpp"

namespace mccoy {
namespace {
/// What a lead byte announces: how many bytes follow and the bits it brings itself. No entry: not a lead byte.
struct Lead {
  std::size_t length = 0;
  char32_t bits = 0;
  char32_t smallest = 0;  ///< below this the form is overlong
};

Lead lead_of(unsigned char byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {2, byte & 0x1FU, 0x80};
  if (byte >= 0xE0 && byte <= 0xEF) return {3, byte & 0x0FU, 0x800};
  if (byte >= 0xF0 && byte <= 0xF4) return {4, byte & 0x07U, 0x10000};
  return {};
}
}  // namespace

CodePoint decode_utf8(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes.front());
  if (first < 0x80) return {.value = first, .length = 1, .valid = true};
  const CodePoint bad{.value = first, .length = 1, .valid = false};
  const Lead lead = lead_of(first);
  if (lead.length == 0 || bytes.size() < lead.length) return bad;
  char32_t value = lead.bits;
  for (std::size_t i = 1; i < lead.length; ++i) {
    const auto next = static_cast<unsigned char>(bytes[i]);
    if ((next & 0xC0U) != 0x80U) return bad;
    value = (value << 6U) | (next & 0x3FU);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < lead.smallest || value > 0x10FFFF || surrogate) return bad;
  return {.value = value, .length = lead.length, .valid = true};
}

void append_utf8(std::string& out, char32_t value) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((value >> shift) & 0x3FU)); };
  if (value < 0x80) {
    out += static_cast<char>(value);
  } else if (value < 0x800) {
    out += static_cast<char>(0xC0U | (value >> 6U));
    tail(0);
  } else if (value < 0x10000) {
    out += static_cast<char>(0xE0U | (value >> 12U));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | (value >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

std::size_t count_code_points(std::string_view bytes) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < bytes.size(); at += decode_utf8(bytes.substr(at)).length) ++count;
  return count;
}
}  // namespace mccoy
