// What a load gave -> an observation: figures for gates and checks, histograms, the course by seconds. The judge and
// the reports know nothing else of it; docs/load.md, "What is recorded".
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "harness/evidence/observation.hpp"
#include "probes/load/report.hpp"

namespace mccoy::probes {
evidence::Observation observe_load(const load::Report& report, const load::Profile& profile);
/// Figures and histograms of one series only, of the load so far: for a gate that stops it.
evidence::Observation observe_so_far(const load::Report& report,
                                     const std::vector<std::pair<std::string, std::string>>& labels);

/// Why the figures say nothing of the target; "" = they do: the generator was the limit, nothing answered, nothing was
/// due, or the load was broken off.
std::string void_of(const load::Report& report);
/// Why what was too slow may have been the generator; "" = it was not.
std::string lateness_of(const load::Report& report);
/// Which request was not due even once, so that nothing is known of it; "" = none.
std::string never_asked(const load::Report& report);
}  // namespace mccoy::probes
