// RFC 6962, section 2.1: leaf = SHA-256(00 || data), node = SHA-256(01 || left || right).
#include "harness/base/digest.hpp"
#include "harness/base/text.hpp"
#include "harness/evidence/journal.hpp"

namespace mccoy::evidence {
namespace {
using namespace std::string_view_literals;

std::string digest_of(std::string_view first, std::string_view second, std::string_view third = {}) {
  thread_local Sha256 digest;
  digest.update(first);
  digest.update(second);
  digest.update(third);
  return digest.take_raw();
}

std::string leaf(std::string_view data) {
  return digest_of("\0"sv, data);
}
std::string node(std::string_view left, std::string_view right) {
  return digest_of("\1"sv, left, right);
}
}  // namespace

void MerkleRoot::add(std::string_view data) {
  std::string top = leaf(data);
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
