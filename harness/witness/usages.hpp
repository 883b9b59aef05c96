// What is known of the options of tools that take a value, or that hand their arguments on.
#pragma once
#include <span>

#include "harness/witness/option_words.hpp"

namespace mccoy::witness {
std::span<const Usage> usages();
}  // namespace mccoy::witness
