// The escaping half of text.hpp: hostile bytes made visible, for a terminal, a CI log or an XML parser.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "harness/base/text.hpp"
#include "harness/base/utf8.hpp"

namespace mccoy {
namespace {
struct Range {
  char32_t first, last;
};

/// Not shown by a terminal, or shown in a place where they are not: a reader must see that they are there.
/// Ignorable ones also let "#<soft hyphen>#vso[" pass for a command where CI compares text by culture.
constexpr Range kInvisible[] = {
    {0x00AD, 0x00AD}, {0x034F, 0x034F}, {0x061C, 0x061C}, {0x115F, 0x1160},   {0x17B4, 0x17B5},   {0x180B, 0x180F},
    {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0xFFFE, 0xFFFF}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};
/// Blank for a CI agent that trims a line before it looks for a command.
constexpr Range kBlanks[] = {{0x09, 0x0D},     {0x20, 0x20},     {0x85, 0x85},     {0xA0, 0xA0},     {0x1680, 0x1680},
                             {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}};

/// Looked for anywhere in a line, as agents do; no ordinary text holds them.
constexpr std::string_view kCommands[] = {
    "##vso[", "##teamcity[", "##[", "section_start:", "section_end:", "[[ATTACHMENT|", "[[PROPERTY|"};
constexpr std::string_view kXmlCommands[] = {"[[ATTACHMENT|", "[[PROPERTY|"};

template <std::size_t n>
bool in(const Range (&ranges)[n], char32_t value) {
  return std::ranges::any_of(ranges, [value](Range range) { return value >= range.first && value <= range.last; });
}

template <std::size_t n>
bool starts_with_one_of(const std::string_view (&words)[n], std::string_view rest) {
  return std::ranges::any_of(words, [rest](std::string_view word) { return rest.starts_with(word); });
}

bool is_control(char32_t value) {
  return value < 0x20 || (value >= 0x7F && value <= 0x9F);
}
bool is_noncharacter(char32_t value) {
  return (value & 0xFFFEU) == 0xFFFE || (value >= 0xFDD0 && value <= 0xFDEF);
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void append_escape(std::string& out, CodePoint point) {
  const auto value = static_cast<std::uint32_t>(point.value);
  if (point.valid && value == '\n')
    out += "\\n";
  else if (point.valid && value == '\r')
    out += "\\r";
  else if (!point.valid || value < 0x80)
    out += fmt::format("\\x{:02x}", value);
  else if (value < 0x10000)
    out += fmt::format("\\u{:04x}", value);
  else
    out += fmt::format("\\U{:08x}", value);
}

/// A variation selector or joiner inside an emoji is no trick; behind ASCII it is.
bool joins_an_emoji(char32_t value, char32_t previous) {
  return (value == 0xFE0F || value == 0x200D) && previous > 0xFF && !in(kInvisible, previous);
}

/// "::word" is a command where a line starts, perhaps behind blanks; in "std::string" it is not.
bool is_ci_command(std::string_view rest, char32_t previous) {
  switch (rest.front()) {
    case ':':
      return in(kBlanks, previous) && rest.size() > 2 && rest[1] == ':' && is_letter(rest[2]);
    case '#':
    case 's':
    case '[':
      return starts_with_one_of(kCommands, rest);
    default:
      return false;
  }
}

bool must_escape_for_terminal(std::string_view rest, CodePoint point, char32_t previous) {
  if (!point.valid) return true;
  if (point.value == '\t') return false;
  if (point.value < 0x7F) return is_control(point.value) || is_ci_command(rest, previous);
  if (joins_an_emoji(point.value, previous)) return false;
  return is_control(point.value) || is_noncharacter(point.value) || in(kInvisible, point.value);
}

bool must_escape_for_xml(std::string_view rest, CodePoint point) {
  if (!point.valid) return true;
  if (point.value == '\t' || point.value == '\n' || point.value == '\r') return false;
  if (point.value == '[') return starts_with_one_of(kXmlCommands, rest);
  return is_control(point.value) || is_noncharacter(point.value);
}

constexpr char32_t kLineStart = '\n';
}  // namespace

std::string visible_line(std::string_view bytes, std::size_t max_bytes) {
  std::string out;
  out.reserve(max_bytes == 0 ? bytes.size() : std::min(bytes.size(), max_bytes));
  char32_t previous = kLineStart;
  while (!bytes.empty()) {
    const auto point = decode_utf8(bytes);
    const std::size_t kept = out.size();
    if (must_escape_for_terminal(bytes, point, previous))
      append_escape(out, point);
    else
      out += bytes.substr(0, point.length);
    if (max_bytes != 0 && out.size() > max_bytes) {
      out.resize(kept);
      return out + "…";
    }
    bytes.remove_prefix(point.length);
    previous = point.value;
  }
  return out;
}

std::string visible_text(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (;;) {
    const auto end = bytes.find('\n');
    auto line = bytes.substr(0, end);
    if (end != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
    out += visible_line(line);
    if (end == std::string_view::npos) return out;
    out += '\n';
    bytes.remove_prefix(end + 1);
  }
}

std::string xml_text(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto point = decode_utf8(bytes);
    if (must_escape_for_xml(bytes, point))
      append_escape(out, point);
    else
      out += bytes.substr(0, point.length);
    bytes.remove_prefix(point.length);
  }
  return out;
}
}  // namespace mccoy
