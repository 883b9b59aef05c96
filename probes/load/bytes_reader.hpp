// Where a raw response ends: behind a text, or after a number of bytes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mccoy::load {
class BytesReader {
 public:
  /// One of the two: until != "", or count > 0. `until` must outlive the response.
  void start(std::string_view until, std::size_t count) {
    until_ = until;
    count_ = count;
    taken_ = 0;
    tail_.clear();
    done_ = false;
  }
  /// returns  bytes that belong to the response; fewer than given only when it is done
  std::size_t feed(std::string_view bytes);
  bool done() const { return done_; }
  std::uint64_t taken() const { return taken_; }

 private:
  std::size_t feed_until(std::string_view bytes);

  std::string_view until_;
  std::size_t count_ = 0;
  std::uint64_t taken_ = 0;
  std::string tail_;  ///< the last bytes, at most one less than the text: it may have begun there
  bool done_ = false;
};
}  // namespace mccoy::load
