// From watched calls to an Activity. One call at a time: it is shown before the kernel carries it out, and what became
// of it is found out at the next call of the same thread, or at the end. What is not in a window is not kept, but for
// who lives and which sockets are open.
#pragma once
#include <linux/seccomp.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "harness/evidence/activity.hpp"
#include "harness/witness/call_table.hpp"
#include "harness/witness/file_log.hpp"
#include "harness/witness/programs.hpp"
#include "harness/witness/socket_log.hpp"

namespace mccoy::witness {
/// What is to be recorded.
enum class Record : std::uint8_t {
  command,      ///< everything, files with their digests
  service,      ///< of a service: everything, files without digests
  connections,  ///< of a service: sockets only
};

/// What happened from its begin to its end. Belongs to whoever began it; used by a Recorder meanwhile.
struct Window {
  Record what = Record::command;
  FileLog files;
  SocketWindow sockets;
  std::vector<evidence::SeenSignal> signals;
  std::int64_t calls = 0, unreadable = 0, dropped = 0;
  std::size_t first_program = 0;                       ///< those before ran already
  std::int64_t missed_before = 0, dropped_before = 0;  ///< what Programs had missed when it began
  evidence::Activity activity = {};                    ///< filled at the end
  bool wants_files() const { return what != Record::connections; }
};
/// What need not be found out while the watched programs wait: the files as they are now, digests. After Recorder::end.
evidence::Activity finish(Window& window);

class Recorder {
 public:
  /// Calls that the filter shows in order to be counted.
  void counts(std::vector<std::string> names) { counted_ = std::move(names); }
  /// The thread of this call waits meanwhile.
  void on_call(const seccomp_notif& notification);
  void on_ends() { programs_.note_ends(); }
  int ends_fd() const { return programs_.ends_fd(); }
  SocketLog& sockets() { return sockets_; }
  void settle_sockets() { sockets_.settle(programs_); }
  /// What the kernel of programs that change the user took away, in words.
  const std::vector<std::string>& program_notices() { return programs_.notices(); }

  /// A program started another that no tracer sees.
  bool hides_from_tracers() const { return hides_; }
  /// Opening a file to read it is not shown.
  void sees_no_reads() { sees_reads_ = false; }
  /// sendmsg and sendmmsg are not shown.
  void sees_no_messages() { sees_messages_ = false; }
  void begin(Window& window);
  /// False: the kernel has yet to tell of sockets that were closed in it; ask again soon.
  bool all_told(const Window& window, OtherEnds other_ends) {
    return sockets_.all_told(window.sockets, programs_, other_ends);
  }
  void end(Window& window);

 private:
  struct Caller;  ///< of one call: process, program, arguments
  void dispatch(Caller& caller);
  void note_begun();
  FileLog* command_files();  ///< of the command that is recorded; null: none is
  void note_openers(FileLog& files, const Watched& process, GivenDescriptor& descriptor);
  void lets_go(const Watched& process);
  void exec(Caller& caller);
  void note_device(Caller& caller);
  void open(Caller& caller);
  void change(Caller& caller, PendingChange::Kind kind);
  void socket_call(Caller& caller);
  void connect(Caller& caller, int fd, std::uint64_t address, std::uint64_t size);
  void send_to(Caller& caller, int fd, std::uint64_t address, std::uint64_t size);
  void send_messages(Caller& caller, int fd, std::uint64_t headers, std::uint64_t count);
  void kill(Caller& caller);
  void new_process(const Caller& caller);
  void hides_from_tracers(const Caller& caller);
  void notice(const Caller& caller);
  void count(const Caller& caller);
  bool may_block(const Watched& process, const std::string& path);
  std::optional<std::string> path_of(Caller& caller, int folder_argument, int path_argument);
  std::optional<std::string> place(Watched& process, const std::string& base, const std::string& path);
  static const std::string& folder_of(Watched& process);
  static bool allowed(Caller& caller, const std::string& path, int mode);

  bool wants_files() const;
  void tidy_up();

  Programs programs_;
  SocketLog sockets_;
  std::vector<Window*> windows_;
  std::unordered_map<pid_t, PendingChange> pending_;  ///< by thread
  std::vector<std::string> notices_;                  ///< of the whole life: what was called once may go on
  std::vector<std::string> counted_;
  std::map<std::pair<int, std::string_view>, std::int64_t> counts_;  ///< by program and call
  bool sees_reads_ = true, sees_messages_ = true;
  bool hides_ = false;
  bool serves_files_ = false;  ///< a program below the command has opened /dev/fuse
  bool files_escaped_ = false, sockets_escaped_ = false, foreign_files_ = false;
  bool descriptors_escaped_ = false;  ///< not all that programs were given was looked at
};
}  // namespace mccoy::witness
