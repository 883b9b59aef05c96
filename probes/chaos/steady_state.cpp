#include "probes/chaos/steady_state.hpp"

#include <poll.h>

#include <algorithm>

namespace mccoy::chaos {
namespace {
/// A case that hangs because of a fault is asked anew after this time, or after several times what it takes else.
constexpr Duration kPatience = std::chrono::seconds(2);
constexpr int kTimes = 4;
}  // namespace

bool SteadyState::ask(const std::string& name) {
  const auto known = took_.find(name);
  const Deadline patience =
      known == took_.end() ? Deadline() : Deadline::in(std::max<Duration>(kPatience, kTimes * known->second));
  const auto answer = stage_.trial.neighbours->ask(name, "steady", stage_.trial.deadline.earlier(patience));
  stage_.chronicle.asked(name, "steady", answer);
  took_.try_emplace(name, answer.took);
  return answer.passed();
}

bool SteadyState::holds() {
  bool all = true;
  for (const std::string& name : stage_.ask.steady_state) all = ask(name) && all;
  return all;
}

void SteadyState::watch() {
  thread_ = std::thread([this] { go_on(); });
}

void SteadyState::go_on() {
  pollfd ended{over_.fd(), POLLIN, 0};
  do {
    const Instant began = Clock::now();
    if (!holds()) continue;
    const std::lock_guard lock(mutex_);
    good_round_ = began;
    any_good_ = true;
    changed_.notify_all();
  } while (::poll(&ended, 1, Deadline::in(stage_.ask.poll).poll_ms()) <= 0);
}

/// The end of the run is looked for now and then.
bool SteadyState::await_since(Instant since, Deadline deadline) {
  constexpr auto kLook = std::chrono::milliseconds(50);
  std::unique_lock lock(mutex_);
  const auto good = [&] { return any_good_ && good_round_ >= since; };
  while (!good() && !deadline.passed() && !stage_.trial.interrupt->raised()) changed_.wait_for(lock, kLook);
  return good();
}

void SteadyState::stop() {
  over_.raise();
  if (thread_.joinable()) thread_.join();
}
}  // namespace mccoy::chaos
