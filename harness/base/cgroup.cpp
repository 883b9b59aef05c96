#include "harness/base/cgroup.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace mccoy {
namespace {
/// The path of our cgroup inside the hierarchy: the "0::" line.
std::optional<std::string> path_in_hierarchy() {
  std::ifstream lines("/proc/self/cgroup");
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("0::")) return line.substr(3);
  return std::nullopt;
}

struct Mount {
  std::string root, point;
};
/// proc(5): "36 35 98:0 ROOT POINT OPTIONS [TAGS] - TYPE SOURCE OPTIONS"
std::optional<Mount> cgroup2_mount() {
  std::ifstream lines("/proc/self/mountinfo");
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" - cgroup2 ") == std::string::npos) continue;
    std::istringstream fields(line);
    std::string id, parent, device;
    Mount mount;
    if (fields >> id >> parent >> device >> mount.root >> mount.point) return mount;
  }
  return std::nullopt;
}
}  // namespace

std::string own_cgroup() {
  const auto inside = path_in_hierarchy();
  const auto mount = cgroup2_mount();
  if (!inside || !mount) return {};
  std::string below = *inside;
  if (mount->root != "/") {
    if (!below.starts_with(mount->root)) return {};
    below.erase(0, mount->root.size());
  }
  while (!below.empty() && below.back() == '/') below.pop_back();
  return mount->point + below;
}

std::string cgroup_of_keeper(pid_t keeper) {
  const std::string own = own_cgroup();
  return own.empty() ? own : own + "/mccoy-" + std::to_string(keeper);
}

bool make_cgroup(const std::string& path) {
  if (path.empty()) return false;
  if (::mkdir(path.c_str(), 0755) != 0) {
    // Left by a keeper with our number, which cannot be alive any more.
    if (errno != EEXIST || !remove_cgroup(path) || ::mkdir(path.c_str(), 0755) != 0) return false;
  }
  if (::access((path + "/cgroup.kill").c_str(), W_OK) == 0) return true;
  ::rmdir(path.c_str());
  return false;
}

UniqueFd open_cgroup_procs(const std::string& path) {
  return UniqueFd(::open((path + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
}

void kill_cgroup(const std::string& path) {
  const UniqueFd kill(::open((path + "/cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC));
  if (kill) [[maybe_unused]]
    auto written = ::write(kill.get(), "1", 1);
}

bool remove_cgroup(const std::string& path) {
  if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return true;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error))
    if (entry.is_directory(error)) remove_cgroup(entry.path().string());
  return ::rmdir(path.c_str()) == 0 || errno == ENOENT;
}
}  // namespace mccoy
