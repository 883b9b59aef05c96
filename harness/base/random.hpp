// Randomness: seeded where a run must be repeatable, from the kernel where a token must not be guessed.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace mccoy {
/// splitmix64: the same seed gives the same numbers on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound);  ///< 0 <= x < bound; bound > 0
  double unit();                             ///< 0 <= x < 1

 private:
  std::uint64_t state_;
};
/// A seed for one purpose, derived from the run's seed and a name, so that order does not matter.
std::uint64_t derive_seed(std::uint64_t seed, std::string_view name);
/// From getrandom(2): lower-case letters and digits, starting with a letter; 20 characters hold over 100 bits.
std::string fresh_token(std::size_t length = 20);
std::uint64_t fresh_seed();
std::string uuid_v4();
}  // namespace mccoy
