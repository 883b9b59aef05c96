#include "probes/load/ledger.hpp"

#include <algorithm>
#include <numeric>

namespace mccoy::load {
namespace {
std::vector<std::pair<int, std::uint64_t>> statuses_of(const Counts& counts) {
  std::vector<std::pair<int, std::uint64_t>> list;
  for (std::size_t i = 0; i < counts.statuses.size(); ++i)
    if (counts.statuses[i] != 0) list.emplace_back(static_cast<int>(i) + Counts::kStatusFirst, counts.statuses[i]);
  return list;
}

void add_to(Second& second, const Tally& tally) {
  second.due += tally.due;
  second.dropped += tally.dropped;
  second.sent += tally.sent;
  second.finished += tally.finished();
  second.ok += tally.ok;
  second.errors += tally.check_failed + tally.failures();
}

Cell& cell_in(std::vector<Cell>& cells, std::size_t stage, std::size_t request) {
  const auto before = [](const Cell& cell, std::pair<std::size_t, std::size_t> key) {
    return std::pair(cell.stage, cell.request) < key;
  };
  auto place = std::lower_bound(cells.begin(), cells.end(), std::pair(stage, request), before);
  if (place == cells.end() || place->stage != stage || place->request != request)
    place = cells.insert(place, Cell{stage, request, {}});
  return *place;
}

void add(std::vector<Cell>& cells, std::size_t stage, std::size_t request, const Tally& tally) {
  Tally& total = cell_in(cells, stage, request).tally;
  total.checks_run.resize(tally.checks_run.size());
  total.checks_failed.resize(tally.checks_failed.size());
  total.merge(tally);
}

StageInfo info(const Plan& plan, std::size_t stage) {
  const Stage& asked = plan.profile().stages[stage];
  const auto& part = plan.course().parts()[stage];
  const bool open = plan.profile().model == Model::open;
  return {asked.name, asked.counted, part.begin, part.end, open ? part.count : 0};
}
}  // namespace

Ledger::Ledger(const Plan& plan, std::size_t threads) : plan_(plan), seconds_of_(threads), in_flight_of_(threads) {
  report_.model = plan.profile().model;
  const std::uint64_t most = plan.profile().max_journeys;
  const bool limited = report_.model == Model::open && most > 0;
  report_.asked_until = limited ? plan.course().when(static_cast<double>(most)) : plan.course().span();
  for (std::size_t stage = 0; stage < plan.profile().stages.size(); ++stage)
    report_.stages.push_back(info(plan, stage));
  for (const auto& journey : plan.journeys())
    for (const auto& step : journey.steps) {
      RequestInfo request{step.asked->name, journey.asked->name, plan.profile().targets[step.asked->target].name, {}};
      for (const auto& check : step.asked->checks) request.checks.push_back(check.name);
      report_.requests.push_back(std::move(request));
    }
}

void Ledger::hand_in(std::size_t thread, std::uint32_t second, CountsTable& counts, std::uint64_t in_flight,
                     std::size_t stage) {
  const std::lock_guard lock(mutex_);
  for (std::uint32_t at = seconds_of_[thread]; at <= second; ++at) open_[at].figures.second = at;
  Open& open = open_[second];
  counts.hand_in(stage, [&](std::size_t of_stage, std::size_t request, const Counts& handed) {
    add_to(open.figures, handed.tally);
    open.response.merge(handed.tally.response);
    add(fresh_, of_stage, request, handed.tally);
    add_statuses(cell_in(fresh_, of_stage, request).tally, statuses_of(handed));
  });
  in_flight_of_[thread] = in_flight;
  seconds_of_[thread] = second + 1;
  close_seconds();
}

void Ledger::leave(std::size_t thread) {
  const std::lock_guard lock(mutex_);
  seconds_of_[thread] = UINT32_MAX;
  in_flight_of_[thread] = 0;
  close_seconds();
}

/// A second is over when every thread has handed it in.
void Ledger::close_seconds() {
  const std::uint32_t reached = *std::ranges::min_element(seconds_of_);
  while (!open_.empty() && open_.begin()->first < reached) {
    auto& [second, open] = *open_.begin();
    Second& figures = open.figures;
    figures.asked = plan_.course().value_at(std::chrono::milliseconds(std::int64_t{second} * 1000 + 500));
    figures.in_flight = std::accumulate(in_flight_of_.begin(), in_flight_of_.end(), std::uint64_t{0});
    figures.p50 = open.response.percentile(0.50);
    figures.p95 = open.response.percentile(0.95);
    figures.p99 = open.response.percentile(0.99);
    figures.max = open.response.max();
    closed_.push_back(figures);
    open_.erase(open_.begin());
  }
}

Second Ledger::last() const {
  const std::lock_guard lock(mutex_);
  return closed_.empty() ? Second{} : closed_.back();
}

const Report& Ledger::so_far() {
  std::vector<Cell> fresh;
  Duration until{};
  {
    const std::lock_guard lock(mutex_);
    fresh.swap(fresh_);
    report_.seconds.insert(report_.seconds.end(), closed_.begin() + static_cast<std::ptrdiff_t>(taken_), closed_.end());
    taken_ = closed_.size();
    until = std::chrono::seconds(*std::ranges::min_element(seconds_of_));
  }
  report_.load_elapsed = std::min(until, plan_.course().span());
  if (report_.cells.empty()) {
    report_.cells = std::move(fresh);
    return report_;
  }
  for (const Cell& cell : fresh) add(report_.cells, cell.stage, cell.request, cell.tally);
  return report_;
}

Report Ledger::take() {
  so_far();
  report_.load_elapsed = {};
  return std::move(report_);
}
}  // namespace mccoy::load
