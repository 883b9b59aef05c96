// Who makes a call, and with what: of the parts of the recorder only.
#pragma once
#include <linux/seccomp.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "harness/witness/recorder.hpp"

namespace mccoy::witness {
struct Recorder::Caller {
  const seccomp_notif& notification;
  WatchedCall call;
  Watched& process;
  std::array<std::uint64_t, 6> args{};
  bool narrow = false;  ///< pointers of 4 bytes

  pid_t thread() const { return static_cast<pid_t>(notification.pid); }
  int fd(int argument) const { return static_cast<int>(args[static_cast<std::size_t>(argument)]); }
  std::uint64_t arg(int argument) const { return args[static_cast<std::size_t>(argument)]; }
};
}  // namespace mccoy::witness
