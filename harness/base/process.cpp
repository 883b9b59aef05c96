// ProcessTree: mccoy's side of a keeper.
#include "harness/base/process.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>

#include "harness/base/fd_passing.hpp"
#include "harness/base/idle_keepers.hpp"
#include "harness/base/keeper_protocol.hpp"
#include "harness/base/start_order.hpp"

namespace mccoy {
namespace {
using std::chrono::microseconds;
using std::chrono::seconds;
constexpr seconds kStartPatience{30};  ///< for a keeper to appear and execve to return, on a machine under load
constexpr seconds kKillPatience{1};    ///< a process stuck in the kernel can survive SIGKILL; its keeper stays with it

enum class Waited { ready, deadline, interrupted };

Waited wait_for(short events, int fd, Deadline deadline, const Interrupt* interrupt) {
  std::array<pollfd, 2> waited{{{fd, events, 0}, {interrupt != nullptr ? interrupt->fd() : -1, POLLIN, 0}}};
  for (;;) {
    const int ready = ::poll(waited.data(), waited.size(), deadline.poll_ms());
    if (ready > 0) return waited[0].revents != 0 ? Waited::ready : Waited::interrupted;
    if (ready == 0 && deadline.passed()) return Waited::deadline;
    if (ready < 0 && errno != EINTR) return Waited::deadline;
  }
}

bool readable(int fd, Deadline deadline) {
  return wait_for(POLLIN, fd, deadline, nullptr) == Waited::ready;
}

bool asks_to_stop(int signal) {
  return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT || signal == SIGHUP || signal == SIGKILL;
}

Ended ended_from(const KeeperReport& report) {
  return {.exited = report.exited,
          .code = report.code,
          .wall = Duration(report.wall_ns),
          .user_cpu = microseconds(report.user_cpu_us),
          .system_cpu = microseconds(report.system_cpu_us),
          .max_rss_kib = report.max_rss_kib};
}

Error keeper_lost_error(const std::string& program) {
  return {.what = "the keeper of this command was killed, so nobody knows how it ended: " + program,
          .hint = "something killed the process \"mcc-keeper\"; what ran below it was killed then"};
}

/// Has the keeper kill what it started by now, and waits within bounds until it is gone.
void abandon(int control) {
  ::shutdown(control, SHUT_WR);
  const Deadline deadline = Deadline::in(kKillPatience);
  KeeperReport unwanted;
  while (readable(control, deadline) && receive_packet(control, room_of(unwanted)).size > 0) continue;
}

/// One start, from the order to the keeper's answer.
struct Start {
  int control;
  const std::string& program;
  Deadline deadline;
  const Interrupt* interrupt;

  /// errors: timed_out, interrupted
  Status wait(short events) const {
    const Waited waited = wait_for(events, control, deadline.earlier(Deadline::in(kStartPatience)), interrupt);
    if (waited == Waited::ready) return {};
    if (waited == Waited::interrupted)
      return Error{.what = program + " was not started: the run was interrupted",
                   .cause = std::make_error_code(std::errc::interrupted)};
    return Error{.what = deadline.passed() ? program + " had not started at the deadline"
                                           : "starting " + program + " takes longer than 30 s",
                 .cause = std::make_error_code(std::errc::timed_out)};
  }

  Status carry_out(StartOrder& order) const {
    auto sent = send_start(control, order, [this] { return wait(POLLOUT); });
    if (sent.ok()) sent = wait(POLLIN);
    if (!sent.ok()) abandon(control);
    return sent;
  }
};
}  // namespace

/// The fields above `mutex` never change once the command runs.
struct ProcessTree::State {
  UniqueFd control, out, err, root_handle;
  ProcessId root;
  pid_t keeper = 0;
  Executable executable;
  std::string containment;

  std::mutex mutex = {};
  std::optional<Ended> ended = {};
  bool told_to_stop = false;
  bool empty = false;      ///< the root has ended and left nothing behind
  bool gone = false;       ///< the keeper has killed everything and said so
  bool lost = false;       ///< the keeper is gone and has not said so
  bool dismissed = false;  ///< the keeper was told to kill what is left, and to go

  bool over() const { return gone || lost; }  ///< with the mutex held
  bool is_lost();
  void receive();
  bool nothing_left();
  void kill_rest();
  ~State();
};

/// A keeper that has nothing left to keep takes the next command.
ProcessTree::State::~State() {
  if (control && empty && !over() && !dismissed && containment == "keeper")
    give_back_keeper(std::move(control), keeper);
}

/// Takes in what the keeper has said by now.
void ProcessTree::State::receive() {
  const std::scoped_lock lock(mutex);
  KeeperReport report;
  while (!over()) {
    const Packet packet = receive_packet(control.get(), room_of(report), MSG_DONTWAIT);
    if (packet.size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (packet.size != sizeof report) {
      lost = true;
      return;
    }
    ended = ended_from(report);  // "gone" repeats how the root ended, with the final sums
    empty = report.empty;
    gone = report.kind == KeeperReport::Kind::gone;
  }
}

bool ProcessTree::State::is_lost() {
  receive();
  const std::scoped_lock lock(mutex);
  return lost;
}

bool ProcessTree::State::nothing_left() {
  receive();
  const std::scoped_lock lock(mutex);
  return over() || (empty && containment == "keeper");  // a keeper with a cgroup has still to remove that
}

/// Tells the keeper to kill what is left and waits for its last word, within bounds.
void ProcessTree::State::kill_rest() {
  if (!nothing_left()) {
    {
      const std::scoped_lock lock(mutex);
      dismissed = true;
    }
    ::shutdown(control.get(), SHUT_WR);
    ::kill(keeper, SIGCONT);  // a target may have stopped it
  }
  const Deadline deadline = Deadline::in(kKillPatience);
  while (!nothing_left())
    if (!readable(control.get(), deadline)) return;
  if (is_lost()) readable(root_handle.get(), deadline);  // the guardian kills it; a pidfd tells the end
}

ProcessTree::ProcessTree() = default;
ProcessTree::ProcessTree(ProcessTree&&) noexcept = default;
ProcessTree& ProcessTree::operator=(ProcessTree&& other) noexcept {
  if (this == &other) return *this;
  if (state_) state_->kill_rest();
  state_ = std::move(other.state_);
  return *this;
}
ProcessTree::~ProcessTree() {
  if (state_) state_->kill_rest();
}

Result<ProcessTree> ProcessTree::start(const Command& command, Deadline deadline, const Interrupt* interrupt) {
  MCCOY_TRY(order, prepare_start(command));
  MCCOY_TRY(control, take_keeper());
  MCCOY_DO((Start{control.get(), order.executable.path, deadline, interrupt}.carry_out(order)));
  KeeperReport report;
  Packet packet = receive_packet(control.get(), room_of(report));
  if (packet.size != sizeof report) return keeper_lost_error(order.executable.path);
  if (report.kind == KeeperReport::Kind::start_failed) return start_error(command, order, report);
  if (!packet.fds[0]) {  // the kernel leaves a descriptor out when there is no room for one more
    abandon(control.get());
    return system_error("cannot watch " + order.executable.path, EMFILE);
  }

  ProcessTree tree;
  tree.state_.reset(new State{.control = std::move(control),
                              .out = std::move(order.out),
                              .err = std::move(order.err),
                              .root_handle = std::move(packet.fds[0]),
                              .root = {report.root, report.root_ticks},
                              .keeper = report.keeper,
                              .executable = std::move(order.executable),
                              .containment = report.in_cgroup ? "cgroup+keeper" : "keeper"});
  return tree;
}

ProcessId ProcessTree::root() const {
  return state_->root;
}
pid_t ProcessTree::keeper() const {
  return state_->keeper;
}
const Executable& ProcessTree::executable() const {
  return state_->executable;
}
std::string ProcessTree::containment() const {
  return state_->containment;
}
int ProcessTree::out() const {
  return state_->out.get();
}
int ProcessTree::err() const {
  return state_->err.get();
}
int ProcessTree::events() const {
  return state_->control.get();
}

bool ProcessTree::keeper_lost() {
  return state_->is_lost();
}

std::optional<Ended> ProcessTree::ended() {
  state_->receive();
  const std::scoped_lock lock(state_->mutex);
  return state_->ended;
}

Result<Ended> ProcessTree::wait(Deadline deadline) {
  for (;;) {
    if (auto how = ended()) return *how;
    if (keeper_lost()) return keeper_lost_error(state_->executable.path);
    if (!readable(events(), deadline))
      return Error{.what = state_->executable.path + " was still running at the deadline",
                   .cause = std::make_error_code(std::errc::timed_out)};
  }
}

bool ProcessTree::owns(pid_t pid) const {
  for (auto info = process_info(pid); info; info = process_info(pid)) {
    if (pid == state_->root.pid && info->id != state_->root) return false;
    if (info->parent == state_->keeper) return true;
    if (info->parent <= 1) return false;
    pid = info->parent;
  }
  return false;
}

std::vector<ProcessInfo> ProcessTree::members() const {
  state_->receive();
  {
    const std::scoped_lock lock(state_->mutex);
    if (state_->empty || state_->over()) return {};
  }
  std::vector<ProcessInfo> alive;
  for (const pid_t pid : descendants_of(state_->keeper))
    if (auto info = process_info(pid); info && info->state != 'Z' && info->state != 'X')
      alive.push_back(std::move(*info));
  return alive;
}

Status ProcessTree::signal_root(int signal) {
  if (asks_to_stop(signal)) {
    const std::scoped_lock lock(state_->mutex);
    state_->told_to_stop = true;
  }
  if (::syscall(SYS_pidfd_send_signal, state_->root_handle.get(), signal, nullptr, 0) == 0) return {};
  return system_error("cannot send SIG" + signal_name(signal) + " to " + state_->executable.path, errno);
}

std::vector<ProcessInfo> ProcessTree::kill_all() {
  auto alive = members();
  state_->kill_rest();
  const std::scoped_lock lock(state_->mutex);
  if (state_->told_to_stop) std::erase_if(alive, [&](const ProcessInfo& info) { return info.id == state_->root; });
  return alive;
}
}  // namespace mccoy
