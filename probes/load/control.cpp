#include "probes/load/control.hpp"

#include <algorithm>

namespace mccoy::load {
namespace {
constexpr std::int64_t kFirstGap = 10'000'000;
}  // namespace

Control::Control(const Plan& the_plan, const Hooks& the_hooks, std::size_t thread_count)
    : plan(the_plan),
      hooks(the_hooks),
      threads(thread_count),
      ledger(the_plan, thread_count),
      looks_(the_plan.targets().size()),
      random_(fresh_seed()) {
  if (!hooks.exchanged) return;
  for (Looks& looks : looks_) {
    looks.first = static_cast<std::int64_t>(hooks.exchanges);
    looks.last = static_cast<std::int64_t>(hooks.exchanges_last);
    if (looks.first > 0 || hooks.exchange_every > Duration{}) looks.next = 0;
  }
}

void Control::exchanged(std::size_t target, std::int64_t at, int fd, std::int64_t bytes_out, std::int64_t bytes_in) {
  const std::lock_guard lock(mutex_);
  Looks& looks = looks_[target];
  if (at < looks.next) return;
  const bool goes_on = hooks.exchange_every > Duration{};
  if (--looks.first <= 0) looks.next = goes_on ? at + next_gap(looks) : INT64_MAX;
  hooks.exchanged(fd, bytes_out, bytes_in);
}

/// Twice as long each time until it is long enough: a load may be over much sooner than it was asked to be.
std::int64_t Control::next_gap(Looks& looks) {
  looks.gap = std::min(std::max(kFirstGap, 2 * looks.gap), std::int64_t{hooks.exchange_every.count()});
  return static_cast<std::int64_t>(static_cast<double>(looks.gap) * (0.5 + random_.unit()));
}

void Control::exchanged_last(std::size_t target, int fd, std::int64_t bytes_out, std::int64_t bytes_in) {
  const std::lock_guard lock(mutex_);
  if (looks_[target].last <= 0) return;
  --looks_[target].last;
  hooks.exchanged(fd, bytes_out, bytes_in);
}
}  // namespace mccoy::load
