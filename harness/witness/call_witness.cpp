#include "harness/witness/call_witness.hpp"

#include <fmt/format.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "harness/base/call_watch.hpp"
#include "harness/base/fd_passing.hpp"
#include "harness/witness/recorder.hpp"
#include "harness/witness/tracer.hpp"

// Newer than the headers of Debian 12; a kernel that does not know it refuses, and we do without.
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

namespace mccoy::witness {
namespace {
constexpr int kSettleMs = 1;  ///< between looks at connections that are being made
constexpr auto kNudgeEvery = std::chrono::milliseconds(5);

template <class T>
bool receive(int socket, T& plain) {
  return receive_packet(socket, room_of(plain)).size == sizeof plain;
}

bool reply(int socket, WatchWord word) {
  return send_packet(socket, bytes_of(word)).ok();
}
bool reply(int socket, bool yes) {
  return reply(socket, yes ? WatchWord::yes : WatchWord::no);
}

/// What the witness does to a process later must be allowed: to copy descriptors and to read memory.
bool may_look_into(pid_t pid, int pidfd) {
  char byte = 0;
  const iovec ours{&byte, 1};
  const iovec theirs{&byte, 1};  // any address will do: EFAULT is an answer, EPERM is not
  const bool memory = ::process_vm_readv(pid, &ours, 1, &theirs, 1, 0) >= 0 || errno == EFAULT;
  return memory && tracee::copy_descriptor(pidfd, 0);
}
}  // namespace

struct CallWitness::State {
  UniqueFd ours, theirs, listener;
  Interrupt stop;
  std::thread thread;
  std::atomic<bool> traces = false;  ///< the thread waits for processes and not for `stop`
  Recorder recorder;
  Tracer tracer;
  std::string why_not;     ///< nobody is watched
  std::string why_traced;  ///< why it is not by notifications

  void run();
  bool shake_hands();
  bool trace(pid_t pid, int error);
  void serve();
  void serve_traced();
  bool answer();
};

/// Takes over the listener of the child. False: nobody is to be watched, see why_not.
bool CallWitness::State::shake_hands() {
  pid_t pid = 0;
  if (!receive(ours.get(), pid)) return false;
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const bool allowed = pidfd && may_look_into(pid, pidfd.get());
  if (!reply(ours.get(), allowed) || !allowed) {
    why_not = "this process may not look into its children (ptrace is not allowed here)";
    return false;
  }
  int number = -1;
  if (!receive(ours.get(), number)) return false;
  if (number < 0) return trace(pid, -number);
  listener = tracee::copy_descriptor(pidfd.get(), number);
  if (!listener) why_not = "the listener could not be taken over";
  __u64 flags = SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP;
  if (listener) ::ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_SET_FLAGS, flags);
  return reply(ours.get(), static_cast<bool>(listener)) && listener;
}

/// The kernel gave no notifications. Below another watcher's filter ours would never be asked, hence no filter there.
bool CallWitness::State::trace(pid_t pid, int error) {
  why_traced = fmt::format("the kernel refused notifications ({}{})", std::strerror(error),
                           error == EBUSY ? ": another watcher is above this run" : "");
  int refused = -1;
  const bool traced = tracer.attach(pid);
  const bool filtered =
      traced && error != EBUSY && reply(ours.get(), WatchWord::trace) && receive(ours.get(), refused) && refused == 0;
  if (!traced || (!filtered && !tracer.stop_at_every_call(pid))) why_not = why_traced + ", and tracing is not allowed";
  return reply(ours.get(), true) && why_not.empty();
}

void CallWitness::State::run() {
  if (shake_hands()) listener ? serve() : serve_traced();
  ours.reset();
  listener.reset();
}

/// One call: look, and let it pass. False: nobody waits any more.
bool CallWitness::State::answer() {
  seccomp_notif call{};
  if (::ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) return errno == EINTR || errno == ENOENT;
  recorder.on_call(call);
  seccomp_notif_resp pass{.id = call.id, .val = 0, .error = 0, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
  ::ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_SEND, &pass);  // ENOENT: it was killed meanwhile
  return true;
}

namespace {
/// Everything but the calls behind one descriptor: poll(2), done for every call, has the less to look at.
class Others {
 public:
  Others() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}
  /// Once each; -1 is nothing to wait for yet.
  void add(int fd) {
    if (fd < 0 || std::ranges::find(added_, fd) != added_.end()) return;
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
    added_.push_back(fd);
  }
  int fd() const { return epoll_.get(); }

 private:
  UniqueFd epoll_;
  std::vector<int> added_;
};
}  // namespace

void CallWitness::State::serve() {
  SocketLog& sockets = recorder.sockets();
  Others others;
  others.add(recorder.ends_fd());
  others.add(stop.fd());
  std::array<pollfd, 2> waited{pollfd{listener.get(), POLLIN, 0}, pollfd{others.fd(), POLLIN, 0}};
  auto& [calls, rest] = waited;
  for (bool watching = true; watching;) {
    others.add(sockets.farewells_fd());
    const int ready = ::poll(waited.data(), waited.size(), sockets.unsettled() ? kSettleMs : -1);
    if (ready < 0 && errno != EINTR) return;
    if (sockets.unsettled()) recorder.settle_sockets();
    if (ready <= 0) continue;
    if (rest.revents != 0) {
      recorder.on_ends();  // before the call: its process may have the number of one that ended
      sockets.take_farewells();
    }
    if ((calls.revents & POLLIN) != 0) watching = answer();
    const bool all_gone = (calls.revents & (POLLHUP | POLLERR)) != 0;
    if (all_gone || (rest.revents != 0 && stop.raised() && (calls.revents & POLLIN) == 0)) return;
  }
}

void CallWitness::State::serve_traced() {
  SocketLog& sockets = recorder.sockets();
  traces = true;
  tracer.run({.on_call = [&](const seccomp_notif& call) { recorder.on_call(call); },
              .before_each =
                  [&] {
                    recorder.on_ends();
                    sockets.take_farewells();
                    if (sockets.unsettled()) recorder.settle_sockets();
                  },
              .is_settling = [&] { return sockets.unsettled(); },
              .is_over = [&] { return stop.raised(); }});
  traces = false;
}

CallWitness::CallWitness() = default;
CallWitness::CallWitness(CallWitness&&) noexcept = default;
CallWitness& CallWitness::operator=(CallWitness&&) noexcept = default;
CallWitness::~CallWitness() {
  if (state_) end();
}

void CallWitness::watch(Command& command) {
  MCCOY_CHECK(state_ == nullptr);
  state_ = std::make_unique<State>();
  const auto& filter = call_filter();
  auto pair = filter.ok() ? make_socket_pair() : Result<SocketPair>(filter.error());
  if (!pair.ok()) {
    state_->why_not = pair.error().what;
    return;
  }
  state_->ours = std::move(pair->ours);
  state_->theirs = std::move(pair->theirs);
  command.call_filter = *filter;
  command.watcher = state_->theirs.get();
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

evidence::Activity CallWitness::end() {
  MCCOY_CHECK(state_ != nullptr);
  const std::unique_ptr<State> state = std::move(state_);
  state->theirs.reset();  // when the command was never started, this ends the wait for its first word
  state->stop.raise();
  while (state->traces) {
    Tracer::nudge(state->thread.native_handle());
    std::this_thread::sleep_for(kNudgeEvery);
  }
  if (state->thread.joinable()) state->thread.join();
  evidence::Activity activity;
  if (state->why_not.empty() && state->thread.get_id() == std::thread::id()) activity = state->recorder.finish();
  if (!state->why_traced.empty()) {
    activity.mechanism = "ptrace";
    activity.notices.push_back("programs that trace others could not: ptrace watched, for " + state->why_traced);
  }
  if (!state->why_not.empty()) {
    activity = {};
    activity.notices.push_back(state->why_not);
  }
  return activity;
}
}  // namespace mccoy::witness
