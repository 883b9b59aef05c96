#include "harness/witness/held_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include "harness/base/file.hpp"
#include "harness/base/process.hpp"
#include "harness/base/text.hpp"
#include "harness/witness/responder.hpp"

namespace mccoy::witness {
namespace {
using evidence::HeldFile;
using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;
constexpr std::int64_t kMostBytes = 16 << 20;  ///< of /proc/PID/maps

/// Of /proc/PID/fdinfo/N: the octal flags of open(2).
bool is_for_writing(pid_t pid, std::string_view number) {
  const auto text = read_file(fmt::format("/proc/{}/fdinfo/{}", pid, number), 64 << 10);
  constexpr std::string_view kKey = "flags:\t";
  const auto at = text.ok() ? text->find(kKey) : std::string::npos;
  unsigned flags = 0;
  if (at == std::string::npos) return false;
  const char* begin = text->data() + at + kKey.size();
  std::from_chars(begin, text->data() + text->size(), flags, 8);
  return (flags & O_ACCMODE) != O_RDONLY;
}

/// Calls `take` with the number of each descriptor and what it stands for, until it says that this is enough.
void each_descriptor(pid_t pid, const std::function<bool(std::string_view number, std::string_view target)>& take) {
  const Folder folder(::opendir(fmt::format("/proc/{}/fd", pid).c_str()), &::closedir);
  std::array<char, PATH_MAX> target;
  while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
    if (entry->d_name[0] == '.') continue;
    const ssize_t length = ::readlinkat(::dirfd(folder.get()), entry->d_name, target.data(), target.size());
    if (length > 0 && take(entry->d_name, {target.data(), static_cast<std::size_t>(length)})) return;
  }
}

class Finder {
 public:
  explicit Finder(const std::function<bool(std::string_view)>& wanted) : wanted_(wanted) {}

  void look_into(pid_t pid) {
    each_descriptor(pid, [&](std::string_view number, std::string_view target) {
      if (target.starts_with('/') && wanted_(target)) entry(pid, target).writes |= is_for_writing(pid, number);
      return false;
    });
    const auto maps = read_file(fmt::format("/proc/{}/maps", pid), kMostBytes);
    if (!maps.ok()) return;
    for (const std::string& line : split(*maps, '\n')) {  // "from-to rw-s offset device inode   path"
      const auto path = line.find('/');
      const auto mode = line.find(' ');
      if (path == std::string::npos || mode + 5 > path || line[mode + 4] != 's' || !wanted_(line.substr(path)))
        continue;
      HeldFile& held = entry(pid, std::string_view(line).substr(path));
      held.mapped = true;
      held.writes |= line[mode + 2] == 'w';
    }
  }
  std::vector<HeldFile> take() { return std::move(found_); }

 private:
  HeldFile& entry(pid_t pid, std::string_view path) {
    const auto known =
        std::ranges::find_if(found_, [&](const HeldFile& held) { return held.by.id.pid == pid && held.path == path; });
    if (known != found_.end()) return *known;
    found_.push_back({.path = std::string(path), .by = see_process(pid)});
    return found_.back();
  }

  const std::function<bool(std::string_view)>& wanted_;
  std::vector<HeldFile> found_;
};
}  // namespace

std::vector<HeldFile> held_files(const std::vector<pid_t>& pids, const std::function<bool(std::string_view)>& wanted) {
  Finder finder(wanted);
  for (const pid_t pid : pids) finder.look_into(pid);
  return finder.take();
}

bool written_by_others(const std::string& path, const std::vector<pid_t>& pids) {
  struct stat file {};
  if (::stat(path.c_str(), &file) != 0) return false;
  const auto holds = [&](pid_t pid) {
    bool found = false;
    each_descriptor(pid, [&](std::string_view number, std::string_view target) {
      struct stat theirs {};
      found = target.starts_with('/') && ::stat(fmt::format("/proc/{}/fd/{}", pid, number).c_str(), &theirs) == 0 &&
              theirs.st_dev == file.st_dev && theirs.st_ino == file.st_ino && is_for_writing(pid, number);
      return found;
    });
    return found;
  };
  const auto all = process_table(false);
  return std::ranges::any_of(all, [&](const ProcessInfo& process) {
    return std::ranges::find(pids, process.id.pid) == pids.end() && holds(process.id.pid);
  });
}
}  // namespace mccoy::witness
