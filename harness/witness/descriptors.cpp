#include "harness/witness/descriptors.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>

#include "harness/base/owned.hpp"

namespace mccoy::witness {
namespace {
constexpr int kMostLooked = 64;
constexpr std::int64_t kNsPerSecond = 1'000'000'000;
using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;

/// Flags of open(2), from the line "flags:" of proc(5), which is octal.
std::optional<unsigned> flags_of(pid_t thread, const char* number) {
  std::array<char, 48> path{};
  fmt::format_to_n(path.data(), path.size() - 1, "/proc/{}/fdinfo/{}", thread, number);
  const UniqueFd file(::open(path.data(), O_RDONLY | O_CLOEXEC));
  std::array<char, 256> room;
  const ssize_t got = file ? ::read(file.get(), room.data(), room.size()) : 0;
  const std::string_view text(room.data(), static_cast<std::size_t>(got > 0 ? got : 0));
  constexpr std::string_view kKey = "flags:\t";
  const auto at = text.find(kKey);
  unsigned flags = 0;
  if (at == std::string_view::npos) return std::nullopt;
  std::from_chars(text.data() + at + kKey.size(), text.data() + text.size(), flags, 8);
  return flags;
}

std::optional<GivenDescriptor::Kind> kind_of(mode_t mode) {
  if (S_ISREG(mode)) return GivenDescriptor::Kind::file;
  if (S_ISFIFO(mode)) return GivenDescriptor::Kind::pipe;
  if (S_ISSOCK(mode)) return GivenDescriptor::Kind::socket;
  return std::nullopt;
}

std::string path_of(int folder, const char* number) {
  std::array<char, PATH_MAX> target;
  const ssize_t length = ::readlinkat(folder, number, target.data(), target.size());
  return {target.data(), static_cast<std::size_t>(length > 0 ? length : 0)};
}
}  // namespace

GivenDescriptors given_by(pid_t thread) {
  GivenDescriptors given;
  const Folder folder(::opendir(fmt::format("/proc/{}/fd", thread).c_str()), &::closedir);
  if (!folder) return {.all = false};
  int looked = 0;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (entry->d_name[0] == '.') continue;
    if (++looked > kMostLooked) return {.list = std::move(given.list), .all = false};
    struct stat status {};
    if (::fstatat(::dirfd(folder.get()), entry->d_name, &status, 0) != 0) continue;
    const auto kind = kind_of(status.st_mode);
    const auto flags = kind ? flags_of(thread, entry->d_name) : std::nullopt;
    if (!flags || (*flags & O_CLOEXEC) != 0 || (*flags & O_PATH) != 0) continue;
    GivenDescriptor& one = given.list.emplace_back();
    one = {.kind = *kind,
           .reads = (*flags & O_ACCMODE) != O_WRONLY,
           .writes = (*flags & O_ACCMODE) != O_RDONLY,
           .device = status.st_dev,
           .inode = status.st_ino};
    if (one.kind != GivenDescriptor::Kind::file) continue;
    one.size = status.st_size;
    one.mtime_ns = status.st_mtim.tv_sec * kNsPerSecond + status.st_mtim.tv_nsec;
    one.path = path_of(::dirfd(folder.get()), entry->d_name);
  }
  return given;
}
}  // namespace mccoy::witness
