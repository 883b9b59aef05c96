// RFC 6962, section 2.1: leaf = SHA-256(00 || data), node = SHA-256(01 || left || right).
#include "harness/base/digest.hpp"
#include "harness/base/text.hpp"
#include "harness/evidence/journal.hpp"

namespace mccoy::evidence {
namespace {
using namespace std::string_view_literals;

unsigned nibble(char digit) {
  return static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

std::string raw(const std::string& hex_digest) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex_digest.size(); i += 2)
    bytes += static_cast<char>(nibble(hex_digest[i]) << 4 | nibble(hex_digest[i + 1]));
  return bytes;
}

std::string node(const std::string& left, const std::string& right) {
  Sha256 digest;
  digest.update("\1"sv);
  digest.update(left);
  digest.update(right);
  return raw(digest.hex());
}
}  // namespace

void MerkleRoot::add(std::string_view leaf) {
  Sha256 digest;
  digest.update("\0"sv);
  digest.update(leaf);
  std::string top = raw(digest.hex());
  // Every one bit at the end of the old size is a complete subtree that the new leaf completes further.
  for (std::uint64_t rest = size_; (rest & 1) != 0; rest >>= 1) {
    top = node(peaks_.back(), top);
    peaks_.pop_back();
  }
  peaks_.push_back(std::move(top));
  ++size_;
}

std::string MerkleRoot::hex() const {
  if (peaks_.empty()) return sha256("");
  std::string top = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i-- > 0;) top = node(peaks_[i], top);
  return mccoy::hex(top);
}
}  // namespace mccoy::evidence
