// From the inode of a socket to the processes that hold it, by /proc/PID/fd.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <span>
#include <vector>

namespace mccoy::witness {
struct SocketOwners {
  std::vector<pid_t> pids;       ///< sorted
  bool some_unreadable = false;  ///< nobody was found, and there were processes that we may not look into
};
/// Looks into `likely` first, then into the processes that were found by earlier questions, then into all; stops at the
/// first of these circles where somebody holds one of the sockets.
SocketOwners owners_of(std::span<const std::uint64_t> inodes, const std::vector<pid_t>& likely);
/// Inodes of all sockets a process holds; empty when we may not look.
std::vector<std::uint64_t> sockets_of(pid_t pid);
}  // namespace mccoy::witness
