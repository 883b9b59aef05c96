// load: many requests, and what became of them.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "harness/base/random.hpp"
#include "harness/judge/gates.hpp"
#include "probes/load/engine.hpp"
#include "probes/load_arrivals.hpp"
#include "probes/load_doubt.hpp"
#include "probes/load_fields.hpp"
#include "probes/load_observation.hpp"
#include "probes/load_plan.hpp"
#include "probes/load_target.hpp"
#include "probes/unstated.hpp"

namespace mccoy::probes {
namespace {
/// Connections of each target whose other end is looked up: the first one, then one from time to time (in a long load
/// less often), and some of the last.
constexpr std::size_t kFirstLooks = 1, kLastLooks = 32;
constexpr Duration kLookEveryLeast = std::chrono::milliseconds(10), kLookEveryMost = std::chrono::seconds(1);
constexpr Duration kJudgedAfter = std::chrono::seconds(1);  ///< a gate that ends a load
constexpr int kLooks = 32, kLooksMost = 600;
/// Numbers of {{unique}} for each trial of the run: those of two never meet, and all fit into a double.
constexpr std::uint64_t kUniqueOfTrial = 10'000'000'000;

/// Everything a trial says, fields and head, as one map.
Value all_said(const suite::Settings& settings) {
  Value all = Value::map({{"load", settings.head()}});
  for (const suite::Field& field : load_schema().fields)
    if (settings.has(field.name)) all.set(field.name, settings.value(field.name));
  return all;
}

Value told(const load::Progress& now, const load::Profile& profile) {
  const load::Second& s = now.last;
  return Value::map({{"elapsed_ns", now.elapsed.count()},
                     {"span_ns", now.span.count()},
                     {"asked", s.asked},
                     {"rate", s.finished},
                     {"in_flight", s.in_flight},
                     {"errors", s.errors},
                     {"dropped", s.dropped},
                     {"p50_ns", s.p50},
                     {"p95_ns", s.p95},
                     {"p99_ns", s.p99},
                     {"stage", profile.stages[now.stage].name},
                     {"model", profile.model == load::Model::open ? "open" : "closed"}});
}

/// A figure that only grows while the load goes on may still get there.
bool may_still_be_held(const suite::Gate& gate) {
  using Kind = suite::Comparison::Kind;
  return gate.aggregate == suite::Gate::Aggregate::count && gate.sign != Kind::lt && gate.sign != Kind::le;
}

/// A limit from below is judged in the target's favour: what is on its way may come in time.
bool is_at_least(const suite::Gate& gate) {
  using Kind = suite::Comparison::Kind;
  return gate.sign == Kind::gt || gate.sign == Kind::ge;
}

double seconds(Duration span) {
  return std::chrono::duration<double>(span).count();
}

class LoadProbe final : public Probe {
 public:
  /// Files of the case begin in the folder of the trial, which only observe() knows.
  static Result<std::unique_ptr<Probe>> make(const suite::Settings& settings) {
    return std::unique_ptr<Probe>(std::make_unique<LoadProbe>(settings));
  }
  explicit LoadProbe(suite::Settings settings) : settings_(std::move(settings)) {}

  Result<evidence::Observation> observe(const Trial& trial) override {
    const Value all = all_said(settings_);
    MCCOY_TRY(plan, plan_load(Said(all, settings_), trial.folder));
    plan.profile.seed = trial.seed;
    plan.profile.unique_first = kUniqueOfTrial * trials_begun++;
    plan.profile.nonce_key = trial.nonce + fresh_token();
    std::optional<ArrivalsCount> arrivals;
    if (plan.arrivals) arrivals.emplace(*plan.arrivals, trial).before();
    auto report = load::run(plan.profile, hooks(trial, plan));
    if (!report.ok()) {
      if (report.error().where.file.empty()) report.error().where = settings_.head_span();
      return std::move(report).error();
    }
    evidence::Observation observation = observe_load(*report, plan.profile);
    if (arrivals) arrivals->after(*report, observation);
    const std::string why = reason_to_doubt(*report, trial, observation);
    if (report->ended != load::Ended::finished) observation.values.set("partial", true);
    if (!why.empty()) observation.values.set("void", why);
    return observation;
  }

 private:
  static load::Hooks hooks(const Trial& trial, const LoadPlan& plan) {
    load::Hooks hooks{.progress = {}, .abort = {}, .exchanged = {}, .deadline = trial.deadline};
    hooks.exchanges = kFirstLooks;
    const Duration every = std::clamp(plan.span() / kLooks, kLookEveryLeast, kLookEveryMost);
    hooks.exchange_every = std::max(every, plan.span() / kLooksMost);
    hooks.exchanges_last = kLastLooks;
    hooks.interrupt = trial.interrupt;
    if (trial.progress) hooks.progress = [&](const load::Progress& now) { trial.progress(told(now, plan.profile)); };
    if (std::ranges::any_of(trial.checks, ends_the_load))
      hooks.abort = [&trial](const load::Progress& now) { return hopeless(trial, now); };
    hooks.exchanged = [&trial](int fd, std::int64_t out, std::int64_t in) { trial.watch->exchanged(fd, out, in); };
    return hooks;
  }

  static bool ends_the_load(const suite::Check& check) {
    const auto gate = suite::gate_of(check);
    return gate.ok() && gate->abort;
  }

  /// The gate that makes it pointless to go on.
  static std::string hopeless(const Trial& trial, const load::Progress& now) {
    for (const suite::Check& check : trial.checks) {
      const auto gate = suite::gate_of(check);
      if (!gate.ok() || !gate->abort || may_still_be_held(*gate)) continue;
      // Of a stage the time counts from its begin, and the first moments of one say little.
      const bool begun = seconds_so_far(*now.so_far, gate->labels) >= seconds(std::max(gate->delay, kJudgedAfter));
      if (!begun && !is_over(*now.so_far, gate->labels)) continue;
      if (judge::evaluate_gate(check, observe_so_far(*now.so_far, gate->labels, is_at_least(*gate))).held ==
          judge::Held::no)
        return fmt::format("{} {}", check.subject.text(), suite::limit_of(*gate));
    }
    return {};
  }

  /// A load that a gate stopped is a result when that gate is not held; else it is only a part of a load. A generator
  /// that was late made the target look slower than it is: what holds all the same, holds.
  static std::string reason_to_doubt(const load::Report& report, const Trial& trial,
                                     const evidence::Observation& observation) {
    if (std::string why = void_of(report); !why.empty()) return why;
    std::string excuse;
    bool missed = false;
    for (const suite::Check& check : trial.checks) {
      if (judge::evaluate(check, observation).held != judge::Held::no) continue;
      missed = true;
      std::string why = excuse_for(check, report);
      if (why.empty()) return {};
      excuse = std::move(why);
    }
    if (missed) return excuse;
    if (report.ended == load::Ended::aborted)
      return "stopped because of " + report.reason + ", which holds after all: the load is partial";
    return never_asked(report);
  }

  suite::Settings settings_;
  inline static std::atomic<std::uint64_t> trials_begun = 0;
};

std::vector<suite::Obligation> default_contract(const suite::Settings&, const std::string& service) {
  return answered_by(service, true);
}

std::string address(const suite::Settings& settings) {
  if (settings.has("connect_to")) return settings.text("connect_to");
  const Value& head = settings.head();
  const auto address = read_load_address(Said(head, settings));
  if (!address.ok()) return {};
  const load::Target& target = address->target;
  if (!target.unix_path.empty()) return "unix:" + target.unix_path;
  const bool v6 = target.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", target.host, v6 ? "]" : "", target.port);
}
}  // namespace

const ProbeKind& load_kind() {
  static const ProbeKind kind{
      .schema = &load_schema(), .make = &LoadProbe::make, .default_contract = &default_contract, .address = &address};
  return kind;
}
}  // namespace mccoy::probes
