// How much, how often, how long: the quantities of a load case.
#pragma once
#include <utility>

#include "harness/base/clock.hpp"
#include "probes/load_said.hpp"

namespace mccoy::probes {
inline constexpr double kMostPerSecond = 1e6, kMostUsers = 1e5;

struct Amount {
  bool users = false;  ///< "50 users"; else arrivals
  double value = 0;    ///< per second, or users
};
/// "500/s", "30/min", "2/h", "50 users", "50" (users). errors: anything else, negative, over the limits above
Result<Amount> read_amount(const Said& said);
/// A duration over 0. errors: no time at all, over a week
Result<Duration> read_span(const Said& said, std::string_view what);
/// "2s" or "1s..3s".
Result<std::pair<Duration, Duration>> read_think(const Said& said);
/// "1%", 0.01 -> a share over 0 and at most 1.
Result<double> read_share(const Said& said);
}  // namespace mccoy::probes
