// The programs of a window that matter to it.
#pragma once
#include "harness/evidence/activity.hpp"

namespace mccoy::witness {
/// Leaves out programs that ran already when the window began and did nothing in it that was recorded, unless one that
/// stays descends from them. The entries of all lists get the new numbers.
void keep_involved(evidence::Activity& activity);
}  // namespace mccoy::witness
