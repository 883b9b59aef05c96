#include "harness/witness/call_table.hpp"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>

#include "harness/base/call_watch.hpp"
#include "harness/base/file.hpp"
#include "harness/base/owned.hpp"

namespace mccoy::witness {
namespace {
/// A row with a condition is only notified when it holds; several rows of one call are alternatives.
struct Row {
  WatchedCall call;
  std::int8_t argument = -1;  ///< -1: always
  scmp_compare compare = SCMP_CMP_NE;
  std::uint64_t first = 0, second = 0;
};

constexpr Row plain(Call call, const char* name) {
  return {.call = {.call = call, .name = name}};
}
constexpr Row at_path(Call call, const char* name, int folder, int path, int flags = -1) {
  return {.call = {.call = call,
                   .name = name,
                   .folder = static_cast<std::int8_t>(folder),
                   .path = static_cast<std::int8_t>(path),
                   .flags = static_cast<std::int8_t>(flags)}};
}
constexpr Row two_paths(Call call, const char* name, int folder, int path, int folder2, int path2) {
  Row row = at_path(call, name, folder, path);
  row.call.folder2 = static_cast<std::int8_t>(folder2);
  row.call.path2 = static_cast<std::int8_t>(path2);
  return row;
}
constexpr Row when(Row row, int argument, scmp_compare compare, std::uint64_t first, std::uint64_t second = 0) {
  row.argument = static_cast<std::int8_t>(argument);
  row.compare = compare;
  row.first = first;
  row.second = second;
  return row;
}
constexpr Row when_flag(const char* name, int argument, std::uint64_t flag) {
  return when(plain(Call::notice, name), argument, SCMP_CMP_MASKED_EQ, flag, flag);
}

// Run-times of garbage collected languages interrupt their threads with SIGURG all the time; processes of PostgreSQL
// wake one another with it.
constexpr Row kRows[] = {
    at_path(Call::exec, "execve", -1, 0),
    at_path(Call::exec, "execveat", 0, 1),
    plain(Call::exit_group, "exit_group"),
    plain(Call::exit, "exit"),
    at_path(Call::open, "open", -1, 0, 1),
    at_path(Call::open, "openat", 0, 1, 2),
    at_path(Call::openat2, "openat2", 0, 1, 2),
    at_path(Call::creat, "creat", -1, 0),
    at_path(Call::truncate, "truncate", -1, 0),
    at_path(Call::truncate, "truncate64", -1, 0),
    two_paths(Call::rename, "rename", -1, 0, -1, 1),
    two_paths(Call::rename, "renameat", 0, 1, 2, 3),
    two_paths(Call::rename, "renameat2", 0, 1, 2, 3),
    two_paths(Call::link, "link", -1, 0, -1, 1),
    two_paths(Call::link, "linkat", 0, 1, 2, 3),
    two_paths(Call::symlink, "symlink", -1, 0, -1, 1),
    two_paths(Call::symlink, "symlinkat", -1, 0, 1, 2),
    at_path(Call::unlink, "unlink", -1, 0),
    at_path(Call::unlink, "unlinkat", 0, 1),
    at_path(Call::unlink, "rmdir", -1, 0),
    at_path(Call::make, "mkdir", -1, 0),
    at_path(Call::make, "mkdirat", 0, 1),
    at_path(Call::make, "mknod", -1, 0),
    at_path(Call::make, "mknodat", 0, 1),
    at_path(Call::chdir, "chdir", -1, 0),
    plain(Call::chdir, "fchdir"),
    plain(Call::connect, "connect"),
    plain(Call::bind, "bind"),
    plain(Call::listen, "listen"),
    plain(Call::accept, "accept"),
    plain(Call::accept, "accept4"),
    when(plain(Call::sendto, "sendto"), 4, SCMP_CMP_NE, 0),
    plain(Call::sendmsg, "sendmsg"),  // see as_installed()
    plain(Call::sendmmsg, "sendmmsg"),
    when(plain(Call::kill, "kill"), 1, SCMP_CMP_NE, SIGURG),
    plain(Call::kill, "tkill"),
    when(plain(Call::tgkill, "tgkill"), 2, SCMP_CMP_NE, SIGURG),
    plain(Call::kill, "rt_sigqueueinfo"),
    plain(Call::pidfd_kill, "pidfd_send_signal"),
    when(plain(Call::notice, "ptrace"), 0, SCMP_CMP_EQ, PTRACE_TRACEME),
    when(plain(Call::notice, "ptrace"), 0, SCMP_CMP_EQ, PTRACE_ATTACH),
    when(plain(Call::notice, "ptrace"), 0, SCMP_CMP_EQ, PTRACE_SEIZE),
    plain(Call::identity, "setuid"),
    plain(Call::identity, "setgid"),
    plain(Call::identity, "setreuid"),
    plain(Call::identity, "setregid"),
    plain(Call::identity, "setresuid"),
    plain(Call::identity, "setresgid"),
    plain(Call::identity, "setfsuid"),
    plain(Call::identity, "setfsgid"),
    plain(Call::identity, "setgroups"),
    plain(Call::identity, "setuid32"),
    plain(Call::identity, "setgid32"),
    plain(Call::identity, "setreuid32"),
    plain(Call::identity, "setregid32"),
    plain(Call::identity, "setresuid32"),
    plain(Call::identity, "setresgid32"),
    plain(Call::identity, "setfsuid32"),
    plain(Call::identity, "setfsgid32"),
    plain(Call::identity, "setgroups32"),
    plain(Call::identity, "capset"),
    plain(Call::notice, "io_uring_setup"),
    plain(Call::notice, "open_by_handle_at"),
    plain(Call::notice, "process_vm_writev"),
    plain(Call::notice, "mount"),
    plain(Call::notice, "umount2"),
    plain(Call::notice, "move_mount"),
    plain(Call::notice, "pivot_root"),
    plain(Call::notice, "chroot"),
    plain(Call::notice, "setns"),
    plain(Call::notice, "unshare"),
    plain(Call::clone3, "clone3"),
    when_flag("clone", 0, CLONE_UNTRACED),
    when_flag("clone", 0, CLONE_NEWNS),
    when_flag("clone", 0, CLONE_NEWUSER),
    when_flag("clone", 0, CLONE_NEWPID),
    when_flag("clone", 0, CLONE_NEWNET),
};

// What an obligation may ask to be counted: calls that programs make seldom, and that a claim can be about.
constexpr Row kCountable[] = {
    plain(Call::count, "fsync"),     plain(Call::count, "fdatasync"),       plain(Call::count, "sync"),
    plain(Call::count, "syncfs"),    plain(Call::count, "sync_file_range"), plain(Call::count, "msync"),
    plain(Call::count, "fallocate"), plain(Call::count, "ftruncate"),       plain(Call::count, "flock"),
    plain(Call::count, "sendfile"),  plain(Call::count, "copy_file_range"), plain(Call::count, "splice"),
    plain(Call::count, "mlock"),     plain(Call::count, "mlockall"),        plain(Call::count, "setrlimit"),
    plain(Call::count, "prlimit64"),
};

/// One ABI of the machine: what the library calls it, and what the kernel calls it in a notification.
struct Abi {
  std::uint32_t token = 0;
  std::uint32_t arch = 0;
};
constexpr int kX32Bit = 0x40000000;

std::vector<Abi> abis() {
  const std::uint32_t native = seccomp_arch_native();
  if (native == SCMP_ARCH_X86_64)
    return {
        {SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64}, {SCMP_ARCH_X86, AUDIT_ARCH_I386}, {SCMP_ARCH_X32, AUDIT_ARCH_X86_64}};
  if (native == SCMP_ARCH_AARCH64) return {{SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64}, {SCMP_ARCH_ARM, AUDIT_ARCH_ARM}};
  return {{native, native}};
}

struct FreeFilter {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, FreeFilter>;

/// Negative: the ABI has no such call. (Pseudo numbers of multiplexed calls are negative, too.)
int number_of(std::uint32_t token, const char* name) {
  return seccomp_syscall_resolve_name_arch(token, name);
}

int add(scmp_filter_ctx filter, const Row& row, int number) {
  if (row.argument < 0) return seccomp_rule_add(filter, SCMP_ACT_NOTIFY, number, 0);
  const scmp_arg_cmp condition{static_cast<unsigned>(row.argument), row.compare, row.first, row.second};
  return seccomp_rule_add_array(filter, SCMP_ACT_NOTIFY, number, 1, &condition);
}

Error cannot(const char* what, int error) {
  return system_error(std::string("the call filter cannot be made: ") + what, -error);
}

Result<std::string> exported(scmp_filter_ctx filter) {
  const UniqueFd memory(::memfd_create("filter", MFD_CLOEXEC));
  if (!memory) return cannot("memfd_create", -errno);
  if (const int error = seccomp_export_bpf(filter, memory.get()); error != 0) return cannot("export", error);
  constexpr std::int64_t kMostBytes = 4096 * 8;  // BPF_MAXINSNS
  return read_file("/proc/self/fd/" + std::to_string(memory.get()), kMostBytes);
}

constexpr std::string_view kNotOfServices[] = {"accept", "accept4", "sendmsg", "sendmmsg"};

/// Of open(2): it can change something.
struct FlagsThatWrite {
  std::uint64_t mask = 0, value = 0;
};
constexpr FlagsThatWrite kWriting[] = {
    {O_ACCMODE, O_WRONLY}, {O_ACCMODE, O_RDWR}, {O_CREAT, O_CREAT}, {O_TRUNC, O_TRUNC}};

/// The child itself goes on talking to us when its filter stands (call_watch.hpp).
Row as_installed(const Row& row) {
  return row.call.call == Call::sendmsg ? when(row, 5, SCMP_CMP_NE, watch_token()) : row;
}

/// Of socketcall (linux/net.h): the library turns rules about a call's arguments into rules about those of socketcall,
/// which has others.
constexpr std::uint64_t kOfSocketcall[] = {3 /* connect */,
                                           4 /* listen */,
                                           5 /* accept */,
                                           11 /* sendto */,
                                           16 /* sendmsg */,
                                           18 /* accept4 */,
                                           20 /* sendmmsg */};

int add_socketcall(scmp_filter_ctx filter) {
  const int number = number_of(seccomp_arch_native(), "socketcall");
  int error = 0;
  for (const std::uint64_t which : kOfSocketcall) {
    const scmp_arg_cmp condition{0, SCMP_CMP_EQ, which, 0};
    if (error == 0) error = seccomp_rule_add_array(filter, SCMP_ACT_NOTIFY, number, 1, &condition);
  }
  return error;
}

int add_row(scmp_filter_ctx filter, const Row& row, int number, Watching watching) {
  if (watching != Watching::service || row.call.call != Call::open) return add(filter, row, number);
  int error = 0;
  for (const auto& flags : kWriting)
    if (error == 0) error = add(filter, when(row, row.call.flags, SCMP_CMP_MASKED_EQ, flags.mask, flags.value), number);
  return error;
}

bool is_asked(const Row& row, const std::vector<std::string>& counted) {
  return std::ranges::find(counted, std::string_view(row.call.name)) != counted.end();
}

Result<std::string> make_filter(Watching watching, const std::vector<std::string>& counted,
                                const std::vector<std::string>& trapped) {
  // The library asks the kernel and then refuses what it lacks; whether the filter is taken shows when it is installed.
  constexpr unsigned kNotifications = 5;
  if (seccomp_api_get() < kNotifications && seccomp_api_set(kNotifications) != 0)
    return Error{.what = "the seccomp library knows no notifications"};
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) return Error{.what = "the call filter cannot be made: no memory"};
  // A tree and no list: the kernel runs a new filter through all calls there are, and that was a tenth of a short run.
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  // An unknown ABI runs unseen, as everything else that is not in the table; the coverage says so.
  seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
  for (const Abi& abi : abis())
    if (const int error = seccomp_arch_add(filter.get(), abi.token); error != 0 && error != -EEXIST)
      return cannot("architecture", error);
  std::vector<Row> rows(std::begin(kRows), std::end(kRows));
  std::ranges::copy_if(kCountable, std::back_inserter(rows), [&](const Row& row) { return is_asked(row, counted); });
  for (const std::string& name : trapped) {
    const int number = number_of(seccomp_arch_native(), name.c_str());
    if (number == __NR_SCMP_ERROR) continue;
    if (const int error = seccomp_rule_add(filter.get(), SCMP_ACT_NOTIFY, number, 0); error != 0)
      return cannot(name.c_str(), error);
  }
  if (watching == Watching::command)
    if (const int error = add_socketcall(filter.get()); error != 0) return cannot("socketcall", error);
  for (const Row& row : rows) {
    if (std::ranges::find(trapped, std::string_view(row.call.name)) != trapped.end()) continue;
    const bool left_out = std::ranges::find(kNotOfServices, row.call.name) != std::end(kNotOfServices);
    if (watching != Watching::command && left_out) continue;
    const int number = number_of(seccomp_arch_native(), row.call.name);
    if (number == __NR_SCMP_ERROR) continue;
    if (const int error = add_row(filter.get(), as_installed(row), number, watching); error != 0)
      return cannot(row.call.name, error);
  }
  return exported(filter.get());
}

using Numbers = std::unordered_map<std::uint64_t, WatchedCall>;

std::uint64_t key_of(std::uint32_t arch, int number) {
  return std::uint64_t{arch} << 32 | static_cast<std::uint32_t>(number);
}

bool holds(const Row& row, std::uint64_t argument) {
  switch (row.compare) {
    case SCMP_CMP_EQ:
      return argument == row.first;
    case SCMP_CMP_MASKED_EQ:
      return (argument & row.first) == row.second;
    default:
      return argument != row.first;
  }
}

/// The library knows a multiplexed call by a pseudo number; kernels since 4.3 have real ones beside socketcall, which
/// the filter shows, too.
struct Direct {
  std::string_view name;
  int number = 0;
};
constexpr Direct kDirectOfI386[] = {{"bind", 361},   {"connect", 362}, {"listen", 363},  {"accept4", 364},
                                    {"sendto", 369}, {"sendmsg", 370}, {"sendmmsg", 345}};

Numbers make_numbers() {
  Numbers numbers;
  for (const Row& row : kRows)
    for (const Direct& direct : kDirectOfI386)
      if (seccomp_arch_native() == SCMP_ARCH_X86_64 && direct.name == row.call.name)
        numbers.emplace(key_of(AUDIT_ARCH_I386, direct.number), row.call);
  for (const Abi& abi : abis()) {
    for (const std::span<const Row> rows : {std::span<const Row>(kRows), std::span<const Row>(kCountable)})
      for (const Row& row : rows)
        if (const int number = number_of(abi.token, row.call.name); number >= 0)
          numbers.emplace(key_of(abi.arch, number), row.call);
    if (const int number = number_of(abi.token, "socketcall"); number >= 0)
      numbers.emplace(key_of(abi.arch, number), WatchedCall{.call = Call::socketcall, .name = "socketcall"});
  }
  return numbers;
}
}  // namespace

const WatchedCall* watched_call(std::uint32_t arch, int number) {
  static const Numbers kNumbers = make_numbers();
  auto found = kNumbers.find(key_of(arch, number));
  if (found == kNumbers.end() && (number & kX32Bit) != 0) found = kNumbers.find(key_of(arch, number & ~kX32Bit));
  return found == kNumbers.end() ? nullptr : &found->second;
}

bool is_shown(std::uint32_t arch, int number, const std::uint64_t (&arguments)[6]) {
  const WatchedCall* call = watched_call(arch, number);
  if (call == nullptr || call->call == Call::socketcall || call->call == Call::count) return call != nullptr;
  return std::ranges::any_of(kRows, [&](const Row& row) {
    return std::string_view(row.call.name) == call->name && (row.argument < 0 || holds(row, arguments[row.argument]));
  });
}

bool is_countable(std::string_view name) {
  return std::ranges::any_of(kCountable, [name](const Row& row) { return name == row.call.name; });
}

Result<std::string> call_filter(Watching watching, const std::vector<std::string>& counted,
                                const std::vector<std::string>& trapped) {
  static const Result<std::string> kOfCommands = make_filter(Watching::command, {}, {});
  static const Result<std::string> kOfServices = make_filter(Watching::service, {}, {});
  static const Result<std::string> kWithReads = make_filter(Watching::service_reads, {}, {});
  if (!counted.empty() || !trapped.empty()) return make_filter(watching, counted, trapped);
  if (watching == Watching::command) return kOfCommands;
  return watching == Watching::service ? kOfServices : kWithReads;
}
}  // namespace mccoy::witness
