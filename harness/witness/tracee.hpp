// Looking into a process that waits in a watched call: its memory, its descriptors, its view of the file system.
// What memory says can be changed by another thread before the kernel reads it; what counts is the state afterwards.
#pragma once
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/owned.hpp"

namespace mccoy::witness::tracee {
/// Copies as much as can be read. returns  bytes copied
std::size_t read_bytes(pid_t pid, std::uint64_t address, void* into, std::size_t bytes);
/// A text ended by NUL, at most PATH_MAX bytes. The view is good until the thread's next call. nullopt: unreadable.
std::optional<std::string_view> read_text(pid_t pid, std::uint64_t address);
/// argv of execve: at most 256 words and 32 KiB; what is beyond is left out.
///   pointer_bytes  4 or 8
std::vector<std::string> read_words(pid_t pid, std::uint64_t address, std::size_t pointer_bytes);
/// The target of /proc/PID/NAME, a symbolic link; empty when it cannot be read.
std::string link(pid_t pid, std::string_view name);
/// A copy of a descriptor of the process. It keeps what it stands for open: let go of it at once.
UniqueFd copy_descriptor(int pidfd, int fd);

/// What /proc/PID/stat says.
struct Stat {
  char state = '?';
  pid_t parent = 0;
  std::int64_t start_ticks = 0;
  std::uint64_t arg_start = 0;  ///< address of the arguments: another one after each execve; 0: not shown
  int exit_status = 0;          ///< as wait(2) gives it, of a zombie
};
std::optional<Stat> stat_of(pid_t pid);
/// The process this thread belongs to; 0: it is gone.
pid_t process_of(pid_t thread);
std::vector<pid_t> children_of_thread(pid_t pid, pid_t thread);
/// Does the process see the files of this machine under the same names as we do?
bool same_view(pid_t pid);
uid_t owner_of(pid_t pid);
}  // namespace mccoy::witness::tracee
