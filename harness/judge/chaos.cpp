// What follows from the record of a chaos trial; declared in chaos.hpp.
#include "harness/judge/chaos.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/clock.hpp"
#include "harness/base/text.hpp"
#include "harness/judge/chaos_signs.hpp"

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
    if (why.empty()) why = expectations();
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

  /// That a case fails during a fault says something only of one that passed before, and whatever is expected must have
  /// been asked meanwhile: otherwise the suite asks for what it does not look at.
  std::string expectations() const {
    for (const auto& [name, wanted] : said_["expect_during"].as_map()) {
      if (wanted.as_string() == "any") continue;
      const Answers answers = during_of(name);
      if (answers.passed + answers.failed == 0)
        return fmt::format(
            "{} was not asked to its end during the fault: a longer hold, or a shorter poll or every, "
            "gives it time",
            name);
      if (wanted.as_string() == "fail" && !passed_before(name))
        return fmt::format(
            "{} has to fail during the fault, and was not seen to pass before: give it a longer lead, or "
            "mend it",
            name);
    }
    return {};
  }

  bool passed_before(const std::string& name) const {
    const auto same = [&](const Source& source) { return source.name == name && well_before(timeline_, source); };
    return std::ranges::any_of(sources_of(timeline_), same);
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
    for (const Source& source : sources_of(timeline_)) {
      const Trouble trouble = trouble_of(timeline_, source);
      if (trouble.first == 0) continue;
      first_failure_ = first_failure_ == 0 ? trouble.first : std::min(first_failure_, trouble.first);
      if (source.role == "steady") continue;
      if (trouble.back == 0) still_wrong_ = source.is_traffic() ? "the load (or the writes)" : source.name;
      all_back_ = std::max(all_back_, trouble.back);
    }
    all_back_ = std::max(all_back_, recovered_);
  }

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
    metrics.set("time_to_recover", recovery(seen));
    metrics.set("outage", outage(seen));
    count_traffic(metrics);
    if (!said_["ledger"].is_null()) count_writes(metrics);
    return metrics;
  }

  /// When the target could begin to recover from a fault: when it began to be undone, or before, if nothing of it was
  /// left to undo by then. errors: that is not known
  Result<std::int64_t> over(std::size_t index) const {
    const FaultTimes& times = timeline_.faults[index];
    const Value& fault = said_["faults"].as_list()[index];
    struct Row {
      std::string_view kind, after;
    };
    static constexpr Row kByThemselves[] = {{"kill", "restart_after"},
                                            {"terminate", "restart_after"},
                                            {"restart", "after"},
                                            {"pause", "for"},
                                            {"crash_loop", ""}};
    const auto* row = std::ranges::find(kByThemselves, fault["fault"].as_string(), &Row::kind);
    if (row == std::end(kByThemselves)) return times.heal;
    const Value& after = fault["settings"][std::string(row->after)];
    if (after.is_number()) return std::min(times.heal, times.injected + after.as_int());
    if (row->kind == "pause" || !times.lived) return times.heal;
    if (!row->after.empty()) return times.injected;
    return Error{.what = "it was back before the fault was undone, and when it died last is not recorded"};
  }

  Value recovery(bool seen) const {
    if (recovered_ <= 0 || undone_ <= 0) return none("the steady state did not come back");
    if (!seen) return time(std::max<std::int64_t>(recovered_ - undone_, 0));
    std::int64_t last = 0;
    for (std::size_t i = 0; i < timeline_.faults.size(); ++i) {
      const auto moment = over(i);
      if (!moment.ok() && recovered_ < undone_) return none(moment.error().what);
      last = std::max(last, moment.ok() ? *moment : timeline_.faults[i].heal);
    }
    return time(std::max<std::int64_t>(recovered_ - last, 0));
  }

  Value outage(bool seen) const {
    if (recovered_ <= 0 || undone_ <= 0) return none("the steady state did not come back");
    if (!still_wrong_.empty()) return none(still_wrong_ + " had not come right again when the trial ended");
    return time(seen ? std::max<std::int64_t>(all_back_ - first_failure_, 0) : 0);
  }

  void count_traffic(Value& metrics) const {
    std::int64_t errors = 0, lost = 0, all = 0, requests = 0;
    for (const Traffic& traffic : timeline_.traffic) {
      if (!concerns(traffic.at, traffic.at + traffic.span)) continue;
      const bool before = traffic.failed() > 0 && traffic.last_failed < timeline_.begun();
      errors += before ? 0 : traffic.failed();
      lost += before ? 0 : traffic.lost;
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
    if (timeline_.left_out == 0) return;
    const std::string why = fmt::format("{} requests came too late to be kept", timeline_.left_out);
    for (const char* name : {"errors_during", "requests_lost", "outage"}) metrics.set(name, none(why));
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
      const bool unseen =
          ledger.each && (row.figure == &LedgerCount::out_of_order || row.figure == &LedgerCount::duplicated);
      Value figure = count(ledger.*row.figure, ledger.*row.of);
      if (!ledger.why.empty()) figure = none("the ledger could not be counted: " + ledger.why);
      if (unseen) figure = none("records were asked for one by one, so nobody saw how often or where they stand");
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

  struct Answers {
    std::int64_t passed = 0, failed = 0;
    std::string why;
  };
  /// A pass counts that was begun and ended while the faults were there; a failure counts that came while they were
  /// there, for a fault hits whoever is under way.
  Answers during_of(const std::string& name) const {
    Answers answers;
    std::int64_t injected = 0;
    for (const FaultTimes& fault : timeline_.faults)
      if (fault.injected > 0 && (injected == 0 || fault.injected < injected)) injected = fault.injected;
    const std::int64_t undone = timeline_.undone();
    for (const Asked& asked : timeline_.asked) {
      const bool tells = asked.name == name && (asked.role == "steady" || asked.role == "while");
      if (!tells || injected == 0) continue;
      if (asked.passed() && asked.at >= injected && (undone == 0 || asked.end() <= undone)) ++answers.passed;
      const bool hit = asked.end() > timeline_.begun() && (undone == 0 || asked.at < undone);
      if (asked.passed() || !hit) continue;
      ++answers.failed;
      if (answers.why.empty()) answers.why = asked.why.empty() ? asked.outcome : asked.why;
    }
    return answers;
  }

  std::string during() const {
    for (const auto& [name, wanted] : said_["expect_during"].as_map()) {
      if (wanted.as_string() == "any") continue;
      const auto [passed, failed, why] = during_of(name);
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
  std::int64_t all_back_ = 0;  ///< the steady state, and whatever else went wrong
  std::string still_wrong_;    ///< went wrong, and was not seen to be well again
};

/// A broken file that nobody was seen to open says nothing by itself.
bool is_seen_by_its_use(const Value& fault) {
  return fault["fault"].as_string() != "config" || fault["settings"]["must_be_opened"].as_bool();
}

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
  facts.ledger = said["ledger"].is_map();
  facts.load = observation.values["load"].is_map();
  for (const Value& name : said["steady_state"].as_list()) facts.steady_state.push_back(name.as_string());
  std::vector<std::string> services;
  for (const Value& fault : said["faults"].as_list()) {
    services.push_back(fault["service"].as_string());
    facts.faults.push_back({.kind = fault["fault"].as_string(),
                            .service = services.back(),
                            .signs = {},
                            .seen_by_its_use = is_seen_by_its_use(fault)});
    if (fault.find("course") != nullptr) facts.told.push_back(told(fault));
  }
  const auto text = observation.texts.find("timeline");
  if (text == observation.texts.end()) return facts;
  auto timeline = read_timeline(text->second);
  if (!timeline.ok()) return facts;
  facts.effect = !timeline->faults.empty() &&
                 std::ranges::all_of(timeline->faults, [](const FaultTimes& fault) { return fault.effect > 0; });
  facts.begun = timeline->begun();
  facts.healed = std::max(timeline->all_healed(), timeline->undone());
  const std::vector<Signs> signs = signs_of(*timeline, services);
  for (std::size_t i = 0; i < std::min(signs.size(), facts.faults.size()); ++i) facts.faults[i].signs = signs[i];
  facts.asked = std::move(timeline->asked);
  return facts;
}
}  // namespace mccoy::judge
