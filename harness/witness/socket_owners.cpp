#include "harness/witness/socket_owners.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace mccoy::witness {
namespace {
constexpr std::size_t kRemembered = 32;
using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;

/// "socket:[12345]"
std::uint64_t inode_in(std::string_view link) {
  constexpr std::string_view kBefore = "socket:[";
  std::uint64_t inode = 0;
  if (!link.starts_with(kBefore)) return 0;
  std::from_chars(link.data() + kBefore.size(), link.data() + link.size(), inode);
  return inode;
}

/// Calls `take` with the inode of each socket until it says that this is enough. False: we may not look.
bool each_socket(pid_t pid, const std::function<bool(std::uint64_t)>& take) {
  const Folder folder(::opendir(("/proc/" + std::to_string(pid) + "/fd").c_str()), &::closedir);
  if (!folder) return errno != EACCES && errno != EPERM;
  const int at = ::dirfd(folder.get());
  char link[64];
  while (const dirent* entry = ::readdir(folder.get())) {
    if (entry->d_name[0] == '.') continue;
    const ssize_t length = ::readlinkat(at, entry->d_name, link, sizeof link);
    if (length <= 0) continue;
    const std::uint64_t inode = inode_in({link, static_cast<std::size_t>(length)});
    if (inode != 0 && take(inode)) break;
  }
  return true;
}

bool holds_one(pid_t pid, std::span<const std::uint64_t> inodes, bool& unreadable) {
  bool found = false;
  const bool readable = each_socket(pid, [&](std::uint64_t inode) {
    found = std::ranges::find(inodes, inode) != inodes.end();
    return found;
  });
  unreadable |= !readable;
  return found;
}

std::vector<pid_t> all_pids() {
  std::vector<pid_t> pids;
  const Folder folder(::opendir("/proc"), &::closedir);
  if (!folder) return pids;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    pid_t pid = 0;
    const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (problem == std::errc() && end == name.data() + name.size()) pids.push_back(pid);
  }
  return pids;
}

/// Who was found lately: a server asked once is mostly asked again.
class Acquaintances {
 public:
  std::vector<pid_t> pids() {
    const std::lock_guard lock(mutex_);
    return pids_;
  }
  void add(const std::vector<pid_t>& found) {
    const std::lock_guard lock(mutex_);
    for (const pid_t pid : found) {
      std::erase(pids_, pid);
      pids_.insert(pids_.begin(), pid);
    }
    if (pids_.size() > kRemembered) pids_.resize(kRemembered);
  }

 private:
  std::mutex mutex_;
  std::vector<pid_t> pids_;
};
Acquaintances& acquaintances() {
  static Acquaintances known;
  return known;
}
}  // namespace

SocketOwners owners_of(std::span<const std::uint64_t> inodes, const std::vector<pid_t>& likely) {
  SocketOwners owners;
  if (inodes.empty()) return owners;
  const auto look_into = [&](const std::vector<pid_t>& circle) {
    for (const pid_t pid : circle)
      if (holds_one(pid, inodes, owners.some_unreadable)) owners.pids.push_back(pid);
    return !owners.pids.empty();
  };
  if (!look_into(likely) && !look_into(acquaintances().pids())) look_into(all_pids());
  std::ranges::sort(owners.pids);
  owners.some_unreadable &= owners.pids.empty();
  acquaintances().add(owners.pids);
  return owners;
}

std::vector<std::uint64_t> sockets_of(pid_t pid) {
  std::vector<std::uint64_t> inodes;
  each_socket(pid, [&](std::uint64_t inode) {
    inodes.push_back(inode);
    return false;
  });
  return inodes;
}
}  // namespace mccoy::witness
