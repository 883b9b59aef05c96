// One thread that serves sockets and timers: all proxies of a run live in it, and everything of theirs is touched by it
// alone. Other threads hand it work with run().
#pragma once
#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/base/error.hpp"
#include "harness/base/owned.hpp"

namespace mccoy::via {
/// Something that is told of its socket. It stays where it is until it has been buried.
class Watched {
 public:
  virtual ~Watched() = default;
  virtual void on_events(std::uint32_t events) = 0;
};

class Loop {
 public:
  /// A moment at which something is done, once. Disarmed when it goes away; used in the loop's thread.
  class Timer {
   public:
    Timer(Loop& loop, std::function<void()> work) : loop_(loop), work_(std::move(work)) {}
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { disarm(); }
    void arm(Instant at);
    void disarm();
    bool armed() const { return at_ != Instant::max(); }

   private:
    friend class Loop;
    Loop& loop_;
    std::function<void()> work_;
    Instant at_ = Instant::max();
  };

  /// errors: no descriptors to be had
  static Result<std::shared_ptr<Loop>> make();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Does the work in the loop's thread and waits for it. Work that this thread itself asks for is done at once.
  void run(const std::function<void()>& work);

  // ---- in the loop's thread

  /// Edge-triggered. errors: no room for it
  Status watch(int fd, std::uint32_t events, Watched& watched);
  /// on_events(0) in the next round: it has more to do, and lets others go first.
  void later(Watched& watched) { later_.push_back(&watched); }
  void forget(const Watched& watched);  ///< what later() said of it
  /// Kept until the events of this round are through, for some may be about it.
  void bury(std::shared_ptr<void> dead);
  /// Room to read into; what is in it lasts until the next read.
  std::vector<char>& room() { return room_; }

 private:
  Loop();
  Status open();
  void serve();
  void take_events(int timeout_ms);
  void fire_timers();
  void set_alarm();
  void do_work();
  void wake() const;

  UniqueFd epoll_, wake_, alarm_;
  std::vector<char> room_;
  std::vector<Watched*> later_;
  std::vector<std::shared_ptr<void>> dead_;
  std::set<std::pair<Instant, Timer*>> timers_;
  Instant alarm_at_ = Instant::max();

  std::mutex mutex_;  ///< of what follows
  std::vector<std::function<void()>> work_;
  bool ending_ = false;
  std::thread thread_;
};
}  // namespace mccoy::via
