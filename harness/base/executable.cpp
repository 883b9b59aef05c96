// Which file a program is: path, inode, digest, interpreter.
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <mutex>
#include <tuple>

#include "harness/base/digest.hpp"
#include "harness/base/owned.hpp"
#include "harness/base/process.hpp"
#include "harness/base/text.hpp"

namespace mccoy {
namespace {
using FileVersion = std::tuple<dev_t, ino_t, off_t, std::int64_t, std::int64_t>;  ///< the last two: mtime, ctime in ns

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

FileVersion version_of(const struct stat& file) {
  return {file.st_dev, file.st_ino, file.st_size, nanoseconds(file.st_mtim), nanoseconds(file.st_ctim)};
}

/// What reading the file once told, kept for as long as its version stays the same. Thread-safe.
struct Contents {
  std::string sha256, interpreter;
};
class ContentsCache {
 public:
  std::optional<Contents> find(const FileVersion& version) {
    const std::scoped_lock lock(mutex_);
    const auto found = contents_.find(version);
    return found == contents_.end() ? std::nullopt : std::optional(found->second);
  }
  void keep(const FileVersion& version, const Contents& contents) {
    const std::scoped_lock lock(mutex_);
    contents_.insert_or_assign(version, contents);
  }

 private:
  std::mutex mutex_;
  std::map<FileVersion, Contents> contents_;
};

/// Of a script's first line, "#! INTERPRETER [ARGUMENT]". Empty when it is no script.
Result<std::string> interpreter_of(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_error("cannot read the program " + path, errno);
  std::array<char, 256> first;  // the kernel looks no further
  const ssize_t length = ::read(file.get(), first.data(), first.size());
  if (length < 0) return system_error("cannot read the program " + path, errno);
  std::string_view line(first.data(), static_cast<std::size_t>(length));
  if (!line.starts_with("#!")) return std::string();
  line = trim(line.substr(2, line.find('\n') - 2));
  return std::string(line.substr(0, line.find_first_of(" \t")));
}

Result<Contents> contents_of(const std::string& path, const FileVersion& version) {
  static ContentsCache cache;
  if (auto known = cache.find(version)) return *std::move(known);
  MCCOY_TRY(digest, sha256_file(path));
  MCCOY_TRY(interpreter, interpreter_of(path));
  Contents contents{digest, interpreter};
  cache.keep(version, contents);
  return contents;
}
}  // namespace

Result<Executable> identify_executable(const std::string& path) {
  std::array<char, PATH_MAX> real;
  struct stat file {};
  if (::realpath(path.c_str(), real.data()) == nullptr || ::stat(real.data(), &file) != 0)
    return system_error("cannot find the program " + path, errno);
  if (!S_ISREG(file.st_mode)) return system_error(path + " is not a program", S_ISDIR(file.st_mode) ? EISDIR : EACCES);
  MCCOY_TRY(contents, contents_of(real.data(), version_of(file)));
  return Executable{.path = real.data(),
                    .device = file.st_dev,
                    .inode = file.st_ino,
                    .sha256 = std::move(contents.sha256),
                    .interpreter = std::move(contents.interpreter)};
}
}  // namespace mccoy
