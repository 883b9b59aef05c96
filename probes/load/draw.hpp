// Seeded choices that depend on what they are for and not on the order in which they are made: the same journey makes
// the same choices in whichever thread it runs.
#pragma once
#include <cstdint>

namespace mccoy::load {
/// The finalizer of splitmix64: every bit of the result depends on every bit of the value.
constexpr std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

enum class Purpose : std::uint64_t { journey = 1, row, number, check, think };

/// 64 even bits for one choice. `which`: tells choices of one purpose in one journey apart.
constexpr std::uint64_t draw(std::uint64_t seed, std::uint64_t journey, Purpose purpose, std::uint64_t which) {
  return mixed(mixed(seed ^ static_cast<std::uint64_t>(purpose) << 56) ^ mixed(journey + (which << 40)));
}
constexpr double unit(std::uint64_t bits) {  ///< 0 <= x < 1
  return static_cast<double>(bits >> 11) * 0x1.0p-53;
}
/// Evenly 0 <= x < bound, but for one in 2^64 / bound.
constexpr std::uint64_t below(std::uint64_t bits, std::uint64_t bound) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((Wide{bits} * bound) >> 64);
}
}  // namespace mccoy::load
