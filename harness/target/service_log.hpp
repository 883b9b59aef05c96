// The log of one output stream of a service: a file that keeps the first 8 MiB and the last 1 MiB, in constant memory,
// so that a service that talks without end is never blocked and fills no disk. Used by one thread at a time.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/base/digest.hpp"
#include "harness/base/error.hpp"
#include "harness/base/owned.hpp"

namespace mccoy::target {
constexpr std::int64_t kLogHead = 8 << 20;  ///< bytes written as they come
constexpr std::size_t kLogTail = 1 << 20;   ///< bytes of the end, written by finish()

/// The last bytes of a stream: at least the last `keep` (or all), never more than twice as many.
class RecentBytes {
 public:
  explicit RecentBytes(std::size_t keep) : keep_(keep) {}
  void add(std::string_view bytes);
  std::string_view last(std::size_t bytes) const;
  std::int64_t dropped() const { return dropped_; }
  void clear();

 private:
  std::size_t keep_;
  std::string bytes_;
  std::int64_t dropped_ = 0;
};

class ServiceLog {
 public:
  /// errors: the file cannot be made
  static Result<ServiceLog> open(const std::string& path);
  void add(std::string_view bytes);
  void finish();                                        ///< the end of the stream; later calls do nothing
  std::int64_t bytes() const { return bytes_; }         ///< of the stream, kept or not
  std::string sha256() const { return digest_.hex(); }  ///< of the stream, kept or not
  std::int64_t dropped() const { return dropped_ + tail_.dropped(); }

 private:
  void write(std::string_view bytes);

  UniqueFd file_;
  std::int64_t bytes_ = 0;
  std::int64_t dropped_ = 0;  ///< could not be written
  Sha256 digest_;
  RecentBytes tail_{kLogTail};
};
}  // namespace mccoy::target
