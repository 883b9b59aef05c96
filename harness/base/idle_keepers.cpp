#include "harness/base/idle_keepers.hpp"

#include <poll.h>
#include <signal.h>

#include <mutex>
#include <vector>

#include "harness/base/guardian.hpp"

namespace mccoy {
namespace {
constexpr std::size_t kMostIdle = 64;

struct Idle {
  UniqueFd control;
  pid_t keeper = 0;
};
struct Pool {
  std::mutex mutex;
  std::vector<Idle> idle;
};
Pool& pool() {
  static Pool keepers;
  return keepers;
}

/// A keeper that was killed, or has something left to say, is none to rely on.
bool is_quiet(const Idle& idle) {
  pollfd control{idle.control.get(), POLLIN | POLLRDHUP, 0};
  return ::poll(&control, 1, 0) == 0;
}
}  // namespace

Result<UniqueFd> take_keeper() {
  Pool& keepers = pool();
  const std::lock_guard lock(keepers.mutex);
  while (!keepers.idle.empty()) {
    Idle idle = std::move(keepers.idle.back());
    keepers.idle.pop_back();
    if (!is_quiet(idle)) continue;
    ::kill(idle.keeper, SIGCONT);  // its last command may have stopped it
    return std::move(idle.control);
  }
  return new_keeper();
}

void give_back_keeper(UniqueFd control, pid_t keeper) {
  Pool& keepers = pool();
  const std::lock_guard lock(keepers.mutex);
  if (keepers.idle.size() < kMostIdle) keepers.idle.push_back({std::move(control), keeper});
}

void let_idle_keepers_go() {
  Pool& keepers = pool();
  const std::lock_guard lock(keepers.mutex);
  keepers.idle.clear();
}
}  // namespace mccoy
