// How often each duration was seen, in fixed memory: a log-linear (HDR) histogram of nanoseconds.
// From 0 to 2047 ns every value has a counter of its own; above, every power of two is cut into 1024 equal parts, so a
// value is known to 0.1 % (three significant digits) from 1 us to over 1 h. Histograms of threads, cases and machines
// add up exactly: merging shards gives the counters of one run. Used by one thread at a time.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "harness/base/error.hpp"

namespace mccoy {
class Histogram {
 public:
  static constexpr int kLinearBits = 11;  ///< below 2^11 ns: one counter each
  static constexpr int kTopBits = 42;     ///< values end at 2^42 - 1 ns: 73 min
  static constexpr std::uint64_t kHighest = (std::uint64_t{1} << kTopBits) - 1;
  static constexpr std::size_t kPart = std::size_t{1} << (kLinearBits - 1);  ///< counters of one power of two
  static constexpr std::size_t kBuckets = kPart * (kTopBits - kLinearBits + 2);

  Histogram() = default;
  Histogram(const Histogram& other);
  Histogram& operator=(const Histogram& other);
  Histogram(Histogram&& other) noexcept = default;
  Histogram& operator=(Histogram&& other) noexcept = default;

  /// The counters are made by the first value (264 KiB of address space; only touched pages take memory). After that,
  /// or after reserve(), no memory is asked for. A value above kHighest is counted as kHighest.
  void add(std::uint64_t value_ns, std::uint64_t times = 1) {
    if (!counts_) reserve();
    if (value_ns > kHighest) value_ns = kHighest;
    counts_[bucket_of(value_ns)] += times;
    count_ += times;
    add_to_sum(value_ns, times);
    if (value_ns < min_) min_ = value_ns;
    if (value_ns > max_) max_ = value_ns;
  }
  void reserve();
  void merge(const Histogram& other);
  void clear();  ///< keeps the counters' memory

  bool empty() const { return count_ == 0; }
  std::uint64_t count() const { return count_; }
  std::uint64_t min() const { return count_ == 0 ? 0 : min_; }  ///< exact; 0 when empty
  std::uint64_t max() const { return max_; }                    ///< exact; 0 when empty
  double mean() const;  ///< exact but for the rounding of a double; 0 when empty
  /// Nearest rank: the sample with rank ceil(q * count) in ascending order, at least the first. What is returned is the
  /// highest value of that sample's bucket, never above max(): the sample itself or at most 0.1 % more.
  ///   q        fraction, 0 <= q <= 1; 0.99 is "p99"
  ///   returns  nanoseconds; 0 when empty (ask empty() first: no samples is no latency)
  std::uint64_t percentile(double q) const;
  /// Samples in buckets that end at or below the value: exact but for the bucket the value lies in.
  std::uint64_t count_up_to(std::uint64_t value_ns) const;

  /// For each bucket that is not empty, ascending: (lowest ns, highest ns, count).
  template <class Visit>
  void each(Visit visit) const {
    if (count_ == 0) return;
    for (std::size_t at = bucket_of(min_), last = bucket_of(max_); at <= last; ++at)
      if (counts_[at] != 0) visit(lowest(at), highest(at), counts_[at]);
  }

  /// One line of ASCII; equal histograms give equal text:
  ///   "hdr1 COUNT SUM_HIGH SUM_LOW MIN MAX STEP:TIMES STEP:TIMES ..."
  /// Decimal numbers without leading zeros. The sum has 128 bits. The first STEP is the number of the first bucket that
  /// is not empty, each other one the distance to the bucket before it. Empty: "hdr1 0".
  std::string text() const;
  /// errors  anything text() cannot have written: unknown form, a bucket outside, an empty one, counts that do not add
  ///         up, a minimum, maximum or sum that do not fit the buckets
  static Result<Histogram> parse(std::string_view text);

  friend bool operator==(const Histogram& a, const Histogram& b);

  static constexpr std::size_t bucket_of(std::uint64_t value_ns) {
    if (value_ns < 2 * kPart) return static_cast<std::size_t>(value_ns);
    const int shift = 63 - __builtin_clzll(value_ns) - (kLinearBits - 1);
    return kPart * static_cast<std::size_t>(shift) + static_cast<std::size_t>(value_ns >> shift);
  }
  static constexpr std::uint64_t lowest(std::size_t bucket) {
    if (bucket < 2 * kPart) return bucket;
    const auto shift = bucket / kPart - 1;
    return static_cast<std::uint64_t>(kPart + bucket % kPart) << shift;
  }
  static constexpr std::uint64_t highest(std::size_t bucket) {
    if (bucket < 2 * kPart) return bucket;
    return lowest(bucket) + (std::uint64_t{1} << (bucket / kPart - 1)) - 1;
  }

 private:
  struct Free {
    void operator()(std::uint64_t* counts) const noexcept;
  };
  void add_to_sum(std::uint64_t value_ns, std::uint64_t times) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{value_ns} * times;
    const auto low = static_cast<std::uint64_t>(product);
    sum_low_ += low;
    sum_high_ += static_cast<std::uint64_t>(product >> 64) + (sum_low_ < low ? 1 : 0);
  }

  std::unique_ptr<std::uint64_t[], Free> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_low_ = 0, sum_high_ = 0;
  std::uint64_t min_ = UINT64_MAX, max_ = 0;
};
}  // namespace mccoy
