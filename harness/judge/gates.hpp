// Gates against what was measured. Pure: `mccoy verify` evaluates them again from the recorded observation, which holds
//   values["metrics"]    by series key ("errors", "errors{request:login}"):
//                          counter  {"count", "of", "span_ns", "came", "target"}   of: among how many; came: how many
//                                   of them within the span (all, if absent); target: per second
//                          share    {"part", "of"}
//                          time     {"time_ns"}
//   texts["histograms"]  of times: a line KEY TAB HISTOGRAM (harness/base/histogram.hpp) for each series
//   texts["baseline"]    the same of an earlier run
//   values["void"]       why nothing that was measured may be believed; such a trial is an error, whatever its gates
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/histogram.hpp"
#include "harness/evidence/observation.hpp"
#include "harness/judge/checks.hpp"
#include "harness/suite/gate.hpp"

namespace mccoy::judge {
/// No samples, a series that was not recorded, or a figure that is none: unknown, with the reason. Never held then.
CheckResult evaluate_gate(const suite::Check& check, const evidence::Observation& observation);

/// Why the whole observation says nothing of the target; "" = it does.
std::string void_reason(const evidence::Observation& observation);

/// A line of texts["histograms"], and the histogram of a key in such a text.
std::string histogram_line(std::string_view key, const Histogram& histogram);
///   errors  there is none of that key, or it cannot be read
Result<Histogram> histogram_in(const Output& text, std::string_view key);
/// A text that holds everything, with its digest.
Output whole_text(std::string text);
}  // namespace mccoy::judge
