// When the programs of an activity lived: how many at one time, and how long beside one another.
#pragma once
#include <cstdint>
#include <limits>
#include <vector>

#include "harness/judge/weigh.hpp"

namespace mccoy::judge {
constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

/// One process as a program: from its first image that is meant to the end of the last.
struct Life {
  int program = evidence::kNoProgram;
  std::int64_t began = 0, may_have_begun = 0, ended = 0, cpu = 0;
};

/// In the order of the activity: parents before their children.
///   which  whose `exe` is meant; nullptr: any program
std::vector<Life> lives_of(const evidence::Activity& activity, const suite::Obligation* which);
/// The most that were alive at any one time.
///   from  the beginning that counts: &Life::began, or &Life::may_have_begun
std::int64_t most_at_once(const evidence::Activity& activity, const std::vector<Life>& lives, std::int64_t Life::*from);
/// The longest time that one of each was alive, two different processes; -1: never.
///   returns  nanoseconds; about kForever when both lived on
std::int64_t longest(const evidence::Activity& activity, const std::vector<Life>& ones, const std::vector<Life>& others,
                     std::int64_t Life::*from);
}  // namespace mccoy::judge
