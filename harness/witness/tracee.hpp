// Looking into a process that waits in a watched call: its memory, its descriptors, its view of the file system.
// What memory says can be changed by another thread before the kernel reads it; what counts is the state afterwards.
#pragma once
#include <sys/types.h>

#include <array>
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
/// argv or envp of execve; what is beyond is left out.
///   pointer_bytes  4 or 8
enum class Words {
  first,  ///< at most 256 words and 32 KiB
  all,    ///< at most 4,096 words and 1 MiB
};
std::vector<std::string> read_words(pid_t pid, std::uint64_t address, std::size_t pointer_bytes,
                                    Words which = Words::first);
/// The target of /proc/PID/NAME, a symbolic link; empty when it cannot be read.
std::string link(pid_t pid, std::string_view name);
/// A copy of a descriptor of the process. It keeps what it stands for open: let go of it at once.
UniqueFd copy_descriptor(int pidfd, int fd);

/// What /proc/PID/stat says.
struct Stat {
  char state = '?';
  pid_t parent = 0;
  std::int64_t start_ticks = 0;
  std::string name = {};  ///< what the process calls itself: the file's name after an execve
  int exit_status = 0;    ///< as wait(2) gives it, of a zombie
};
std::optional<Stat> stat_of(pid_t pid);
/// Bytes that a process has written so far, by any call of write and wherever to; those of its children are added when
/// it waits for them. nullopt: the kernel does not count.
std::optional<std::int64_t> written_by(pid_t pid);
/// How a process ended, as wait(2) gives it, also after it was waited for. nullopt: it lives, or the kernel (before
/// 6.15) does not tell.
std::optional<int> exit_status_of(int pidfd);
/// 16 random bytes the kernel gives each image at execve, also where its addresses are always the same.
using ImageStamp = std::array<char, 16>;
ImageStamp stamp_of(pid_t pid);  ///< zeros: not to be had
/// The process this thread belongs to; 0: it is gone.
pid_t process_of(pid_t thread);
std::vector<pid_t> children_of_thread(pid_t pid, pid_t thread);
}  // namespace mccoy::witness::tracee
