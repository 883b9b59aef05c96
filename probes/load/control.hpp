// What the threads of a run share: when it began, whether to stop, who is told about connections.
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "harness/base/owned.hpp"
#include "probes/load/engine.hpp"
#include "probes/load/ledger.hpp"

namespace mccoy::load {
class Control {
 public:
  Control(const Plan& plan, const Hooks& hooks, std::size_t threads);

  const Plan& plan;
  const Hooks& hooks;
  const std::size_t threads;
  Ledger ledger;
  Instant origin;  ///< the moment 0 of the load
  Duration grid = {};
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> journeys_begun = 0;  ///< counted only when there is a limit

  /// Whether the hook wants to see one more connection of this target.
  bool wants_exchange(std::size_t target) const { return left_[target].load(std::memory_order_relaxed) > 0; }
  void exchanged(std::size_t target, int fd, std::int64_t bytes_out, std::int64_t bytes_in);

 private:
  std::mutex mutex_;
  std::vector<std::atomic<std::int64_t>> left_;  ///< by target
};

/// What a thread knows at its end.
struct Outcome {
  ThreadHealth health;
  Histogram lag;
  std::uint64_t journeys_begun = 0, journeys_finished = 0;
  std::uint64_t open_max = 0, retransmits = 0, retransmits_of = 0;
  std::vector<Connections> connections;
  std::vector<Peer> peers;
  std::vector<NonceSample> nonces;
  Duration load_elapsed = {};
};
}  // namespace mccoy::load
