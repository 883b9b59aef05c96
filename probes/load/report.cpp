#include "probes/load/report.hpp"

#include <algorithm>
#include <numeric>

namespace mccoy::load {
namespace {
constexpr std::array<std::string_view, kCauses> kCauseTexts = {
    "refused",    "unreachable",        "resolve",  "connect timeout",  "tls",
    "reset",      "closed early",       "protocol", "response timeout", "too large",
    "no capture", "too large to check", "no ports", "no files"};

void add_each(std::vector<std::uint64_t>& into, const std::vector<std::uint64_t>& from) {
  if (into.size() != from.size()) return into.clear();
  for (std::size_t i = 0; i < into.size(); ++i) into[i] += from[i];
}

template <class Wanted>
Tally sum_of(const std::vector<Cell>& cells, Wanted wanted) {
  Tally sum;
  bool first = true;
  for (const auto& cell : cells) {
    if (!wanted(cell)) continue;
    if (std::exchange(first, false)) {
      sum = cell.tally;
    } else {
      sum.merge(cell.tally);
    }
  }
  return sum;
}
}  // namespace

std::string_view to_text(Cause cause) {
  return kCauseTexts.at(static_cast<std::size_t>(cause));
}

std::string_view to_text(Ended ended) {
  constexpr std::string_view kTexts[] = {"finished", "interrupted", "aborted", "deadline"};
  return kTexts[static_cast<std::size_t>(ended)];
}

std::uint64_t Tally::failures() const {
  return std::accumulate(failed.begin(), failed.end(), std::uint64_t{0});
}

std::uint64_t Tally::of_class(int hundreds) const {
  std::uint64_t count = 0;
  for (const auto& [status, times] : statuses)
    if (status / 100 == hundreds) count += times;
  return count;
}

void add_statuses(Tally& tally, const std::vector<std::pair<int, std::uint64_t>>& statuses) {
  auto& into = tally.statuses;
  for (const auto& [status, count] : statuses) {
    auto place = std::ranges::lower_bound(into, status, {}, &std::pair<int, std::uint64_t>::first);
    if (place == into.end() || place->first != status) place = into.insert(place, {status, 0});
    place->second += count;
  }
}

void Tally::merge(const Tally& other) {
  static constexpr std::uint64_t Tally::*kSums[] = {
      &Tally::due,  &Tally::dropped_late,   &Tally::dropped,   &Tally::never_sent, &Tally::sent,
      &Tally::ok,   &Tally::check_failed,   &Tally::abandoned, &Tally::came,       &Tally::came_bytes,
      &Tally::late, &Tally::late_generator, &Tally::bytes_out, &Tally::bytes_in};
  for (const auto sum : kSums) this->*sum += other.*sum;
  for (std::size_t i = 0; i < kCauses; ++i) failed[i] += other.failed[i];
  add_statuses(*this, other.statuses);
  add_each(checks_run, other.checks_run);
  add_each(checks_failed, other.checks_failed);
  response.merge(other.response);
  service.merge(other.service);
  arrival.merge(other.arrival);
  failure.merge(other.failure);
}

Tally Report::all() const {
  return sum_of(cells, [&](const Cell& cell) { return stages[cell.stage].counted; });
}

Tally Report::of_request(std::size_t request) const {
  return sum_of(cells, [&](const Cell& cell) { return cell.request == request && stages[cell.stage].counted; });
}

Tally Report::of_stage(std::size_t stage) const {
  return sum_of(cells, [&](const Cell& cell) { return cell.stage == stage; });
}

Tally Report::of(std::size_t stage, std::size_t request) const {
  return sum_of(cells, [&](const Cell& cell) { return cell.stage == stage && cell.request == request; });
}

double Report::counted_seconds() const {
  Duration sum = {};
  for (const auto& stage : stages)
    if (stage.counted) sum += std::max(Duration{}, std::min(stage.end, load_elapsed) - stage.begin);
  return std::chrono::duration<double>(sum).count();
}
}  // namespace mccoy::load
