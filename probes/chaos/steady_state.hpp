// Asks the cases of the steady state again and again, in a thread of its own, and knows since when they have all
// passed.
#pragma once
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "probes/chaos/background.hpp"

namespace mccoy::chaos {
class SteadyState {
 public:
  explicit SteadyState(const Stage& stage) : stage_(stage) {}
  ~SteadyState() { stop(); }
  /// Each case once, in this thread. True: all passed.
  bool holds();
  void watch();  ///< begins to ask again and again
  /// Waits for a round that was begun after `since` and in which all passed.
  bool await_since(Instant since, Deadline deadline);
  void stop();  ///< lets the round that is under way end

 private:
  void go_on();
  bool ask(const std::string& name);

  const Stage& stage_;
  std::map<std::string, Duration> took_;  ///< before the faults; of each case the longest patience comes from it
  std::thread thread_;
  Interrupt over_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Instant good_round_{};  ///< begin of the last round in which all passed
  bool any_good_ = false;
};
}  // namespace mccoy::chaos
