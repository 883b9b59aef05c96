// Where the threads hand in what they counted: the totals of the run and its course by the second. Thread-safe.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <vector>

#include "probes/load/counts.hpp"
#include "probes/load/plan.hpp"

namespace mccoy::load {
class Ledger {
 public:
  Ledger(const Plan& plan, std::size_t threads);  ///< the plan must outlive it

  /// What a thread counted since it handed in before.
  ///   second     the one that just ended, the same or later ones than before
  ///   in_flight  of the thread, now
  ///   stage      the stage of the load now
  void hand_in(std::size_t thread, std::uint32_t second, CountsTable& counts, std::uint64_t in_flight,
               std::size_t stage);
  /// A thread has ended: seconds no longer wait for it.
  void leave(std::size_t thread);
  /// Cells, seconds, stages and requests so far.
  Report so_far() const;
  Report take();  ///< the same without a copy; after all threads have left

 private:
  struct Open {
    Second figures;
    Histogram response;
  };
  void add(std::size_t stage, std::size_t request, const Counts& counts);
  Cell& cell(std::size_t stage, std::size_t request);
  void close_seconds();

  const Plan& plan_;
  mutable std::mutex mutex_;
  Report report_;
  std::vector<std::uint32_t> seconds_of_;    ///< by thread: seconds handed in
  std::vector<std::uint64_t> in_flight_of_;  ///< by thread
  std::map<std::uint32_t, Open> open_;       ///< seconds some thread has yet to hand in
};
}  // namespace mccoy::load
