// What the services of a suite printed, taken into the evidence once they are stopped.
#pragma once
#include "harness/run/context.hpp"

namespace mccoy::run {
/// Each stream that is not empty, masked, among the blobs, with a "service" record that says how much of it is there. A
/// stream that was cut or could not be kept is told in a note too: nothing is left out without a word.
void keep_service_logs(SuiteContext& context);
}  // namespace mccoy::run
