#include "harness/witness/programs.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "harness/base/clock.hpp"
#include "harness/base/file.hpp"
#include "harness/base/process.hpp"
#include "harness/base/text.hpp"
#include "harness/witness/see_script.hpp"
#include "harness/witness/view.hpp"

namespace mccoy::witness {
namespace {
using evidence::kNoProgram;
using evidence::SeenProgram;
constexpr std::size_t kMostPrograms = 30'000;
constexpr std::size_t kMostArgvBytes = 16 << 20;
constexpr std::size_t kShortArgv = 4;  ///< words kept when the arguments of all programs together are too many
constexpr std::size_t kMostNotices = 100;

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

/// The clock of a process' start time (proc(5)), which goes on while the machine sleeps.
std::int64_t boot_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// When a process began at the latest, which is only told in ticks.
std::int64_t began_at_latest(std::int64_t start_ticks) {
  static const std::int64_t kTickNs = 1'000'000'000 / std::max<std::int64_t>(::sysconf(_SC_CLK_TCK), 1);
  return std::min((start_ticks + 1) * kTickNs, boot_ns());
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

/// What the kernel calls a process after its execve of this file.
std::string short_name(const std::string& path) {
  constexpr std::size_t kNameBytes = 15;  // TASK_COMM_LEN - 1
  return basename(path).substr(0, kNameBytes);
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

Watched* Programs::find_child(pid_t pid) {
  if (Watched* known = find(pid); known != nullptr || pid <= 0) return known;
  const auto stat = tracee::stat_of(pid);
  return stat && find(stat->parent) != nullptr ? admit(pid) : nullptr;
}

/// One of them takes over children whose parent is gone.
void Programs::look_above(pid_t parent) {
  above_.push_back(1);
  for (std::optional<tracee::Stat> stat; parent > 1; parent = stat ? stat->parent : 0) {
    above_.push_back(parent);
    if (parent == ::getpid()) break;
    stat = tracee::stat_of(parent);
  }
}

/// A process that made no watched call and has a child that does: a subshell waiting for its program.
Watched* Programs::admit_parent(pid_t parent) {
  if (Watched* known = find(parent); known != nullptr || parent <= 0) return known;
  return std::ranges::find(above_, parent) == above_.end() ? admit(parent) : nullptr;
}

Watched* Programs::of_thread(pid_t thread) {
  Watched* process = find(thread);
  if (process == nullptr) {
    const auto known = threads_.find(thread);
    if (known != threads_.end() && is_thread_of(thread, known->second)) process = find(known->second);
    if (known != threads_.end() && process == nullptr) threads_.erase(known);
  }
  if (process == nullptr) process = admit(thread);
  if (process == nullptr)
    ++lost_;
  else if (!process->execs.empty())
    settle_execs(*process, thread);
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
    if (Watched* known = find(pid)) return known;
    pidfd = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd) return nullptr;
  }
  const auto stat = tracee::stat_of(pid);
  if (!stat) return nullptr;
  if (Watched* old = find(pid)) end(*old);
  if (above_.empty()) look_above(stat->parent);
  epoll_event event{.events = EPOLLIN, .data = {.u64 = static_cast<std::uint64_t>(pid)}};
  ::epoll_ctl(ends_.get(), EPOLL_CTL_ADD, pidfd.get(), &event);
  Watched& fresh = processes_[pid];
  fresh = Watched{.pid = pid, .start_ticks = stat->start_ticks, .pidfd = std::move(pidfd)};
  fresh.origin = origin_of(pid, stat->parent);
  inherit(fresh, stat->parent);
  return &fresh;
}

/// What a process has from the one that forked it.
void Programs::inherit(Watched& process, pid_t parent) {
  process.same_view = same_view(process.pid);
  if (::geteuid() != 0) {  // nobody below has more or other rights than we
    process.who = {.user = ::geteuid(), .group = ::getegid(), .groups = {}, .overrides = false};
    return;
  }
  const Watched* known = find(parent);
  if (known != nullptr && !known->who_changes)
    process.who = known->who;
  else if (auto who = credentials_of(process.pid))
    process.who = std::move(*who);
}

int Programs::origin_of(pid_t pid, pid_t parent) {
  if (const auto orphan = orphans_.find(pid); orphan != orphans_.end()) {
    const int origin = orphan->second;
    orphans_.erase(orphan);
    return origin;
  }
  Watched* known = admit_parent(parent);
  return known != nullptr ? program_of(*known) : kNoProgram;
}

int Programs::add(SeenProgram program) {
  if (programs_.size() >= kMostPrograms) {
    ++dropped_;
    return kNoProgram;
  }
  auto& argv = program.process.argv;
  for (const std::string& word : argv) argv_bytes_ += word.size() + sizeof(std::string);
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
  forked.began_ns = began_at_latest(process.start_ticks);
  process.program = add(std::move(forked));
  return process.program;
}

void Programs::execs(Watched& process, PendingExec exec) {
  exec.stamp = tracee::stamp_of(process.pid);
  exec.at_ns = boot_ns();
  if (!of_command_) of_command_ = exec.given;
  remember_children(process, exec.thread);  // they were made by the program that is about to be replaced
  std::erase_if(process.execs, [&](const PendingExec& old) { return old.thread == exec.thread; });
  process.execs.push_back(std::move(exec));
}

/// Did one of the execve that were let pass succeed? Then the image is another file, or its stamp another one.
bool Programs::has_new_image(const Watched& process) {
  const ImageId image = image_of(process.pid);
  const int before = process.program != kNoProgram ? process.program : process.origin;
  const bool other_image = image.inode != 0 && (before == kNoProgram || program(before).process.inode != image.inode ||
                                                program(before).process.device != image.device);
  return other_image || tracee::stamp_of(process.pid) != process.execs.back().stamp;
}

void Programs::settle_execs(Watched& process, pid_t thread) {
  if (has_new_image(process))
    take_image(process);
  else
    std::erase_if(process.execs, [thread](const PendingExec& exec) { return exec.thread == thread; });
}

void Programs::take_image(Watched& process) {
  const ImageId image = image_of(process.pid);
  std::vector<PendingExec> tried = std::exchange(process.execs, {});
  const auto named = std::ranges::find_if(tried, [&](const PendingExec& exec) {
    return image == ImageId{exec.device, exec.inode};
  });
  replace_image(process, named != tried.end() ? *named : tried.back(), true);
}

/// An execve has succeeded.
///   runs  false: it was killed since, and only what was asked for is known
void Programs::replace_image(Watched& process, const PendingExec& exec, bool runs) {
  const int before = process.program != kNoProgram ? process.program : process.origin;
  const ImageId image = runs ? image_of(process.pid) : ImageId{exec.device, exec.inode};
  SeenProgram fresh{.parent = before, .cwd = exec.cwd, .switches = exec.switches};
  fresh.process.id = {process.pid, process.start_ticks};
  fresh.process.started_wall_ms = wall_ms();
  fresh.process.exe = runs ? tracee::link(process.pid, "exe") : exec.path;
  fresh.process.device = image.device;
  fresh.process.inode = image.inode;
  fresh.process.argv = exec.argv;
  digests_.add(fresh.process.exe, image.device, image.inode);
  const bool is_interpreted = image != ImageId{exec.device, exec.inode};
  fresh.process.script = is_interpreted ? exec.path : script_named_by(fresh.process.exe, exec.argv, exec.cwd);
  if (exec.raises_user && ::geteuid() != 0 && notices_.size() < kMostNotices)  // no_new_privs stands
    notices_.push_back(exec.path + " changes the user; below a watcher that is not root it runs without that power");
  fresh.began_ns = exec.at_ns;
  if (process.program != kNoProgram) {
    program(process.program).replaced = true;
    program(process.program).ended_ns = exec.at_ns;
  }
  process.program = add(std::move(fresh));
  if (process.program != kNoProgram) note_given(process.program, exec.given);
  if (!runs || ::geteuid() != 0) return;
  const auto who = credentials_of(process.pid);  // what its forerunner did to become another user is done
  process.who_changes = !who;
  if (who) process.who = *who;
}

bool Programs::is_the_commands(const GivenDescriptor& descriptor) const {
  return of_command_ && std::ranges::any_of(*of_command_, [&](const GivenDescriptor& own) {
           return own.device == descriptor.device && own.inode == descriptor.inode;
         });
}

void Programs::note_given(int index, const std::vector<GivenDescriptor>& given) {
  using Kind = GivenDescriptor::Kind;
  SeenProgram& fresh = program(index);
  Begun begun{.program = index, .given = {}};
  for (const GivenDescriptor& descriptor : given) {
    const bool from_outside = is_the_commands(descriptor);
    if (descriptor.kind != Kind::file && !from_outside) {
      fresh.fed = fresh.fed || descriptor.reads;
      fresh.given_socket = fresh.given_socket || descriptor.kind == Kind::socket;
    } else if (descriptor.kind == Kind::file && !(from_outside && descriptor.writes)) {
      begun.given.push_back(descriptor);
    }
  }
  if (!begun.given.empty()) begun_.push_back(std::move(begun));
}

void Programs::exits(Watched& process, pid_t thread, int status, bool whole_process) {
  const int code = status & 0xff;
  process.exits_ns = boot_ns();
  if (!whole_process) {
    process.last_status = code;
    if (thread != process.pid) threads_.erase(thread);
    if (thread != process.pid) return;
  } else {
    process.status = code;
  }
  const int index = program_of(process);
  if (index != kNoProgram) program(index).cpu_ns = cpu_ns(process.pid);
  remember_all_children(process, thread);
}

/// Each thread has the children that it made.
void Programs::remember_all_children(Watched& process, pid_t thread) {
  remember_children(process, process.pid);
  if (thread != process.pid) remember_children(process, thread);
  const std::string tasks = fmt::format("/proc/{}/task", process.pid);
  struct stat status {};
  constexpr nlink_t kOneThread = 3;  // ".", ".." and itself
  if (::stat(tasks.c_str(), &status) != 0 || status.st_nlink <= kOneThread) return;
  std::error_code ignored;
  for (const auto& task : std::filesystem::directory_iterator(tasks, ignored))
    remember_children(process, static_cast<pid_t>(std::strtol(task.path().filename().c_str(), nullptr, 10)));
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
  auto told = tracee::exit_status_of(process.pidfd.get());
  const bool unclear = !told || (!process.execs.empty() && !process.status);
  const auto stat = unclear ? tracee::stat_of(process.pid) : std::nullopt;
  const bool zombie = stat && stat->start_ticks == process.start_ticks && (stat->state == 'Z' || stat->state == 'X');
  if (!told && !zombie) told = tracee::exit_status_of(process.pidfd.get());  // it was reaped between the two
  // Killed before its first call as a new program: its name shows whether it became one.
  if (!process.execs.empty() && !process.status) {
    const PendingExec& exec = process.execs.back();
    const int before = process.program != kNoProgram ? process.program : process.origin;
    const std::string its_name = short_name(exec.path);
    const bool renamed = zombie && stat->name == its_name &&
                         (before == kNoProgram || short_name(program(before).process.exe) != its_name);
    if (renamed) replace_image(process, exec, false);
    lost_ += renamed ? 0 : 1;
  }
  if (const int index = program_of(process); index != kNoProgram) {
    SeenProgram& last = program(index);
    last.ended_ns = process.exits_ns != 0 ? process.exits_ns : boot_ns();
    if (told)
      set_end(last, *told);
    else if (zombie && WIFSIGNALED(stat->exit_status))
      set_end(last, stat->exit_status);
    else if (process.status || process.last_status)
      last.exit_code = process.status ? *process.status : *process.last_status;
    else
      last.signal.assign(1, '?');
  }
  processes_.erase(process.pid);
}

/// Programs that processes run now.
std::vector<int> Programs::living() {
  note_ends();
  std::vector<int> living;
  for (auto& [pid, process] : processes_) {
    if (!process.execs.empty() && has_new_image(process)) take_image(process);  // else it may be about to
    if (const int index = program_of(process); index != kNoProgram) living.push_back(index);
  }
  return living;
}

std::vector<SeenProgram> Programs::all() {
  const std::vector<int> alive = living();
  std::vector<SeenProgram> copy = programs_;
  for (const int index : alive) copy[static_cast<std::size_t>(index)].alive = true;
  return copy;
}

std::vector<SeenProgram> Programs::take() {
  for (const int index : living()) program(index).alive = true;
  return std::move(programs_);
}

std::vector<int> Programs::forget_ended() {
  std::erase_if(orphans_, [](const auto& orphan) { return !tracee::stat_of(orphan.first); });
  std::vector<bool> wanted(programs_.size(), false);
  const auto want = [&](int index) {
    for (; index != kNoProgram && !wanted[static_cast<std::size_t>(index)]; index = program(index).parent)
      wanted[static_cast<std::size_t>(index)] = true;
  };
  for (const auto& [pid, process] : processes_) {
    want(process.program);
    want(process.origin);
  }
  for (const auto& [pid, origin] : orphans_) want(origin);

  std::vector<int> now(programs_.size(), kNoProgram);
  std::vector<SeenProgram> kept;
  for (std::size_t i = 0; i < programs_.size(); ++i) {
    if (!wanted[i]) continue;
    now[i] = static_cast<int>(kept.size());
    kept.push_back(std::move(programs_[i]));
  }
  const auto renumber = [&](int& index) { index = index == kNoProgram ? index : now[static_cast<std::size_t>(index)]; };
  for (SeenProgram& program : kept) renumber(program.parent);
  for (auto& [pid, process] : processes_) {
    renumber(process.program);
    renumber(process.origin);
  }
  for (auto& [pid, origin] : orphans_) renumber(origin);
  programs_ = std::move(kept);
  return now;
}
}  // namespace mccoy::witness
