#include "harness/witness/file_state.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "harness/base/digest.hpp"

namespace mccoy::witness {
namespace {
constexpr std::int64_t kNsPerSecond = 1'000'000'000;
using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;

std::int64_t nanoseconds(const struct statx_timestamp& time) {
  return time.tv_sec * kNsPerSecond + time.tv_nsec;
}

std::optional<FileState> statx_of(const std::string& path, int flags) {
  struct statx found {};
  if (::statx(AT_FDCWD, path.c_str(), flags | AT_NO_AUTOMOUNT, STATX_BASIC_STATS | STATX_BTIME, &found) != 0) return {};
  FileState state{.device = makedev(found.stx_dev_major, found.stx_dev_minor),
                  .inode = found.stx_ino,
                  .size = static_cast<std::int64_t>(found.stx_size),
                  .mtime_ns = nanoseconds(found.stx_mtime),
                  .ctime_ns = nanoseconds(found.stx_ctime),
                  .born_ns = (found.stx_mask & STATX_BTIME) != 0 ? nanoseconds(found.stx_btime) : 0,
                  .regular = S_ISREG(found.stx_mode),
                  .link_to = {}};
  if (S_ISLNK(found.stx_mode)) {
    std::array<char, PATH_MAX> target;
    const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
    if (length > 0) state.link_to.assign(target.data(), static_cast<std::size_t>(length));
  }
  return state;
}
}  // namespace

std::optional<FileState> state_of(const std::string& path) {
  auto itself = statx_of(path, AT_SYMLINK_NOFOLLOW);
  if (!itself || itself->link_to.empty()) return itself;
  auto target = statx_of(path, 0);
  if (!target) return itself;  // it leads nowhere
  target->link_to = std::move(itself->link_to);
  return target;
}

std::int64_t file_clock_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return std::int64_t{now.tv_sec} * kNsPerSecond + now.tv_nsec;
}

OlderFiles::OlderFiles(const std::string& folder) {
  if (const auto top = statx_of(folder, 0)) walk(folder, top->device);
  for (std::size_t at = 0; at < files_.size(); ++at) {
    by_inode_.emplace(std::pair(files_[at].state.device, files_[at].state.inode), at);
    by_size_.emplace(files_[at].state.size, at);
  }
}

void OlderFiles::walk(const std::string& folder, std::uint64_t device) {
  std::vector<std::string> waiting{folder};
  while (!waiting.empty()) {
    const std::string here = std::move(waiting.back());
    waiting.pop_back();
    const Folder open(::opendir(here.c_str()), &::closedir);
    if (!open) continue;
    while (const dirent* entry = ::readdir(open.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      const std::string path = here + "/" + std::string(name);
      auto state = statx_of(path, AT_SYMLINK_NOFOLLOW);
      if (!state || state->device != device) continue;
      if (files_.size() == kMost) {
        complete_ = false;
        return;
      }
      const bool folder_below = !state->regular && state->link_to.empty() && entry->d_type != DT_LNK;
      if (state->regular) files_.push_back({path, {}, std::move(*state)});
      if (folder_below && (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN)) waiting.push_back(path);
    }
  }
}

std::string OlderFiles::name_of(const FileState& file) const {
  const auto found = by_inode_.find({file.device, file.inode});
  if (found == by_inode_.end()) return {};
  const Known& known = files_[found->second];
  const bool reused = known.state.born_ns != file.born_ns;  // the number was given to a new file
  return reused ? std::string() : known.path;
}

std::string OlderFiles::with_bytes(std::int64_t size, const std::string& sha256, const std::string& not_this) {
  if (size == 0) return {};
  for (auto [at, end] = by_size_.equal_range(size); at != end; ++at) {
    Known& known = files_[at->second];
    if (known.path == not_this) continue;
    const auto now = state_of(known.path);
    if (!now || !now->same_file(known.state) || now->mtime_ns != known.state.mtime_ns) continue;
    if (known.sha256.empty())
      if (auto digest = sha256_file(known.path); digest.ok()) known.sha256 = std::move(*digest);
    if (known.sha256 == sha256) return known.path;
  }
  return {};
}
}  // namespace mccoy::witness
