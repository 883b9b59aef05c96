// What a process hands to the program it is about to become: descriptors of files, pipes and sockets that stay open
// across execve. A shell opens the file of `worker > file` and the worker fills it.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "harness/witness/file_state.hpp"

namespace mccoy::witness {
struct GivenDescriptor {
  enum class Kind : std::uint8_t { file, pipe, socket } kind = Kind::file;
  bool reads = false, writes = false;
  std::uint64_t device = 0, inode = 0;
  std::int64_t size = 0, mtime_ns = 0;  ///< of a regular file, at this moment
  std::string path = {};                ///< of a regular file: where the kernel says it is
  /// Of a file that may be written: processes that had opened it and live, and what each had written by then.
  struct Opener {
    pid_t pid = 0;
    std::int64_t wrote = -1;
  };
  std::vector<Opener> openers = {};
  std::int64_t moment = 0;  ///< see FileLog::moment()
};
struct GivenDescriptors {
  std::vector<GivenDescriptor> list = {};
  bool all = true;  ///< false: there were more than are looked at, or the process could not be looked into
};
/// Of a thread that waits in execve. Looks at the first 64 that are open; devices and those closed by execve are left
/// out.
GivenDescriptors given_by(pid_t thread);
}  // namespace mccoy::witness
