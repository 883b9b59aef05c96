// The guardian: a child of mccoy with one thread, which forks keepers and outlives mccoy until the last of them is
// gone. As a subreaper it also inherits what a killed keeper leaves behind, and kills that. What mccoy had promised to
// undo and could not any more (undo.hpp) it carries out: limits and stopped processes at once, so that nobody dies
// slowly; files last of all, when nobody is left to write to them. What has expired it does not wait with.
#include "harness/base/guardian.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "harness/base/cgroup.hpp"
#include "harness/base/fd_passing.hpp"
#include "harness/base/keeper_protocol.hpp"
#include "harness/base/process.hpp"
#include "harness/base/undo_record.hpp"

namespace mccoy {
namespace {
constexpr int kSocket = 3;                                    ///< of the guardian to mccoy, later of a keeper to mccoy
constexpr int kShortestRound_ms = 5, kLongestRound_ms = 200;  ///< between two walks while a stray refuses to die
/// For the last commands to die once mccoy is gone. A process stuck in the kernel may take for ever; what was promised
/// to be undone is not kept waiting for it. Keepers stay with theirs for as long as that takes.
constexpr std::chrono::seconds kLastPatience{5};

/// First byte of a packet to the guardian. An undo order goes on with its id and the path of its record; a forget order
/// with an id.
enum class Order : char { keeper = 'k', undo = 'u', forget = 'f' };
constexpr std::size_t kMaxOrderBytes = 16 * 1024;

struct Promise {
  UndoOrder order;
  std::string record;
  bool tried = false;  ///< when it had expired, and could not be carried out
  bool is_due() const { return !tried && order.expires_boot_us != 0 && boot_us() >= order.expires_boot_us; }
};

class Guardian {
 public:
  explicit Guardian(const ProcessId& mccoy) : mccoy_(mccoy) {
    sigset_t child_ended;
    ::sigemptyset(&child_ended);
    ::sigaddset(&child_ended, SIGCHLD);
    child_events_ = UniqueFd(::signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK));
  }

  void serve() {
    while (connected_ || ((!keepers_.empty() || strays_) && !end_.passed())) {
      std::array<pollfd, 2> waited{{{child_events_.get(), POLLIN, 0}, {connected_ ? kSocket : -1, POLLIN, 0}}};
      ::poll(waited.data(), waited.size(), strays_ ? pause_ms_ : Deadline(end_.earlier(next_expiry())).poll_ms());
      if (waited[0].revents != 0 || strays_) reap();
      if (waited[1].revents != 0) answer();
      if (strays_) kill_strays();
      undo([](const Promise& promise) { return promise.is_due(); });
    }
    undo([](const Promise&) { return true; });
    undo_untold();
  }

 private:
  void answer();
  void fork_keeper(int control);
  void remember(std::string_view order);
  void forget(std::string_view order);
  void reap();
  void kill_strays();
  Deadline next_expiry() const;
  template <class Wanted>
  void undo(Wanted wanted);
  void undo_untold() const;

  const ProcessId mccoy_;
  UniqueFd child_events_;
  bool connected_ = true;
  Deadline end_;  ///< never, while connected
  std::unordered_set<pid_t> keepers_;
  bool strays_ = false;               ///< a keeper was killed; what it kept may be ours now
  int pause_ms_ = kShortestRound_ms;  ///< before the next walk for strays
  std::vector<std::string> lost_cgroups_;
  std::map<std::uint64_t, Promise> undo_;  ///< carried out latest first
};

[[noreturn]] void become_keeper(int control) {
  ::dup3(control, kSocket, O_CLOEXEC);
  ::close_range(kSocket + 1, ~0U, 0);
  keep(kSocket);
}

void Guardian::answer() {
  static std::array<char, kMaxOrderBytes> buffer;
  const Packet packet = receive_packet(kSocket, buffer);
  if (packet.size <= 0) {
    connected_ = false;
    end_ = Deadline::in(kLastPatience);
    return undo([](const Promise& promise) { return holds_processes(promise.order.what); });
  }
  const std::string_view order(buffer.data(), static_cast<std::size_t>(packet.size));
  switch (static_cast<Order>(order.front())) {
    case Order::keeper:
      // Without a socket of its own, a keeper would speak through ours. Whoever waits for it sees the end of its
      // stream.
      if (packet.fds[0]) fork_keeper(packet.fds[0].get());
      return;
    case Order::undo:
      return remember(order.substr(1));
    case Order::forget:
      return forget(order.substr(1));
  }
}

/// 0 when the order is too short to hold one.
std::uint64_t id_of(std::string_view order) {
  std::uint64_t id = 0;
  if (order.size() >= sizeof id) std::memcpy(&id, order.data(), sizeof id);
  return id;
}

/// A record that is gone by now is of an order that was withdrawn.
void Guardian::remember(std::string_view order) {
  const std::uint64_t id = id_of(order);
  if (id == 0) return;
  const std::string path(order.substr(sizeof id));
  if (auto record = read_undo_record(path); record.ok()) undo_[id] = {std::move(record->order), path};
}

Deadline Guardian::next_expiry() const {
  Deadline next;
  const std::int64_t now_us = boot_us();
  for (const auto& [id, promise] : undo_)
    if (promise.order.expires_boot_us != 0 && !promise.tried)
      next = next.earlier(
          Deadline::in(std::chrono::microseconds(std::max<std::int64_t>(promise.order.expires_boot_us - now_us, 0))));
  return next;
}

/// The record of what could not be undone stays, for `mccoy undo`.
template <class Wanted>
void Guardian::undo(Wanted wanted) {
  std::vector<std::uint64_t> ids;
  for (const auto& [id, promise] : undo_)
    if (wanted(promise)) ids.push_back(id);
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
    Promise& promise = undo_[*id];
    if (carry_out(promise.order).ok()) {
      ::unlink(promise.record.c_str());
      undo_.erase(*id);
    } else {
      promise.tried = true;
    }
  }
}

/// Mccoy may have been killed between writing a record and telling of it.
void Guardian::undo_untold() const {
  remove_unfinished_records(mccoy_);
  for (const std::string& path : undo_records()) {
    const auto record = read_undo_record(path);
    const bool untold = record.ok() && record->mccoy == mccoy_ && !undo_.contains(record->order.id);
    if (untold && carry_out(record->order).ok()) ::unlink(path.c_str());
  }
}

void Guardian::forget(std::string_view order) {
  undo_.erase(id_of(order));
}

void Guardian::fork_keeper(int control) {
  const pid_t keeper = ::fork();
  if (keeper == 0) become_keeper(control);
  if (keeper > 0) {
    keepers_.insert(keeper);
    return;
  }
  KeeperReport failed;
  failed.step = StartStep::fork;
  failed.error = errno;
  (void)send_packet(control, bytes_of(failed));
}

void Guardian::reap() {
  signalfd_siginfo ignored;
  while (::read(child_events_.get(), &ignored, sizeof ignored) > 0) continue;
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    if (keepers_.erase(pid) == 0 || !WIFSIGNALED(status)) continue;
    strays_ = true;
    pause_ms_ = kShortestRound_ms;
    lost_cgroups_.push_back(cgroup_of_keeper(pid));
  }
}

void Guardian::kill_strays() {
  strays_ = false;
  for (const std::string& path : lost_cgroups_) kill_cgroup(path);
  for (const pid_t child : children_of(::getpid())) {
    if (keepers_.contains(child)) continue;
    strays_ = true;
    for (const pid_t pid : descendants_of(child)) ::kill(pid, SIGKILL);
    ::kill(child, SIGKILL);
  }
  std::erase_if(lost_cgroups_, [](const std::string& path) { return remove_cgroup(path); });
  strays_ = strays_ || !lost_cgroups_.empty();
  pause_ms_ = std::min(2 * pause_ms_, kLongestRound_ms);
}

/// Nothing of mccoy's is kept: neither its signals, its terminal, its folder nor its files.
void leave_everything_behind(int socket) {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::setsid();
  if (::chdir("/") != 0) ::_exit(1);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
  if (socket != kSocket) ::dup3(socket, kSocket, O_CLOEXEC);
  ::close_range(kSocket + 1, ~0U, 0);
  rlimit core{};
  ::getrlimit(RLIMIT_CORE, &core);
  core.rlim_cur = 0;
  ::setrlimit(RLIMIT_CORE, &core);
}

[[noreturn]] void guard(int socket, const ProcessId& mccoy) {
  leave_everything_behind(socket);
  ::prctl(PR_SET_NAME, "mcc-guardian");  // a name of its own: "pkill -9 mccoy" must not take it along
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  {
    Guardian guardian(mccoy);
    guardian.serve();
  }
  ::_exit(0);
}

int guardian_socket = -1;  ///< written before the first thread, closed by the end of mccoy only
ProcessId guardian_id;
}  // namespace

Status start_guardian() {
  if (guardian_socket >= 0) return {};
  for (int fd = 0; (fd = ::open("/dev/null", O_RDWR)) >= 0;)  // 0, 1 and 2 must not become something else
    if (fd > 2) {
      ::close(fd);
      break;
    }
  MCCOY_TRY(pair, make_socket_pair());
  const ProcessId mccoy = identify_process(::getpid()).value_or(ProcessId{});
  const pid_t pid = ::fork();
  if (pid < 0) return system_error("cannot start the guardian process", errno);
  if (pid == 0) guard(pair.theirs.get(), mccoy);
  guardian_socket = pair.ours.release();
  guardian_id = identify_process(pid).value_or(ProcessId{pid, 0});
  return {};
}

Result<UniqueFd> new_keeper() {
  if (guardian_socket < 0) return Error{.what = "processes cannot be started: there is no guardian"};
  MCCOY_TRY(pair, make_socket_pair());
  const int theirs = pair.theirs.get();
  if (auto sent = send_packet(guardian_socket, bytes_of(Order::keeper), {&theirs, 1}); !sent.ok())
    return Error{.what = "processes cannot be started: the guardian of this run was killed",
                 .hint = "something killed the process \"mcc-guardian\"; run mccoy again without it",
                 .cause = sent.error().cause};
  return std::move(pair.ours);
}

Result<ProcessId> guardian_process() {
  if (guardian_socket < 0) return Error{.what = "nothing can be promised to be undone: there is no guardian"};
  return guardian_id;
}

Status tell_guardian(std::uint64_t id, const std::string& record) {
  std::string packet(1, static_cast<char>(Order::undo));
  packet.append(bytes_of(id)).append(record);
  return send_packet(guardian_socket, packet);
}

void forget_undo(std::uint64_t id) noexcept {
  std::string packet(1, static_cast<char>(Order::forget));
  packet.append(bytes_of(id));
  (void)send_packet(guardian_socket, packet);
}
}  // namespace mccoy
