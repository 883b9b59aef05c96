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
/// The labels of a gate: which part of the load it is about.
using LoadLabels = std::vector<std::pair<std::string, std::string>>;
/// Of that part as far as the load has gone: how long it lasted, and whether it is over.
double seconds_so_far(const load::Report& report, const LoadLabels& labels);
bool is_over(const load::Report& report, const LoadLabels& labels);

// Figures and histograms of one part only, for gates that were missed or will be.
/// Of the load so far. in_favour: what is on its way comes in time.
evidence::Observation observe_so_far(const load::Report& report, const LoadLabels& labels, bool in_favour);
/// As if what the generator lost had been answered, and the time it was away had not been.
evidence::Observation observe_unhindered(const load::Report& report, const LoadLabels& labels);
/// As if the load had begun when the first answers came.
evidence::Observation observe_steady(const load::Report& report, const LoadLabels& labels, Duration latency);
/// As if all that was answered had been answered in time.
evidence::Observation observe_all_answered(const load::Report& report, const LoadLabels& labels);

/// Why the figures say nothing of the target; "" = they do: the generator was the limit, nothing answered, nothing was
/// due, or the load was broken off.
std::string void_of(const load::Report& report);
/// How late the generator was, as the reason for a miss.
std::string lateness_of(const load::Report& report);
/// Which request was not due even once, so that nothing is known of it; "" = none.
std::string never_asked(const load::Report& report);
}  // namespace mccoy::probes
