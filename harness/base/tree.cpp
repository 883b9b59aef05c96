// Whole folders, removed and copied; declared in file.hpp.
#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"

namespace mccoy {
namespace {
constexpr int kFollowNot = AT_SYMLINK_NOFOLLOW;
constexpr std::size_t kOpenLevelsMax = 64;  ///< of a tree that is removed: deeper folders are first moved up
constexpr std::size_t kCopyLevelsMax = 200;

/// Removes what is in a folder. Goes on after an error and keeps the first.
class Remover {
 public:
  Remover(int top, dev_t device) : top_(top), device_(device) {}

  void empty_folder(int fd, const std::string& path, std::size_t level) {
    const auto entries = read_folder(fd);
    if (!entries.ok()) return note(path, entries.error().cause.value());
    for (const auto& entry : *entries) remove_entry(fd, entry.name, path + '/' + entry.name, level);
  }
  /// Folders that lay too deep, now direct children of the top.
  bool moved_some() { return std::exchange(moved_some_, false); }
  void note(const std::string& path, int errno_value) {
    if (first_.ok()) first_ = system_error(path, errno_value);
  }
  Status status() { return std::move(first_); }

 private:
  void remove_entry(int parent, const std::string& name, const std::string& path, std::size_t level) {
    struct stat status {};
    if (::fstatat(parent, name.c_str(), &status, kFollowNot) != 0) return note_unless_gone(path, errno);
    if (!S_ISDIR(status.st_mode)) {
      if (::unlinkat(parent, name.c_str(), 0) != 0) note_unless_gone(path, errno);
      return;
    }
    if (status.st_dev != device_) return note(path, EBUSY);  // another file system is mounted here: not ours to empty
    if (level >= kOpenLevelsMax && move_up(parent, name)) return;
    remove_folder(parent, name, path, level);
  }

  void remove_folder(int parent, const std::string& name, const std::string& path, std::size_t level) {
    if (const UniqueFd fd = open_folder(parent, name)) {
      empty_folder(fd.get(), path, level + 1);
    } else {
      note_unless_gone(path, errno);
    }
    if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0) note_unless_gone(path, errno);
  }

  /// A folder that even its owner may not list or change is made accessible first.
  static UniqueFd open_folder(int parent, const std::string& name) {
    if (::fchmodat(parent, name.c_str(), 0700, kFollowNot) != 0) {
      // What cannot be opened up is refused below, with its reason.
    }
    return UniqueFd(::openat(parent, name.c_str(), kOpenFolder | O_NOFOLLOW));
  }

  bool move_up(int parent, const std::string& name) {
    const std::string free_name = "mccoy-deep-" + std::to_string(moved_++);
    if (::renameat(parent, name.c_str(), top_, free_name.c_str()) != 0) return false;
    return moved_some_ = true;
  }

  void note_unless_gone(const std::string& path, int errno_value) {
    if (errno_value != ENOENT) note(path, errno_value);
  }

  int top_;
  dev_t device_;
  std::size_t moved_ = 0;
  bool moved_some_ = false;
  Status first_;
};

/// One copy of a folder into a new one.
class Copier {
 public:
  explicit Copier(const struct stat& root) : root_(root) {}

  Status copy_folder(int from, int to, const std::string& path, std::size_t level) {
    struct stat status {};
    if (::fstat(from, &status) != 0) return system_error(path, errno);
    if (level > kCopyLevelsMax) return Error{.what = path + ": over 200 folders deep, not copied"};
    auto entries = read_folder(from);
    if (!entries.ok()) return system_error(path, entries.error().cause.value());
    for (const auto& entry : *entries) MCCOY_DO(copy_entry(from, to, entry.name, path + '/' + entry.name, level));
    return seal(to, status, path);
  }

 private:
  Status copy_entry(int from, int to, const std::string& name, const std::string& path, std::size_t level) {
    struct stat status {};
    if (::fstatat(from, name.c_str(), &status, kFollowNot) != 0) return system_error(path, errno);
    if (S_ISDIR(status.st_mode)) return copy_child(from, to, name, path, level);
    if (S_ISREG(status.st_mode)) return copy_file(from, to, name, path);
    if (S_ISLNK(status.st_mode)) return copy_link(from, to, name, path, status);
    if (S_ISFIFO(status.st_mode)) return copy_fifo(to, name, path, status);
    return Error{.what = path + ": a device file or socket, not copied"};
  }

  Status copy_child(int from, int to, const std::string& name, const std::string& path, std::size_t level) {
    const UniqueFd source(::openat(from, name.c_str(), kOpenFolder | O_NOFOLLOW));
    struct stat status {};
    if (!source || ::fstat(source.get(), &status) != 0) return system_error(path, errno);
    if (status.st_dev == root_.st_dev && status.st_ino == root_.st_ino) {
      return Error{.what = path + ": a folder cannot be copied into itself"};
    }
    if (::mkdirat(to, name.c_str(), 0700) != 0) return system_error(path, errno);
    const UniqueFd target(::openat(to, name.c_str(), kOpenFolder | O_NOFOLLOW));
    if (!target) return system_error(path, errno);
    return copy_folder(source.get(), target.get(), path, level + 1);
  }

  static Status copy_file(int from, int to, const std::string& name, const std::string& path) {
    const UniqueFd source(::openat(from, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (!source || ::fstat(source.get(), &status) != 0) return system_error(path, errno);
    if (!S_ISREG(status.st_mode)) return Error{.what = path + ": changed while it was copied"};
    const UniqueFd target(::openat(to, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!target) return system_error(path, errno);
    MCCOY_DO(copy_bytes(source.get(), target.get(), path));
    return seal(target.get(), status, path);
  }

  static Status copy_bytes(int from, int to, const std::string& path) {
    char buffer[64 * 1024];
    for (;;) {
      const ssize_t count = ::read(from, buffer, sizeof buffer);
      if (count == 0) return {};
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return system_error(path, errno);
      if (auto wrote = write_all(to, {buffer, static_cast<std::size_t>(count)}); !wrote.ok()) {
        return system_error(path, wrote.error().cause.value());
      }
    }
  }

  static Status copy_link(int from, int to, const std::string& name, const std::string& path,
                          const struct stat& status) {
    char target[4097];
    const ssize_t length = ::readlinkat(from, name.c_str(), target, sizeof target - 1);
    if (length < 0) return system_error(path, errno);
    target[length] = '\0';
    if (::symlinkat(target, to, name.c_str()) != 0) return system_error(path, errno);
    return set_times(to, name, path, status);
  }

  static Status copy_fifo(int to, const std::string& name, const std::string& path, const struct stat& status) {
    if (::mkfifoat(to, name.c_str(), status.st_mode & 0777U) != 0) return system_error(path, errno);
    return set_times(to, name, path, status);
  }

  static Status set_times(int to, const std::string& name, const std::string& path, const struct stat& status) {
    const timespec times[] = {status.st_atim, status.st_mtim};
    if (::utimensat(to, name.c_str(), times, kFollowNot) != 0) return system_error(path, errno);
    return {};
  }

  /// Last, because writing changes times and a folder may be read-only.
  static Status seal(int fd, const struct stat& status, const std::string& path) {
    const timespec times[] = {status.st_atim, status.st_mtim};
    if (::fchmod(fd, status.st_mode & 0777U) != 0 || ::futimens(fd, times) != 0) return system_error(path, errno);
    return {};
  }

  struct stat root_;  ///< of the copy
};
}  // namespace

Status remove_tree(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return errno == ENOENT ? Status() : Status(system_error(path, errno));
  if (!S_ISDIR(status.st_mode)) return ::unlink(path.c_str()) == 0 ? Status() : Status(system_error(path, errno));
  if ((status.st_mode & 0700U) != 0700U && ::fchmodat(AT_FDCWD, path.c_str(), 0700, kFollowNot) != 0) {
    // What cannot be opened up is refused below, with its reason.
  }
  const UniqueFd top(::open(path.c_str(), kOpenFolder | O_NOFOLLOW));
  if (!top) return system_error(path, errno);
  Remover remover(top.get(), status.st_dev);
  do remover.empty_folder(top.get(), path, 1);
  while (remover.moved_some());
  if (::rmdir(path.c_str()) != 0) remover.note(path, errno);
  return remover.status();
}

Status copy_tree(const std::string& from, const std::string& to) {
  const UniqueFd source(::open(from.c_str(), kOpenFolder));
  if (!source) return system_error(from, errno);
  if (::mkdir(to.c_str(), 0700) != 0 && errno != EEXIST) return system_error(to, errno);
  const UniqueFd target(::open(to.c_str(), kOpenFolder));
  struct stat root {};
  if (!target || ::fstat(target.get(), &root) != 0) return system_error(to, errno);
  MCCOY_TRY(present, read_folder(target.get()));
  if (!present.empty()) return system_error(to, ENOTEMPTY);
  return Copier(root).copy_folder(source.get(), target.get(), from, 1);
}
}  // namespace mccoy
