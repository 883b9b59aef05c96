// The second way to be shown calls, where the kernel gives no notifications (an old kernel, a container that refuses
// them, another watcher above): ptrace. The child stops for us at each watched call; programs below it that trace
// others themselves (gdb, strace) cannot. All members but nudge() belong to the one thread that traces.
#pragma once
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/types.h>

#include <functional>

namespace mccoy::witness {
class Tracer {
 public:
  /// Traces a process, and from then on all that it starts; they end when we do.
  bool attach(pid_t pid);
  /// Has it stop at every call, for want of a filter that picks the watched ones. The process may be waiting for us.
  bool stop_at_every_call(pid_t pid);

  struct Watch {
    std::function<void(const seccomp_notif&)> on_call;  ///< the thread waits meanwhile; id and flags are 0
    std::function<void()> before_each;                  ///< a process may have ended, or called
    std::function<bool()> is_settling;                  ///< true: to be called again soon, whatever happens
    std::function<bool()> is_over;                      ///< true: do not wait for those that still live
  };
  /// Returns when nobody is left, or it is over.
  void run(const Watch& watch);
  /// Wakes a thread that is in run(), so that it asks is_over. Any thread; may have to be repeated.
  static void nudge(pthread_t thread);

 private:
  void resume(pid_t thread, int signal) const;
  void on_stop(pid_t thread, int status, const Watch& watch) const;
  bool every_call_ = false;
};
}  // namespace mccoy::witness
