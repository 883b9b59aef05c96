// The keeper: parent of one command and, as a subreaper, of all that the command leaves behind.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <unordered_set>
#include <vector>

#include "harness/base/cgroup.hpp"
#include "harness/base/fd_passing.hpp"
#include "harness/base/keeper_protocol.hpp"
#include "harness/base/launch.hpp"
#include "harness/base/process.hpp"

namespace mccoy {
namespace {
constexpr std::size_t kFewProcesses = 8;  ///< more are stopped first, so that none forks while the others are killed
constexpr int kStopRounds = 50;
constexpr int kSettleRounds = 40;
constexpr useconds_t kSettlePause_us = 50;
constexpr int kShortestRound_ms = 5, kLongestRound_ms = 200;  ///< between two walks while something refuses to die

std::int64_t microseconds(const timeval& time) {
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec;
}

class Keeper {
 public:
  explicit Keeper(int control) : control_(control) {
    sigset_t child_ended;
    ::sigemptyset(&child_ended);
    ::sigaddset(&child_ended, SIGCHLD);
    child_events_ = UniqueFd(::signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK));
  }

  /// One command, from its order to its end.
  ///   returns  true: it ended and left nothing behind, so another order may come
  bool run() {
    if (!start()) return false;
    watch();
    if (empty_ && tally_.empty && cgroup_.empty()) return true;  // said with the end of the root
    if (!empty_) kill_everything();
    remove_own_cgroup();
    report(KeeperReport::Kind::gone);
    return false;
  }

 private:
  bool start();
  bool receive(StartRequest& request, std::string& payload, std::array<UniqueFd, kMaxPassedFds>& stdio);
  bool fail(StartStep step, int error);
  bool given_up() const;
  UniqueFd join_cgroup(const StartRequest& request);
  void announce(const Launched& launched);
  void watch();
  void reap();
  void note_root_end(int status);
  void kill_everything();
  void stop_everything();
  void wait_for_deaths(std::size_t expected, int timeout_ms);
  void remove_own_cgroup();
  void report(KeeperReport::Kind kind) {
    tally_.kind = kind;
    tally_.empty = empty_;
    (void)send_packet(control_, bytes_of(tally_));
  }

  int control_;
  UniqueFd child_events_;
  std::string cgroup_;  ///< empty: none
  pid_t root_ = 0;
  std::int64_t exec_ns_ = 0;
  bool root_ended_ = false, root_reported_ = false;
  bool empty_ = false;      ///< no child is left
  std::size_t reaped_ = 0;  ///< children so far
  KeeperReport tally_;      ///< sums over all reaped children, and how the root ended
};

bool Keeper::fail(StartStep step, int error) {
  KeeperReport failed;
  failed.step = step;
  failed.error = error;
  (void)send_packet(control_, bytes_of(failed));
  return false;
}

bool Keeper::receive(StartRequest& request, std::string& payload, std::array<UniqueFd, kMaxPassedFds>& stdio) {
  Packet first = receive_packet(control_, room_of(request));
  if (first.size != sizeof request || !first.fds[2]) return false;
  stdio = std::move(first.fds);
  payload.resize(request.payload_bytes);
  for (std::size_t filled = 0; filled < payload.size();) {
    const Packet part = receive_packet(control_, std::span(payload).subspan(filled));
    if (part.size <= 0) return false;
    filled += static_cast<std::size_t>(part.size);
  }
  return true;
}

/// An order can wait for us longer than mccoy waits for its answer; then nobody wants it carried out any more.
bool Keeper::given_up() const {
  pollfd ended{control_, POLLRDHUP, 0};
  return ::poll(&ended, 1, 0) > 0 && (ended.revents & (POLLRDHUP | POLLHUP)) != 0;
}

/// Pointers to the strings of a payload from `start` on, each ended by NUL.
std::vector<char*> strings_of(std::string& payload, std::size_t start) {
  std::vector<char*> strings;
  for (; start < payload.size(); start = payload.find('\0', start) + 1) strings.push_back(payload.data() + start);
  return strings;
}

bool Keeper::start() {
  StartRequest request;
  std::string payload;
  std::array<UniqueFd, kMaxPassedFds> stdio;
  if (!receive(request, payload, stdio)) return fail(StartStep::receive, EPROTO);
  if (given_up()) return false;
  if (request.filter_bytes > payload.size()) return fail(StartStep::receive, EPROTO);
  auto strings = strings_of(payload, request.filter_bytes);
  if (strings.size() != 2 + std::size_t{request.argc} + request.envc) return fail(StartStep::receive, EPROTO);

  std::vector<char*> argv(strings.begin() + 2, strings.begin() + 2 + request.argc);
  std::vector<char*> env(strings.begin() + 2 + request.argc, strings.end());
  argv.push_back(nullptr);
  env.push_back(nullptr);
  const UniqueFd cgroup_procs = join_cgroup(request);
  const Launched launched = launch({.path = strings[0],
                                    .argv = argv.data(),
                                    .env = env.data(),
                                    .cwd = strings[1],
                                    .stdio = {stdio[0].get(), stdio[1].get(), stdio[2].get()},
                                    .request = &request,
                                    .filter = payload.data(),
                                    .watcher = request.filter_bytes > 0 ? stdio[3].get() : -1,
                                    .cgroup_procs = cgroup_procs.get()});
  if (launched.failed_step != StartStep::none) {
    remove_own_cgroup();
    return fail(launched.failed_step, launched.error);
  }
  announce(launched);
  return true;
}

UniqueFd Keeper::join_cgroup(const StartRequest& request) {
  if (!request.want_cgroup) return {};
  const std::string path = cgroup_of_keeper(::getpid());
  if (!make_cgroup(path)) return {};
  cgroup_ = path;
  return open_cgroup_procs(path);
}

/// The clone resumes us while execve is at work: its new arguments are shown a moment later. Bounded, for they may be
/// unreadable; without that wait, who looks at a process just started would now and then see an empty command line.
ProcessId settled(pid_t pid) {
  auto info = process_info(pid);
  for (int round = 0; round < kSettleRounds && info && info->argv.empty() && info->state != 'Z'; ++round) {
    ::usleep(kSettlePause_us);
    info = process_info(pid);
  }
  return info ? info->id : ProcessId{pid, 0};
}

void Keeper::announce(const Launched& launched) {
  root_ = launched.pid;
  exec_ns_ = launched.exec_ns;
  KeeperReport started;
  started.kind = KeeperReport::Kind::started;
  started.keeper = ::getpid();
  started.root = root_;
  started.root_ticks = settled(root_).start_ticks;
  started.in_cgroup = !cgroup_.empty();
  const int pidfd = launched.pidfd.get();
  (void)send_packet(control_, bytes_of(started), {&pidfd, 1});
}

/// Until nothing is left, or until mccoy is gone or wants no more of it: both end the stream.
void Keeper::watch() {
  std::array<pollfd, 2> waited{{{child_events_.get(), POLLIN, 0}, {control_, POLLIN, 0}}};
  while (!empty_) {
    if (::poll(waited.data(), waited.size(), -1) < 0 && errno != EINTR) return;
    if (waited[0].revents != 0) reap();
    if (waited[1].revents != 0) return;
  }
}

void Keeper::reap() {
  signalfd_siginfo ignored;
  while (::read(child_events_.get(), &ignored, sizeof ignored) > 0) continue;
  for (;;) {
    int status = 0;
    rusage usage{};
    const pid_t pid = ::wait4(-1, &status, WNOHANG, &usage);
    if (pid == 0) break;
    if (pid < 0) {
      empty_ = true;
      break;
    }
    ++reaped_;
    tally_.user_cpu_us += microseconds(usage.ru_utime);
    tally_.system_cpu_us += microseconds(usage.ru_stime);
    tally_.max_rss_kib = std::max<std::int64_t>(tally_.max_rss_kib, usage.ru_maxrss);
    if (pid == root_ && !root_ended_) note_root_end(status);
  }
  if (root_ended_ && !root_reported_) {
    root_reported_ = true;
    report(KeeperReport::Kind::root_ended);
  }
}

void Keeper::note_root_end(int status) {
  root_ended_ = true;
  tally_.wall_ns = monotonic_ns() - exec_ns_;
  tally_.exited = WIFEXITED(status);
  tally_.code = tally_.exited ? WEXITSTATUS(status) : WTERMSIG(status);
}

void Keeper::stop_everything() {
  std::unordered_set<pid_t> stopped;
  for (int round = 0; round < kStopRounds; ++round) {
    const std::size_t before = stopped.size();
    for (const pid_t pid : descendants_of(::getpid()))
      if (stopped.insert(pid).second) ::kill(pid, SIGSTOP);
    if (stopped.size() == before) return;
  }
}

/// Walks and kills until wait(2) says that there is no child, which is exact where a walk is a snapshot.
void Keeper::kill_everything() {
  if (!cgroup_.empty()) kill_cgroup(cgroup_);
  reap();
  for (int pause_ms = kShortestRound_ms; !empty_; pause_ms = std::min(2 * pause_ms, kLongestRound_ms)) {
    auto alive = descendants_of(::getpid());
    if (alive.size() > kFewProcesses) {
      stop_everything();
      alive = descendants_of(::getpid());
    }
    for (const pid_t pid : alive) ::kill(pid, SIGKILL);
    wait_for_deaths(alive.size(), pause_ms);
  }
}

/// Reaps until as many are gone as were killed, or nobody dies for a while.
void Keeper::wait_for_deaths(std::size_t expected, int timeout_ms) {
  const std::size_t enough = reaped_ + expected;
  for (bool progress = true; progress && !empty_ && reaped_ < enough;) {
    pollfd child_ended{child_events_.get(), POLLIN, 0};
    progress = ::poll(&child_ended, 1, timeout_ms) > 0;
    reap();
  }
}

/// A member that was killed a moment ago may still keep the folder busy.
void Keeper::remove_own_cgroup() {
  for (int round = 0; !cgroup_.empty() && round < 100; ++round) {
    if (remove_cgroup(cgroup_)) return cgroup_.clear();
    kill_cgroup(cgroup_);
    ::poll(nullptr, 0, kShortestRound_ms);
  }
}
}  // namespace

void keep(int control) {
  ::prctl(PR_SET_NAME, "mcc-keeper");
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  while (Keeper(control).run()) continue;
  ::_exit(0);
}
}  // namespace mccoy
