// The timeline of a chaos trial, read; declared in chaos.hpp.
#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/judge/chaos.hpp"

namespace mccoy::judge {
namespace {
constexpr std::size_t kMostFaults = 1000;

void take_fault(const Value& line, Timeline& timeline) {
  struct Event {
    std::string_view name;
    std::int64_t FaultTimes::*moment;
  };
  static constexpr Event kEvents[] = {{"inject", &FaultTimes::inject}, {"injected", &FaultTimes::injected},
                                      {"effect", &FaultTimes::effect}, {"heal", &FaultTimes::heal},
                                      {"healed", &FaultTimes::healed}, {"verified", &FaultTimes::verified}};
  const auto index = static_cast<std::size_t>(std::max<std::int64_t>(line["fault"].as_int(), 0));
  if (index >= kMostFaults) return;
  if (timeline.faults.size() <= index) timeline.faults.resize(index + 1);
  FaultTimes& fault = timeline.faults[index];
  const std::string& event = line["event"].as_string();
  const auto* row = std::ranges::find(kEvents, event, &Event::name);
  if (row != std::end(kEvents)) {
    fault.*(row->moment) = std::max<std::int64_t>(line["at"].as_int(), 1);
    return;
  }
  if (event == "fell-short") {
    fault.fell_short = line["text"].as_string();
    return;
  }
  if (event == "lived") {
    fault.lived = true;
    return;
  }
  fault.gone = fault.gone || event == "gone";
  fault.text = line["text"].as_string();
}

Traffic traffic_of(const Value& line) {
  Traffic traffic{.at = line["at"].as_int(),
                  .span = line["span"].as_int(),
                  .ok = line["ok"].as_int(),
                  .errors = line["errors"].as_int(),
                  .lost = line["lost"].as_int()};
  traffic.first_failed = line["first_failed"].as_int(traffic.at);
  traffic.last_failed = line["last_failed"].as_int(traffic.at + traffic.span);
  return traffic;
}

void take(const Value& line, Timeline& timeline) {
  const std::string& what = line["what"].as_string();
  if (what == "asked")
    timeline.asked.push_back({.name = line["case"].as_string(),
                              .role = line["role"].as_string(),
                              .outcome = line["outcome"].as_string(),
                              .why = line["why"].as_string(),
                              .at = line["at"].as_int(),
                              .took = line["took"].as_int(),
                              .attempt = line["attempt"].as_int()});
  else if (what == "traffic")
    timeline.traffic.push_back(traffic_of(line));
  else if (what == "left-out")
    timeline.left_out += line["requests"].as_int();
  else if (what == "fault")
    take_fault(line, timeline);
  else if (what == "service")
    timeline.last_words.push_back(line["text"].as_string());
}
}  // namespace

Result<Timeline> read_timeline(const Output& text) {
  if (!text.whole()) return Error{.what = "the recorded timeline is not whole"};
  Timeline timeline;
  for (const std::string& line : split(text.text(), '\n')) {
    if (line.empty()) continue;
    MCCOY_TRY(value, from_json(line));
    take(value, timeline);
  }
  return timeline;
}

std::int64_t Timeline::begun() const {
  std::int64_t first = 0;
  for (const FaultTimes& fault : faults)
    if (fault.inject > 0 && (first == 0 || fault.inject < first)) first = fault.inject;
  return first;
}

std::int64_t Timeline::undone() const {
  std::int64_t last = 0;
  for (const FaultTimes& fault : faults) last = std::max(last, fault.heal);
  return last;
}

std::int64_t Timeline::all_healed() const {
  std::int64_t last = 0;
  for (const FaultTimes& fault : faults) {
    if (fault.healed == 0) return 0;
    last = std::max(last, fault.healed);
  }
  return last;
}
}  // namespace mccoy::judge
