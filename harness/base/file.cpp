#include "harness/base/file.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstdlib>

#include "harness/base/random.hpp"

namespace mccoy {
namespace {
/// Reads to the end, at most one byte over the limit.
Status read_rest(int fd, std::int64_t limit_bytes, std::string& text) {
  char buffer[64 * 1024];
  while (static_cast<std::int64_t>(text.size()) <= limit_bytes) {
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count == 0) return {};
    if (count > 0)
      text.append(buffer, static_cast<std::size_t>(count));
    else if (errno != EINTR)
      return system_error("cannot read", errno);
  }
  return {};
}

Status fill(int fd, std::string_view bytes) {
  MCCOY_DO(write_all(fd, bytes));
  if (::fsync(fd) != 0) return system_error("fsync", errno);
  return {};
}

/// The temporary file's name until it has the final one.
class Unnamed {
 public:
  explicit Unnamed(std::string path) : path_(std::move(path)) {}
  Unnamed(const Unnamed&) = delete;
  Unnamed& operator=(const Unnamed&) = delete;
  ~Unnamed() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  const std::string& path() const { return path_; }
  void named() { path_.clear(); }

 private:
  std::string path_;
};

Error about(const std::string& path, Error error) {
  error.what = path + ": " + error.what;
  return error;
}
}  // namespace

Result<std::string> read_file(const std::string& path, std::int64_t limit_bytes) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return system_error(path, errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return system_error(path, errno);
  if (S_ISDIR(status.st_mode)) return system_error(path, EISDIR);
  if (!S_ISREG(status.st_mode)) return Error{.what = path + ": not a regular file"};
  std::string text;
  if (auto read = read_rest(fd.get(), limit_bytes, text); !read.ok()) return about(path, std::move(read).error());
  if (static_cast<std::int64_t>(text.size()) > limit_bytes) {
    return Error{.what = path + ": over " + std::to_string(limit_bytes) + " bytes, not read further"};
  }
  return text;
}

Status write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count >= 0)
      bytes.remove_prefix(static_cast<std::size_t>(count));
    else if (errno != EINTR)
      return system_error("cannot write", errno);
  }
  return {};
}

Status write_atomically(const std::string& path, std::string_view bytes, mode_t mode) {
  const std::string folder = dirname(path);
  Unnamed temporary(folder + "/." + fresh_token() + ".tmp");
  UniqueFd fd(::open(temporary.path().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) return system_error(path, errno);
  if (auto filled = fill(fd.get(), bytes); !filled.ok()) return about(path, std::move(filled).error());
  if (::close(fd.release()) != 0 && errno != EINTR) return system_error(path, errno);
  if (::rename(temporary.path().c_str(), path.c_str()) != 0) return system_error(path, errno);
  temporary.named();
  return sync_dir(folder);
}

Status make_dirs(const std::string& path, mode_t mode) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), mode) != 0 && errno != EEXIST) return system_error(part, errno);
    if (end == std::string::npos) break;
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return system_error(path, errno);
  return S_ISDIR(status.st_mode) ? Status() : Status(system_error(path, ENOTDIR));
}

Status sync_dir(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return system_error(path, errno);
  return {};
}

Result<TempDir> TempDir::make(const std::string& parent, std::string_view prefix) {
  std::string path = parent + '/' + std::string(prefix) + "XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return system_error(path, errno);
  return TempDir(std::move(path));
}

TempDir& TempDir::operator=(TempDir&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TempDir::~TempDir() {
  if (!path_.empty()) (void)remove_tree(path_);
}
}  // namespace mccoy
