#include "harness/witness/tracee.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <span>

namespace mccoy::witness::tracee {
namespace {
constexpr std::size_t kPage = 4096;
struct Limits {
  std::size_t words, bytes;
};
constexpr Limits kFirstWords{256, 32 * 1024}, kAllWords{4096, 1024 * 1024};

using ProcPath = std::array<char, 64>;
ProcPath proc_path(pid_t pid, std::string_view name) {
  ProcPath path{};
  fmt::format_to_n(path.data(), path.size() - 1, "/proc/{}/{}", pid, name);
  return path;
}

/// A small file of /proc, whole.
std::string_view read_small(const char* path, std::span<char> room) {
  const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  const ssize_t got = fd ? ::read(fd.get(), room.data(), room.size()) : 0;
  return {room.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
}

template <class T>
T number(std::string_view text) {
  T value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string_view next_word(std::string_view& text) {
  const auto end = std::min(text.find_first_of(" \n"), text.size());
  const auto word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}
}  // namespace

std::size_t read_bytes(pid_t pid, std::uint64_t address, void* into, std::size_t bytes) {
  const iovec ours{into, bytes};
  const iovec theirs{reinterpret_cast<void*>(address), bytes};  // NOLINT(performance-no-int-to-ptr): of another process
  const ssize_t got = ::process_vm_readv(pid, &ours, 1, &theirs, 1, 0);
  return static_cast<std::size_t>(std::max<ssize_t>(got, 0));
}

std::optional<std::string_view> read_text(pid_t pid, std::uint64_t address) {
  thread_local std::array<char, PATH_MAX> room;
  std::size_t filled = 0;
  while (filled < room.size()) {
    const std::size_t to_page_end = kPage - (address + filled) % kPage;
    const std::size_t wanted = std::min(to_page_end, room.size() - filled);
    const std::size_t got = read_bytes(pid, address + filled, room.data() + filled, wanted);
    if (got == 0) return std::nullopt;
    if (const void* end = std::memchr(room.data() + filled, 0, got))
      return std::string_view(room.data(), static_cast<std::size_t>(static_cast<const char*>(end) - room.data()));
    filled += got;
  }
  return std::string_view(room.data(), room.size());
}

std::vector<std::string> read_words(pid_t pid, std::uint64_t address, std::size_t pointer_bytes, Words which) {
  const Limits most = which == Words::first ? kFirstWords : kAllWords;
  std::vector<std::string> words;
  std::array<char, kFirstWords.words * sizeof(std::uint64_t)> pointers;
  for (std::size_t bytes = 0; words.size() < most.words && bytes < most.bytes;) {
    const std::size_t to_page_end = kPage - address % kPage;
    std::size_t got = read_bytes(pid, address, pointers.data(), std::min(to_page_end, pointers.size()));
    if (got == to_page_end && got < pointers.size())
      got += read_bytes(pid, address + got, pointers.data() + got, pointers.size() - got);
    std::size_t at = 0;
    for (; at + pointer_bytes <= got && words.size() < most.words && bytes < most.bytes; at += pointer_bytes) {
      std::uint64_t pointer = 0;
      std::memcpy(&pointer, pointers.data() + at, pointer_bytes);
      const auto word = pointer != 0 ? read_text(pid, pointer) : std::nullopt;
      if (!word) return words;
      words.emplace_back(*word);
      bytes += word->size() + 1;
    }
    if (at == 0) break;
    address += at;
  }
  return words;
}

std::string link(pid_t pid, std::string_view name) {
  std::array<char, PATH_MAX> target;
  const ssize_t length = ::readlink(proc_path(pid, name).data(), target.data(), target.size());
  return {target.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
}

UniqueFd copy_descriptor(int pidfd, int fd) {
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd, fd, 0)));
}

std::optional<Stat> stat_of(pid_t pid) {
  std::array<char, 2048> room;
  std::string_view text = read_small(proc_path(pid, "stat").data(), room);
  const auto name_begin = text.find('(');
  const auto name_end = text.rfind(')');  // the name may hold anything
  if (name_end == std::string_view::npos) return std::nullopt;
  Stat stat;
  stat.name = text.substr(name_begin + 1, name_end - name_begin - 1);
  text.remove_prefix(std::min(name_end + 2, text.size()));
  constexpr int kState = 3, kParent = 4, kStart = 22, kExit = 52;  // proc(5)
  for (int field = kState; field <= kExit && !text.empty(); ++field) {
    const auto word = next_word(text);
    if (field == kState && !word.empty()) stat.state = word.front();
    if (field == kParent) stat.parent = number<pid_t>(word);
    if (field == kStart) stat.start_ticks = number<std::int64_t>(word);
    if (field == kExit) stat.exit_status = number<int>(word);
  }
  return stat;
}

std::optional<std::int64_t> written_by(pid_t pid) {
  std::array<char, 512> room;
  const std::string_view text = read_small(proc_path(pid, "io").data(), room);
  constexpr std::string_view kKey = "wchar: ";
  const auto at = text.find(kKey);
  if (at == std::string_view::npos) return std::nullopt;
  return number<std::int64_t>(text.substr(at + kKey.size()));
}

std::optional<int> exit_status_of(int pidfd) {
  // linux/pidfd.h, newer than the headers of Debian 12.
  struct {
    std::uint64_t mask, cgroup;
    std::uint32_t ids[11];
    std::int32_t exit_code;
  } info{};
  constexpr std::uint64_t kExit = 1 << 3;
  info.mask = kExit;
  static_assert(sizeof info == 64);
  const bool told = ::ioctl(pidfd, _IOWR(0xFF, 11, decltype(info)), &info) == 0 && (info.mask & kExit) != 0;
  return told ? std::optional(info.exit_code) : std::nullopt;
}

ImageStamp stamp_of(pid_t pid) {
  std::array<std::uint64_t, 128> pairs{};
  const UniqueFd fd(::open(proc_path(pid, "auxv").data(), O_RDONLY | O_CLOEXEC));
  const ssize_t got = fd ? ::read(fd.get(), pairs.data(), sizeof pairs) : 0;
  ImageStamp stamp{};
  for (std::size_t at = 0; (at + 2) * sizeof pairs[0] <= static_cast<std::size_t>(std::max<ssize_t>(got, 0)); at += 2)
    if (pairs[at] == AT_RANDOM) read_bytes(pid, pairs[at + 1], stamp.data(), stamp.size());
  return stamp;
}

pid_t process_of(pid_t thread) {
  std::array<char, 4096> room;
  const std::string_view text = read_small(proc_path(thread, "status").data(), room);
  constexpr std::string_view kKey = "\nTgid:\t";
  const auto at = text.find(kKey);
  return at == std::string_view::npos ? 0 : number<pid_t>(text.substr(at + kKey.size()));
}

std::vector<pid_t> children_of_thread(pid_t pid, pid_t thread) {
  std::array<char, 16384> room;
  std::array<char, 64> name{};
  fmt::format_to_n(name.data(), name.size() - 1, "task/{}/children", thread);
  std::string_view text = read_small(proc_path(pid, name.data()).data(), room);
  std::vector<pid_t> children;
  while (!text.empty())
    if (const auto word = next_word(text); !word.empty()) children.push_back(number<pid_t>(word));
  return children;
}
}  // namespace mccoy::witness::tracee
