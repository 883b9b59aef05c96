// What a load gave, in words: a few lines for people, from the recorded figures (values["load"] and
// values["arrivals"]).
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "harness/base/value.hpp"

namespace mccoy::run {
/// (label, text), harmless on any terminal; none when no load was recorded.
std::vector<std::pair<std::string, std::string>> load_in_words(const Value& figures);
/// One line about a load that goes on, from what Progress::measuring() is told: a bar to the end and the last second.
std::string progress_in_words(const Value& figures);
}  // namespace mccoy::run
