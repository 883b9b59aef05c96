#include "harness/base/secret_forms.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/base/utf8.hpp"

namespace mccoy {
namespace {
using Forms = std::vector<std::string>;

/// Characters and what stands for them; the others stay as they are.
struct Escape {
  char character;
  std::string_view text;
};
using Escapes = std::vector<Escape>;

/// Each writer's habit. ">" and quotes are escaped by some writers, in some places.
const Escapes kMarkup[] = {
    {{'&', "&amp;"}, {'<', "&lt;"}},
    {{'&', "&amp;"}, {'<', "&lt;"}, {'"', "&quot;"}},
    {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}},
    {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}},
    {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"}},
    {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}},
    {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#x27;"}},
    {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&#34;"}, {'\'', "&#39;"}},
};
const Escapes kShell[] = {
    {{'\'', "'\\''"}},
    {{'\'', "'\"'\"'"}},
    {{'\'', "\\'"}, {'\\', "\\\\"}, {'\n', "\\n"}, {'\t', "\\t"}},
    {{'"', "\\\""}, {'\\', "\\\\"}, {'$', "\\$"}, {'`', "\\`"}},
    {{'"', "\\\""}, {'\\', "\\\\"}, {'$', "\\$"}, {'`', "\\`"}, {'!', "\\!"}},
};
const Escapes kJson[] = {
    {{'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"}, {'\r', "\\r"}, {'\t', "\\t"}, {'\b', "\\b"}, {'\f', "\\f"}},
    {{'"', "\\\""},
     {'\\', "\\\\"},
     {'\n', "\\n"},
     {'\r', "\\r"},
     {'\t', "\\t"},
     {'\b', "\\b"},
     {'\f', "\\f"},
     {'/', "\\/"}},
    {{'"', "\\\""},
     {'\\', "\\\\"},
     {'\n', "\\n"},
     {'\r', "\\r"},
     {'\t', "\\t"},
     {'<', "\\u003c"},
     {'>', "\\u003e"},
     {'&', "\\u0026"}},
};

std::string escaped(std::string_view value, const Escapes& escapes) {
  std::string out;
  for (const char c : value) {
    const auto found = std::ranges::find(escapes, c, &Escape::character);
    found != escapes.end() ? out += found->text : out += c;
  }
  return out;
}

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return text;
}

void add_base64(Forms& forms, std::string_view value) {
  for (std::size_t before = 0; before < 3; ++before) {
    const std::string encoded = base64(std::string(before, '\0') + std::string(value));
    const std::size_t begin = (before * 8 + 5) / 6;  // the first digit that holds bits of the value only
    const std::size_t end = (before + value.size()) * 8 / 6;
    std::string form = encoded.substr(begin, end - begin);
    forms.push_back(form);
    std::ranges::replace(form, '+', '-');
    std::ranges::replace(form, '/', '_');
    forms.push_back(std::move(form));
  }
}

void add_percent(Forms& forms, std::string_view value) {
  constexpr std::string_view kUnreserved = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
  constexpr std::string_view kUri = ":/?#[]@!$&'()*+,;=";  // kept where a whole address is encoded
  struct Habit {
    std::string kept;
    bool plus_for_blank;
  };
  const Habit habits[] = {{std::string(kUnreserved), false},
                          {std::string(kUnreserved) + "*", true},
                          {std::string(kUnreserved) + "!'()*", false},
                          {std::string(kUnreserved) + "/", false},
                          {std::string(kUnreserved) + "/", true},
                          {std::string(kUnreserved) + std::string(kUri), false},
                          {"", false}};
  for (const auto& habit : habits) {
    std::string high, low;
    for (const char c : value) {
      const bool kept = habit.kept.find(c) != std::string::npos;
      const bool plus = habit.plus_for_blank && c == ' ';
      const std::string digits = hex({&c, 1});
      high += kept ? std::string(1, c) : plus ? "+" : '%' + upper(digits);
      low += kept ? std::string(1, c) : plus ? "+" : '%' + digits;
    }
    forms.push_back(std::move(high));
    forms.push_back(std::move(low));
  }
}

/// The value as UTF-16 code units; a byte that is no UTF-8 is taken for Latin-1, as most readers do.
std::vector<std::uint32_t> utf16_units(std::string_view value) {
  std::vector<std::uint32_t> units;
  while (!value.empty()) {
    const auto point = decode_utf8(value);
    value.remove_prefix(point.length);
    const auto code = static_cast<std::uint32_t>(point.value);
    if (code < 0x10000) {
      units.push_back(code);
      continue;
    }
    units.push_back(0xD800 + ((code - 0x10000) >> 10U));
    units.push_back(0xDC00 + ((code - 0x10000) & 0x3FFU));
  }
  return units;
}

void add_utf16(Forms& forms, std::string_view value) {
  std::string little, big;
  for (const auto unit : utf16_units(value)) {
    const char high = static_cast<char>(unit >> 8U), low = static_cast<char>(unit & 0xFFU);
    (little += low) += high;
    (big += high) += low;
  }
  forms.push_back(std::move(little));
  forms.push_back(std::move(big));
}

/// Everything outside printable ASCII as \uXXXX.
std::string ascii_json(std::string_view json, bool upper_case) {
  std::string out;
  for (const auto unit : utf16_units(json)) {
    if (unit >= 0x20 && unit < 0x7F)
      out += static_cast<char>(unit);
    else
      out += upper_case ? fmt::format("\\u{:04X}", unit) : fmt::format("\\u{:04x}", unit);
  }
  return out;
}

/// As printf %q of a shell: a backslash before everything that is not plain.
std::string backslashed(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("_@%+:,./-=").find(c) != std::string_view::npos;
    if (!plain) out += '\\';
    out += c;
  }
  return out;
}
}  // namespace

std::vector<std::string> secret_forms(std::string_view value) {
  Forms forms{std::string(value),  hex(value),      upper(hex(value)), visible_line(value),
              visible_text(value), xml_text(value), backslashed(value)};
  add_base64(forms, value);
  add_percent(forms, value);
  add_utf16(forms, value);
  for (const auto& escapes : kMarkup) forms.push_back(escaped(value, escapes));
  for (const auto& escapes : kShell) forms.push_back(escaped(value, escapes));
  for (const auto& escapes : kJson) {
    forms.push_back(escaped(value, escapes));
    forms.push_back(ascii_json(forms.back(), false));
    forms.push_back(ascii_json(forms[forms.size() - 2], true));
  }
  std::ranges::sort(forms);
  forms.erase(std::unique(forms.begin(), forms.end()), forms.end());
  std::erase(forms, "");
  return forms;
}
}  // namespace mccoy
