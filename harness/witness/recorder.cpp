#include "harness/witness/recorder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <linux/audit.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "harness/base/file.hpp"
#include "harness/base/process.hpp"
#include "harness/base/text.hpp"
#include "harness/witness/modes.hpp"
#include "harness/witness/recorder_caller.hpp"
#include "harness/witness/view.hpp"

namespace mccoy::witness {
namespace {
using evidence::Activity;
constexpr std::size_t kMostSignals = 5'000, kMostNotices = 100;
constexpr int kX32Bit = 0x40000000;
constexpr std::string_view kViewCalls[] = {"chroot", "pivot_root", "setns", "unshare"};
constexpr int kFirstOwnSignal = 32, kLastOwnSignal = 33;  ///< of the C library's threads
constexpr unsigned kDescriptorOnly = O_PATH;

/// Names that lead to descriptors of whoever looks, and not of the process.
bool is_own_descriptor(std::string_view path) {
  return path.starts_with("/dev/fd/") || path == "/dev/stdin" || path == "/dev/stdout" || path == "/dev/stderr";
}

std::string as_seen_from(std::string path, pid_t pid) {
  for (const std::string_view self : {"/proc/self/", "/proc/thread-self/"})
    if (path.starts_with(self)) return fmt::format("/proc/{}/{}", pid, path.substr(self.size()));
  return path;
}

/// Without "." and "//"; ".." only after the folders before it are known not to be links.
std::string tidy(const std::string& path) {
  if (path.find("/..") == std::string::npos) return absolute(path, "/");
  const std::unique_ptr<char, decltype(&std::free)> folder(::realpath(dirname(path).c_str(), nullptr), &std::free);
  const std::string name = basename(path);
  if (folder == nullptr || name == "..") return absolute(path, "/");
  return std::string(folder.get()) + "/" + name;
}

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  return real != nullptr ? std::string(real.get()) : path;
}

/// Below a mount point whose file system is a program. Only the table of mounts is looked at.
bool is_on_fuse(const std::string& path) {
  constexpr std::int64_t kMostBytes = 4 << 20;
  const auto mounts = mccoy::read_file("/proc/self/mountinfo", kMostBytes);
  if (!mounts.ok()) return true;
  return std::ranges::any_of(split(*mounts, '\n'), [&](const std::string& line) {
    const auto words = split(line, ' ');  // proc(5): the fifth is the mount point, the type follows "-"
    const auto type = line.find(" - fuse");
    return type != std::string::npos && words.size() > 4 && (path + "/").starts_with(words[4] + "/");
  });
}

bool is_folder(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// Devices can be there and refuse to be opened (a terminal that is not ours); those of memory never do.
bool opens_as_it_is(const std::string& path, const FileState& file) {
  constexpr unsigned kMemoryDevices = 1;
  struct stat status {};
  if (file.regular || ::stat(path.c_str(), &status) != 0) return file.regular;
  return S_ISDIR(status.st_mode) || (S_ISCHR(status.st_mode) && major(status.st_rdev) == kMemoryDevices);
}

/// The file is there, and of another kind than was asked for.
bool will_not_open(const std::string& path, const FileState& file, std::uint64_t flags) {
  if ((flags & O_NOFOLLOW) != 0 && !file.link_to.empty()) return true;
  return (flags & (O_DIRECTORY | O_TMPFILE)) == O_DIRECTORY && (file.regular || !is_folder(path));
}

std::int64_t pid_of_descriptor(pid_t pid, int fd) {
  auto text = mccoy::read_file(fmt::format("/proc/{}/fdinfo/{}", pid, fd), 4096);
  const auto at = text.ok() ? text->find("Pid:") : std::string::npos;
  return at == std::string::npos ? 0 : std::strtoll(text->c_str() + at + 4, nullptr, 10);
}

}  // namespace

void Recorder::on_call(const seccomp_notif& notification) {
  const WatchedCall* call = watched_call(notification.data.arch, notification.data.nr);
  if (call == nullptr) return;
  for (Window* window : windows_) ++window->calls;
  const auto thread = static_cast<pid_t>(notification.pid);
  if (const auto pending = pending_.find(thread); pending != pending_.end()) {
    for (Window* window : windows_)
      if (window->wants_files()) window->files.changed(pending->second);
    pending_.erase(pending);
  }
  Watched* process = programs_.of_thread(thread);
  note_begun();
  if (process == nullptr) return;
  const bool narrow = notification.data.arch == AUDIT_ARCH_I386 || notification.data.arch == AUDIT_ARCH_ARM ||
                      (notification.data.nr & kX32Bit) != 0;
  Caller caller{.notification = notification, .call = *call, .process = *process, .narrow = narrow};
  std::ranges::copy(notification.data.args, caller.args.begin());
  dispatch(caller);
}

/// Of services it is enough to know which files they hold when they are looked at.
FileLog* Recorder::command_files() {
  const auto found = std::ranges::find(windows_, Record::command, &Window::what);
  return found == windows_.end() ? nullptr : &(*found)->files;
}

void Recorder::note_begun() {
  FileLog* files = command_files();
  for (const Begun& begun : programs_.take_begun())
    for (const GivenDescriptor& descriptor : begun.given)
      if (files != nullptr) files->holds(descriptor, begun.program);
}

/// Whoever opened a file that is handed on may go on writing to it, as long as it lives.
void Recorder::note_openers(FileLog& files, const Watched& process, GivenDescriptor& descriptor) {
  descriptor.moment = files.moment();
  if (descriptor.kind != GivenDescriptor::Kind::file || !descriptor.writes) return;
  if (!descriptor.path.starts_with('/')) return;
  const auto openers = files.openers(descriptor);
  if (!openers) descriptor.openers.push_back({});  // somebody of whom nothing is known
  for (const int opener : openers.value_or(std::vector<int>{})) {
    const auto pid = static_cast<pid_t>(programs_.program(opener).process.id.pid);
    if (pid == process.pid || !programs_.lives(pid)) continue;
    descriptor.openers.push_back({.pid = pid, .wrote = tracee::written_by(pid).value_or(-1)});
  }
}

/// Files served from below the command are not looked at.
void Recorder::lets_go(const Watched& process) {
  FileLog* files = command_files();
  if (files != nullptr && !serves_files_ && process.program != evidence::kNoProgram) files->lets_go(process.program);
}

void Recorder::dispatch(Caller& caller) {
  using Kind = PendingChange::Kind;
  switch (caller.call.call) {
    case Call::exec:
      return exec(caller);
    case Call::exit_group:
      sockets_.before_exit(caller.process);
      lets_go(caller.process);
      return programs_.exits(caller.process, caller.thread(), caller.fd(0), true);
    case Call::exit:
      return programs_.exits(caller.process, caller.thread(), caller.fd(0), false);
    case Call::open:
    case Call::openat2:
    case Call::creat:
    case Call::truncate:
      return open(caller);
    case Call::rename:
      return change(caller, Kind::rename);
    case Call::link:
      return change(caller, Kind::link);
    case Call::symlink:
      return change(caller, Kind::symlink);
    case Call::unlink:
      return change(caller, Kind::unlink);
    case Call::make:
      return change(caller, Kind::make);
    case Call::chdir:
      caller.process.cwd.reset();
      return;
    case Call::connect:
      return connect(caller, caller.fd(0), caller.arg(1), caller.arg(2));
    case Call::sendto:
      return send_to(caller, caller.fd(0), caller.arg(4), caller.arg(5));
    case Call::sendmsg:
      return send_messages(caller, caller.fd(0), caller.arg(1), 1);
    case Call::sendmmsg:
      return send_messages(caller, caller.fd(0), caller.arg(1), static_cast<std::uint32_t>(caller.arg(2)));
    case Call::listen:
      return sockets_.listens(caller.process, programs_.program_of(caller.process), caller.fd(0));
    case Call::accept:
      return sockets_.accepts(caller.process, programs_.program_of(caller.process), caller.fd(0));
    case Call::bind:
      return;
    case Call::socketcall:
      return socket_call(caller);
    case Call::kill:
    case Call::tgkill:
    case Call::pidfd_kill:
      return kill(caller);
    case Call::identity:
      caller.process.who_changes = true;
      return;
    case Call::clone3:
      return new_process(caller);
    case Call::notice:
      if (std::string_view(caller.call.name) == "clone" && (caller.arg(0) & CLONE_UNTRACED) != 0)
        hides_from_tracers(caller);
      return notice(caller);
    case Call::count:
      return count(caller);
  }
}

/// A tracer that stops at every call shows more than was asked for.
void Recorder::count(const Caller& caller) {
  const std::string_view name = caller.call.name;
  if (std::ranges::find(counted_, name) != counted_.end()) ++counts_[{programs_.program_of(caller.process), name}];
}

// ---- paths

/// May the caller do that with a file? As whom it asks is looked up again only when it may have changed.
bool Recorder::allowed(Caller& caller, const std::string& path, int mode) {
  Watched& process = caller.process;
  if (process.who_changes)
    if (auto who = credentials_of(caller.thread())) process.who = std::move(*who);
  return may_access(path, mode, process.who);
}

const std::string& Recorder::folder_of(Watched& process) {
  if (!process.cwd) process.cwd = tracee::link(process.pid, "cwd");
  return *process.cwd;
}

/// The path an argument names, as this machine sees it. nullopt: unreadable, or no file of the machine.
std::optional<std::string> Recorder::path_of(Caller& caller, int folder_argument, int path_argument) {
  const auto text = tracee::read_text(caller.thread(), caller.arg(path_argument));
  if (!text) {
    for (Window* window : windows_) ++window->unreadable;
    return std::nullopt;
  }
  Watched& process = caller.process;
  if (std::exchange(process.view_changes, false)) process.same_view = same_view(process.pid);
  const bool in_folder = folder_argument >= 0 && caller.fd(folder_argument) != AT_FDCWD;
  if (text->empty()) {  // AT_EMPTY_PATH: the descriptor itself
    if (!in_folder) return std::nullopt;
    return fmt::format("/proc/{}/fd/{}", process.pid, caller.fd(folder_argument));
  }
  if (is_own_descriptor(*text)) return std::nullopt;
  if (*text == "/dev/fuse") serves_files_ = true;
  if (text->front() == '/') {
    if (may_block(process, std::string(*text))) return std::nullopt;
    return place(process, "root", as_seen_from(std::string(*text), process.pid));
  }
  const std::string name(*text);
  const std::string base = in_folder ? fmt::format("fd/{}", caller.fd(folder_argument)) : "cwd";
  if (!process.same_view && may_block(process, name)) return std::nullopt;
  if (!process.same_view) return place(process, base, name);
  const std::string& folder = in_folder ? tracee::link(process.pid, base) : folder_of(process);
  if (!folder.starts_with('/') || may_block(process, folder + "/" + name)) return std::nullopt;
  return tidy(folder + "/" + name);
}

/// A file system served from below the command waits for us while it waits in a call: its files are not looked at.
bool Recorder::may_block(const Watched& process, const std::string& path) {
  if (!serves_files_ || (process.same_view && !is_on_fuse(absolute(path, "/")))) return false;
  files_escaped_ = true;
  return true;
}

std::optional<std::string> Recorder::place(Watched& process, const std::string& base, const std::string& path) {
  if (process.same_view) return tidy(path);
  auto placed = place_file(process.pid, base, path);
  if (!placed) return std::nullopt;
  if (placed->only_there) foreign_files_ = true;
  return std::move(placed->path);
}

// ---- programs

void Recorder::exec(Caller& caller) {
  const auto path = path_of(caller, caller.call.folder, caller.call.path);
  if (!path) return;
  struct stat file {};
  if (::stat(path->c_str(), &file) != 0 || !S_ISREG(file.st_mode) || !allowed(caller, *path, X_OK))
    return;  // it will fail: one of the places where a program is looked for
  PendingExec exec{.thread = caller.thread(),
                   .path = *path,
                   .device = file.st_dev,
                   .inode = file.st_ino,
                   .argv = tracee::read_words(caller.thread(), caller.arg(caller.call.path + 1), caller.narrow ? 4 : 8),
                   .cwd = folder_of(caller.process)};
  if (takes_switches_from_variables(exec.argv, exec.path))
    exec.switches = switches_among(tracee::read_words(caller.thread(), caller.arg(caller.call.path + 2),
                                                      caller.narrow ? 4 : 8, tracee::Words::all));
  const bool changes_user = (file.st_mode & S_ISUID) != 0 && file.st_uid != caller.process.who.user;
  exec.raises_user = changes_user || (file.st_mode & S_ISGID) != 0;
  if (const auto fd = path->find("/fd/"); path->starts_with("/proc/") && fd != std::string::npos)
    exec.path = tracee::link(caller.process.pid, path->substr(fd + 1));
  else if (path->starts_with("/proc/"))
    exec.path = real_path(*path);
  lets_go(caller.process);
  if (FileLog* files = command_files()) {
    GivenDescriptors given = serves_files_ ? GivenDescriptors{.all = false} : given_by(caller.thread());
    descriptors_escaped_ = descriptors_escaped_ || !given.all;
    for (GivenDescriptor& descriptor : given.list) note_openers(*files, caller.process, descriptor);
    exec.given = std::move(given.list);
  }
  programs_.execs(caller.process, std::move(exec));
}

// ---- files

bool Recorder::wants_files() const {
  return std::ranges::any_of(windows_, [](const Window* window) { return window->wants_files(); });
}

/// Whoever serves a file system opens this first, see may_block().
void Recorder::note_device(Caller& caller) {
  const bool both_ways = caller.call.call == Call::open && (caller.arg(caller.call.flags) & O_ACCMODE) == O_RDWR;
  const auto text = both_ways ? tracee::read_text(caller.thread(), caller.arg(caller.call.path)) : std::nullopt;
  if (text && *text == "/dev/fuse") serves_files_ = true;
}

void Recorder::open(Caller& caller) {
  if (!wants_files()) return note_device(caller);
  Watched& process = caller.process;
  std::uint64_t flags =
      caller.call.flags >= 0 ? caller.arg(caller.call.flags) : std::uint64_t{O_WRONLY | O_CREAT | O_TRUNC};
  if (caller.call.call == Call::openat2 &&
      tracee::read_bytes(caller.thread(), caller.arg(caller.call.flags), &flags, sizeof flags) != sizeof flags)
    return;
  if (caller.call.call == Call::truncate) flags = O_WRONLY;
  if ((flags & kDescriptorOnly) != 0) return;
  const bool only_reads = (flags & O_ACCMODE) == O_RDONLY && (flags & (O_CREAT | O_TRUNC)) == 0;
  const int by = programs_.program_of(process);
  const auto is_known = [&](std::string_view path) {
    return std::ranges::all_of(
        windows_, [&](const Window* window) { return !window->wants_files() || window->files.known_read(path, by); });
  };
  if (only_reads && process.same_view) {  // what happens most: a known absolute path again
    const auto text = tracee::read_text(caller.thread(), caller.arg(caller.call.path));
    if (text && text->starts_with('/') && is_known(*text)) return;
  }
  const auto path = path_of(caller, caller.call.folder, caller.call.path);
  if (!path || (only_reads && is_known(*path))) return;
  const auto file = state_of(*path);
  const bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0 || (!file && (flags & O_CREAT) != 0);
  const bool reads = (flags & O_ACCMODE) != O_WRONLY && file;
  if (file && will_not_open(*path, *file, flags)) return;
  const auto each_log = [&](auto&& tell) {
    for (Window* window : windows_)
      if (window->wants_files()) tell(window->files);
  };
  if (reads && opens_as_it_is(*path, *file) && allowed(caller, *path, R_OK))
    each_log([&](FileLog& files) { files.read(*path, *file, by); });
  if (!writes || (flags & O_TMPFILE) == O_TMPFILE) return;
  const bool refused =
      file ? (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL) || !file->regular || !allowed(caller, *path, W_OK)
           : (flags & O_CREAT) == 0;
  const bool empties = (flags & O_TRUNC) != 0 && file && file->size > 0;
  if (!refused) each_log([&](FileLog& files) { files.will_write(*path, by, empties); });
}

void Recorder::change(Caller& caller, PendingChange::Kind kind) {
  if (!wants_files()) return;
  PendingChange change{.kind = kind, .by = programs_.program_of(caller.process)};
  if (kind == PendingChange::Kind::symlink) {
    const auto text = tracee::read_text(caller.thread(), caller.arg(0));
    if (text) change.path = *text;
  } else if (const auto path = path_of(caller, caller.call.folder, caller.call.path)) {
    change.path = *path;
    change.was = state_of(*path);
  }
  if (caller.call.path2 >= 0) {
    const auto second = path_of(caller, caller.call.folder2, caller.call.path2);
    if (!second) return;
    change.second = *second;
  }
  if (change.path.empty()) return;
  for (Window* window : windows_)
    if (window->wants_files()) window->files.will_change(change);
  pending_.insert_or_assign(caller.thread(), std::move(change));
}

// ---- signals and notices

void Recorder::kill(Caller& caller) {
  const bool by_descriptor = caller.call.call == Call::pidfd_kill;
  const int signal = caller.fd(caller.call.call == Call::tgkill ? 2 : 1);
  if (signal >= kFirstOwnSignal && signal <= kLastOwnSignal) return;
  if (std::ranges::none_of(windows_, &Window::wants_files)) return;
  evidence::SeenSignal seen{.by = programs_.program_of(caller.process),
                            .signal = signal == 0 ? "0" : signal_name(signal),
                            .pid = by_descriptor ? pid_of_descriptor(caller.process.pid, caller.fd(0)) : caller.fd(0)};
  if (Watched* receiver = programs_.find_child(static_cast<pid_t>(seen.pid))) seen.to = programs_.program_of(*receiver);
  if (seen.pid > 0) seen.exe = tracee::link(static_cast<pid_t>(seen.pid), "exe");
  for (Window* window : windows_) {
    if (window->signals.size() < kMostSignals)
      window->signals.push_back(seen);
    else
      ++window->dropped;
  }
}

/// Its flags are in memory, where no filter looks.
void Recorder::new_process(const Caller& caller) {
  constexpr std::uint64_t kOther = CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  std::uint64_t flags = 0;
  if (tracee::read_bytes(caller.thread(), caller.arg(0), &flags, sizeof flags) != sizeof flags) return;
  if ((flags & CLONE_UNTRACED) != 0) hides_from_tracers(caller);
  if ((flags & kOther) != 0) notice(caller);
}

/// It matters only where we are the tracer.
void Recorder::hides_from_tracers(const Caller& caller) {
  hides_ = true;
  notice(caller);
}

void Recorder::notice(const Caller& caller) {
  const std::string_view name = caller.call.name;
  if (name == "io_uring_setup") files_escaped_ = sockets_escaped_ = true;
  if (name == "open_by_handle_at") files_escaped_ = true;
  if (std::ranges::find(kViewCalls, name) != std::end(kViewCalls)) {
    caller.process.view_changes = true;
    caller.process.same_view = false;  // until it has been looked at
  }
  const int by = programs_.program_of(caller.process);
  const std::string exe = by == evidence::kNoProgram ? "" : programs_.program(by).process.exe;
  std::string text = fmt::format("{} by {}", name, exe);
  if (notices_.size() < kMostNotices && std::ranges::find(notices_, text) == notices_.end())
    notices_.push_back(std::move(text));
}

// ---- windows

/// Between two windows nothing refers to programs that are gone.
void Recorder::tidy_up() {
  constexpr std::size_t kMany = 1'000;
  if (!windows_.empty() || programs_.known() < kMany) return;
  programs_.note_ends();
  sockets_.renumber(programs_.forget_ended());
}

void Recorder::begin(Window& window) {
  tidy_up();
  programs_.note_ends();
  window.first_program = window.what == Record::command ? 0 : programs_.known();
  window.missed_before = programs_.missed();
  window.dropped_before = programs_.dropped();
  sockets_.begin(window.sockets, programs_);
  windows_.push_back(&window);
}

void Recorder::end(Window& window) {
  for (const auto& [thread, change] : pending_)
    if (window.wants_files()) window.files.changed(change);
  sockets_.end(window.sockets);
  Activity& activity = window.activity;
  activity.mechanism = "seccomp-notify";
  activity.calls = window.calls;
  activity.programs = window.what == Record::command ? programs_.take() : programs_.all();
  note_begun();
  std::erase(windows_, &window);
  if (window.what == Record::command) programs_.finish_digests();
  for (std::size_t i = 0; i < window.first_program; ++i) activity.programs[i].earlier = true;
  activity.notices = notices_;
  activity.notices.insert(activity.notices.end(), programs_.notices().begin(), programs_.notices().end());
  if (foreign_files_) activity.notices.push_back("files in a mount namespace of its own were not looked at afterwards");
  activity.dropped.programs = programs_.dropped() - window.dropped_before;
  const bool all_programs = programs_.missed() == window.missed_before;
  const bool files = all_programs && window.unreadable == 0 && window.wants_files() && !files_escaped_;
  activity.programs_complete = all_programs;
  activity.reads_complete = files && sees_reads_;
  activity.writes_complete = files && !foreign_files_;
  activity.sockets_complete = all_programs && !sockets_escaped_;
  activity.messages_unseen = !sees_messages_;
  if (window.what != Record::command) return;
  activity.descriptors_complete = all_programs && !descriptors_escaped_;
  for (const auto& [what, times] : counts_)
    activity.counts.push_back({.by = what.first, .call = std::string(what.second), .times = times});
  activity.counted = counted_;
  activity.counts_complete = all_programs && !files_escaped_;
}
}  // namespace mccoy::witness
