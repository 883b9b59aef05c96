#include "probes/load/bytes_reader.hpp"

#include <algorithm>

namespace mccoy::load {
std::size_t BytesReader::feed(std::string_view bytes) {
  std::size_t used;
  if (until_.empty()) {
    used = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), count_ - taken_));
    done_ = taken_ + used == count_;
  } else {
    used = feed_until(bytes);
  }
  taken_ += used;
  return used;
}

std::size_t BytesReader::feed_until(std::string_view bytes) {
  const std::size_t before = tail_.size(), overlap = until_.size() - 1;
  tail_.append(bytes.substr(0, overlap));
  if (const auto at = tail_.find(until_); at != std::string::npos) {
    done_ = true;
    return at + until_.size() - before;
  }
  if (const auto at = bytes.find(until_); at != std::string_view::npos) {
    done_ = true;
    return at + until_.size();
  }
  if (bytes.size() >= overlap) {
    tail_.assign(bytes.substr(bytes.size() - overlap));
  } else if (tail_.size() > overlap) {
    tail_.erase(0, tail_.size() - overlap);
  }
  return bytes.size();
}
}  // namespace mccoy::load
