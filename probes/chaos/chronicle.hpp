// The timeline of one chaos trial while it is written: what was asked, done and seen, and when. Thread-safe. The format
// is told in harness/judge/chaos.hpp, which reads it.
#pragma once
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/base/process.hpp"
#include "harness/base/value.hpp"
#include "harness/probe.hpp"

namespace mccoy::chaos {
class Chronicle {
 public:
  Chronicle();
  std::int64_t since_begin(Instant moment) const;        ///< nanoseconds, at least 1
  std::int64_t of_monotonic(std::int64_t moment) const;  ///< the same for CLOCK_MONOTONIC; 0 stays 0
  std::int64_t now() const { return since_begin(Clock::now()); }

  void phase(std::string_view name);
  void asked(const std::string& name, std::string_view role, const Neighbours::Answer& answer);
  void fault(std::size_t index, std::string_view event, std::int64_t at, std::string_view text = {});
  void service(const std::string& name, std::string_view last_words);
  /// A request or write that ended. Lost: no complete answer came.
  enum class End { ok, error, lost };
  void traffic(std::int64_t at, End how, Duration took);
  /// A request that was never answered: wrong from when it was sent, or, if it was only just under way when the first
  /// fault came, from then on.
  ///   patience  of that age it would have been answered
  void never_answered(std::int64_t sent, Duration patience);
  /// Everything, in the order of time.
  Output take();

 private:
  struct Span {
    std::int64_t ok = 0, errors = 0, lost = 0;
    std::int64_t first_failed = 0, last_failed = 0;
    std::int64_t longest_ns = 0;
    std::vector<std::uint32_t> took_us;  ///< the first kSamples, for the median
  };
  void add(std::int64_t at, const Value& line);
  void add_traffic();
  void count(std::int64_t at, End how, Duration took);  ///< mutex_ is held

  const Instant begin_;
  const std::int64_t begin_monotonic_;
  std::mutex mutex_;
  std::vector<std::pair<std::int64_t, std::string>> lines_;
  std::vector<Span> spans_;  ///< of kSpan each
  std::int64_t left_out_ = 0;
  std::int64_t first_inject_ = 0;
};
}  // namespace mccoy::chaos
