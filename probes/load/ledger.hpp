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
  /// The last complete second.
  Second last() const;
  /// Cells, seconds, stages and requests so far. For one thread; valid until its next call. What was handed in since
  /// the call before is added up outside the lock: the threads of the load never wait for it.
  const Report& so_far();
  Report take();  ///< the same without a copy; after all threads have left

 private:
  struct Open {
    Second figures;
    Histogram response;
  };
  void close_seconds();

  const Plan& plan_;
  Report report_;             ///< of the one who asks, and without what is `fresh_`
  std::size_t taken_ = 0;     ///< of `closed_`: in the report
  mutable std::mutex mutex_;  ///< of all below
  std::vector<Cell> fresh_;
  std::vector<Second> closed_;
  std::vector<std::uint32_t> seconds_of_;    ///< by thread: seconds handed in
  std::vector<std::uint64_t> in_flight_of_;  ///< by thread
  std::map<std::uint32_t, Open> open_;       ///< seconds some thread has yet to hand in
};
}  // namespace mccoy::load
