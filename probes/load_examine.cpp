#include "probes/load_examine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "harness/base/file.hpp"
#include "harness/judge/checks.hpp"
#include "harness/suite/gate.hpp"
#include "harness/suite/reading.hpp"
#include "probes/load/engine.hpp"
#include "probes/load_plan.hpp"

namespace mccoy::probes {
namespace {
/// What the harness needs beside the load: connections, the drain, the counters.
constexpr Duration kBesides = std::chrono::seconds(30);
constexpr double kErrorsIfUnsaid = 0.01;
/// Loads are made one at a time: two would take processors from one another, and be in each other's counters.
constexpr const char* kLock = "load";

/// The fields that were given, and the head, as one map.
Value all_said(const suite::Case& which) {
  Value all = Value::map({{"load", which.head.value}});
  for (const auto& [name, located] : which.settings) all.set(name, located.value);
  return all;
}

std::string folder_of(std::string_view file) {
  std::error_code unknown;
  const auto path = std::filesystem::absolute(std::string(file), unknown);
  return path.parent_path().string();
}

suite::Check arrived(const ArrivalsAsk& ask, suite::Comparison::Kind sign, double limit) {
  return suite::to_check({.metric = "arrived",
                          .sort = suite::MetricSort::share,
                          .aggregate = suite::Gate::Aggregate::share,
                          .labels = {},
                          .sign = sign,
                          .limit = limit},
                         ask.span);
}

/// Exactly what was sent, or within the tolerance, or no less.
void add_arrivals(const ArrivalsAsk& ask, std::vector<suite::Check>& checks) {
  using Kind = suite::Comparison::Kind;
  const bool exact = ask.tolerance == 0;
  if (exact && !ask.at_least) return checks.push_back(arrived(ask, Kind::eq, 1));
  checks.push_back(arrived(ask, Kind::ge, 1 - ask.tolerance));
  if (!ask.at_least) checks.push_back(arrived(ask, Kind::le, 1 + ask.tolerance));
}

/// The values one label has in the unlabelled gates' place: a gate for each request, or for each stage, is as good.
bool has_each(const std::vector<std::string>& names, const std::vector<std::string>& stated) {
  return !names.empty() && std::ranges::all_of(names, [&](const std::string& name) {
    return std::ranges::find(stated, name) != stated.end();
  });
}

/// `expect: { errors: ">= 0" }` is about errors, and says nothing of how many there may be.
bool allows_nothing_but_errors(const suite::Check& check) {
  evidence::Observation worst;
  worst.values.set("errors", std::int64_t{1} << 50).set("error_share", 1.0);
  return judge::evaluate(check, worst).held == judge::Held::yes;
}

/// Whether the case says of all its requests how many may fail.
bool is_about_errors(const suite::Case& which, const LoadPlan& plan) {
  std::vector<std::string> requests, stages, counted;
  for (const load::Stage& stage : plan.profile.stages)
    if (stage.counted) counted.push_back(stage.name);
  for (const suite::Check& check : which.checks) {
    const auto gate = suite::gate_of(check);
    const std::string& about = gate.ok() ? gate->metric : check.subject.source;
    if (about != "errors" && about != "error_share" && about != "checks") continue;
    if (!gate.ok() && allows_nothing_but_errors(check)) continue;
    if (!gate.ok() || gate->labels.empty()) return true;
    if (gate->labels.size() > 1) continue;
    (gate->labels.front().first == "request" ? requests : stages).push_back(gate->labels.front().second);
  }
  return has_each(plan.requests, requests) || has_each(counted, stages);
}

/// Times and rates are those of wrong answers, too: a case that says nothing of errors allows fewer than one in a
/// hundred.
void add_errors(const LoadPlan& plan, suite::Case& which) {
  if (is_about_errors(which, plan)) return;
  which.checks.push_back(suite::to_check({.metric = "errors",
                                          .sort = suite::MetricSort::share,
                                          .aggregate = suite::Gate::Aggregate::share,
                                          .labels = {},
                                          .sign = suite::Comparison::Kind::lt,
                                          .limit = kErrorsIfUnsaid},
                                         which.head.span));
}

void settle_time(suite::Reading& reading, const suite::Node& node, const LoadPlan& plan, suite::Case& which) {
  const Duration needed = plan.span();
  const suite::Node* within = node.find("within");
  if (within == nullptr) {
    which.within = std::max(which.within, needed + plan.profile.drain + kBesides);
  } else if (which.within < needed) {
    reading.add(*within,
                fmt::format("the load takes {}, but the case is ended after {}", human_duration(needed),
                            human_duration(which.within)),
                "give it more time, or leave within out: it then follows from the load");
  }
}
}  // namespace

std::vector<std::string> load_labels(std::string_view selector, const suite::Node& node) {
  std::vector<std::string> names;
  const auto keys = [&names](const suite::Node* map) {
    if (map == nullptr || !map->is_map()) return;
    for (std::size_t i = 0; i < map->size(); ++i) names.push_back(map->key(i).text);
  };
  if (selector == "request") {
    keys(node.find("requests"));
    const suite::Node* sequences = node.find("sequences");
    for (std::size_t i = 0; sequences != nullptr && sequences->is_map() && i < sequences->size(); ++i)
      keys(sequences->value(i).find("steps"));
    if (names.empty()) names.emplace_back(kOnlyRequest);
    return names;
  }
  const suite::Node* stages = node.find("stages");
  if (node.find("warm_up") != nullptr) names.emplace_back(kWarmUp);
  if (stages == nullptr) names.emplace_back(kOnlyStage);
  const std::size_t count = stages == nullptr ? 0 : stages->is_list() ? stages->size() : 1;
  for (std::size_t i = 0; i < count; ++i) {
    const suite::Node* name = (stages->is_list() ? stages->items[i] : *stages).find("name");
    names.push_back(name != nullptr ? name->text : fmt::format("stage {}", i + 1));
  }
  return names;
}

void examine_load(suite::Reading& reading, const suite::Node& node, suite::Case& which) {
  const Value all = all_said(which);
  auto plan = plan_load(Said(all, node, reading.file()), folder_of(reading.file()));
  if (!plan.ok()) return reading.add(std::move(plan).error());
  if (const auto kept = load::check_cells(plan->requests.size(), plan->profile.stages.size()); !kept.ok())
    return reading.add(Error{.where = node.span(reading.file()), .what = kept.error().what, .hint = "leave some out"});
  settle_time(reading, node, *plan, which);
  if (plan->arrivals) add_arrivals(*plan->arrivals, which.checks);
  add_errors(*plan, which);
  if (std::ranges::find(which.locks, kLock) == which.locks.end()) which.locks.emplace_back(kLock);
}
}  // namespace mccoy::probes
