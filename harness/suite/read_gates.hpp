// `gates:` of a case -> checks.
#pragma once
#include <vector>

#include "harness/suite/reading.hpp"

namespace mccoy::suite {
/// A list of gates, a single one, or k6's map of metrics and lists. Every mistake is reported at its own place.
///   gates  what stands behind the key
///   owner  the whole case, where names of requests and stages are
std::vector<Check> read_gates(Reading& reading, const KindSchema& kind, const Node& gates, const Node& owner);
/// Some gate is compared with an earlier run.
bool needs_baseline(const std::vector<Check>& checks);
}  // namespace mccoy::suite
