// What a fault did, counted where it was done. It is the fault's own evidence: whoever saw something else was not
// reached by it.
#pragma once
#include <cstdint>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/base/value.hpp"

namespace mccoy::via {
/// Durations, counted in steps of less than 0.4 %; the smallest and largest are kept exactly.
class Delays {
 public:
  void add(Duration delay);
  std::int64_t count() const { return count_; }
  Duration least() const { return least_; }
  Duration most() const { return most_; }
  Duration mean() const { return count_ == 0 ? Duration{} : sum_ / count_; }
  /// Nearest rank; the upper end of its step. 0 when there are none.
  Duration percentile(double q) const;

 private:
  std::vector<std::int64_t> steps_;  ///< made by the first
  std::int64_t count_ = 0;
  Duration sum_{}, least_{}, most_{};
};

struct Readings {
  std::int64_t under = 0;    ///< connections it was laid on, by its share
  std::int64_t touched = 0;  ///< those of them to which something was done
  std::int64_t bytes_delayed = 0, bytes_dropped = 0, bytes_corrupted = 0;
  std::int64_t pieces = 0;  ///< that data was cut into, where it was cut
  std::int64_t refused = 0, resets = 0, closes = 0, ends_delayed = 0;
  std::int64_t requests = 0, requests_changed = 0;  ///< of HTTP: seen, and changed or answered
  std::int64_t not_http = 0;                        ///< connections that could not be read as HTTP and were let through
  Delays delays = {};                               ///< how much later pieces of data left than they came
};
/// Journal form: {under, touched, …, delay: {count, p50_ns, p90_ns, p99_ns, least_ns, most_ns, mean_ns}}; zeros are
/// left out.
Value to_value(const Readings& readings);
}  // namespace mccoy::via
