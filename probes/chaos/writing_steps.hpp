// Which requests of a load are the writes that a ledger is about.
#pragma once
#include <vector>

#include "harness/base/error.hpp"
#include "probes/load/profile.hpp"

namespace mccoy::chaos {
/// Of each request of the profile, in the order of reports, whether it writes the record of its journey: the one with
/// {{unique}} in it, and of several the one that is neither GET nor HEAD.
///   errors  no request writes, or several of one journey do, so that none says that the record was taken
Result<std::vector<bool>> writing_steps(const load::Profile& profile);
}  // namespace mccoy::chaos
