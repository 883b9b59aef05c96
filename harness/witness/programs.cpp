#include "harness/witness/programs.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "harness/base/clock.hpp"
#include "harness/base/process.hpp"
#include "harness/base/text.hpp"
#include "harness/witness/see_script.hpp"

namespace mccoy::witness {
namespace {
using evidence::kNoProgram;
using evidence::SeenProgram;
constexpr std::size_t kMostPrograms = 30'000;
constexpr std::size_t kMostArgvBytes = 16 << 20;
constexpr std::size_t kShortArgv = 4;  ///< words kept when the arguments of all programs together are too many
constexpr std::size_t kMostNotices = 100;

bool is_alive(const Watched& process) {
  return ::syscall(SYS_pidfd_send_signal, process.pidfd.get(), 0, nullptr, 0) == 0 || errno == EPERM;
}

bool is_thread_of(pid_t thread, pid_t process) {
  return ::syscall(SYS_tgkill, process, thread, 0) == 0 || errno == EPERM;
}

/// Processor time a living process has used.
std::int64_t cpu_ns(pid_t pid) {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return -1;
  return std::int64_t{used.tv_sec} * 1'000'000'000 + used.tv_nsec;
}

struct ImageId {
  std::uint64_t device = 0, inode = 0;
  friend bool operator==(const ImageId&, const ImageId&) = default;
};
ImageId image_of(pid_t pid) {
  struct stat status {};
  if (::stat(fmt::format("/proc/{}/exe", pid).c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

void allow_many_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}
}  // namespace

void set_end(SeenProgram& program, int wait_status) {
  if (WIFEXITED(wait_status)) program.exit_code = WEXITSTATUS(wait_status);
  if (WIFSIGNALED(wait_status)) program.signal = signal_name(WTERMSIG(wait_status));
}

Programs::Programs() : ends_(::epoll_create1(EPOLL_CLOEXEC)) {
  allow_many_descriptors();
}

Watched* Programs::find(pid_t pid) {
  const auto found = processes_.find(pid);
  return found == processes_.end() ? nullptr : &found->second;
}

Watched* Programs::of_thread(pid_t thread) {
  Watched* process = find(thread);
  if (process != nullptr && !is_alive(*process)) {  // its number is another one's now
    end(*process);
    process = nullptr;
  }
  if (process == nullptr) {
    const auto known = threads_.find(thread);
    if (known != threads_.end() && is_thread_of(thread, known->second)) process = find(known->second);
    if (known != threads_.end() && process == nullptr) threads_.erase(known);
  }
  if (process == nullptr) process = admit(thread);
  if (process == nullptr)
    ++lost_;
  else if (process->exec)
    settle_exec(*process);
  return process;
}

/// A thread or process that was not known.
Watched* Programs::admit(pid_t thread) {
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, thread, 0)));
  pid_t pid = thread;
  if (!pidfd) {  // no first thread
    pid = tracee::process_of(thread);
    if (pid <= 0) return nullptr;
    threads_[thread] = pid;
    if (Watched* known = find(pid); known != nullptr && is_alive(*known)) return known;
    pidfd = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd) return nullptr;
  }
  const auto stat = tracee::stat_of(pid);
  if (!stat) return nullptr;
  if (Watched* old = find(pid)) end(*old);
  epoll_event event{.events = EPOLLIN, .data = {.u64 = static_cast<std::uint64_t>(pid)}};
  ::epoll_ctl(ends_.get(), EPOLL_CTL_ADD, pidfd.get(), &event);
  Watched& fresh = processes_[pid];
  fresh = Watched{.pid = pid, .start_ticks = stat->start_ticks, .pidfd = std::move(pidfd)};
  fresh.origin = origin_of(pid, stat->parent);
  fresh.same_view = tracee::same_view(pid);
  fresh.owner = tracee::owner_of(pid);
  fresh.arg_start = stat->arg_start;
  return &fresh;
}

int Programs::origin_of(pid_t pid, pid_t parent) {
  if (const auto orphan = orphans_.find(pid); orphan != orphans_.end()) {
    const int origin = orphan->second;
    orphans_.erase(orphan);
    return origin;
  }
  Watched* known = find(parent);
  return known != nullptr ? program_of(*known) : kNoProgram;
}

int Programs::add(SeenProgram program) {
  if (programs_.size() >= kMostPrograms) {
    ++dropped_;
    return kNoProgram;
  }
  auto& argv = program.process.argv;
  for (const std::string& word : argv) argv_bytes_ += word.size() + sizeof word;
  if (argv_bytes_ > kMostArgvBytes && argv.size() > kShortArgv) argv.resize(kShortArgv);
  programs_.push_back(std::move(program));
  return static_cast<int>(programs_.size()) - 1;
}

int Programs::program_of(Watched& process) {
  if (process.program != kNoProgram) return process.program;
  SeenProgram forked{.parent = process.origin, .forked = true};
  if (process.origin != kNoProgram) {
    const SeenProgram& parent = program(process.origin);
    forked.process = parent.process;
    forked.cwd = parent.cwd;
  } else {
    const ImageId image = image_of(process.pid);
    forked.process.exe = tracee::link(process.pid, "exe");
    forked.process.device = image.device;
    forked.process.inode = image.inode;
  }
  forked.process.id = {process.pid, process.start_ticks};
  forked.process.started_wall_ms = wall_ms();
  process.program = add(std::move(forked));
  return process.program;
}

void Programs::execs(Watched& process, PendingExec exec) {
  process.exec = std::move(exec);
}

/// Did the execve that was let pass succeed? Then the arguments lie at another address, or the image is another file.
void Programs::settle_exec(Watched& process) {
  const PendingExec exec = *std::exchange(process.exec, std::nullopt);
  const auto stat = tracee::stat_of(process.pid);
  const ImageId image = image_of(process.pid);
  const bool moved = stat && stat->arg_start != process.arg_start;
  const int before = process.program != kNoProgram ? process.program : process.origin;
  const bool other_image = image.inode != 0 && (before == kNoProgram || program(before).process.inode != image.inode ||
                                                program(before).process.device != image.device);
  if (!moved && !other_image) return;

  SeenProgram fresh{.parent = before, .cwd = exec.cwd};
  fresh.process.id = {process.pid, process.start_ticks};
  fresh.process.started_wall_ms = wall_ms();
  fresh.process.exe = tracee::link(process.pid, "exe");
  fresh.process.device = image.device;
  fresh.process.inode = image.inode;
  fresh.process.argv = exec.argv;
  const bool is_interpreted = image != ImageId{exec.device, exec.inode};
  fresh.process.script = is_interpreted ? exec.path : script_named_by(fresh.process.exe, exec.argv, exec.cwd);
  if (exec.raises_user && ::geteuid() != 0 && notices_.size() < kMostNotices)  // no_new_privs stands
    notices_.push_back(exec.path + " changes the user; below a watcher that is not root it runs without that power");
  if (process.program != kNoProgram) program(process.program).replaced = true;
  process.program = add(std::move(fresh));
  process.arg_start = stat ? stat->arg_start : 0;
  process.owner = tracee::owner_of(process.pid);
  process.same_view = tracee::same_view(process.pid);
}

void Programs::exits(Watched& process, pid_t thread, int status, bool whole_process) {
  const int code = status & 0xff;
  if (!whole_process) {
    process.last_status = code;
    if (thread != process.pid) threads_.erase(thread);
    if (thread != process.pid) return;
  } else {
    process.status = code;
  }
  const int index = program_of(process);
  if (index != kNoProgram) program(index).cpu_ns = cpu_ns(process.pid);
  remember_children(process, process.pid);
  if (thread != process.pid) remember_children(process, thread);
}

/// They will have another parent soon.
void Programs::remember_children(Watched& process, pid_t thread) {
  for (const pid_t child : tracee::children_of_thread(process.pid, thread))
    if (find(child) == nullptr) orphans_[child] = program_of(process);
}

void Programs::note_ends() {
  std::array<epoll_event, 64> events;
  for (;;) {
    const int count = ::epoll_wait(ends_.get(), events.data(), events.size(), 0);
    for (int i = 0; i < count; ++i)
      if (Watched* process = find(static_cast<pid_t>(events[static_cast<std::size_t>(i)].data.u64))) end(*process);
    if (count < static_cast<int>(events.size())) return;
  }
}

/// It is a zombie or gone. What it was killed by shows only while it is a zombie.
void Programs::end(Watched& process) {
  const auto stat = tracee::stat_of(process.pid);
  const bool zombie = stat && stat->start_ticks == process.start_ticks && (stat->state == 'Z' || stat->state == 'X');
  if (process.exec && !process.status) {  // killed before its first call as the new program
    SeenProgram fresh{.parent = process.program != kNoProgram ? process.program : process.origin,
                      .cwd = process.exec->cwd};
    fresh.process.id = {process.pid, process.start_ticks};
    fresh.process.exe = process.exec->path;
    fresh.process.device = process.exec->device;
    fresh.process.inode = process.exec->inode;
    fresh.process.argv = process.exec->argv;
    if (process.program != kNoProgram) program(process.program).replaced = true;
    process.program = add(std::move(fresh));
  }
  if (const int index = program_of(process); index != kNoProgram) {
    SeenProgram& last = program(index);
    if (zombie && WIFSIGNALED(stat->exit_status))
      set_end(last, stat->exit_status);
    else if (process.status || process.last_status)
      last.exit_code = process.status ? *process.status : *process.last_status;
    else
      last.signal.assign(1, '?');
  }
  processes_.erase(process.pid);
}

std::vector<SeenProgram> Programs::finish() {
  note_ends();
  for (auto& [pid, process] : processes_) {
    if (process.exec) settle_exec(process);
    if (const int index = program_of(process); index != kNoProgram) program(index).alive = true;
  }
  processes_.clear();
  return std::move(programs_);
}
}  // namespace mccoy::witness
