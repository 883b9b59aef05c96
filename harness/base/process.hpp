// The one place that starts processes.
//
// start_guardian() forks a small single-threaded process before anything else happens. Every command runs below a
// *keeper* forked by it: a subreaper whose only child is the command, so that daemons which fork twice and call setsid
// stay its descendants. The keeper kills its whole tree when it is told to, and when mccoy itself is gone (end of file
// on their socket), even after SIGKILL. Where a cgroup v2 can be made, the tree is put in one as well and killed
// through it. If a keeper is killed by its target, its orphans come to the guardian (a subreaper too), which kills
// them; mccoy says so.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/base/error.hpp"
#include "harness/base/owned.hpp"
#include "harness/base/value.hpp"

namespace mccoy {
/// Must be called once, before the first thread; later calls do nothing. errors: no process to be had.
Status start_guardian();

/// A process as the kernel knows it; pid alone may be reused, pid and start time may not.
struct ProcessId {
  pid_t pid = 0;
  std::int64_t start_ticks = 0;  ///< field 22 of /proc/PID/stat, clock ticks since boot
  friend bool operator==(const ProcessId&, const ProcessId&) = default;
};

struct ProcessInfo {
  ProcessId id;
  pid_t parent = 0;
  char state = '?';
  std::string exe;                ///< /proc/PID/exe, empty when it may not be read
  std::vector<std::string> argv;  ///< as the process shows it; free text, no identity
  std::int64_t started_wall_ms = 0;
};
std::optional<ProcessInfo> process_info(pid_t pid);
/// Of all processes: pid -> parent, one pass over /proc. Zombies are included.
std::vector<ProcessInfo> process_table(bool with_names);
/// Cheaper than process_info(): who it is, without names. Zombies count.
std::optional<ProcessId> identify_process(pid_t pid);
std::vector<pid_t> children_of(pid_t parent);
/// All descendants of `root`, itself not included.
std::vector<pid_t> descendants_of(pid_t root);

/// A file that stands for a program: what argv[0] resolved to, before it ran.
struct Executable {
  std::string path;  ///< absolute, links resolved
  std::uint64_t device = 0, inode = 0;
  std::string sha256;       ///< cached by device, inode, size and mtime
  std::string interpreter;  ///< of a "#!" script: the interpreter's path; the script is `path`
};
Result<Executable> identify_executable(const std::string& path);

struct Command {
  std::vector<std::string> argv = {};  ///< argv[0] is looked up in PATH of `env`, relative names with a slash below cwd
  std::vector<std::string> env = {};   ///< "NAME=value", complete: nothing is inherited
  std::string cwd = {};                ///< absolute; "" = ours
  std::string input = {};              ///< standard input, a sealed file in memory; empty: /dev/null
  std::string umask = {};              ///< octal; "" = 022
  std::optional<uid_t> uid = {};       ///< run as this user (needs root); supplementary groups are dropped
  std::optional<gid_t> gid = {};
  bool want_cgroup = false;  ///< for services: try a cgroup of its own
  /// In a network namespace of its own, where nothing is up: no address can be reached, not even 127.0.0.1. Local
  /// sockets with a path go on working. Needs root: a user namespace would change who owns what as well. Else the start
  /// fails.
  bool no_network = false;
  /// In a mount namespace of its own, a copy of ours of which nothing comes back to us. Needs root, else the start
  /// fails.
  bool private_mounts = false;
  /// It reads our standard input, and what it writes is also written to our standard output and error, as it comes. An
  /// interrupt reaches its group as SIGINT, and it gets 10 s to end.
  bool attached = false;
  /// A BPF program (array of sock_filter) for the child to install as a seccomp filter just before execve, and the
  /// socket over which it then offers the filter's listener (call_watch.hpp). Empty: not watched. The socket stays the
  /// caller's.
  std::string call_filter = {};
  int watcher = -1;
};

/// How a command ended.
struct Ended {
  bool exited = false;                ///< false: by a signal
  int code = 0;                       ///< exit status, or the signal's number
  Duration wall{};                    ///< from exec to the end of the root process
  Duration user_cpu{}, system_cpu{};  ///< of all processes of the tree that were reaped
  std::int64_t max_rss_kib = 0;
};

class Interrupt;

/// A running command and everything below it. Letting go of it kills what is left.
/// Used by one thread at a time, except kill_all() and signal_root(), which any thread may call.
class ProcessTree {
 public:
  /// stdout/stderr are read from out()/err(), non-blocking.
  ///   deadline   for it to run its own code, 30 s at most; when given up, what was started by then is killed
  ///   interrupt  may be null
  ///   errors     program not found (cause ENOENT) or not executable (EACCES, ENOEXEC), cwd missing, no guardian,
  ///              deadline passed (cause timed_out), interrupted (cause interrupted)
  static Result<ProcessTree> start(const Command& command, Deadline deadline = {},
                                   const Interrupt* interrupt = nullptr);
  ProcessTree();
  ProcessTree(ProcessTree&&) noexcept;
  ProcessTree& operator=(ProcessTree&&) noexcept;
  ~ProcessTree();

  ProcessId root() const;
  pid_t keeper() const;
  const Executable& executable() const;  ///< of argv[0]
  std::string containment() const;       ///< "cgroup+keeper", "keeper": how the tree is held; kept in the evidence
  int out() const;                       ///< read ends; they stay the tree's
  int err() const;
  int events() const;                     ///< poll for reading: something changed, call ended()
  std::optional<Ended> ended();           ///< non-blocking: how the root process ended, once it did
  Result<Ended> wait(Deadline deadline);  ///< errors: deadline passed (cause timed_out), keeper killed
  bool keeper_lost();          ///< the keeper was killed: ended() will never know, all below it is being killed
  bool owns(pid_t pid) const;  ///< is it the root or any descendant of the keeper, at this moment
  std::vector<ProcessInfo> members() const;  ///< alive and not zombies, root included
  Status signal_root(int signal);
  /// SIGKILL to everything below the keeper until nothing is left. At most a few ms for small trees.
  ///   returns  what was alive when it was called, the root not included if it had been told to stop
  std::vector<ProcessInfo> kill_all();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What came out of a stream: everything counted and digested, head and tail kept.
struct Output {
  std::int64_t bytes = 0;
  std::string sha256 = {};
  std::string head = {};     ///< the first `keep` bytes
  std::string tail = {};     ///< the last `keep` bytes when more came than head and tail hold together
  std::int64_t dropped = 0;  ///< bytes between head and tail
  bool whole() const { return dropped == 0; }
  std::string text() const { return head + tail; }  ///< meaningful when whole()
};

/// Collects a stream into an Output in constant memory: `keep` bytes of head and of tail.
class OutputCollector {
 public:
  explicit OutputCollector(std::size_t keep);
  ~OutputCollector();
  OutputCollector(OutputCollector&&) noexcept;
  void add(std::string_view bytes);
  Output finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

constexpr std::size_t kKeepOutput = 1 << 20;  ///< 1 MiB of head and of tail for each stream

struct Captured {
  Ended ended;            ///< says nothing unless end_seen
  bool end_seen = false;  ///< false: the command was given up before it ran (root.pid is 0), or survived SIGKILL
  Executable executable;
  ProcessId root;
  bool deadline_passed = false;  ///< the tree was killed; ended is how the root then ended
  bool interrupted = false;
  Output out, err;
  std::vector<ProcessInfo> leftovers;  ///< processes still alive when the root had ended (killed then)
  std::string containment;
};

/// Asked while waiting, from any thread: a run that is to end. fd() becomes readable when that is so.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  void raise() noexcept;  ///< async-signal-safe
  bool raised() const noexcept;
  int fd() const noexcept;

 private:
  int fd_;
};

/// Runs a command to the end of its root process, or to the deadline, whichever is first; then kills what is left.
/// At the deadline the tree is killed at once (SIGKILL): the call returns within 50 ms of it, or after a second more
/// when something is stuck in the kernel.
///   interrupt  may be null
Result<Captured> run_command(const Command& command, Deadline deadline, std::size_t keep = kKeepOutput,
                             const Interrupt* interrupt = nullptr);

/// The environment a target gets: PATH, HOME, LANG, LC_*, TMPDIR, TZ, USER, LOGNAME, SHELL, TERM of ours and nothing
/// else. LD_*, GIT_*, *_TOKEN, *_KEY, *_SECRET, *_PASSWORD, MCCOY_* and proxies are never inherited.
std::vector<std::string> base_environment();
/// Ours, as it is.
std::vector<std::string> own_environment();
/// Adds or replaces NAME in an environment.
void set_env(std::vector<std::string>& env, std::string_view name, std::string_view value);
std::string get_env(const std::vector<std::string>& env, std::string_view name);
std::string signal_name(int signal);       ///< "KILL", "TERM"; "SIG42" when it has no name
int signal_number(std::string_view name);  ///< accepts "KILL", "SIGKILL", "9"; 0 if unknown
}  // namespace mccoy
