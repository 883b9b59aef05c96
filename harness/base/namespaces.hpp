// Doing something in the namespaces of another process: a child of ours enters them, does it and ends. No shell, no
// change to our own namespaces. Needs root.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "harness/base/owned.hpp"
#include "harness/base/process.hpp"

namespace mccoy {
/// Mounts the file `source` over the file `point`, as the process sees both.
///   errors  it has ended; it shares its mounts with us, so that others would see it, too
Status mount_for(const ProcessId& process, const std::string& source, const std::string& point);
Status unmount_for(const ProcessId& process, const std::string& point);
/// Inode of the network namespace of the process, which says which one it is; 0: it has ended.
std::uint64_t inode_of_network(const ProcessId& process);
/// A path that leads to the network with this inode: where it is mounted ("/run/netns/NAME"), else through a process
/// that is in it. "": neither is left, so it has gone with everything in it
std::string find_network(std::uint64_t inode);
/// That of the process. Should it have ended, the one with this inode (0: none), if find_network() finds it.
/// none: it is gone
UniqueFd open_network(const ProcessId& process, std::uint64_t inode);
/// Runs a program of the system (from /usr/sbin, /sbin, /usr/bin, /bin) in this network and waits for it.
///   errors  there is no such program, it exited with another status than 0
Status run_in_network(int network, std::vector<std::string> argv);
/// Has it a namespace of this kind ("net", "mnt") that is not ours?
bool has_own_namespace(const ProcessId& process, const char* kind);
}  // namespace mccoy
