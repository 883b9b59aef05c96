// Keys of a map that are there twice.
#pragma once
#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

namespace mccoy {
/// Maps are small, nearly always: comparing all of up to so many keys is cheaper than sorting or hashing them.
constexpr std::size_t kFewKeys = 16;

/// Is a key there twice? Reorders them when they are many.
inline bool any_twice(std::span<std::string_view> keys) {
  if (keys.size() > kFewKeys) {
    std::ranges::sort(keys);
    return std::ranges::adjacent_find(keys) != keys.end();
  }
  for (std::size_t i = 1; i < keys.size(); ++i)
    if (std::ranges::find(keys.first(i), keys[i]) != keys.first(i).end()) return true;
  return false;
}
}  // namespace mccoy
