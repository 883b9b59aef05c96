// The last steps before a command's own code: from a clone of the keeper to execve.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>

#include "harness/base/keeper_protocol.hpp"
#include "harness/base/owned.hpp"

namespace mccoy {
struct Launch {
  const char* path = nullptr;
  char* const* argv = nullptr;  ///< ended by a null pointer, as env
  char* const* env = nullptr;
  const char* cwd = nullptr;
  int stdio[3] = {-1, -1, -1};
  const StartRequest* request = nullptr;
  char* filter = nullptr;  ///< request->filter_bytes of it; may be changed
  int watcher = -1;        ///< socket to who watches; -1: nobody
  int cgroup_procs = -1;   ///< open for writing; -1: no cgroup
};

struct Launched {
  pid_t pid = -1;
  UniqueFd pidfd;
  StartStep failed_step = StartStep::none;  ///< none: it runs
  int error = 0;
  std::int64_t exec_ns = 0;  ///< CLOCK_MONOTONIC just before execve
};

/// Starts the command as a child with a session, standard streams, umask, user and folder of its own, no signal blocked
/// and no core file. Returns once it runs its own code or has failed (then it is reaped already).
/// Only for a process with one thread and all descriptors above 2 close-on-exec.
Launched launch(const Launch& order);
std::int64_t monotonic_ns();
}  // namespace mccoy
