#include "harness/base/launch.hpp"

#include "harness/base/call_watch.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace mccoy {
namespace {
/// Lives in the keeper's memory, which the child shares until execve.
struct Shared {
  const Launch* order;
  StartStep step;
  int error;
  std::int64_t exec_ns;
};

/// Raw system calls: the C library would tell other threads, and thinks it is still the keeper.
bool become_user(const StartRequest& request) {
  return ::syscall(SYS_setgroups, 0, nullptr) == 0 && ::syscall(SYS_setgid, request.gid) == 0 &&
         ::syscall(SYS_setuid, request.uid) == 0;
}

bool redirect(const int (&stdio)[3]) {
  for (int fd = 0; fd < 3; ++fd)
    if (::dup2(stdio[fd], fd) < 0) return false;
  return true;
}

/// A copy of the mounts; what happens to it is not passed on.
bool leave_mounts() {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

/// Runs in the memory of the keeper, which is stopped until execve or _exit: nothing here may allocate.
StartStep prepare_and_exec(Shared& shared) {
  const Launch& order = *shared.order;
  if (order.cgroup_procs >= 0 && ::write(order.cgroup_procs, "0", 1) != 1) return StartStep::cgroup;
  if (::setsid() < 0) return StartStep::session;
  if (!redirect(order.stdio)) return StartStep::redirect;
  if (order.request->no_network && ::unshare(CLONE_NEWNET) != 0) return StartStep::network;
  if (order.request->private_mounts && !leave_mounts()) return StartStep::mounts;
  ::umask(order.request->umask);
  if (order.watcher >= 0 && !offer_watch(order.watcher, order.filter, order.request->filter_bytes))
    return StartStep::watch;  // while we may still do so without no_new_privs
  if (order.request->change_user && !become_user(*order.request)) return StartStep::user;
  if (::chdir(order.cwd) != 0) return StartStep::chdir;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // should the keeper be killed, at least the root goes with it
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  shared.exec_ns = monotonic_ns();
  ::execve(order.path, order.argv, order.env);
  return StartStep::exec;
}

int child_main(void* argument) {
  auto& shared = *static_cast<Shared*>(argument);
  shared.step = prepare_and_exec(shared);
  shared.error = errno;
  ::_exit(127);
}

constexpr std::size_t kStackBytes = 64 * 1024;
alignas(64) char child_stack[kStackBytes];
}  // namespace

std::int64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

Launched launch(const Launch& order) {
  Shared shared{&order, StartStep::none, 0, 0};
  int pidfd = -1;
  Launched result;
  result.pid =
      ::clone(child_main, child_stack + kStackBytes, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &shared, &pidfd);
  if (result.pid < 0) {
    result.failed_step = StartStep::fork;
    result.error = errno;
    return result;
  }
  result.pidfd = UniqueFd(pidfd);
  result.failed_step = shared.step;
  result.error = shared.error;
  result.exec_ns = shared.exec_ns;
  if (shared.step != StartStep::none) ::waitpid(result.pid, nullptr, 0);
  return result;
}
}  // namespace mccoy
