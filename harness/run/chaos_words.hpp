// What became of the faults of a chaos case, in words: a few lines for people, from the recorded figures
// (values["chaos"] and values["metrics"]).
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "harness/base/value.hpp"

namespace mccoy::run {
/// (label, text), harmless on any terminal; none when the case is no chaos case.
std::vector<std::pair<std::string, std::string>> chaos_in_words(const Value& figures);
}  // namespace mccoy::run
