#include "harness/target/machine_memory.hpp"

#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>

#include "harness/base/file.hpp"

namespace mccoy::target {
namespace {
/// The number behind "NAME " or "NAME:" at the start of a line.
std::optional<std::int64_t> number_after(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    std::int64_t number = 0;
    if (word == name && file >> number) return number;
    file.ignore(4096, '\n');
  }
  return std::nullopt;
}

/// nullopt: no such file, or "max".
std::optional<std::int64_t> number_in(const std::string& path) {
  std::ifstream file(path);
  std::int64_t number = 0;
  if (file >> number) return number;
  return std::nullopt;
}

struct Hierarchy {
  std::string mount, path, limit_file, usage_file, cache_name;
};

/// Where the control groups that bound memory are mounted, and our place below; version 1 or 2.
std::optional<Hierarchy> find_hierarchy() {
  std::string own_v1, own_v2;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const auto controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    if (controllers.find(",memory,") != std::string::npos) own_v1 = line.substr(second + 1);
    if (controllers == ",,") own_v2 = line.substr(second + 1);
  }
  std::ifstream mounts("/proc/self/mounts");
  std::optional<Hierarchy> second_version;
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string device, mount, type, options;
    words >> device >> mount >> type >> options;
    if (type == "cgroup" && !own_v1.empty() && ("," + options + ",").find(",memory,") != std::string::npos)
      return Hierarchy{mount, own_v1, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"};
    if (type == "cgroup2") second_version = Hierarchy{mount, own_v2, "memory.max", "memory.current", "inactive_file"};
  }
  return second_version;
}

/// The tightest bound of our control group and the ones above it.
void bound_by_groups(const Hierarchy& hierarchy, MemoryLeft& left) {
  for (std::string path = hierarchy.path; !path.empty(); path = path == "/" ? "" : dirname(path)) {
    const auto folder = hierarchy.mount + (path == "/" ? "" : path) + "/";
    const auto limit = number_in(folder + hierarchy.limit_file), used = number_in(folder + hierarchy.usage_file);
    if (!limit || !used) continue;
    const auto cache = number_after(folder + "memory.stat", hierarchy.cache_name).value_or(0);
    const auto room = std::max<std::int64_t>(0, *limit - (*used - cache));
    if (room < left.bytes) left = {room, "control group " + path};
  }
}
}  // namespace

Result<MemoryLeft> memory_left() {
  const auto available_kib = number_after("/proc/meminfo", "MemAvailable:");
  if (!available_kib) return Error{.what = "/proc/meminfo does not say how much memory is available"};
  MemoryLeft left{*available_kib * 1024, "the machine"};
  if (const auto hierarchy = find_hierarchy()) bound_by_groups(*hierarchy, left);
  return left;
}
}  // namespace mccoy::target
