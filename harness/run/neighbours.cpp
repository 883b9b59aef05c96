#include "harness/run/neighbours.hpp"

#include <algorithm>

namespace mccoy::run {
/// Waiting for it to come true (`until`) is the asker's, who asks again.
Neighbours::Answer NeighbourTrials::ask(const std::string& name, std::string_view role, Deadline deadline) {
  const suite::Case* found = context_.suite.find_case(name);
  MCCOY_CHECK(found != nullptr);
  suite::Case asked = *found;
  asked.within = std::min(asked.within, std::max<Duration>(deadline.left(), std::chrono::milliseconds(1)));
  const std::string phase = judge::neighbour_phase(place_.phase, place_.attempt, role, name);
  int attempt = 0;
  {
    const std::lock_guard lock(mutex_);
    attempt = ++attempts_[phase];
  }
  const Instant began = Clock::now();
  const TrialRun run = run_trial(context_, asked, {}, {phase, attempt, 1, asker_.id, true});
  Answer answer{.outcome = std::string(judge::to_text(run.outcome())),
                .why = run.why(),
                .began = began,
                .took = Clock::now() - began,
                .attempt = attempt};
  const std::lock_guard lock(mutex_);
  asked_.push_back({name, std::string(role), attempt, run.outcome(), judge::services_in(run.trial.facts)});
  return answer;
}

std::vector<judge::Neighbour> NeighbourTrials::take() {
  const std::lock_guard lock(mutex_);
  return std::move(asked_);
}
}  // namespace mccoy::run
