#include "harness/target/via/loop.hpp"

#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>

namespace mccoy::via {
namespace {
constexpr std::size_t kRoom = 128 << 10;
constexpr int kEventsAtOnce = 256;
constexpr int kEagerness = -10;              ///< nice
constexpr std::uint64_t kTurn_ns = 200'000;  ///< asked for at a time: who asks for little is served soon

timespec to_timespec(Duration span) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(span);
  return {.tv_sec = seconds.count(), .tv_nsec = (span - seconds).count()};
}

/// As <linux/sched/types.h> has it, which cannot be included beside <sched.h>.
struct SchedAttr {
  std::uint32_t size = 48, policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0, deadline_ns = 0, period_ns = 0;
};
static_assert(sizeof(SchedAttr) == 48);

/// A target that takes all processors must not make faults late. What the kernel does not know or allow is left out.
void be_punctual() {
  for (const int nice : {kEagerness, 0}) {
    const SchedAttr wish{.nice = nice, .runtime_ns = kTurn_ns};
    if (::syscall(SYS_sched_setattr, 0, &wish, 0) == 0) return;
  }
}

/// The counter of an eventfd or timerfd back to zero.
void reset(int fd) {
  std::uint64_t count = 0;
  (void)!::read(fd, &count, sizeof count);
}
}  // namespace

void Loop::Timer::arm(Instant at) {
  if (at == at_) return;
  disarm();
  at_ = at;
  loop_.timers_.emplace(at_, this);
}

void Loop::Timer::disarm() {
  if (!armed()) return;
  loop_.timers_.erase({at_, this});
  at_ = Instant::max();
}

Loop::Loop() : room_(kRoom) {}

Result<std::shared_ptr<Loop>> Loop::make() {
  std::shared_ptr<Loop> loop(new Loop);
  MCCOY_DO(loop->open());
  loop->thread_ = std::thread([raw = loop.get()] { raw->serve(); });
  return loop;
}

Status Loop::open() {
  epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  alarm_ = UniqueFd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!epoll_ || !wake_ || !alarm_) return system_error("the proxies cannot be served", errno);
  for (const UniqueFd* fd : {&wake_, &alarm_}) {
    epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd->get(), &event) != 0)
      return system_error("the proxies cannot be served", errno);
  }
  return {};
}

Loop::~Loop() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake();
  if (thread_.joinable()) thread_.join();
}

void Loop::wake() const {
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

void Loop::run(const std::function<void()>& work) {
  if (std::this_thread::get_id() == thread_.get_id()) return work();
  struct Wait {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
  };
  const auto wait = std::make_shared<Wait>();
  {
    const std::lock_guard lock(mutex_);
    work_.push_back([wait, &work] {
      work();
      const std::lock_guard done(wait->mutex);
      wait->done = true;
      wait->changed.notify_all();
    });
  }
  wake();
  std::unique_lock lock(wait->mutex);
  wait->changed.wait(lock, [&] { return wait->done; });
}

Status Loop::watch(int fd, std::uint32_t events, Watched& watched) {
  epoll_event event{.events = events | EPOLLET, .data = {.ptr = &watched}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return {};
  return system_error("a socket cannot be watched", errno);
}

void Loop::bury(std::shared_ptr<void> dead) {
  dead_.push_back(std::move(dead));
}

void Loop::forget(const Watched& watched) {
  std::erase(later_, &watched);
}

void Loop::serve() {
  be_punctual();
  for (;;) {
    take_events(later_.empty() ? -1 : 0);
    fire_timers();
    for (Watched* watched : std::exchange(later_, {})) watched->on_events(0);
    do_work();
    dead_.clear();
    {
      const std::lock_guard lock(mutex_);
      if (ending_ && work_.empty()) return;
    }
    set_alarm();
  }
}

void Loop::take_events(int timeout_ms) {
  std::array<epoll_event, kEventsAtOnce> events;  // NOLINT: filled by the kernel
  const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsAtOnce, timeout_ms);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr != nullptr) {
      static_cast<Watched*>(event.data.ptr)->on_events(event.events);
      continue;
    }
    reset(wake_.get());
    reset(alarm_.get());
    alarm_at_ = Instant::max();
  }
}

void Loop::fire_timers() {
  if (timers_.empty()) return;
  const Instant now = Clock::now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    Timer& due = *timers_.begin()->second;
    due.disarm();
    due.work_();
  }
}

void Loop::set_alarm() {
  const Instant next = timers_.empty() ? Instant::max() : timers_.begin()->first;
  if (next >= alarm_at_) return;  // one that rings too early does no harm
  alarm_at_ = next;
  itimerspec when{};
  when.it_value = to_timespec(next.time_since_epoch());
  ::timerfd_settime(alarm_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void Loop::do_work() {
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard lock(mutex_);
    work.swap(work_);
  }
  for (const auto& one : work) one();
}
}  // namespace mccoy::via
