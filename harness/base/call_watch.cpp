#include "harness/base/call_watch.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>

// Newer than the headers of Debian 12; the kernel refuses what it does not know, and then we do without.
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

namespace mccoy {
namespace {
bool said_yes(int watcher) {
  WatchWord word = WatchWord::no;
  ssize_t got = 0;
  do got = ::read(watcher, &word, sizeof word);
  while (got < 0 && errno == EINTR);
  return got == sizeof word && word == WatchWord::yes;
}

int install(const sock_fprog& program, unsigned long flags) {
  return static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program));
}

/// Without no_new_privs where that is allowed (root), so that set-user-ID programs keep their power.
int install(const sock_fprog& program) {
  constexpr unsigned long kFlags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  for (const unsigned long patience : {SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, 0UL}) {
    int listener = install(program, kFlags | patience);
    if (listener < 0 && errno == EACCES) {
      if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -errno;
      listener = install(program, kFlags | patience);
    }
    if (listener >= 0) return listener;
    if (errno != EINVAL) break;
  }
  return -errno;
}
}  // namespace

bool offer_watch(int watcher, const char* filter, std::size_t bytes) {
  const auto pid = static_cast<pid_t>(::syscall(SYS_getpid));
  if (::write(watcher, &pid, sizeof pid) != sizeof pid || !said_yes(watcher)) return true;
  // The kernel copies the program and takes no const pointer.
  const sock_fprog program{.len = static_cast<unsigned short>(bytes / sizeof(sock_filter)),
                           .filter = reinterpret_cast<sock_filter*>(const_cast<char*>(filter))};
  const int listener = install(program);
  const bool told = ::write(watcher, &listener, sizeof listener) == sizeof listener;
  if (listener < 0) return true;
  errno = EPERM;
  return told && said_yes(watcher);
}
}  // namespace mccoy
