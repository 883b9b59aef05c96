// The system calls the witness is told of: one table, from which the filter and the way back from a number to a call
// are made. Everything else runs at full speed and is not seen.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/error.hpp"

namespace mccoy::witness {
/// Calls that are handled alike; where their arguments differ, WatchedCall says how.
enum class Call : std::uint8_t {
  exec,        ///< path, argv
  exit_group,  ///< status
  exit,        ///< status
  open,        ///< path, flags
  openat2,     ///< path, struct open_how
  creat,       ///< path
  truncate,    ///< path
  rename,      ///< path, second path
  link,        ///< path, second path
  symlink,     ///< text, second path
  unlink,      ///< path
  make,        ///< path: mkdir, mknod
  chdir,       ///< path, or a descriptor
  connect,
  bind,
  listen,
  accept,
  sendto,
  sendmsg,     ///< struct msghdr
  sendmmsg,    ///< struct mmsghdr[], how many
  socketcall,  ///< 32-bit x86: number of the call, pointer to its arguments
  kill,        ///< pid, signal
  tgkill,      ///< process, thread, signal
  pidfd_kill,  ///< descriptor, signal
  identity,    ///< setuid and the like
  clone3,      ///< struct clone_args
  notice,      ///< only that it was called
  count,       ///< how often it was called; only when it was asked for
};

struct WatchedCall {
  Call call = Call::notice;
  const char* name = "";
  std::int8_t folder = -1;  ///< argument that holds the folder's descriptor of the (first) path; -1: the working folder
  std::int8_t path = -1;    ///< argument that points to the (first) path
  std::int8_t folder2 = -1, path2 = -1;
  std::int8_t flags = -1;  ///< of open: argument with its flags
};

/// The call of this number on this architecture (AUDIT_ARCH_*); null for one that is not in the table.
const WatchedCall* watched_call(std::uint32_t arch, int number);
/// What the filter decides: is this call shown? Some are only with certain arguments; countable ones always are.
bool is_shown(std::uint32_t arch, int number, const std::uint64_t (&arguments)[6]);
/// Can calls of this name be counted? They cost nothing unless they are asked for.
bool is_countable(std::string_view name);
/// Which calls are shown. Of a service, those that come with every request and tell nothing its evidence needs are left
/// out: accept, sendmsg, and opening a file only to read it where no claim is about that.
enum class Watching : std::uint8_t { command, service, service_reads };
/// The filter for this machine: all ABIs its kernel runs.
///   counted  countable calls that are to be shown as well
///   trapped  calls that are to be shown whatever their arguments, because they may be made to fail (call_faults.hpp)
///   errors   the seccomp library cannot make it
Result<std::string> call_filter(Watching watching, const std::vector<std::string>& counted = {},
                                const std::vector<std::string>& trapped = {});
}  // namespace mccoy::witness
