#include "harness/witness/call_faults.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unordered_map>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/witness/endpoint.hpp"
#include "harness/witness/tracee.hpp"

namespace mccoy::witness {
namespace {
/// Where a call says what it is about.
enum class About : std::uint8_t {
  nothing,
  descriptor,  ///< argument `at` is an open file
  path,     ///< argument `at` points to a path, relative to the folder in argument `at` - 1 (or to the working folder)
  address,  ///< argument `at` points to a socket address, whose size is in the next
  memory,   ///< mmap: argument `at` is a descriptor, or -1 for memory alone
};
struct Row {
  std::string_view name;
  About about = About::nothing;
  std::int8_t at = 0;
};
// Not brk(2): it has no way to say that it failed but to return what only the kernel knows.
constexpr Row kRows[] = {
    {"write", About::descriptor, 0},
    {"writev", About::descriptor, 0},
    {"pwrite64", About::descriptor, 0},
    {"pwritev", About::descriptor, 0},
    {"pwritev2", About::descriptor, 0},
    {"read", About::descriptor, 0},
    {"readv", About::descriptor, 0},
    {"pread64", About::descriptor, 0},
    {"preadv", About::descriptor, 0},
    {"preadv2", About::descriptor, 0},
    {"fsync", About::descriptor, 0},
    {"fdatasync", About::descriptor, 0},
    {"sync_file_range", About::descriptor, 0},
    {"fallocate", About::descriptor, 0},
    {"ftruncate", About::descriptor, 0},
    {"sendfile", About::descriptor, 0},
    {"copy_file_range", About::descriptor, 2},
    {"open", About::path, 0},
    {"openat", About::path, 1},
    {"openat2", About::path, 1},
    {"creat", About::path, 0},
    {"unlink", About::path, 0},
    {"unlinkat", About::path, 1},
    {"rename", About::path, 0},
    {"renameat", About::path, 1},
    {"renameat2", About::path, 1},
    {"mkdir", About::path, 0},
    {"mkdirat", About::path, 1},
    {"connect", About::address, 1},
    {"sendto", About::address, 4},
    {"socket"},
    {"accept"},
    {"accept4"},
    {"mmap", About::memory, 4},
};

struct KnownError {
  std::string_view name;
  int number;
};
constexpr KnownError kErrors[] = {
    {"ENOSPC", ENOSPC},
    {"EIO", EIO},
    {"EDQUOT", EDQUOT},
    {"EROFS", EROFS},
    {"EACCES", EACCES},
    {"EPERM", EPERM},
    {"ENOENT", ENOENT},
    {"EINTR", EINTR},
    {"EAGAIN", EAGAIN},
    {"EMFILE", EMFILE},
    {"ENFILE", ENFILE},
    {"ENOMEM", ENOMEM},
    {"ECONNREFUSED", ECONNREFUSED},
    {"ETIMEDOUT", ETIMEDOUT},
    {"ECONNRESET", ECONNRESET},
    {"ENETUNREACH", ENETUNREACH},
    {"EHOSTUNREACH", EHOSTUNREACH},
    {"EADDRNOTAVAIL", EADDRNOTAVAIL},
};

using Numbers = std::unordered_map<int, const Row*>;
const Numbers& numbers() {
  static const Numbers kNumbers = [] {
    Numbers made;
    for (const auto& row : kRows)
      if (const int number = seccomp_syscall_resolve_name(std::string(row.name).c_str()); number >= 0)
        made.emplace(number, &row);
    return made;
  }();
  return kNumbers;
}

/// What the kernel calls the interface of this machine.
std::uint32_t native_arch() {
  return seccomp_arch_native() == SCMP_ARCH_X86_64    ? AUDIT_ARCH_X86_64
         : seccomp_arch_native() == SCMP_ARCH_AARCH64 ? AUDIT_ARCH_AARCH64
                                                      : seccomp_arch_native();
}

std::string without_mark(std::string path) {
  constexpr std::string_view kDeleted = " (deleted)";
  if (path.ends_with(kDeleted)) path.resize(path.size() - kDeleted.size());
  return path;
}

std::string path_of_descriptor(pid_t pid, std::uint64_t argument) {
  const int fd = static_cast<int>(argument);
  return fd < 0 ? "" : without_mark(tracee::link(pid, "fd/" + std::to_string(fd)));
}

std::string path_of_name(pid_t pid, const seccomp_data& data, int at) {
  const auto text = tracee::read_text(pid, data.args[at]);
  if (!text) return "";
  const std::string path(*text);
  if (path.starts_with('/')) return absolute(path, "/");
  const bool in_folder = at > 0 && static_cast<int>(data.args[at - 1]) != AT_FDCWD;
  const std::string folder = in_folder ? path_of_descriptor(pid, data.args[at - 1]) : tracee::link(pid, "cwd");
  return folder.empty() ? "" : absolute(path, folder);
}

struct Where {
  std::string path, address;
};

Where where_to(pid_t pid, std::uint64_t pointer, std::uint64_t size) {
  sockaddr_storage address{};
  if (pointer == 0) return {};
  const std::size_t bytes = std::min<std::uint64_t>(size, sizeof address);
  if (tracee::read_bytes(pid, pointer, &address, bytes) != bytes) return {};
  if (address.ss_family != AF_UNIX) return {.path = {}, .address = endpoint_of(address).text()};
  sockaddr_un local{};
  std::memcpy(&local, &address, sizeof local);
  local.sun_path[sizeof local.sun_path - 1] = '\0';
  return {.path = local.sun_path, .address = {}};
}

Where subject_of(const seccomp_notif& call, const Row& row) {
  const auto pid = static_cast<pid_t>(call.pid);
  const auto argument = call.data.args[row.at];
  switch (row.about) {
    case About::descriptor:
    case About::memory:
      return {.path = path_of_descriptor(pid, argument), .address = {}};
    case About::path:
      return {.path = path_of_name(pid, call.data, row.at), .address = {}};
    case About::address:
      return where_to(pid, argument, call.data.args[row.at + 1]);
    case About::nothing:
      break;
  }
  return {};
}

/// ":5432" is that port of any host.
bool address_matches(const std::string& patterns, const std::string& address) {
  return std::ranges::any_of(split(patterns, ' '), [&](const std::string& pattern) {
    return pattern.starts_with(':') ? address.ends_with(pattern) : glob_matches(pattern, address);
  });
}
}  // namespace

std::vector<std::string_view> fault_calls() {
  std::vector<std::string_view> names;
  for (const auto& row : kRows) names.push_back(row.name);
  return names;
}

int error_number(std::string_view name) {
  const auto found = std::ranges::find(kErrors, name, &KnownError::name);
  return found == std::end(kErrors) ? 0 : found->number;
}

std::string error_name(int error) {
  const auto found = std::ranges::find(kErrors, error, &KnownError::number);
  return found == std::end(kErrors) ? "errno " + std::to_string(error) : std::string(found->name);
}

CallFaults::CallFaults(std::vector<std::string> trapped) : trapped_(std::move(trapped)) {}

std::uint64_t CallFaults::arm(CallFault fault) {
  const std::lock_guard lock(mutex_);
  Armed& armed = faults_[++last_id_];
  armed.fault = std::move(fault);
  armed.random = Random(armed.fault.seed);
  ++armed_;
  return last_id_;
}

CallCounts CallFaults::counts(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto found = faults_.find(id);
  return found == faults_.end() ? CallCounts{} : found->second.counts;
}

bool CallFaults::is_armed(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto found = faults_.find(id);
  return found != faults_.end() && found->second.armed && !found->second.fault.expiry.passed();
}

void CallFaults::disarm(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = faults_.find(id);
  if (found == faults_.end() || !found->second.armed) return;
  found->second.armed = false;
  --armed_;
}

bool CallFaults::matches(const Armed& armed, const seccomp_notif& call) const {
  const CallFault& fault = armed.fault;
  const Row& row = *numbers().at(call.data.nr);
  const bool any_file = fault.path.empty();
  if (any_file && row.about == About::memory && static_cast<int>(call.data.args[row.at]) >= 0) return false;
  if (any_file && fault.address.empty()) return true;
  const Where where = subject_of(call, row);
  if (!any_file && !(where.path.starts_with('/') && glob_matches(fault.path, where.path))) return false;
  return fault.address.empty() || (!where.address.empty() && address_matches(fault.address, where.address));
}

CallFaults::Decision CallFaults::decide(const seccomp_notif& call) {
  if (armed_ == 0 || call.data.arch != native_arch()) return {};
  const auto row = numbers().find(call.data.nr);
  if (row == numbers().end()) return {};
  const std::lock_guard lock(mutex_);
  Decision decision;
  for (auto& [id, armed] : faults_) {
    const CallFault& fault = armed.fault;
    if (!armed.armed || fault.expiry.passed()) continue;
    if (std::ranges::find(fault.calls, row->second->name) == fault.calls.end()) continue;
    ++armed.counts.seen;
    if (!matches(armed, call)) continue;
    ++armed.counts.matched;
    if (fault.nth != 0 && armed.counts.matched != fault.nth) continue;
    if (fault.share < 1 && armed.random.unit() >= fault.share) continue;
    ++armed.counts.hit;
    decision.error = decision.error != 0 ? decision.error : fault.error;
    decision.delay_ns = std::max(decision.delay_ns, std::int64_t{fault.delay.count()});
  }
  return decision;
}
}  // namespace mccoy::witness
