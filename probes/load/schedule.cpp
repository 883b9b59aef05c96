#include "probes/load/schedule.hpp"

#include <algorithm>
#include <cmath>

namespace mccoy::load {
namespace {
/// Sums of rates have rounding errors; an arrival this near to the end of a stage belongs to the next one.
constexpr double kNearly = 1e-7;

double seconds(Duration span) {
  return std::chrono::duration<double>(span).count();
}
}  // namespace

Duration Course::Part::when(double n) const {
  const double span = seconds(end - begin), slope = (to - from) / span;
  const double root = std::sqrt(std::max(0.0, from * from + 2 * slope * n));
  const double since = from + root > 0 ? 2 * n / (from + root) : 0;
  return begin + Duration(static_cast<std::int64_t>(std::llround(std::min(since, span) * 1e9)));
}

Course::Course(const std::vector<Stage>& stages) {
  double before = 0;
  for (const auto& stage : stages) {
    const double count = (stage.from + stage.to) / 2 * seconds(stage.span);
    parts_.push_back({end_, end_ + stage.span, stage.from, stage.to, before, count});
    end_ += stage.span;
    before += count;
  }
}

std::size_t Course::stage_at(Duration when) const {
  const auto part = std::ranges::upper_bound(parts_, when, {}, &Part::end);
  const auto at = static_cast<std::size_t>(part - parts_.begin());
  return std::min(at, parts_.size() - 1);
}

double Course::value_at(Duration when) const {
  if (when < Duration{} || when >= end_) return 0;
  const Part& part = parts_[stage_at(when)];
  return part.from + (part.to - part.from) * seconds(when - part.begin) / seconds(part.end - part.begin);
}

double Course::peak() const {
  double peak = 0;
  for (const auto& part : parts_) peak = std::max({peak, part.from, part.to});
  return peak;
}

double Course::count() const {
  return parts_.empty() ? 0 : parts_.back().before + parts_.back().count;
}

Duration Course::when(double n) const {
  for (const Part& part : parts_)
    if (n < part.before + part.count) return part.when(n - part.before);
  return end_;
}

Arrivals::Arrivals(const Course& course, Spacing spacing, std::uint64_t seed)
    : course_(course), spacing_(spacing), random_(derive_seed(seed, "arrivals")) {
  if (spacing_ == Spacing::poisson) area_ = -std::log1p(-random_.unit());
}

std::optional<Arrival> Arrivals::next() {
  const auto& parts = course_.parts();
  while (stage_ < parts.size() && area_ >= parts[stage_].before + parts[stage_].count - kNearly) ++stage_;
  if (stage_ == parts.size()) return std::nullopt;
  const auto& part = parts[stage_];
  const Arrival arrival{part.when(std::max(0.0, area_ - part.before)), number_++, stage_};
  area_ = spacing_ == Spacing::poisson ? area_ - std::log1p(-random_.unit()) : static_cast<double>(number_);
  return arrival;
}
}  // namespace mccoy::load
