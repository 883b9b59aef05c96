#include "harness/witness/view.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/base/owned.hpp"
#include "harness/witness/tracee.hpp"

namespace mccoy::witness {
namespace {
/// Below a root, links are followed as the process would: those to absolute names lead below it.
UniqueFd open_below(int base, bool is_root, const std::string& path, std::uint64_t flags) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC | flags;
  how.resolve = is_root ? RESOLVE_IN_ROOT : 0;
  return UniqueFd(static_cast<int>(::syscall(SYS_openat2, base, path.c_str(), &how, sizeof how)));
}

bool leads_to(const std::string& path, int file) {
  struct stat here {
  }, there{};
  return ::stat(path.c_str(), &here) == 0 && ::fstat(file, &there) == 0 && here.st_dev == there.st_dev &&
         here.st_ino == there.st_ino;
}

/// The name of an open file or folder, for us; `there` is its name for those who can look through the process.
PlacedFile place_open(int file, std::string there) {
  std::string name = tracee::link(::getpid(), fmt::format("fd/{}", file));
  if (leads_to(name, file)) return {.path = std::move(name)};
  return {.path = std::move(there), .only_there = true};
}
}  // namespace

bool same_view(pid_t pid) {
  static const std::string kOurs = tracee::link(::getpid(), "ns/mnt");  // "mnt:[4026531841]"
  const std::string theirs = tracee::link(pid, "ns/mnt");
  return theirs.empty() || (theirs == kOurs && tracee::link(pid, "root") == "/");
}

std::optional<PlacedFile> place_file(pid_t pid, const std::string& base, const std::string& path) {
  const std::string base_name = fmt::format("/proc/{}/{}", pid, base), there = base_name + "/" + path;
  const UniqueFd start(::open(base_name.c_str(), O_PATH | O_CLOEXEC));
  const bool is_root = base == "root";
  const auto slash = path.rfind('/');
  const std::string folder_name = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const UniqueFd folder = open_below(start.get(), is_root, folder_name, O_DIRECTORY);
  if (!folder) return std::nullopt;
  const UniqueFd target = open_below(start.get(), is_root, path, 0);
  PlacedFile placed = place_open(folder.get(), base_name + "/" + folder_name);
  placed.path += "/" + path.substr(slash + 1);
  // ".", "..", and a link at the end that leads elsewhere for the process than for us.
  if (target && !leads_to(placed.path, target.get())) return place_open(target.get(), there);
  return placed;
}
}  // namespace mccoy::witness
