// All kinds of probes, one row each in catalogue.cpp. No probe registers itself: a linker drops static objects of a
// static library without a word, and a probe that is not there cannot fail.
#pragma once
#include <span>
#include <string_view>

#include "harness/probe.hpp"

namespace mccoy::probes {
std::span<const ProbeKind* const> catalogue();
std::span<const suite::KindSchema* const> kind_schemas();
const ProbeKind* find_kind(std::string_view name);  ///< nullptr if there is none
}  // namespace mccoy::probes
