// What a response of a load must be: `expect` of a request -> checks of the engine; `capture` -> captures.
#pragma once
#include <vector>

#include "probes/load/profile.hpp"
#include "probes/load_said.hpp"
#include "probes/load_words.hpp"

namespace mccoy::probes {
/// With a status of 2xx where none is asked for.
///   share   of the responses in which more than the status is looked at
///   http    false: bytes have no status and no headers
Result<std::vector<load::Check>> read_response_checks(const Said& expect, double share, bool http);
/// Adds "STEP.NAME" to the variables of the journey.
Result<std::vector<load::Capture>> read_load_captures(const Said& capture, const std::string& step, Captured& captured);
}  // namespace mccoy::probes
