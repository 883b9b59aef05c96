// One command from start to end, with its output collected in constant memory.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>

#include "harness/base/file.hpp"
#include "harness/base/process.hpp"

namespace mccoy {
namespace {
constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::size_t kUsualPipe = 64 * 1024;
constexpr int kLargePipe = 1024 * 1024;
constexpr std::chrono::seconds kGrace{10};  ///< for an attached command to end after an interrupt

/// One stream of the command: its pipe, read into a collector.
class Stream {
 public:
  /// also_to: -1, or where every byte is written as it comes
  Stream(int fd, std::size_t keep, int also_to) : fd_(fd), also_to_(also_to), collector_(keep) {}

  int fd() const { return open_ ? fd_ : -1; }  ///< poll(2) skips -1

  /// One read.
  ///   returns  bytes; 0: nothing is there at the moment, or it was the end
  std::size_t read_once(std::span<char> room) {
    const ssize_t got = ::read(fd_, room.data(), room.size());
    if (got < 0) return 0;
    open_ = got > 0;
    const auto length = static_cast<std::size_t>(got);
    collector_.add({room.data(), length});
    if (also_to_ >= 0 && !write_all(also_to_, {room.data(), length}).ok()) lose_reader();
    if (length >= kUsualPipe && !enlarged_) {  // it was full: a flood
      enlarged_ = true;
      ::fcntl(fd_, F_SETPIPE_SZ, kLargePipe);
    }
    return length;
  }

  /// What is in the pipe by now, and no more: a process left behind may go on writing for ever.
  void drain(std::span<char> room) {
    int there = 0;
    if (!open_ || ::ioctl(fd_, FIONREAD, &there) != 0) return;
    for (auto left = static_cast<std::size_t>(there); left > 0;) {
      const std::size_t length = read_once(room.first(std::min(room.size(), left)));
      if (length == 0) return;
      left -= length;
    }
  }

  Output finish() { return collector_.finish(); }

 private:
  /// Nobody reads it any more: the command shall find its pipe broken, as it would without us. The number stays taken.
  void lose_reader() {
    also_to_ = -1;
    open_ = false;
    const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (null) ::dup3(null.get(), fd_, O_CLOEXEC);
  }

  int fd_, also_to_;
  OutputCollector collector_;
  bool open_ = true, enlarged_ = false;
};

class Run {
 public:
  Run(ProcessTree tree, std::size_t keep, bool attached, const Interrupt* interrupt)
      : tree_(std::move(tree)),
        out_(tree_.out(), keep, attached ? STDOUT_FILENO : -1),
        err_(tree_.err(), keep, attached ? STDERR_FILENO : -1),
        interrupt_(interrupt),
        attached_(attached) {}

  Result<Captured> finish(Deadline deadline) {
    bool running = true;
    while (running) running = wait_and_read(deadline);
    if (captured_.deadline_passed || captured_.interrupted) tree_.kill_all();
    out_.drain(room());
    err_.drain(room());
    if (tree_.ended() && !captured_.deadline_passed && !captured_.interrupted) captured_.leftovers = tree_.kill_all();
    MCCOY_DO(note_end());
    captured_.executable = tree_.executable();
    captured_.root = tree_.root();
    captured_.containment = tree_.containment();
    captured_.out = out_.finish();
    captured_.err = err_.finish();
    return std::move(captured_);
  }

 private:
  std::span<char> room() { return {room_.get(), kReadBytes}; }
  bool wait_and_read(Deadline deadline);
  bool may_end_by_itself();
  Status note_end();

  ProcessTree tree_;
  Stream out_, err_;
  const Interrupt* interrupt_;
  bool attached_;
  std::optional<Deadline> end_by_;  ///< it was asked to end
  Captured captured_;
  std::unique_ptr<char[]> room_{new char[kReadBytes]};
};

/// One round of waiting. False when the root has ended or may not go on.
bool Run::wait_and_read(Deadline deadline) {
  std::array<pollfd, 4> waited{{{out_.fd(), POLLIN, 0},
                                {err_.fd(), POLLIN, 0},
                                {tree_.events(), POLLIN, 0},
                                {interrupt_ != nullptr && !end_by_ ? interrupt_->fd() : -1, POLLIN, 0}}};
  if (end_by_) deadline = deadline.earlier(*end_by_);
  ::poll(waited.data(), waited.size(), deadline.poll_ms());
  if (waited[0].revents != 0) out_.read_once(room());
  if (waited[1].revents != 0) err_.read_once(room());
  if (waited[2].revents != 0 && (tree_.ended() || tree_.keeper_lost())) return false;
  captured_.interrupted = captured_.interrupted || waited[3].revents != 0;
  captured_.deadline_passed = !captured_.interrupted && deadline.passed();
  if (captured_.interrupted) return may_end_by_itself();
  return !captured_.deadline_passed;
}

/// A command at the user's terminal is told of an interrupt as the terminal would tell it, and gets time to end.
bool Run::may_end_by_itself() {
  if (!attached_) return false;
  if (end_by_) return !end_by_->passed();
  end_by_ = Deadline::in(kGrace);
  ::kill(-tree_.root().pid, SIGINT);  // the group it leads
  return true;
}

/// A root that survived SIGKILL has no end to tell, but what it said until now was said.
Status Run::note_end() {
  const auto ended = tree_.wait(Deadline::in(Duration::zero()));
  captured_.end_seen = ended.ok();
  if (ended.ok())
    captured_.ended = *ended;
  else if (ended.error().cause != std::errc::timed_out)
    return ended.error();
  return {};
}

/// A start that was given up ends like a command that was: it is no error to have too little time.
Result<Captured> not_begun(Error error, Deadline deadline, const Interrupt* interrupt) {
  Captured nothing;
  nothing.interrupted = error.cause == std::errc::interrupted && interrupt != nullptr && interrupt->raised();
  nothing.deadline_passed = error.cause == std::errc::timed_out && deadline.passed();
  if (!nothing.interrupted && !nothing.deadline_passed) return error;
  return nothing;
}
}  // namespace

Result<Captured> run_command(const Command& command, Deadline deadline, std::size_t keep, const Interrupt* interrupt) {
  auto tree = ProcessTree::start(command, deadline, interrupt);
  if (!tree.ok()) return not_begun(std::move(tree).error(), deadline, interrupt);
  return Run(std::move(tree).value(), keep, command.attached, interrupt).finish(deadline);
}
}  // namespace mccoy
