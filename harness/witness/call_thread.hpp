// The thread that answers the watched calls of one command: it takes over the listener of the child's filter, looks at
// each call and lets it pass. Lives as long as anything runs below the command. Should it end before (because mccoy is
// killed), those calls fail with ENOSYS and nobody hangs.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "harness/base/owned.hpp"
#include "harness/base/process.hpp"
#include "harness/witness/call_faults.hpp"
#include "harness/witness/call_table.hpp"
#include "harness/witness/recorder.hpp"
#include "harness/witness/tracer.hpp"

namespace mccoy::witness {
class CallThread {
 public:
  CallThread() = default;
  CallThread(const CallThread&) = delete;
  ~CallThread() { end(); }
  /// Prepares a command that is about to be started. Where the kernel gives no notifications, ptrace shows the calls of
  /// a command; a service, which would be slowed down for its whole life, is left as it is.
  ///   counted  calls that are to be shown in order to be counted
  ///   faults   what is made to fail; may be null
  void watch(Command& command, Watching watching, const std::vector<std::string>& counted = {},
             std::shared_ptr<CallFaults> faults = {});
  /// Once nothing below the command lives any more, or it was never started.
  void end();
  /// Why nobody is watched, in words; "" while somebody is, or when it is not known yet.
  std::string why_not() const;
  /// Why it is watched by ptrace; "" when it is not.
  std::string why_traced() const;
  /// The command has been taken over, or has ended since.
  bool watches() const;

  /// One at a time with the thread: the calls of the command wait for it.
  template <class Work>
  auto with_recorder(Work work) {
    const std::lock_guard lock(mutex_);
    return work(recorder_);
  }

 private:
  void run();
  bool shake_hands();
  bool trace(pid_t pid, int error);
  void serve();
  void serve_traced();
  bool answer();
  void let_on(std::uint64_t id, int error);
  void let_on_who_waited();
  bool refuse(std::string why);

  /// A call that is made to wait.
  struct Held {
    std::uint64_t id = 0;
    std::int64_t until_ns = 0;  ///< CLOCK_MONOTONIC
    int error = 0;
  };

  UniqueFd ours_, theirs_, listener_;
  std::shared_ptr<CallFaults> faults_;
  std::vector<Held> held_;  ///< used by the thread only
  Interrupt stop_;
  std::thread thread_;
  Tracer tracer_;
  bool may_trace_ = false;
  std::atomic<bool> traces_ = false;  ///< the thread waits for processes and not for stop_
  mutable std::mutex mutex_;          ///< of what follows
  Recorder recorder_;
  std::string why_not_, why_traced_;
  bool watches_ = false;
};
}  // namespace mccoy::witness
