#include "harness/target/via/readings.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace mccoy::via {
namespace {
// A step is 1/256 of its power of two, and never finer than a microsecond.
constexpr int kBits = 8;
constexpr std::uint64_t kSteps = std::uint64_t{1} << kBits;

std::size_t step_of(Duration delay) {
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(delay.count(), 0) / 1000);
  if (us < kSteps) return us;
  const int shift = static_cast<int>(std::bit_width(us)) - 1 - kBits;
  return static_cast<std::size_t>((static_cast<std::uint64_t>(shift) + 1) * kSteps + ((us >> shift) - kSteps));
}

Duration end_of_step(std::size_t step) {
  if (step < kSteps) return std::chrono::microseconds(step + 1);
  const std::size_t shift = step / kSteps - 1;
  return std::chrono::microseconds((step % kSteps + kSteps + 1) << shift);
}
}  // namespace

void Delays::add(Duration delay) {
  const std::size_t step = step_of(delay);
  if (steps_.size() <= step) steps_.resize(step + 1);
  ++steps_[step];
  least_ = count_ == 0 ? delay : std::min(least_, delay);
  most_ = std::max(most_, delay);
  sum_ += delay;
  ++count_;
}

Duration Delays::percentile(double q) const {
  const auto rank = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(q * static_cast<double>(count_))));
  std::int64_t seen = 0;
  for (std::size_t step = 0; step < steps_.size(); ++step)
    if ((seen += steps_[step]) >= rank) return std::clamp(end_of_step(step), least_, most_);
  return most_;
}

Value to_value(const Readings& readings) {
  const std::pair<const char*, std::int64_t> counts[] = {{"under", readings.under},
                                                         {"touched", readings.touched},
                                                         {"bytes_delayed", readings.bytes_delayed},
                                                         {"bytes_dropped", readings.bytes_dropped},
                                                         {"bytes_corrupted", readings.bytes_corrupted},
                                                         {"pieces", readings.pieces},
                                                         {"refused", readings.refused},
                                                         {"resets", readings.resets},
                                                         {"closes", readings.closes},
                                                         {"ends_delayed", readings.ends_delayed},
                                                         {"requests", readings.requests},
                                                         {"requests_changed", readings.requests_changed},
                                                         {"not_http", readings.not_http}};
  Value map = Value::map();
  for (const auto& [name, count] : counts)
    if (count != 0) map.set(name, count);
  const Delays& delays = readings.delays;
  if (delays.count() == 0) return map;
  map.set("delay", Value::map({{"count", delays.count()},
                               {"p50_ns", delays.percentile(0.5).count()},
                               {"p90_ns", delays.percentile(0.9).count()},
                               {"p99_ns", delays.percentile(0.99).count()},
                               {"least_ns", delays.least().count()},
                               {"most_ns", delays.most().count()},
                               {"mean_ns", delays.mean().count()}}));
  return map;
}
}  // namespace mccoy::via
