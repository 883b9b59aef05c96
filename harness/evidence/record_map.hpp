// How records of evidence become maps and back, for the .cpp files of this room: what has its default is left out, and
// what is missing or not understood reads as the default, which is the weakest.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/base/value.hpp"
#include "harness/evidence/seen_process.hpp"

namespace mccoy::evidence {
/// Writes a map and leaves out what has its default.
class Writer {
 public:
  void put(std::string_view key, const std::string& text) { put_if(!text.empty(), key, text); }
  void put(std::string_view key, bool flag) { put_if(flag, key, flag); }
  void put(std::string_view key, std::int64_t number, std::int64_t usual = 0) { put_if(number != usual, key, number); }
  /// Device and inode numbers may need all 64 bits, which JSON numbers of many readers do not have: large ones are
  /// text.
  void put_id(std::string_view key, std::uint64_t number) {
    constexpr std::uint64_t kSafe = std::uint64_t{1} << 53;
    put_if(number != 0, key, number < kSafe ? Value(number) : Value(fmt::format("{}", number)));
  }
  /// A list of texts or of numbers.
  template <class T>
  void put(std::string_view key, const std::vector<T>& items) {
    Value list = Value::list();
    for (const T& item : items) list.push(item);
    put_if(!items.empty(), key, std::move(list));
  }
  template <class T>
  void put_each(std::string_view key, const std::vector<T>& items, Value (*one)(const T&)) {
    Value list = Value::list();
    for (const T& item : items) list.push(one(item));
    put_if(!items.empty(), key, std::move(list));
  }
  template <class E>
  void put_word(std::string_view key, std::span<const std::string_view> words, E word) {
    put_if(word != E{}, key, words[static_cast<std::size_t>(word)]);
  }
  void put_value(std::string_view key, Value value) { map_.set(key, std::move(value)); }
  bool empty() const { return map_.as_map().empty(); }
  Value take() { return std::move(map_); }

 private:
  void put_if(bool said, std::string_view key, Value value) {
    if (said) map_.set(key, std::move(value));
  }
  Value map_ = Value::map();
};

inline std::vector<std::string> texts(const Value& value) {
  std::vector<std::string> list;
  list.reserve(value.as_list().size());
  for (const Value& text : value.as_list()) list.push_back(text.as_string());
  return list;
}

inline std::uint64_t id_number(const Value& value) {
  if (value.is_int()) return static_cast<std::uint64_t>(std::max<std::int64_t>(value.as_int(), 0));
  std::uint64_t number = 0;
  const std::string& text = value.as_string();
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// An unknown word is the weakest one: the first.
template <class E>
E word(const Value& value, std::span<const std::string_view> words) {
  const auto found = std::ranges::find(words, value.as_string());
  return found == words.end() ? E{} : static_cast<E>(found - words.begin());
}

template <class T>
std::vector<T> each(const Value& value, T (*one)(const Value&)) {
  std::vector<T> items;
  items.reserve(value.as_list().size());
  for (const Value& item : value.as_list()) items.push_back(one(item));
  return items;
}

Value to_value(const SeenProcess& process);
SeenProcess process_from_value(const Value& value);
/// The kind is always written: its first word is a mode, not the absence of one.
Value to_value(const DeclaredMode& mode);
DeclaredMode mode_from_value(const Value& value);
}  // namespace mccoy::evidence
