// A cgroup v2 for one command, where the system lets us make one: killed whole by one write, whoever forked what.
#pragma once
#include <optional>
#include <string>

#include "harness/base/owned.hpp"

namespace mccoy {
/// The folder of the cgroup v2 we are in; empty when none is mounted.
std::string own_cgroup();
/// Where the cgroup of a keeper is, if it has one.
std::string cgroup_of_keeper(pid_t keeper);
/// Makes an empty cgroup that can be killed. False when that is not allowed here.
bool make_cgroup(const std::string& path);
UniqueFd open_cgroup_procs(const std::string& path);
/// SIGKILL to every member, those of cgroups below as well.
void kill_cgroup(const std::string& path);
/// Removes it with the cgroups below; true when nothing is there any more. Members that are alive prevent it.
bool remove_cgroup(const std::string& path);
}  // namespace mccoy
