// Time: wall time for people, monotonic time for durations and deadlines. A step of the wall clock moves no deadline.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/base/error.hpp"

namespace mccoy {
using Clock = std::chrono::steady_clock;
using Duration = std::chrono::nanoseconds;
using Instant = Clock::time_point;

/// A moment after which no more waiting is done. Default: never.
class Deadline {
 public:
  Deadline() = default;
  static Deadline in(Duration span);
  static Deadline at(Instant moment);
  bool passed() const;
  bool never() const { return at_ == Instant::max(); }
  Duration left() const;  ///< never negative
  int poll_ms() const;    ///< for poll(2): rounded up, at most 1 h; -1 when there is no deadline
  Instant moment() const { return at_; }
  Deadline earlier(Deadline other) const { return at_ < other.at_ ? *this : other; }

 private:
  Instant at_ = Instant::max();
};

std::int64_t wall_ms();                      ///< since 1970, UTC
std::int64_t mono_us();                      ///< CLOCK_MONOTONIC
std::int64_t boot_us();                      ///< CLOCK_BOOTTIME; the clock of /proc/PID/stat field 22
std::string rfc3339(std::int64_t wall_ms);   ///< 2026-11-21T11:20:56.123Z
std::string date_utc(std::int64_t wall_ms);  ///< 2026-11-21
/// "250ms", "2s", "1.5m", "1h", "7d"; also us, ns. A bare number is refused (no unit).
Result<Duration> parse_duration(std::string_view text);
/// "2.3 s", "180 ms", "45 us", "1 m 05 s"
std::string human_duration(Duration span);
/// "512", "64KiB", "500MiB", "1GB" (powers of 1000 for KB, MB, GB) -> bytes
Result<std::int64_t> parse_size(std::string_view text);
std::string human_size(std::int64_t bytes);  ///< "1.4 MiB"
}  // namespace mccoy
