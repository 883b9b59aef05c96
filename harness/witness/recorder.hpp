// From watched calls to an Activity. One call at a time: it is shown before the kernel carries it out, and what became
// of it is found out at the next call of the same thread, or at the end.
#pragma once
#include <linux/seccomp.h>

#include <string>
#include <unordered_map>

#include "harness/evidence/activity.hpp"
#include "harness/witness/call_table.hpp"
#include "harness/witness/file_log.hpp"
#include "harness/witness/programs.hpp"
#include "harness/witness/socket_log.hpp"

namespace mccoy::witness {
class Recorder {
 public:
  /// The thread of this call waits meanwhile.
  void on_call(const seccomp_notif& notification);
  void on_ends() { programs_.note_ends(); }
  int ends_fd() const { return programs_.ends_fd(); }
  SocketLog& sockets() { return sockets_; }
  void settle_sockets() { sockets_.settle(programs_); }
  evidence::Activity finish();

 private:
  struct Caller;  ///< of one call: process, program, arguments
  void dispatch(Caller& caller);
  void exec(Caller& caller);
  void open(Caller& caller);
  void change(Caller& caller, PendingChange::Kind kind);
  void socket_call(Caller& caller);
  void connect(Caller& caller, int fd, std::uint64_t address, std::uint64_t size, bool once);
  void kill(Caller& caller);
  void notice(const Caller& caller);
  bool may_block(const Watched& process, const std::string& path);
  std::optional<std::string> path_of(Caller& caller, int folder_argument, int path_argument);
  std::optional<std::string> place(Watched& process, const std::string& base, const std::string& path);
  static const std::string& folder_of(Watched& process);
  static bool allowed(Caller& caller, const std::string& path, int mode);

  Programs programs_;
  FileLog files_;
  SocketLog sockets_;
  std::unordered_map<pid_t, PendingChange> pending_;  ///< by thread
  std::vector<evidence::SeenSignal> signals_;
  std::vector<std::string> notices_;
  std::int64_t calls_ = 0, unreadable_ = 0, dropped_ = 0;
  bool serves_files_ = false;  ///< a program below the command has opened /dev/fuse
  bool files_escaped_ = false, sockets_escaped_ = false, foreign_files_ = false;
};
}  // namespace mccoy::witness
