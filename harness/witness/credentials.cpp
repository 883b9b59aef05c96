#include "harness/witness/credentials.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "harness/base/file.hpp"

namespace mccoy::witness {
namespace {
constexpr std::int64_t kStatusBytes = 64 * 1024;
constexpr std::size_t kFileSystemColumn = 3;  ///< of "Uid:" and "Gid:": real, effective, saved, file system

std::string_view line_of(std::string_view status, std::string_view key) {
  const auto at = status.find(key);
  if (at == std::string_view::npos) return {};
  status.remove_prefix(at + key.size());
  return status.substr(0, status.find('\n'));
}

template <class T>
std::vector<T> numbers_in(std::string_view text, int base = 10) {
  std::vector<T> numbers;
  while (!text.empty()) {
    T number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (problem == std::errc()) numbers.push_back(number);
    text.remove_prefix(problem == std::errc() ? static_cast<std::size_t>(end - text.data()) : 1);
  }
  return numbers;
}

/// Raw calls: the C library would change all threads.
class InPlaceOf {
 public:
  explicit InPlaceOf(const Credentials& who) : changed_(::geteuid() == 0 && !(who.user == 0 || who.overrides)) {
    if (!changed_) return;
    ours_.resize(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr))));
    ours_.resize(static_cast<std::size_t>(std::max(0, ::getgroups(static_cast<int>(ours_.size()), ours_.data()))));
    ::syscall(SYS_setgroups, who.groups.size(), who.groups.data());
    ::setfsgid(who.group);
    ::setfsuid(who.user);
  }
  InPlaceOf(const InPlaceOf&) = delete;
  ~InPlaceOf() {
    if (!changed_) return;
    ::setfsuid(::geteuid());
    ::setfsgid(::getegid());
    ::syscall(SYS_setgroups, ours_.size(), ours_.data());
  }

 private:
  bool changed_;
  std::vector<gid_t> ours_;
};
}  // namespace

std::optional<Credentials> credentials_of(pid_t thread) {
  const auto status = read_file("/proc/" + std::to_string(thread) + "/status", kStatusBytes);
  if (!status.ok()) return std::nullopt;
  const auto users = numbers_in<uid_t>(line_of(*status, "\nUid:"));
  const auto groups = numbers_in<gid_t>(line_of(*status, "\nGid:"));
  const auto powers = numbers_in<std::uint64_t>(line_of(*status, "\nCapEff:\t"), 16);
  if (users.size() <= kFileSystemColumn || groups.size() <= kFileSystemColumn || powers.empty()) return std::nullopt;
  return Credentials{.user = users[kFileSystemColumn],
                     .group = groups[kFileSystemColumn],
                     .groups = numbers_in<gid_t>(line_of(*status, "\nGroups:")),
                     .overrides = (powers[0] >> CAP_DAC_OVERRIDE & 1) != 0};
}

bool may_access(const std::string& path, int mode, const Credentials& who) {
  const InPlaceOf them(who);
  return ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0;
}
}  // namespace mccoy::witness
