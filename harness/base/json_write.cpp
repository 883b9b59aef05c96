// The writing half of JSON, declared in value.hpp. Ours rather than the library's, because a library that throws on a
// byte it does not like would lose the very evidence that something odd came back.
#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "harness/base/utf8.hpp"
#include "harness/base/value.hpp"

namespace mccoy {
namespace {
void append_u(std::string& out, char32_t unit) {
  out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(unit));
}

void append_escaped(std::string& out, char32_t value) {
  if (value < 0x10000) return append_u(out, value);
  append_u(out, 0xD800 + ((value - 0x10000) >> 10U));
  append_u(out, 0xDC00 + ((value - 0x10000) & 0x3FFU));
}

/// Acted on by a terminal or by JavaScript, or turning the direction of what stands next to it.
bool is_harmful(char32_t value) {
  return value < 0x20 || (value >= 0x7F && value <= 0x9F) || (value >= 0x2028 && value <= 0x202E) ||
         (value >= 0x200B && value <= 0x200F) || (value >= 0x2066 && value <= 0x2069) || value == 0x061C ||
         value == 0xFEFF;
}

void append_code_point(std::string& out, std::string_view raw, CodePoint point, bool ascii) {
  constexpr char32_t kReplacement = 0xFFFD;
  const char32_t value = point.valid ? point.value : kReplacement;
  switch (value) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      break;
  }
  if (is_harmful(value) || (ascii && value > 0x7E))
    append_escaped(out, value);
  else if (point.valid)
    out += raw.substr(0, point.length);
  else
    append_utf8(out, value);
}

void append_string(std::string& out, std::string_view text, bool ascii) {
  out += '"';
  while (!text.empty()) {
    const auto point = decode_utf8(text);
    append_code_point(out, text, point, ascii);
    text.remove_prefix(point.length);
  }
  out += '"';
}

void append_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char digits[32];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
  const std::string_view text(digits, static_cast<std::size_t>(end - digits));
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

class Writer {
 public:
  explicit Writer(bool pretty) : pretty_(pretty) {}

  void write(const Value& value, int depth) {
    if (value.is_list() || value.is_map()) {
      if (depth >= kJsonDepthMax) return append_string(out_, kTooDeep, false);
      return value.is_list() ? write_list(value.as_list(), depth + 1) : write_map(value.as_map(), depth + 1);
    }
    if (value.is_null()) out_ += "null";
    if (value.is_bool()) out_ += value.as_bool() ? "true" : "false";
    if (value.is_int()) out_ += fmt::format("{}", value.as_int());
    if (value.is_double()) append_double(out_, value.as_double());
    if (value.is_string()) append_string(out_, value.as_string(), false);
  }
  std::string take() { return std::move(out_); }

 private:
  void write_list(const Value::List& items, int depth) {
    out_ += '[';
    for (const Value& item : items) {
      separate(&item == items.data(), depth);
      write(item, depth);
    }
    close(items.empty(), depth - 1, ']');
  }

  void write_map(const Value::Map& members, int depth) {
    out_ += '{';
    for (const auto& member : members) {
      separate(&member == members.data(), depth);
      append_string(out_, member.first, true);
      out_ += pretty_ ? ": " : ":";
      write(member.second, depth);
    }
    close(members.empty(), depth - 1, '}');
  }

  void separate(bool first, int depth) {
    if (!first) out_ += ',';
    new_line(depth);
  }
  void close(bool empty, int depth, char bracket) {
    if (!empty) new_line(depth);
    out_ += bracket;
  }
  void new_line(int depth) {
    if (pretty_) out_ += '\n' + std::string(static_cast<std::size_t>(depth) * 2, ' ');
  }

  bool pretty_;
  std::string out_;
};
}  // namespace

std::string to_json(const Value& value) {
  Writer writer(false);
  writer.write(value, 0);
  return writer.take();
}

std::string to_pretty_json(const Value& value) {
  Writer writer(true);
  writer.write(value, 0);
  return writer.take();
}
}  // namespace mccoy
