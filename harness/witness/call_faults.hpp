// System calls of a service that are made to fail or to wait, through the listener that watches it anyway: the program,
// its files and the kernel are left alone. Only calls that the filter shows can fail, so what will fail is told before
// the service starts (trapped()). Faults outlive a restart of the service. Thread-safe.
//
// Not reached: calls through io_uring, and those of programs whose kernel interface is not this machine's own.
#pragma once
#include <linux/seccomp.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/base/random.hpp"

namespace mccoy::witness {
/// Which calls, and what becomes of them. All conditions must hold.
struct CallFault {
  std::vector<std::string> calls;  ///< names, as fault_calls() lists them
  int error = 0;                   ///< errno; 0: they are carried out
  Duration delay{};                ///< before that
  std::string path = {};           ///< glob of the file they are about, absolute; "" = any
  std::string address = {};        ///< globs of "HOST:PORT" they connect or send to, a space between; "" = any
  double share = 1;                ///< of the calls that match, 0 < share <= 1, by the seed
  std::int64_t nth = 0;            ///< only the n-th call that matches, counted from 1; 0: all
  std::uint64_t seed = 0;
  Deadline expiry = {};
};
struct CallCounts {
  std::int64_t seen = 0;     ///< of these names
  std::int64_t matched = 0;  ///< of these, path and address, too
  std::int64_t hit = 0;      ///< of these, failed or waited
};

class CallFaults {
 public:
  explicit CallFaults(std::vector<std::string> trapped);
  const std::vector<std::string>& trapped() const { return trapped_; }

  std::uint64_t arm(CallFault fault);
  CallCounts counts(std::uint64_t id) const;  ///< also after disarm()
  bool is_armed(std::uint64_t id) const;
  void disarm(std::uint64_t id);

  struct Decision {
    int error = 0;
    std::int64_t delay_ns = 0;
    bool hits() const { return error != 0 || delay_ns != 0; }
  };
  /// What is to become of a call that waits. Cheap when nothing is armed.
  Decision decide(const seccomp_notif& call);

 private:
  struct Armed {
    CallFault fault;
    CallCounts counts;
    Random random{0};
    bool armed = true;
  };
  bool matches(const Armed& armed, const seccomp_notif& call) const;

  const std::vector<std::string> trapped_;
  std::atomic<int> armed_ = 0;
  mutable std::mutex mutex_;  ///< of what follows
  std::map<std::uint64_t, Armed> faults_;
  std::uint64_t last_id_ = 0;
};

/// Names of all calls that can be made to fail.
std::vector<std::string_view> fault_calls();
/// 0: there is no such error.
int error_number(std::string_view name);
std::string error_name(int error);
}  // namespace mccoy::witness
