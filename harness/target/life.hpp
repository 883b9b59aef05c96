// One life of a service, from exec to the end of its last process: the process tree, and a thread that drains its
// output and notices its end at once. A service whose root exits with status 0 and leaves others behind has made itself
// a daemon and lives as long as they do. Letting go of it kills what is left. Thread-safe.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/process.hpp"

namespace mccoy::target {
/// How the service as a whole ended.
struct Death {
  bool exited = true;  ///< its root; false: by a signal
  int code = 0;        ///< exit status, or the signal's number
  Duration after{};    ///< since it was started
  std::int64_t wall_ms = 0;
  bool keeper_lost = false;  ///< somebody killed the keeper, so the tree was killed and nobody knows the rest
  std::string text() const;  ///< "exited with status 1 after 0.3 s"
};

/// What a life tells while it lasts; called from its own thread, no lock of it is held.
struct LifeEvents {
  std::function<void(std::string_view bytes)> out, err;
  std::function<void(const Death&)> died;  ///< not called once stop() has begun
};

class Life {
 public:
  /// errors: the command cannot be started
  static Result<std::unique_ptr<Life>> begin(const Command& command, LifeEvents events);
  ~Life();
  Life(const Life&) = delete;

  ProcessId root() const;
  const Executable& executable() const;
  std::string containment() const;
  std::optional<Death> death() const;
  bool alive() const { return !death(); }
  Instant started() const;
  int ended_fd() const;  ///< readable from the death on
  pid_t keeper() const;  ///< parent of all that belongs to this life; -1 when nothing is left of it
  bool owns(pid_t pid) const;
  std::vector<pid_t> members() const;

  struct Stopped {
    std::string how;                     ///< "TERM", "KILL: it went on for 5.0 s after TERM", "it had ended before"
    std::vector<ProcessInfo> leftovers;  ///< outlived the root and had to be killed
  };
  /// Signals the root (a daemon: all of it), gives it `within`, then kills what is left. When the root has gone by
  /// itself, its children have a short while to follow; what is then there is a leftover.
  Stopped stop(int signal, Duration within);
  /// SIGKILL to all of it.
  void kill();

 private:
  Life();
  struct State;
  std::unique_ptr<State> state_;
};
}  // namespace mccoy::target
