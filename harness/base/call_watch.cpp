#include "harness/base/call_watch.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>

#include "harness/base/random.hpp"

// Newer than the headers of Debian 12; the kernel refuses what it does not know, and then we do without.
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

namespace mccoy {
namespace {
const std::uint64_t kToken = fresh_seed();  // before anything is forked

WatchWord hear(int watcher) {
  WatchWord word = WatchWord::no;
  ssize_t got = 0;
  iovec part{&word, sizeof word};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  do got = ::recvmsg(watcher, &message, 0);
  while (got < 0 && errno == EINTR);
  return got == sizeof word ? word : WatchWord::no;
}

/// Shown by no filter, for a sixth argument that the call does not have holds the token.
bool tell(int watcher, int number) {
  iovec part{&number, sizeof number};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  return ::syscall(SYS_sendmsg, watcher, &message, MSG_NOSIGNAL, 0L, 0L, watch_token()) == sizeof number;
}

int install(const sock_fprog& program, unsigned long flags) {
  return static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program));
}

/// Without no_new_privs where that is allowed (root), so that set-user-ID programs keep their power.
int install_as_allowed(const sock_fprog& program, unsigned long flags) {
  const int installed = install(program, flags);
  if (installed >= 0 || errno != EACCES) return installed;
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? install(program, flags) : -1;
}

int install_listener(const sock_fprog& program) {
  constexpr unsigned long kFlags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  for (const unsigned long patience : {SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, 0UL}) {
    const int listener = install_as_allowed(program, kFlags | patience);
    if (listener >= 0) return listener;
    if (errno != EINVAL) break;
  }
  return -errno;
}

/// What would have been told to a listener stops for the tracer instead.
int install_for_tracer(const sock_fprog& program) {
  for (unsigned short i = 0; i < program.len; ++i) {
    sock_filter& step = program.filter[i];
    if (step.code == (BPF_RET | BPF_K) && step.k == SECCOMP_RET_USER_NOTIF) step.k = SECCOMP_RET_TRACE;
  }
  return install_as_allowed(program, SECCOMP_FILTER_FLAG_SPEC_ALLOW) == 0 ? 0 : -errno;
}
}  // namespace

std::uint64_t watch_token() {
  return kToken;
}

bool offer_watch(int watcher, char* filter, std::size_t bytes) {
  if (!tell(watcher, static_cast<pid_t>(::syscall(SYS_getpid))) || hear(watcher) != WatchWord::yes) return true;
  const sock_fprog program{.len = static_cast<unsigned short>(bytes / sizeof(sock_filter)),
                           .filter = reinterpret_cast<sock_filter*>(filter)};
  const int listener = install_listener(program);
  const bool told = tell(watcher, listener);
  const WatchWord word = told ? hear(watcher) : WatchWord::no;
  if (listener >= 0) {
    // Ours would keep it alive: should the watcher be killed, the next call would wait for an answer for ever.
    ::close(listener);
    errno = EPERM;
    return word == WatchWord::yes;
  }
  if (word == WatchWord::trace && tell(watcher, install_for_tracer(program))) hear(watcher);
  return true;
}
}  // namespace mccoy
