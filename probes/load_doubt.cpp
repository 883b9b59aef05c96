#include "probes/load_doubt.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/judge/gates.hpp"
#include "harness/suite/gate.hpp"
#include "probes/load_observation.hpp"

namespace mccoy::probes {
namespace {
using suite::Gate;
constexpr double kPartMost = 0.1;  ///< of a time that was measured: a delay below that is not why a gate was missed

bool holds(const Gate& gate, const evidence::Observation& observation) {
  return judge::evaluate_gate(suite::to_check(gate, {}), observation).held == judge::Held::yes;
}

bool is_one_of(std::string_view metric, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, metric) != names.end();
}

/// Sending late and reading late add up in a response time.
double delay_in(const Gate& gate, const load::Report& report) {
  const load::Generator& g = report.generator;
  const auto of = [&](const Histogram& lag) {
    return static_cast<double>(gate.aggregate == Gate::Aggregate::max ? lag.max() : lag.percentile(0.99));
  };
  const double sending = report.model == load::Model::open && gate.metric != "service" ? of(g.lag) : 0;
  const double reading = gate.metric != "arrival" ? of(g.read_lag) : 0;
  return sending + reading;
}

/// A time that would do but for the delay, and a delay that is worth speaking of: none of one request in a hundred
/// explains a percentile.
bool was_late(Gate gate, const load::Report& report) {
  const auto observation = observe_so_far(report, gate.labels, false);
  const double delay = delay_in(gate, report);
  const bool of_max = gate.aggregate == Gate::Aggregate::max;
  if (!of_max && delay <= static_cast<double>(report.generator.late_after.count())) return false;
  Gate matters = gate;
  matters.against = Gate::Against::limit;
  matters.sign = suite::Comparison::Kind::lt;
  matters.limit = delay / kPartMost;
  if (!holds(matters, observation)) return false;
  gate.limit += delay;
  return gate.against != Gate::Against::limit || holds(gate, observation);
}

/// The answers of the first second that had any: how long one takes before a target falls behind.
Duration first_latency(const load::Report& report) {
  const auto first = std::ranges::find_if(report.seconds, [](const load::Second& s) { return s.finished > 0; });
  return first == report.seconds.end() ? Duration{} : Duration(first->p50);
}

/// A rate that is only too low because the first answers take their time, and the last ones come after the stages.
std::string too_short(const Gate& gate, const load::Report& report) {
  using Kind = suite::Comparison::Kind;
  if (gate.metric != "requests" || gate.aggregate != Gate::Aggregate::rate) return {};
  if ((gate.sign != Kind::gt && gate.sign != Kind::ge) || report.ended != load::Ended::finished) return {};
  // Users that share out a number of turns are done when the last answer has come.
  const bool shared_out = report.model == load::Model::closed && report.load_elapsed < report.asked_until;
  if (shared_out) return {};
  const Duration latency = first_latency(report);
  const bool nothing_could_come = seconds_so_far(report, gate.labels) <= std::chrono::duration<double>(latency).count();
  const bool steady = nothing_could_come || holds(gate, observe_steady(report, gate.labels, latency));
  if (!steady || !holds(gate, observe_all_answered(report, gate.labels))) return {};
  const load::Tally all = report.all();
  return fmt::format(
      "the load is too short for its rate to be known: {} of {} answers came after the stages, for one takes {}; it "
      "needs more time, or a warm_up",
      all.finished() - std::min(all.came, all.finished()), all.finished(), human_duration(latency));
}
}  // namespace

std::string excuse_for(const suite::Check& check, const load::Report& report) {
  const auto gate = suite::gate_of(check);
  if (!gate.ok()) return {};
  if (is_one_of(gate->metric, {"response", "service", "arrival"}))
    return was_late(*gate, report) ? lateness_of(report) : std::string();
  if (is_one_of(gate->metric, {"requests", "achieved", "dropped", "late", "bytes_in", "bytes_out"}) &&
      holds(*gate, observe_unhindered(report, gate->labels)))
    return lateness_of(report);
  return too_short(*gate, report);
}
}  // namespace mccoy::probes
