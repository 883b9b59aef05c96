// What follows from the record of a chaos trial; declared in chaos.hpp.
#include "harness/judge/chaos.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/clock.hpp"
#include "harness/base/text.hpp"

namespace mccoy::judge {
namespace {
constexpr std::string_view kAsExpected = "as expected";
constexpr std::string_view kPassed = "passed";

/// The record, and what is worked out of it.
class Conclusion {
 public:
  explicit Conclusion(const evidence::Observation& observation)
      : observation_(observation), said_(observation.values["chaos"]) {}

  Value draw() {
    if (!said_["lacks"].as_string().empty() || said_["dry_run"].as_bool()) return Value::map();
    const auto text = observation_.texts.find("timeline");
    if (text == observation_.texts.end()) return voided("there is no timeline");
    auto read = read_timeline(text->second);
    if (!read.ok()) return voided(read.error().what);
    timeline_ = std::move(read).value();
    timeline_.faults.resize(said_["faults"].as_list().size());
    std::string why = said_["broken_off"].as_string();
    if (why.empty()) why = before();
    if (why.empty()) why = effects();
    if (why.empty()) why = heals();
    work_out();
    result_.set("metrics", metrics());
    result_.set("steady_after", after());
    result_.set("during", during());
    return why.empty() ? std::move(result_) : voided(std::move(why));
  }

 private:
  Value voided(std::string why) { return result_.set("void", std::move(why)); }
  std::string name_of(std::size_t fault) const {
    const Value& one = said_["faults"].as_list()[fault];
    return one["fault"].as_string() + " of " + one["service"].as_string();
  }

  /// Every case of the steady state passed, and its answer was there before anything was injected.
  std::string before() const {
    const std::int64_t begun = timeline_.begun();
    for (const Value& item : said_["steady_state"].as_list()) {
      const Asked* last = nullptr;
      for (const Asked& asked : timeline_.asked)
        if (is_steady(asked, item.as_string()) && (begun == 0 || asked.end() <= begun)) last = &asked;
      if (last == nullptr) return "the steady state was not measured before the fault: " + item.as_string();
      if (!last->passed())
        return fmt::format("the steady state did not hold before the fault, so nothing was injected: {}: {}",
                           last->name, last->why.empty() ? last->outcome : last->why);
    }
    return {};
  }

  std::string effects() const {
    if (timeline_.faults.empty()) return "no fault is recorded";
    for (std::size_t i = 0; i < timeline_.faults.size(); ++i) {
      const FaultTimes& fault = timeline_.faults[i];
      if (fault.inject == 0 || fault.injected == 0)
        return fmt::format("{} was not injected{}", name_of(i), fault.text.empty() ? "" : ": " + fault.text);
      const bool measured = fault.effect >= fault.inject && (fault.heal == 0 || fault.effect <= fault.heal);
      if (fault.effect == 0 || !measured) return fmt::format("no effect: {}: {}", name_of(i), fault.text);
      if (!fault.fell_short.empty())
        return fmt::format("less than was asked for: {}: {}", name_of(i), fault.fell_short);
    }
    return {};
  }

  std::string heals() const {
    for (std::size_t i = 0; i < timeline_.faults.size(); ++i) {
      const FaultTimes& fault = timeline_.faults[i];
      if (fault.gone || (fault.healed > 0 && fault.verified >= fault.heal)) continue;
      const std::vector<std::string> commands = by_hand(i);
      return fmt::format("{} could not be seen to be undone: {}{}", name_of(i),
                         fault.text.empty() ? "it was not measured" : fault.text,
                         commands.empty() ? "" : "; by hand: " + join(commands, "; "));
    }
    return {};
  }

  std::vector<std::string> by_hand(std::size_t fault) const {
    std::vector<std::string> commands;
    for (const Value& command : said_["faults"].as_list()[fault]["plan"]["by_hand"].as_list())
      commands.push_back(command.as_string());
    return commands;
  }

  static bool is_steady(const Asked& asked, const std::string& name) {
    return asked.role == "steady" && asked.name == name;
  }

  // ---- times

  /// The beginning of the unbroken row of passes at the end; 0: the last one did not pass.
  std::int64_t green_since(const std::string& name) const {
    std::int64_t since = 0;
    for (const Asked& asked : timeline_.asked) {
      if (!is_steady(asked, name)) continue;
      if (!asked.passed())
        since = 0;
      else if (since == 0)
        since = std::max<std::int64_t>(asked.end(), 1);
    }
    return since;
  }

  void work_out() {
    undone_ = timeline_.undone();
    for (const Value& item : said_["steady_state"].as_list()) {
      const std::int64_t since = green_since(item.as_string());
      recovered_ = since == 0 || recovered_ < 0 ? -1 : std::max(recovered_, since);
    }
    for (const Asked& asked : timeline_.asked)
      if (!asked.passed() && timeline_.begun() > 0 && asked.end() > timeline_.begun()) fail_at(asked.end());
    for (const Traffic& traffic : timeline_.traffic)
      if (traffic.errors + traffic.lost > 0 && timeline_.begun() > 0 && traffic.at + traffic.span > timeline_.begun())
        fail_at(std::max(traffic.at, timeline_.begun()));
  }
  void fail_at(std::int64_t at) { first_failure_ = first_failure_ == 0 ? at : std::min(first_failure_, at); }

  /// Of the time in which something could go wrong because of the faults.
  bool concerns(std::int64_t from, std::int64_t to) const {
    const std::int64_t begun = timeline_.begun();
    const std::int64_t over = std::max(recovered_, timeline_.all_healed());
    return begun > 0 && to > begun && (over <= 0 || from <= over);
  }

  // ---- figures

  static Value time(std::int64_t ns) { return Value::map({{"time_ns", ns}}); }
  static Value none(std::string why) { return Value::map({{"why", std::move(why)}}); }
  static Value count(std::int64_t some, std::int64_t of) { return Value::map({{"count", some}, {"of", of}}); }

  Value metrics() const {
    Value metrics = Value::map();
    const std::int64_t begun = timeline_.begun();
    const bool seen = first_failure_ > 0 && begun > 0;
    metrics.set("time_to_detect", seen ? time(std::max<std::int64_t>(first_failure_ - begun, 0))
                                       : none("nothing that was asked went wrong, so there was nothing to detect"));
    const bool back = recovered_ > 0 && undone_ > 0;
    metrics.set("time_to_recover", back ? time(std::max<std::int64_t>(recovered_ - undone_, 0))
                                        : none("the steady state did not come back"));
    metrics.set("outage", !back ? none("the steady state did not come back")
                                : time(seen ? std::max<std::int64_t>(recovered_ - first_failure_, 0) : 0));
    count_traffic(metrics);
    if (!said_["ledger"].is_null()) count_writes(metrics);
    return metrics;
  }

  void count_traffic(Value& metrics) const {
    std::int64_t errors = 0, lost = 0, all = 0, requests = 0;
    for (const Traffic& traffic : timeline_.traffic) {
      if (!concerns(traffic.at, traffic.at + traffic.span)) continue;
      errors += traffic.errors + traffic.lost;
      lost += traffic.lost;
      requests += traffic.ok + traffic.errors + traffic.lost;
    }
    all = requests;
    for (const Asked& asked : timeline_.asked) {
      if (!concerns(asked.at, asked.end())) continue;
      ++all;
      if (!asked.passed()) ++errors;
    }
    metrics.set("errors_during", count(errors, all));
    metrics.set("requests_lost", requests > 0 ? count(lost, requests) : none("no load was sent during the fault"));
  }

  void count_writes(Value& metrics) const {
    const LedgerCount ledger = count_ledger(observation_);
    struct Row {
      const char* metric;
      std::int64_t LedgerCount::*figure;
      std::int64_t LedgerCount::*of;
    };
    static constexpr Row kRows[] = {
        {"lost_writes", &LedgerCount::lost, &LedgerCount::acknowledged},
        {"duplicate_writes", &LedgerCount::duplicated, &LedgerCount::acknowledged},
        {"out_of_order_writes", &LedgerCount::out_of_order, &LedgerCount::acknowledged},
        {"acknowledged_writes", &LedgerCount::acknowledged, &LedgerCount::acknowledged},
        {"unacknowledged_present", &LedgerCount::unacknowledged_present, &LedgerCount::acknowledged},
    };
    for (const Row& row : kRows) {
      const bool unordered = row.figure == &LedgerCount::out_of_order && !said_["ledger"]["ordered"].as_bool();
      Value figure = count(ledger.*row.figure, ledger.*row.of);
      if (!ledger.why.empty()) figure = none("the ledger could not be counted: " + ledger.why);
      if (unordered) figure = none("what was read back has no order (ordered: true says that it has)");
      if (ledger.acknowledged == 0) figure = none("not one write was acknowledged");
      metrics.set(row.metric, std::move(figure));
    }
  }

  // ---- claims

  std::string after() const {
    const Duration within(said_["recovers_within_ns"].as_int());
    const std::int64_t healed = timeline_.all_healed();
    std::string why;
    for (const Value& item : said_["steady_state"].as_list()) {
      const Asked* last = nullptr;
      for (const Asked& asked : timeline_.asked)
        if (is_steady(asked, item.as_string())) last = &asked;
      const bool asked_after = last != nullptr && undone_ > 0 && last->at >= std::max(undone_, healed);
      if (!asked_after)
        why = item.as_string() + " was not asked after the fault";
      else if (!last->passed())
        why = fmt::format("{} did not pass again within {}: {}", last->name, human_duration(within),
                          last->why.empty() ? last->outcome : last->why);
      if (!why.empty()) break;
    }
    if (why.empty() && recovered_ - undone_ > within.count())
      why = fmt::format("it took {}, and {} were allowed", human_duration(Duration(recovered_ - undone_)),
                        human_duration(within));
    if (why.empty()) return std::string(kPassed);
    return timeline_.last_words.empty() ? why : join(timeline_.last_words, "; ") + "; " + why;
  }

  std::string during() const {
    for (const auto& [name, wanted] : said_["expect_during"].as_map()) {
      std::int64_t passed = 0, failed = 0;
      std::string why;
      for (const Asked& asked : timeline_.asked) {
        if (asked.name != name || asked.end() <= timeline_.begun() || (undone_ > 0 && asked.at >= undone_)) continue;
        ++(asked.passed() ? passed : failed);
        if (!asked.passed() && why.empty()) why = asked.why.empty() ? asked.outcome : asked.why;
      }
      if (wanted.as_string() == "any") continue;
      if (passed + failed == 0) return name + " was not asked during the fault";
      if (wanted.as_string() == "fail" && failed == 0)
        return fmt::format("{} had to fail during the fault, and passed {} times", name, passed);
      if (wanted.as_string() == "pass" && failed > 0)
        return fmt::format("{} had to pass during the fault, and did not {} of {} times: {}", name, failed,
                           passed + failed, why);
    }
    return std::string(kAsExpected);
  }

  const evidence::Observation& observation_;
  const Value& said_;
  Timeline timeline_;
  Value result_ = Value::map();
  std::int64_t undone_ = 0, recovered_ = 0, first_failure_ = 0;
};

std::string told(const Value& fault) {
  const Value& course = fault["course"];
  const auto reading = [&](const char* when) {
    const Value& one = course[when];
    if (one.is_null()) return std::string("not measured");
    std::string text = fmt::format("{:g} {}", one["value"].as_double(), one["unit"].as_string());
    return trim(text).empty() ? std::string("?") : std::string(trim(text));
  };
  return fmt::format("{} of {}: {}: {} before, {} during, {} after", fault["fault"].as_string(),
                     fault["service"].as_string(), course["before"]["what"].as_string(), reading("before"),
                     reading("during"), reading("after"));
}
}  // namespace

bool is_chaos(const evidence::Observation& observation) {
  return observation.values["chaos"].is_map();
}

Value conclude_chaos(const evidence::Observation& observation) {
  return Conclusion(observation).draw();
}

std::optional<ChaosFacts> chaos_facts(const evidence::Observation& observation) {
  if (!is_chaos(observation)) return std::nullopt;
  const Value& said = observation.values["chaos"];
  ChaosFacts facts;
  facts.dry_run = said["dry_run"].as_bool();
  facts.lacks = said["lacks"].as_string();
  for (const Value& fault : said["faults"].as_list()) {
    facts.services.push_back(fault["service"].as_string());
    if (fault.find("course") != nullptr) facts.told.push_back(told(fault));
  }
  const auto text = observation.texts.find("timeline");
  if (text == observation.texts.end()) return facts;
  auto timeline = read_timeline(text->second);
  if (!timeline.ok()) return facts;
  facts.effect = !timeline->faults.empty() &&
                 std::ranges::all_of(timeline->faults, [](const FaultTimes& fault) { return fault.effect > 0; });
  const std::int64_t begun = timeline->begun();
  const auto during = [&](std::int64_t end) { return begun > 0 && end > begun; };
  for (const Asked& asked : timeline->asked) facts.changed |= !asked.passed() && during(asked.end());
  for (const Traffic& traffic : timeline->traffic)
    facts.changed |= traffic.errors + traffic.lost > 0 && during(traffic.at + traffic.span);
  facts.asked = std::move(timeline->asked);
  return facts;
}
}  // namespace mccoy::judge
