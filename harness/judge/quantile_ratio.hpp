// Is a percentile of one run larger than that of another? By order statistics, which assume nothing of the shape of
// the distribution: docs/load.md, "Baselines".
#pragma once
#include <cstdint>

#include "harness/base/histogram.hpp"

namespace mccoy::judge {
/// Ranks, 1-based, between which the true quantile lies: each bound is wrong with a chance of at most 2.5 %. 0: there
/// is no such sample (low: before the first; high: after the last).
struct QuantileRanks {
  std::uint64_t low = 0, high = 0;
};
///   n  samples
///   q  fraction, 0 < q < 1
QuantileRanks quantile_ranks(std::uint64_t n, double q);

struct QuantileRatio {
  double ratio = 0;          ///< of the two percentiles as measured
  double low = 0, high = 0;  ///< bounds, each of which is wrong with a chance of at most 5 %
  bool bounded = false;      ///< false: too few samples for bounds
};
QuantileRatio compare_quantiles(const Histogram& now, const Histogram& before, double q);
}  // namespace mccoy::judge
