#include "probes/load/control.hpp"

namespace mccoy::load {
Control::Control(const Plan& the_plan, const Hooks& the_hooks, std::size_t thread_count)
    : plan(the_plan),
      hooks(the_hooks),
      threads(thread_count),
      ledger(the_plan, thread_count),
      left_(the_plan.targets().size()) {
  for (auto& left : left_) left = hooks.exchanged ? static_cast<std::int64_t>(hooks.exchanges) : 0;
}

void Control::exchanged(std::size_t target, int fd, std::int64_t bytes_out, std::int64_t bytes_in) {
  const std::lock_guard lock(mutex_);
  if (left_[target] <= 0) return;
  --left_[target];
  hooks.exchanged(fd, bytes_out, bytes_in);
}
}  // namespace mccoy::load
