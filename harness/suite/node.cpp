#include "harness/suite/node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace mccoy::suite {
namespace {
bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

/// A whole number of base 10, 8 (0o) or 16 (0x); anything over int64 is left to the caller.
bool as_integer(std::string_view text, std::int64_t& out) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0o")) {
    base = text[1] == 'x' ? 16 : 8;
    text.remove_prefix(2);
  } else if (text.starts_with('+')) {
    text.remove_prefix(1);
  }
  if (text.empty() || (base != 10 && text[0] == '-')) return false;
  if (base == 10 && text[0] == '-' && text.size() == 1) return false;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return problem == std::errc() && end == text.data() + text.size();
}

bool as_real(std::string_view text, double& out) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return false;
  if (text.find_first_of("0123456789") == std::string_view::npos) return false;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
  return problem == std::errc() && end == text.data() + text.size() && std::isfinite(out);
}
}  // namespace

const Node* Node::find(std::string_view wanted) const {
  if (!is_map()) return nullptr;
  for (std::size_t i = 0; i < size(); ++i) {
    if (key(i).text == wanted) return &value(i);
  }
  return nullptr;
}

Value plain_value(std::string_view text) {
  if (one_of(text, {"", "~", "null", "Null", "NULL"})) return {};
  if (one_of(text, {"true", "True", "TRUE"})) return true;
  if (one_of(text, {"false", "False", "FALSE"})) return false;
  std::int64_t integer = 0;
  if (as_integer(text, integer)) return integer;
  double real = 0;
  if (as_real(text, real)) return real;
  return text;
}

Value to_value(const Node& node) {
  if (node.is_scalar()) return node.quoted ? Value(node.text) : plain_value(node.text);
  if (node.is_list()) {
    Value::List items;
    items.reserve(node.size());
    for (const Node& item : node.items) items.push_back(to_value(item));
    return items;
  }
  if (!node.is_map()) return {};
  Value::Map members;
  members.reserve(node.size());
  for (std::size_t i = 0; i < node.size(); ++i) members.emplace_back(node.key(i).text, to_value(node.value(i)));
  return members;
}

std::string_view kind_in_words(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return node.quoted ? "text" : "a single value";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
  }
  return "";
}
}  // namespace mccoy::suite
