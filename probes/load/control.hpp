// What the threads of a run share: when it began, whether to stop, who is told about connections.
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "harness/base/owned.hpp"
#include "harness/base/random.hpp"
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
  std::uint64_t files_most = UINT64_MAX;  ///< connections at a time: the run needs files besides them
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> journeys_begun = 0;  ///< closed model

  /// Whether the hook wants to see a connection of this target now, or one of the end.
  ///   at  nanoseconds since the load began
  bool wants_exchange(std::size_t target, std::int64_t at) const {
    return at >= looks_[target].next.load(std::memory_order_relaxed);
  }
  bool wants_last(std::size_t target) const { return looks_[target].last.load(std::memory_order_relaxed) > 0; }
  void exchanged(std::size_t target, std::int64_t at, int fd, std::int64_t bytes_out, std::int64_t bytes_in);
  void exchanged_last(std::size_t target, int fd, std::int64_t bytes_out, std::int64_t bytes_in);

 private:
  /// Of the connections of one target.
  struct Looks {
    std::atomic<std::int64_t> next = INT64_MAX;  ///< from this moment on one more is wanted
    std::atomic<std::int64_t> last = 0;          ///< so many at the end
    std::int64_t first = 0;                      ///< so many at once
    std::int64_t gap = 0;                        ///< to the next one, on average
  };
  std::int64_t next_gap(Looks& looks);
  std::mutex mutex_;
  std::vector<Looks> looks_;  ///< by target
  Random random_;             ///< not to be foreseen by the target
};

/// What a thread knows at its end.
struct Outcome {
  ThreadHealth health;
  Histogram lag, read_lag;
  Duration away = {};
  std::uint64_t journeys_begun = 0, journeys_finished = 0, journeys_cut_off = 0;
  std::uint64_t open_max = 0, retransmits = 0, retransmits_of = 0;
  std::vector<Connections> connections;
  std::vector<Peer> peers;
  std::vector<NonceSample> nonces;
  Duration load_elapsed = {};
};
}  // namespace mccoy::load
