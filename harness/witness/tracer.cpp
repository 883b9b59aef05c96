#include "harness/witness/tracer.hpp"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "harness/witness/call_table.hpp"

// sys/ptrace.h and linux/ptrace.h cannot be included together; of the latter only this is needed.
namespace {
struct SyscallInfo {  // struct ptrace_syscall_info
  std::uint8_t op, reserved[3];
  std::uint32_t arch;
  std::uint64_t instruction, stack;
  std::uint64_t number, arguments[6];  // of "entry" and "seccomp" alike
  std::uint32_t data, more;
};
constexpr auto kGetSyscallInfo = static_cast<__ptrace_request>(0x420e);
constexpr int kAtEntry = 1, kAtFilter = 3;
}  // namespace

namespace mccoy::witness {
namespace {
constexpr int kNudge = SIGURG;  ///< harmless to whoever else gets it
constexpr long kSettleNs = 1'000'000;
constexpr int kCallStop = SIGTRAP | 0x80;
constexpr int kStopSignals[] = {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};

/// A handler that does nothing, so that a wait ends with EINTR.
void allow_nudges() {
  static const bool kDone = [] {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    return ::sigaction(kNudge, &action, nullptr) == 0;
  }();
  (void)kDone;
  sigset_t mask;
  ::sigemptyset(&mask);
  ::sigaddset(&mask, kNudge);
  ::pthread_sigmask(SIG_UNBLOCK, &mask, nullptr);
}

/// Only the processes that this thread traces, and not the children of others.
constexpr int kOurs = __WALL | __WNOTHREAD;
}  // namespace

bool Tracer::attach(pid_t pid) {
  allow_nudges();
  const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                       PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL;
  return ::ptrace(PTRACE_SEIZE, pid, nullptr, options) == 0;
}

bool Tracer::stop_at_every_call(pid_t pid) {
  int status = 0;
  every_call_ = true;
  if (::ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr) != 0 || ::waitpid(pid, &status, kOurs) != pid) return false;
  resume(pid, 0);
  return WIFSTOPPED(status);
}

void Tracer::resume(pid_t thread, int signal) const {
  // ESRCH: it was killed meanwhile
  ::ptrace(every_call_ ? PTRACE_SYSCALL : PTRACE_CONT, thread, nullptr, signal);
}

void Tracer::run(const Watch& watch) {
  for (;;) {
    const bool settling = watch.is_settling();
    siginfo_t next{};
    const int got = ::waitid(P_ALL, 0, &next, WEXITED | WSTOPPED | WNOWAIT | kOurs | (settling ? WNOHANG : 0));
    if (got != 0 && errno != EINTR) return;
    watch.before_each();  // while one that ended still has its status
    if (watch.is_over() && (got != 0 || next.si_pid == 0)) return;
    if (got == 0 && next.si_pid == 0) {
      const timespec pause{.tv_sec = 0, .tv_nsec = kSettleNs};
      ::nanosleep(&pause, nullptr);
    }
    if (got != 0 || next.si_pid == 0) continue;
    int status = 0;
    if (::waitpid(next.si_pid, &status, kOurs) == next.si_pid && WIFSTOPPED(status))
      on_stop(next.si_pid, status, watch);
  }
}

void Tracer::on_stop(pid_t thread, int status, const Watch& watch) const {
  const int signal = WSTOPSIG(status), event = status >> 16;
  if (event == PTRACE_EVENT_SECCOMP || (event == 0 && signal == kCallStop)) {
    SyscallInfo info{};
    if (::ptrace(kGetSyscallInfo, thread, sizeof info, &info) > 0 && (info.op == kAtEntry || info.op == kAtFilter) &&
        is_shown(info.arch, static_cast<int>(info.number), info.arguments)) {
      seccomp_notif call{};
      call.pid = static_cast<__u32>(thread);
      call.data.nr = static_cast<int>(info.number);
      call.data.arch = info.arch;
      std::ranges::copy(info.arguments, call.data.args);
      watch.on_call(call);
    }
    return resume(thread, 0);
  }
  const bool stays = std::ranges::find(kStopSignals, signal) != std::end(kStopSignals);
  if (event == PTRACE_EVENT_STOP && stays)
    ::ptrace(PTRACE_LISTEN, thread, nullptr, nullptr);
  else
    resume(thread, event == 0 ? signal : 0);
}

void Tracer::nudge(pthread_t thread) {
  ::pthread_kill(thread, kNudge);
}
}  // namespace mccoy::witness
