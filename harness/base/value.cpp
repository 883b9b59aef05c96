#include "harness/base/value.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mccoy {
namespace {
/// Exact: 2^53 + 1 is not the double nearest to it.
bool same_number(std::int64_t integer, double real) {
  constexpr double kBound = 9223372036854775808.0;  // 2^63
  return real >= -kBound && real < kBound && std::trunc(real) == real && static_cast<std::int64_t>(real) == integer;
}

bool same_number(const Value& a, const Value& b) {
  if (a.is_int() && b.is_int()) return a.as_int() == b.as_int();
  if (a.is_double() && b.is_double()) return a.as_double() == b.as_double();
  return a.is_int() ? same_number(a.as_int(), b.as_double()) : same_number(b.as_int(), a.as_double());
}

std::vector<const std::pair<std::string, Value>*> by_key(const Value::Map& map) {
  std::vector<const std::pair<std::string, Value>*> members;
  members.reserve(map.size());
  for (const auto& member : map) members.push_back(&member);
  std::ranges::sort(members, [](const auto* a, const auto* b) { return a->first < b->first; });
  return members;
}

bool same_map(const Value::Map& a, const Value::Map& b) {
  if (a.size() != b.size()) return false;
  return std::ranges::equal(by_key(a), by_key(b), [](const auto* x, const auto* y) { return *x == *y; });
}

/// "a~1b" -> "a/b"; false when an escape is neither ~0 nor ~1.
bool unescape_token(std::string_view token, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      out += token[i];
      continue;
    }
    if (++i == token.size() || (token[i] != '0' && token[i] != '1')) return false;
    out += token[i] == '0' ? '~' : '/';
  }
  return true;
}

/// The item an RFC 6901 token names: digits without a leading zero.
const Value* item_at(const Value::List& list, std::string_view token) {
  if (token.empty() || token.size() > 9 || (token.size() > 1 && token[0] == '0')) return nullptr;
  std::size_t index = 0;
  for (const char digit : token) {
    if (digit < '0' || digit > '9') return nullptr;
    index = index * 10 + static_cast<std::size_t>(digit - '0');
  }
  return index < list.size() ? &list[index] : nullptr;
}
}  // namespace

Value::Value(unsigned long long value) {
  if (value <= static_cast<unsigned long long>(std::numeric_limits<std::int64_t>::max())) {
    held_ = static_cast<std::int64_t>(value);
  } else {
    held_ = static_cast<double>(value);
  }
}

Value Value::map(std::initializer_list<std::pair<const char*, Value>> entries) {
  Value value = map();
  for (const auto& [key, member] : entries) value.set(key, member);
  return value;
}

bool Value::as_bool(bool fallback) const {
  const auto* held = std::get_if<bool>(&held_);
  return held != nullptr ? *held : fallback;
}

std::int64_t Value::as_int(std::int64_t fallback) const {
  const auto* held = std::get_if<std::int64_t>(&held_);
  return held != nullptr ? *held : fallback;
}

double Value::as_double(double fallback) const {
  if (const auto* held = std::get_if<double>(&held_)) return *held;
  const auto* integer = std::get_if<std::int64_t>(&held_);
  return integer != nullptr ? static_cast<double>(*integer) : fallback;
}

const std::string& Value::as_string() const {
  static const std::string none;
  const auto* held = std::get_if<std::string>(&held_);
  return held != nullptr ? *held : none;
}

const Value::List& Value::as_list() const {
  static const List none;
  const auto* held = std::get_if<List>(&held_);
  return held != nullptr ? *held : none;
}

const Value::Map& Value::as_map() const {
  static const Map none;
  const auto* held = std::get_if<Map>(&held_);
  return held != nullptr ? *held : none;
}

const Value* Value::find(std::string_view key) const {
  const Map& members = as_map();
  const auto found = std::ranges::find(members, key, &Map::value_type::first);
  return found != members.end() ? &found->second : nullptr;
}

const Value& Value::operator[](std::string_view key) const {
  static const Value null;
  const Value* found = find(key);
  return found != nullptr ? *found : null;
}

Value& Value::set(std::string_view key, Value value) {
  if (is_null()) held_ = Map{};
  auto* members = std::get_if<Map>(&held_);
  MCCOY_CHECK(members != nullptr);
  const auto found = std::ranges::find(*members, key, &Map::value_type::first);
  if (found != members->end()) {
    found->second = std::move(value);
  } else {
    members->emplace_back(std::string(key), std::move(value));
  }
  return *this;
}

Value& Value::push(Value value) {
  if (is_null()) held_ = List{};
  auto* items = std::get_if<List>(&held_);
  MCCOY_CHECK(items != nullptr);
  items->push_back(std::move(value));
  return *this;
}

const Value* Value::pointer(std::string_view json_pointer) const {
  const Value* at = this;
  std::string key;
  while (at != nullptr && !json_pointer.empty()) {
    if (json_pointer.front() != '/') return nullptr;
    json_pointer.remove_prefix(1);
    const auto token = json_pointer.substr(0, json_pointer.find('/'));
    if (!unescape_token(token, key)) return nullptr;
    at = at->is_list() ? item_at(at->as_list(), key) : at->find(key);
    json_pointer.remove_prefix(token.size());
  }
  return at;
}

bool operator==(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return same_number(a, b);
  if (a.is_map() && b.is_map()) return same_map(a.as_map(), b.as_map());
  return a.held_ == b.held_;
}
}  // namespace mccoy
