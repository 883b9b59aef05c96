// Doing something in the namespaces of another process: a child of ours enters them, does it and ends. No shell, no
// change to our own namespaces. Needs root.
#pragma once
#include <string>
#include <vector>

#include "harness/base/process.hpp"

namespace mccoy {
/// Mounts the file `source` over the file `point`, as the process sees both.
///   errors  it has ended; it shares its mounts with us, so that others would see it, too
Status mount_for(const ProcessId& process, const std::string& source, const std::string& point);
Status unmount_for(const ProcessId& process, const std::string& point);
/// Runs a program of the system (from /usr/sbin, /sbin, /usr/bin, /bin) in the network of the process and waits for it.
///   errors  it has ended, there is no such program, it exited with another status than 0
Status run_in_network_of(const ProcessId& process, std::vector<std::string> argv);
/// Has it a namespace of this kind ("net", "mnt") that is not ours?
bool has_own_namespace(const ProcessId& process, const char* kind);
}  // namespace mccoy
