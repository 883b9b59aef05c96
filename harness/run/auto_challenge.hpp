// Controls nobody wrote: what the evidence of a pass says was used is broken, one thing after another, and the case is
// tried again. One that turns red shows what the case depends on. One that stays green shows nothing, for a program may
// well do without it; the judge leaves it out.
#pragma once
#include <cstdint>
#include <vector>

#include "harness/evidence/facts.hpp"
#include "harness/suite/suite.hpp"

namespace mccoy::run {
/// Controls for what was seen in a trial that passed: services it was connected to, else the network when it talked to
/// somebody; and files it read that lie below `folder`. Not its programs and scripts, not what it wrote itself. At most
/// a few of each, chosen and ordered by `seed`.
///   services  names of the services of the suite that may be stopped
std::vector<suite::Challenge> automatic_controls(const suite::Case& which, const evidence::Facts& seen,
                                                 const std::vector<std::string>& services, const std::string& folder,
                                                 std::uint64_t seed);
}  // namespace mccoy::run
