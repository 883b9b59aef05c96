// The mistakes of a load case that no table can tell, found when the suite is read.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "harness/suite/field.hpp"

namespace mccoy::probes {
/// Names of requests or of stages, as gates select them.
std::vector<std::string> load_labels(std::string_view selector, const suite::Node& node);
/// Everything plan_load() finds; besides, gives the case the time its load takes when it states none, the checks that
/// `arrivals` means, a limit of errors when it states none, and the lock that keeps loads apart.
void examine_load(suite::Reading& reading, const suite::Node& node, suite::Case& which);
}  // namespace mccoy::probes
