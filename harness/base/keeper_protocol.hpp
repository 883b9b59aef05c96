// What mccoy and a keeper say to each other, on a SOCK_SEQPACKET pair of their own.
//   mccoy -> keeper   one StartRequest with three descriptors (stdin, stdout, stderr) and, for a watched command, the
//                     socket to its watcher; then its payload in further packets;
//                     later the end of the stream, which means "kill all that is left"
//   keeper -> mccoy   Started (with a pidfd of the root) or StartFailed; RootEnded; Gone; then the end of the stream
// When RootEnded says that nothing is left (and no cgroup has to be removed), there is no Gone: the keeper waits for
// another StartRequest. Any other end of the stream without Gone means that the keeper was killed.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace mccoy {
/// Payload: the call filter, then strings, each ended by NUL: path to execute, working directory, argv[0..argc),
/// env[0..envc).
struct StartRequest {
  std::uint64_t payload_bytes = 0;
  std::uint32_t filter_bytes = 0;  ///< 0: not watched
  std::uint32_t argc = 0, envc = 0;
  mode_t umask = 022;
  bool change_user = false;
  uid_t uid = 0;
  gid_t gid = 0;
  bool want_cgroup = false;
  bool no_network = false;
  bool private_mounts = false;
};

/// The step of a start that failed; see step_name().
enum class StartStep : std::int32_t {
  none,
  fork,
  receive,
  cgroup,
  session,
  redirect,
  network,
  mounts,
  watch,
  user,
  chdir,
  exec
};

struct KeeperReport {
  enum class Kind : std::int32_t { started, start_failed, root_ended, gone };
  Kind kind = Kind::start_failed;
  StartStep step = StartStep::none;
  std::int32_t error = 0;       ///< errno of start_failed
  pid_t keeper = 0, root = 0;   ///< of started
  std::int64_t root_ticks = 0;  ///< start time of the root, see ProcessId
  bool in_cgroup = false;       ///< of started
  bool empty = false;           ///< of root_ended: nothing else is left below the keeper
  bool exited = false;          ///< of root_ended
  std::int32_t code = 0;
  std::int64_t wall_ns = 0;
  std::int64_t user_cpu_us = 0, system_cpu_us = 0, max_rss_kib = 0;  ///< of root_ended and gone, of all reaped so far
};

/// Serves one command on `control` and never returns. Runs in a fresh child of the guardian, with all signals blocked.
[[noreturn]] void keep(int control);
}  // namespace mccoy
