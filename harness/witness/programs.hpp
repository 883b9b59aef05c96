// The processes below a watched command: who they are, who made them, which programs they ran and how they ended.
// Learns of a process at its first watched call, at the latest when it exits; a process that is killed before any is
// not seen. Used by the one thread that answers the calls.
#pragma once
#include <linux/seccomp.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "harness/base/owned.hpp"
#include "harness/evidence/activity.hpp"
#include "harness/witness/credentials.hpp"
#include "harness/witness/descriptors.hpp"
#include "harness/witness/digest_ahead.hpp"
#include "harness/witness/tracee.hpp"

namespace mccoy::witness {
/// An execve that was let pass; whether it succeeded shows at the next call of its thread, or of the process.
struct PendingExec {
  pid_t thread = 0;
  tracee::ImageStamp stamp = {};  ///< of the image that called it
  std::string path;               ///< as this machine sees it
  std::uint64_t device = 0, inode = 0;
  std::vector<std::string> argv;
  std::string cwd;
  std::vector<std::string> switches = {};  ///< see SeenProgram
  bool raises_user = false;                ///< a set-user-ID or set-group-ID file
  std::vector<GivenDescriptor> given = {};
  std::int64_t at_ns = 0;  ///< when it was asked for, by the clock of SeenProgram::began_ns
};

/// A program has begun with these.
struct Begun {
  int program = evidence::kNoProgram;
  std::vector<GivenDescriptor> given;
};

/// A process that lives.
struct Watched {
  pid_t pid = 0;
  std::int64_t start_ticks = 0;
  UniqueFd pidfd;
  int program = evidence::kNoProgram;  ///< the image it runs; none: a fork of `origin` that has done nothing yet
  int origin = evidence::kNoProgram;
  bool same_view = true;
  bool view_changes = false;  ///< it has called chroot, unshare, …: to be looked at again
  Credentials who = {};
  bool who_changes = false;  ///< it has called setuid or the like, or was forked by such a one
  std::optional<std::string> cwd = {};
  std::vector<PendingExec> execs = {};  ///< several threads may try at once
  std::optional<int> status = {};       ///< it has called exit_group
  std::optional<int> last_status = {};  ///< a thread of it has called exit
  std::int64_t exits_ns = 0;            ///< when it did either
};

class Programs {
 public:
  Programs();
  /// The process of this thread, what it did before taken into account. nullptr: it is gone.
  /// Ends must have been noted just before: a number that is used again is another process.
  Watched* of_thread(pid_t thread);
  Watched* find(pid_t pid);
  bool lives(pid_t pid) const { return processes_.contains(pid); }
  /// The same for a process that has made no watched call yet: known when its parent is.
  Watched* find_child(pid_t pid);
  /// Index of the program a process runs now; made when it has none yet.
  int program_of(Watched& process);

  void execs(Watched& process, PendingExec exec);
  /// Since it was last asked for. Without files that the command itself was given: they are the harness' own.
  std::vector<Begun> take_begun() { return std::exchange(begun_, {}); }
  void exits(Watched& process, pid_t thread, int status, bool whole_process);
  int ends_fd() const { return ends_.get(); }  ///< epoll: readable when a process has ended
  void note_ends();
  /// Device and inode of the image that this process runs.
  evidence::SeenProgram& program(int index) { return programs_[static_cast<std::size_t>(index)]; }
  std::vector<std::string>& notices() { return notices_; }
  std::int64_t dropped() const { return dropped_; }
  /// Programs that did not fit, or could not be told; it only grows.
  std::int64_t missed() const { return dropped_ + lost_; }
  void finish_digests() { digests_.finish(); }
  /// How many are known; what begins later has a number from here on.
  std::size_t known() const { return programs_.size(); }
  /// All of them; those still alive are marked so.
  std::vector<evidence::SeenProgram> all();
  /// The same at the end of it all: nothing is asked any more.
  std::vector<evidence::SeenProgram> take();
  /// Forgets what has ended and has no descendant that lives.
  ///   returns  [known()], the new number of each, kNoProgram for those that are forgotten
  std::vector<int> forget_ended();

 private:
  std::vector<int> living();
  Watched* admit(pid_t pid);
  Watched* admit_parent(pid_t parent);
  void look_above(pid_t parent);
  void inherit(Watched& process, pid_t parent);
  int origin_of(pid_t pid, pid_t parent);
  bool has_new_image(const Watched& process);
  void settle_execs(Watched& process, pid_t thread);
  void take_image(Watched& process);
  void replace_image(Watched& process, const PendingExec& exec, bool runs);
  int add(evidence::SeenProgram program);
  void end(Watched& process);
  void remember_children(Watched& process, pid_t thread);
  void remember_all_children(Watched& process, pid_t thread);
  void note_given(int index, const std::vector<GivenDescriptor>& given);
  bool is_the_commands(const GivenDescriptor& descriptor) const;

  UniqueFd ends_;
  std::unordered_map<pid_t, Watched> processes_;
  std::unordered_map<pid_t, pid_t> threads_;  ///< those that are not the first of their process
  std::unordered_map<pid_t, int> orphans_;    ///< pid -> program of the parent that has ended
  std::vector<evidence::SeenProgram> programs_;
  std::vector<Begun> begun_;
  std::optional<std::vector<GivenDescriptor>> of_command_;  ///< what the command was given by the harness
  std::vector<pid_t> above_;                                ///< the parent of the command, and all above it
  std::vector<std::string> notices_;
  DigestAhead digests_;
  std::size_t argv_bytes_ = 0;
  std::int64_t dropped_ = 0, lost_ = 0;
};

/// Exit code or signal from a wait(2) status.
void set_end(evidence::SeenProgram& program, int wait_status);
}  // namespace mccoy::witness
