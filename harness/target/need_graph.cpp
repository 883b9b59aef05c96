#include "harness/target/need_graph.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace mccoy::target {
void in_order(const std::vector<std::vector<std::size_t>>& before, const std::function<void(std::size_t)>& work) {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<bool> done(before.size(), false);
  const auto can_begin = [&](std::size_t node) {
    return std::all_of(before[node].begin(), before[node].end(), [&](std::size_t needed) { return done[needed]; });
  };
  const auto run = [&](std::size_t node) {
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return can_begin(node); });
    }
    work(node);
    const std::lock_guard lock(mutex);
    done[node] = true;
    changed.notify_all();
  };
  std::vector<std::thread> threads;
  for (std::size_t node = 0; node < before.size(); ++node) threads.emplace_back(run, node);
  for (auto& thread : threads) thread.join();
}
}  // namespace mccoy::target
