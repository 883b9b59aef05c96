#include "harness/judge/quantile_ratio.hpp"

#include <algorithm>
#include <cmath>

namespace mccoy::judge {
namespace {
constexpr double kChanceOfEach = 0.025;  ///< two bounds make one of a ratio: together at most 5 %
constexpr double kNormalQuantile = 1.959963985;
/// From here on the normal approximation is used, made wider by one rank on each side.
constexpr std::uint64_t kExactMost = 100'000;

/// Number of samples below the quantile is binomial: the chance of exactly k of n.
double binomial(std::uint64_t n, std::uint64_t k, double q) {
  const auto all = static_cast<double>(n), some = static_cast<double>(k);
  return std::exp(std::lgamma(all + 1) - std::lgamma(some + 1) - std::lgamma(all - some + 1) + some * std::log(q) +
                  (all - some) * std::log1p(-q));
}

QuantileRanks exact(std::uint64_t n, double q) {
  QuantileRanks ranks;
  double up_to = 0;  // chance of at most k below
  for (std::uint64_t k = 0; k < n; ++k) {
    up_to += binomial(n, k, q);
    if (up_to <= kChanceOfEach) ranks.low = k + 1;
    if (up_to >= 1 - kChanceOfEach) {
      ranks.high = k + 1;
      break;
    }
  }
  return ranks;
}

double at_rank(const Histogram& times, std::uint64_t rank) {
  return static_cast<double>(times.percentile((static_cast<double>(rank) - 0.5) / static_cast<double>(times.count())));
}
}  // namespace

QuantileRanks quantile_ranks(std::uint64_t n, double q) {
  if (n <= kExactMost) return exact(n, q);
  const auto all = static_cast<double>(n);
  const double width = kNormalQuantile * std::sqrt(all * q * (1 - q));
  const double low = std::floor(all * q - width) - 1, high = std::ceil(all * q + width) + 1;
  return {low < 1 ? 0 : static_cast<std::uint64_t>(low), high > all ? 0 : static_cast<std::uint64_t>(high)};
}

QuantileRatio compare_quantiles(const Histogram& now, const Histogram& before, double q) {
  QuantileRatio result;
  const auto earlier = static_cast<double>(before.percentile(q));
  result.ratio = static_cast<double>(now.percentile(q)) / std::max(earlier, 1.0);
  const QuantileRanks ours = quantile_ranks(now.count(), q);
  const QuantileRanks theirs = quantile_ranks(before.count(), q);
  result.bounded = ours.low != 0 && ours.high != 0 && theirs.low != 0 && theirs.high != 0;
  if (!result.bounded) return result;
  result.low = at_rank(now, ours.low) / std::max(at_rank(before, theirs.high), 1.0);
  result.high = at_rank(now, ours.high) / std::max(at_rank(before, theirs.low), 1.0);
  return result;
}
}  // namespace mccoy::judge
