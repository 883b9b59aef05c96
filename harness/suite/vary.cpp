// The inputs of `vary:`, as listed or drawn from a seed.
#include <algorithm>
#include <set>

#include "harness/base/random.hpp"
#include "harness/suite/suite.hpp"

namespace mccoy::suite {
namespace {
std::int64_t drawn_number(const Drawn& drawn, Random& random) {
  const auto span = static_cast<std::uint64_t>(drawn.to) - static_cast<std::uint64_t>(drawn.from);
  const std::uint64_t offset = span == UINT64_MAX ? random.next() : random.below(span + 1);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(drawn.from) + offset);
}

std::string drawn_word(const Drawn& drawn, Random& random) {
  constexpr std::uint64_t kLetters = 26;
  std::string word;
  for (int i = 0; i < drawn.letters; ++i) word += static_cast<char>('a' + random.below(kLetters));
  return word;
}

/// In order and no two alike; there are at least twice as many to draw from as are drawn.
template <class T>
std::vector<Value> draw(const Drawn& drawn, Random random, T (*one)(const Drawn&, Random&)) {
  std::set<T> values;
  while (values.size() < static_cast<std::size_t>(drawn.count)) values.insert(one(drawn, random));
  return {values.begin(), values.end()};
}
}  // namespace

std::vector<Value> Vary::inputs(std::uint64_t seed, std::string_view case_id) const {
  if (!drawn) return over;
  const Random random(derive_seed(seed, std::string(case_id) + "/vary"));
  return drawn->letters > 0 ? draw(*drawn, random, &drawn_word) : draw(*drawn, random, &drawn_number);
}
}  // namespace mccoy::suite
