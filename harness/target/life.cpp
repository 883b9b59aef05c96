#include "harness/target/life.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "harness/target/wake.hpp"

namespace mccoy::target {
namespace {
constexpr Duration kFollow = std::chrono::milliseconds(500);  ///< for children of a root that ended when told to
constexpr Duration kDie = std::chrono::seconds(2);            ///< after SIGKILL, until the kernel has taken it away
constexpr Duration kLastOutput = std::chrono::milliseconds(500);

/// Passes on what is there; false at the end of the stream.
bool drain(int fd, const std::function<void(std::string_view)>& sink, std::string& buffer) {
  const ssize_t count = ::read(fd, buffer.data(), buffer.size());
  if (count > 0 && sink) sink({buffer.data(), static_cast<std::size_t>(count)});
  return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}
/// The keeper goes when no process is left, which it knows from wait(2). A walk over the processes would not do: one
/// that is just being handed to the keeper, as a daemon is when its parent ends, can be missing in it.
bool keeper_has_gone(const ProcessTree& tree) {
  pollfd keeper{tree.events(), 0, 0};
  return ::poll(&keeper, 1, 0) > 0 && (keeper.revents & (POLLHUP | POLLERR)) != 0;
}
}  // namespace

std::string Death::text() const {
  const auto when = " after " + human_duration(after);
  if (keeper_lost) return "was killed together with its keeper" + when;
  return exited ? fmt::format("exited with status {}{}", code, when)
                : fmt::format("was ended by signal {}{}", signal_name(code), when);
}

struct Life::State {
  ProcessTree tree;
  ProcessId root;
  pid_t keeper = 0;
  Executable executable;
  LifeEvents events;
  Instant started = Clock::now();
  Wake quit, nudge, over;

  mutable std::mutex mutex;  ///< of all below and of the tree
  std::condition_variable changed;
  std::optional<Ended> root_ended;
  std::optional<Death> death;
  bool empty = false;  ///< no process is left
  bool stopping = false;
  std::thread watcher;

  void watch();
  void look();
  void last_output(std::string& buffer, bool open_out, bool open_err) const;
  std::vector<pid_t> pids() const;
  bool wait_until(std::unique_lock<std::mutex>& lock, Deadline deadline, const std::function<bool()>& done);
};

/// Notices what became of the tree; tells of a death once.
void Life::State::look() {
  std::optional<Death> news;
  {
    const std::lock_guard lock(mutex);
    if (!root_ended) root_ended = tree.ended();
    const bool lost = !root_ended && tree.keeper_lost();
    if (lost) root_ended = Ended{.exited = false, .code = SIGKILL};
    if (!root_ended) return;
    empty = keeper_has_gone(tree);
    const bool daemon = root_ended->exited && root_ended->code == 0 && !empty;
    if (!death && !daemon) {
      death = Death{root_ended->exited, root_ended->code, Clock::now() - started, wall_ms(), lost};
      if (!stopping) news = death;
      over.set();
    }
  }
  changed.notify_all();
  if (news && events.died) events.died(*news);
}

void Life::State::watch() {
  std::string buffer(64 << 10, '\0');
  bool open_out = true, open_err = true;
  for (;;) {
    pollfd waited[] = {{quit.fd(), POLLIN, 0},
                       {nudge.fd(), POLLIN, 0},
                       {empty ? -1 : tree.events(), POLLIN, 0},
                       {open_out ? tree.out() : -1, POLLIN, 0},
                       {open_err ? tree.err() : -1, POLLIN, 0}};
    ::poll(waited, std::size(waited), -1);
    if (waited[3].revents != 0) open_out = drain(tree.out(), events.out, buffer);
    if (waited[4].revents != 0) open_err = drain(tree.err(), events.err, buffer);
    if (waited[1].revents != 0 || waited[2].revents != 0) {
      nudge.clear();
      last_output(buffer, open_out, open_err);  // its last words come before its death
      look();
    }
    if (waited[0].revents != 0) return last_output(buffer, open_out, open_err);
  }
}

/// What is already in the pipes; bounded, in case somebody goes on writing.
void Life::State::last_output(std::string& buffer, bool open_out, bool open_err) const {
  const auto deadline = Deadline::in(kLastOutput);
  const auto empty_pipe = [&](int fd, const std::function<void(std::string_view)>& sink) {
    pollfd readable{fd, POLLIN, 0};
    while (!deadline.passed() && ::poll(&readable, 1, 0) > 0 && drain(fd, sink, buffer)) continue;
  };
  if (open_out) empty_pipe(tree.out(), events.out);
  if (open_err) empty_pipe(tree.err(), events.err);
}

std::vector<pid_t> Life::State::pids() const {
  std::vector<pid_t> found;
  for (const auto& member : tree.members()) found.push_back(member.id.pid);
  return found;
}

bool Life::State::wait_until(std::unique_lock<std::mutex>& lock, Deadline deadline, const std::function<bool()>& done) {
  while (!done()) {
    if (deadline.passed()) return false;
    changed.wait_until(lock, deadline.moment());
  }
  return true;
}

Life::Life() : state_(std::make_unique<State>()) {}

Result<std::unique_ptr<Life>> Life::begin(const Command& command, LifeEvents events) {
  MCCOY_TRY(tree, ProcessTree::start(command));
  std::unique_ptr<Life> life(new Life);
  State& state = *life->state_;
  state.tree = std::move(tree);
  state.root = state.tree.root();
  state.keeper = state.tree.keeper();
  state.executable = state.tree.executable();
  state.events = std::move(events);
  state.watcher = std::thread([&state] { state.watch(); });
  return life;
}

Life::~Life() {
  if (!state_->watcher.joinable()) return;
  kill();
  state_->quit.set();
  state_->watcher.join();
}

ProcessId Life::root() const {
  return state_->root;
}
const Executable& Life::executable() const {
  return state_->executable;
}
Instant Life::started() const {
  return state_->started;
}
int Life::ended_fd() const {
  return state_->over.fd();
}

pid_t Life::keeper() const {
  const std::lock_guard lock(state_->mutex);
  return state_->empty ? -1 : state_->keeper;
}

std::string Life::containment() const {
  const std::lock_guard lock(state_->mutex);
  return state_->tree.containment();
}

std::optional<Death> Life::death() const {
  const std::lock_guard lock(state_->mutex);
  return state_->death;
}

bool Life::owns(pid_t pid) const {
  const std::lock_guard lock(state_->mutex);
  return state_->tree.owns(pid);
}

std::vector<pid_t> Life::members() const {
  const std::lock_guard lock(state_->mutex);
  auto found = state_->pids();
  if (!state_->root_ended && state_->tree.ended()) state_->nudge.set();  // this call took the news from the watcher
  return found;
}

Life::Stopped Life::stop(int signal, Duration within) {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  state.stopping = true;
  Stopped stopped{.how = signal_name(signal), .leftovers = {}};
  const bool root_was_there = !state.tree.ended() && state.tree.signal_root(signal).ok();
  if (state.death) {
    stopped.how = "it had ended before";
  } else if (!root_was_there) {  // a daemon: all of it is told
    state.nudge.set();
    for (const pid_t pid : state.pids()) ::kill(pid, signal);
  }
  const auto deadline = Deadline::in(state.death ? kFollow : within);
  const bool obeyed =
      state.wait_until(lock, deadline, [&] { return root_was_there ? state.root_ended.has_value() : state.empty; });
  if (obeyed) state.wait_until(lock, Deadline::in(kFollow), [&] { return state.empty; });
  lock.unlock();
  auto rest = state.tree.kill_all();
  lock.lock();
  state.wait_until(lock, Deadline::in(kDie), [&] { return state.empty; });
  if (root_was_there && !obeyed) {
    stopped.how = fmt::format("KILL: it went on for {} after {}", human_duration(within), signal_name(signal));
  } else {
    stopped.leftovers = std::move(rest);
  }
  return stopped;
}

void Life::kill() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  (void)state_->tree.kill_all();
  std::unique_lock lock(state_->mutex);
  state_->wait_until(lock, Deadline::in(kDie), [&] { return state_->empty; });
}
}  // namespace mccoy::target
