#include "harness/witness/call_thread.hpp"

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
#include <cerrno>
#include <chrono>
#include <cstring>
#include <initializer_list>
#include <string>
#include <thread>

#include "harness/base/call_watch.hpp"
#include "harness/base/fd_passing.hpp"
#include "harness/base/launch.hpp"
#include "harness/witness/tracee.hpp"

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

/// Takes over the listener of the child. False: nobody is to be watched, see why_not().
bool CallThread::shake_hands() {
  pid_t pid = 0;
  if (!receive(ours_.get(), pid)) return false;
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const bool allowed = pidfd && may_look_into(pid, pidfd.get());
  if (!reply(ours_.get(), allowed) || !allowed)
    return refuse("this process may not look into its children (ptrace is not allowed here)");
  int number = -1;
  if (!receive(ours_.get(), number)) return false;
  if (number < 0) return trace(pid, -number);
  listener_ = tracee::copy_descriptor(pidfd.get(), number);
  if (!listener_) refuse("the listener could not be taken over");
  __u64 flags = SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP;
  if (listener_) ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SET_FLAGS, flags);
  return reply(ours_.get(), static_cast<bool>(listener_)) && listener_;
}

/// The kernel gave no notifications. Below another watcher's filter ours would never be asked, hence no filter there.
bool CallThread::trace(pid_t pid, int error) {
  const std::string why = fmt::format("the kernel refused notifications ({}{})", std::strerror(error),
                                      error == EBUSY ? ": another watcher is above this run" : "");
  if (!may_trace_) {
    refuse(why);
    return reply(ours_.get(), true) && false;
  }
  int refused = -1;
  const bool traced = tracer_.attach(pid);
  const bool filtered =
      traced && error != EBUSY && reply(ours_.get(), WatchWord::trace) && receive(ours_.get(), refused) && refused == 0;
  const bool stops = traced && (filtered || tracer_.stop_at_every_call(pid));
  if (!stops) refuse(why + ", and tracing is not allowed");
  if (stops) {
    const std::lock_guard lock(mutex_);
    why_traced_ = why;
  }
  return reply(ours_.get(), true) && stops;
}

bool CallThread::refuse(std::string why) {
  const std::lock_guard lock(mutex_);
  why_not_ = std::move(why);
  return false;
}

void CallThread::run() {
  if (shake_hands()) {
    {
      const std::lock_guard lock(mutex_);
      watches_ = true;
    }
    listener_ ? serve() : serve_traced();
  }
  ours_.reset();
  listener_.reset();
}

void CallThread::let_on(std::uint64_t id, int error) {
  seccomp_notif_resp response{.id = id, .val = 0, .error = -error, .flags = 0};
  if (error == 0) response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &response);  // ENOENT: it was killed meanwhile
}

void CallThread::let_on_who_waited() {
  const std::int64_t now_ns = monotonic_ns();
  for (const Held& held : held_)
    if (held.until_ns <= now_ns) let_on(held.id, held.error);
  std::erase_if(held_, [&](const Held& held) { return held.until_ns <= now_ns; });
}

namespace {
/// Some calls are shown only because they may be made to fail.
bool is_for_recorder(const seccomp_data& data) {
  const WatchedCall* call = watched_call(data.arch, data.nr);
  return call != nullptr && call->call != Call::accept && call->call != Call::count;
}

/// Of ppoll(2): until the first of those that wait may go on; at most `most_ms`, -1: any time.
template <class AllHeld>
const timespec* patience(const AllHeld& all, int most_ms, timespec& span) {
  std::int64_t left_ns = most_ms < 0 ? -1 : std::int64_t{most_ms} * 1'000'000;
  const std::int64_t now_ns = all.empty() ? 0 : monotonic_ns();
  for (const auto& held : all) {
    const std::int64_t its_ns = std::max<std::int64_t>(held.until_ns - now_ns, 0);
    left_ns = left_ns < 0 ? its_ns : std::min(left_ns, its_ns);
  }
  if (left_ns < 0) return nullptr;
  span = {.tv_sec = left_ns / 1'000'000'000, .tv_nsec = left_ns % 1'000'000'000};
  return &span;
}
}  // namespace

/// One call: look, and let it pass, unless it is to fail or to wait. False: nobody waits any more.
bool CallThread::answer() {
  seccomp_notif call{};
  if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) return errno == EINTR || errno == ENOENT;
  const auto decision = faults_ ? faults_->decide(call) : CallFaults::Decision{};
  const bool for_recorder = !faults_ || (decision.error == 0 && is_for_recorder(call.data));
  if (for_recorder) with_recorder([&](Recorder& recorder) { recorder.on_call(call); });
  if (decision.delay_ns > 0)
    held_.push_back({call.id, monotonic_ns() + decision.delay_ns, decision.error});
  else
    let_on(call.id, decision.error);
  return true;
}

namespace {
/// Everything but the calls behind one descriptor: poll(2), done for every call, has the less to look at.
UniqueFd all_of(std::initializer_list<int> fds) {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  for (const int fd : fds) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event);
  }
  return epoll;
}

void note_others(Recorder& recorder) {
  recorder.on_ends();  // before the call: its process may have the number of one that ended
  recorder.sockets().take_farewells();
}
}  // namespace

void CallThread::serve() {
  const UniqueFd others = all_of({recorder_.ends_fd(), recorder_.sockets().farewells_fd(), stop_.fd()});
  std::array<pollfd, 2> waited{pollfd{listener_.get(), POLLIN, 0}, pollfd{others.get(), POLLIN, 0}};
  auto& [calls, rest] = waited;
  for (bool unsettled = false, watching = true; watching;) {
    timespec span{};
    const int ready = ::ppoll(waited.data(), waited.size(), patience(held_, unsettled ? kSettleMs : -1, span), nullptr);
    if (ready < 0 && errno != EINTR) return;
    if (!held_.empty()) let_on_who_waited();
    if (unsettled) with_recorder([](Recorder& recorder) { recorder.settle_sockets(); });
    if (ready > 0 && rest.revents != 0) with_recorder(note_others);
    if (ready > 0 && (calls.revents & POLLIN) != 0) watching = answer();
    unsettled = with_recorder([](Recorder& recorder) { return recorder.sockets().unsettled(); });
    if (ready <= 0) continue;
    const bool all_gone = (calls.revents & (POLLHUP | POLLERR)) != 0;
    if (all_gone || (rest.revents != 0 && stop_.raised() && (calls.revents & POLLIN) == 0)) return;
  }
}

void CallThread::serve_traced() {
  traces_ = true;
  tracer_.run({.on_call = [&](const seccomp_notif& call) { with_recorder([&](Recorder& r) { r.on_call(call); }); },
               .before_each =
                   [&] {
                     with_recorder([](Recorder& recorder) {
                       note_others(recorder);
                       if (recorder.sockets().unsettled()) recorder.settle_sockets();
                     });
                   },
               .is_settling = [&] { return with_recorder([](Recorder& r) { return r.sockets().unsettled(); }); },
               .is_over = [&] { return stop_.raised(); }});
  traces_ = false;
}

void CallThread::watch(Command& command, Watching watching, const std::vector<std::string>& counted,
                       std::shared_ptr<CallFaults> faults) {
  may_trace_ = watching == Watching::command;
  faults_ = std::move(faults);
  const auto filter = call_filter(watching, counted, faults_ ? faults_->trapped() : std::vector<std::string>{});
  auto pair = filter.ok() ? make_socket_pair() : Result<SocketPair>(filter.error());
  if (!pair.ok()) {
    refuse(pair.error().what);
    return;
  }
  ours_ = std::move(pair->ours);
  theirs_ = std::move(pair->theirs);
  if (watching == Watching::service) recorder_.sees_no_reads();
  if (watching != Watching::command) recorder_.sees_no_messages();
  command.call_filter = *filter;
  command.watcher = theirs_.get();
  thread_ = std::thread([this] { run(); });
}

void CallThread::end() {
  theirs_.reset();  // when the command was never started, this ends the wait for its first word
  stop_.raise();
  while (traces_) {
    Tracer::nudge(thread_.native_handle());
    std::this_thread::sleep_for(kNudgeEvery);
  }
  if (thread_.joinable()) thread_.join();
}

std::string CallThread::why_not() const {
  const std::lock_guard lock(mutex_);
  return why_not_;
}

std::string CallThread::why_traced() const {
  const std::lock_guard lock(mutex_);
  return why_traced_;
}

bool CallThread::watches() const {
  const std::lock_guard lock(mutex_);
  return watches_;
}
}  // namespace mccoy::witness
