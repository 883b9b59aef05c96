#include "harness/base/random.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <span>

#include "harness/base/digest.hpp"
#include "harness/base/error.hpp"

namespace mccoy {
namespace {
/// From the kernel; a kernel that has none is no place to hand out tokens.
void fill_from_kernel(std::span<unsigned char> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::getrandom(bytes.data(), bytes.size(), 0);
    MCCOY_CHECK(count > 0 || errno == EINTR);
    if (count > 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

/// Bytes from the kernel, many at a time: asking for each costs more than all else about a token.
class Bytes {
 public:
  unsigned char next() {
    if (left_ == 0) {
      fill_from_kernel(bytes_);
      left_ = bytes_.size();
    }
    return bytes_[--left_];
  }

 private:
  std::array<unsigned char, 64> bytes_;
  std::size_t left_ = 0;
};

/// 0 <= x < bound <= 256, each equally likely: bytes past the last whole multiple are thrown away.
std::size_t below(unsigned bound, Bytes& bytes) {
  unsigned char byte = 0;
  do byte = bytes.next();
  while (byte >= 256 / bound * bound);
  return byte % bound;
}
}  // namespace

std::uint64_t Random::next() {
  state_ += 0x9E3779B97F4A7C15U;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
  return mixed ^ (mixed >> 31U);
}

std::uint64_t Random::below(std::uint64_t bound) {
  MCCOY_CHECK(bound > 0);
  const std::uint64_t rejected = (0 - bound) % bound;  // 2^64 mod bound
  for (;;) {
    const std::uint64_t number = next();
    if (number >= rejected) return number % bound;
  }
}

double Random::unit() {
  return static_cast<double>(next() >> 11U) * 0x1.0p-53;
}

std::uint64_t derive_seed(std::uint64_t seed, std::string_view name) {
  const std::string digest = sha256(fmt::format("{}:{}", seed, name));
  std::uint64_t derived = 0;
  std::from_chars(digest.data(), digest.data() + 16, derived, 16);
  return derived;
}

std::string fresh_token(std::size_t length) {
  constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyz0123456789";
  constexpr unsigned kLetters = 26;
  std::string token;
  token.reserve(length);
  Bytes bytes;
  while (token.size() < length)
    token += kCharacters[below(token.empty() ? kLetters : static_cast<unsigned>(kCharacters.size()), bytes)];
  return token;
}

std::uint64_t fresh_seed() {
  std::uint64_t seed = 0;
  fill_from_kernel({reinterpret_cast<unsigned char*>(&seed), sizeof seed});
  return seed;
}

std::string uuid_v4() {
  const std::uint64_t high = (fresh_seed() & ~std::uint64_t{0xF000}) | 0x4000U;
  const std::uint64_t low = (fresh_seed() >> 2U) | (std::uint64_t{1} << 63U);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32U, high >> 16U & 0xFFFFU, high & 0xFFFFU,
                     low >> 48U, low & 0xFFFFFFFFFFFFU);
}
}  // namespace mccoy
