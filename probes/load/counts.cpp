#include "probes/load/counts.hpp"

namespace mccoy::load {
Counts::Counts(std::size_t checks) {
  tally.checks_run.resize(checks);
  tally.checks_failed.resize(checks);
}

CountsTable::CountsTable(std::size_t stages, std::vector<std::size_t> checks_of_request)
    : cells_(stages * checks_of_request.size()), checks_(std::move(checks_of_request)) {}

void CountsTable::clear(Counts& counts) {
  Tally empty;
  Tally& tally = counts.tally;
  for (auto* histogram : {&tally.response, &tally.service, &tally.arrival, &tally.failure}) histogram->clear();
  empty.response = std::move(tally.response);  // their memory is kept
  empty.service = std::move(tally.service);
  empty.arrival = std::move(tally.arrival);
  empty.failure = std::move(tally.failure);
  empty.checks_run.assign(tally.checks_run.size(), 0);
  empty.checks_failed.assign(tally.checks_failed.size(), 0);
  tally = std::move(empty);
  counts.statuses.fill(0);
  counts.touched = false;
}
}  // namespace mccoy::load
