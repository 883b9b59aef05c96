// Whether a missed gate of a load is the target's. Rules: docs/load.md, "Saturation" and "Gates".
#pragma once
#include <string>

#include "harness/suite/check.hpp"
#include "probes/load/report.hpp"

namespace mccoy::probes {
/// Why a check that does not hold says nothing of the target: the generator was late, or the load too short for it.
/// "" = it is the target's.
std::string excuse_for(const suite::Check& check, const load::Report& report);
}  // namespace mccoy::probes
