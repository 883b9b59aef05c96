// What a command really did, as lines for a person: programs as a tree, files, connections, substitutes, failures that
// nobody passed on.
#pragma once
#include "cli/telling.hpp"
#include "harness/evidence/facts.hpp"

namespace mccoy::cli {
/// Every part is cut after some lines, and says so.
Lines tell_activity(const evidence::Facts& facts, const Paint& paint);
}  // namespace mccoy::cli
