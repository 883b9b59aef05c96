#include "probes/load/worker.hpp"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace mccoy::load {
namespace {
constexpr Nanos kSecond = 1'000'000'000, kMilli = 1'000'000;
constexpr int kEventsAtOnce = 256;
constexpr int kArrivalsAtOnce = 64;  ///< then replies are read, however far behind the arrivals are
constexpr Nanos kRampStep = 10 * kMilli;
constexpr Nanos kSweepMin = kMilli, kSweepMax = 100 * kMilli;
constexpr Nanos kLeadStep = 100, kLeadMax = 30'000;
constexpr Nanos kAwayMin = kMilli;        ///< a sleep that ends later than that was not the timer's inaccuracy
constexpr Nanos kWorkMax = 100 * kMilli;  ///< nor was a longer turn all work
constexpr int kFullPollsMost = 64;
constexpr std::size_t kBufferBytes = 64 * 1024;
constexpr std::uint64_t kWaker = UINT64_MAX;
constexpr std::size_t kRetransmitsOf = 256;  ///< connections looked at when the run ends

std::vector<std::size_t> checks_of(const Plan& plan) {
  std::vector<std::size_t> checks;
  for (const auto& journey : plan.journeys())
    for (const auto& step : journey.steps) checks.push_back(step.asked->checks.size());
  return checks;
}

/// A share of a whole for one of several threads; they add up.
std::size_t share(std::size_t whole, std::size_t number, std::size_t threads) {
  return whole / threads + (number < whole % threads ? 1 : 0);
}

double cpu_seconds() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

std::size_t most_under_way(const Control& control, std::size_t number) {
  const Profile& profile = control.plan.profile();
  const auto most =
      profile.model == Model::open ? profile.max_in_flight : static_cast<std::size_t>(control.plan.course().peak() + 1);
  return std::max<std::size_t>(1, share(most, number, control.threads));
}

std::size_t most_connections(const Control& control, std::size_t number) {
  const std::size_t asked = control.plan.profile().connections;
  return asked == 0 ? most_under_way(control, number) : std::max<std::size_t>(1, share(asked, number, control.threads));
}

Nanos shortest_timeout(const Plan& plan) {
  Nanos shortest = plan.profile().connect_timeout.count();
  for (const auto& journey : plan.journeys())
    for (const auto& step : journey.steps) shortest = std::min<Nanos>(shortest, step.response_timeout_ns);
  return shortest;
}
}  // namespace

Result<std::unique_ptr<Worker>> Worker::make(Control& control, std::size_t number) {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC)), waker(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll || !waker) return system_error("no epoll for a thread of load", errno);
  epoll_event event{EPOLLIN, {.u64 = kWaker}};
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, waker.get(), &event) != 0)
    return system_error("no epoll for a thread of load", errno);
  return std::unique_ptr<Worker>(new Worker(control, number, std::move(epoll), std::move(waker)));
}

Worker::Worker(Control& control, std::size_t number, UniqueFd epoll, UniqueFd waker)
    : control_(control),
      plan_(control.plan),
      profile_(control.plan.profile()),
      number_(number),
      epoll_(std::move(epoll)),
      waker_(std::move(waker)),
      trips_(most_under_way(control, number)),
      connections_(most_connections(control, number)),
      targets_(control.plan.targets().size()),
      counts_(profile_.stages.size(), checks_of(control.plan)),
      rendering_(profile_),
      under_way_max_(most_under_way(control, number)),
      connections_max_(most_connections(control, number)),
      files_max_(share(control.files_most, number, control.threads)),
      span_(control.plan.course().span().count()),
      late_after_(control.grid.count() + kMilli),
      sweep_every_(std::clamp(shortest_timeout(plan_) / 20, kSweepMin, kSweepMax)),
      looked_into_(profile_.stages.size() * plan_.requests()),
      buffer_(kBufferBytes) {
  outcome_.connections.resize(targets_.size());
  if (profile_.model == Model::closed) {
    users_.resize(under_way_max_);
    return;
  }
  arrivals_.emplace(plan_.course(), profile_.spacing, profile_.seed);
  next_arrival();
}

Worker::~Worker() {
  for (Index i = 0; i < connections_.size(); ++i)
    if (connections_[i].fd >= 0) ::close(connections_[i].fd);
}

void Worker::wake() {
  ::eventfd_write(waker_.get(), 1);
}

Nanos Worker::now() const {
  return (Clock::now() - control_.origin).count();
}

void Worker::run() {
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);  // OpenSSL writes without MSG_NOSIGNAL
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  const double cpu_before = cpu_seconds();
  next_second_ = kSecond;
  next_sweep_ = sweep_every_;
  loop();
  const Nanos ended = now();
  leave(ended);
  outcome_.health.cpu_s = cpu_seconds() - cpu_before;
  outcome_.health.wall_s = static_cast<double>(ended) * 1e-9;
  outcome_.open_max = open_max_;
  outcome_.away = Duration(away_);
}

void Worker::loop() {
  std::array<epoll_event, kEventsAtOnce> events;
  for (Nanos at = now(); !finished(at);) {
    start_due(at);
    flush_http2();
    if (at >= next_second_) hand_in(at);
    if (at >= next_sweep_ && polled_ >= next_sweep_) sweep();
    const Nanos moment = next_moment(), asleep = now();
    const int count = wait_until(moment, asleep, events.data());
    at = now();
    if (count == 0 && moment > asleep) learn_lead(at - moment);
    ++outcome_.health.wakeups;
    note_wait(moment, asleep, at, count);
    for (int i = 0; i < count; ++i) {
      if (events[static_cast<std::size_t>(i)].data.u64 == kWaker) continue;
      const std::uint64_t name = events[static_cast<std::size_t>(i)].data.u64;
      const auto index = static_cast<Index>(name);
      if (connections_[index].generation == name >> 32) on_event(index, events[static_cast<std::size_t>(i)].events);
    }
    if (count == 0) continue;
    flush_http2();
    at = now();
  }
}

/// What an event may have waited to be seen: while the thread did other work, and while it got no processor although
/// its sleep was over. Of a sleep that was over long ago nobody knows when something came in it.
void Worker::note_wait(Nanos moment, Nanos asleep, Nanos woke, int events) {
  const Nanos planned = std::max<Nanos>(0, moment - asleep), waited = woke - asleep;
  const Nanos overslept = std::max<Nanos>(0, waited - planned);
  const Nanos away = overslept <= kAwayMin ? 0 : overslept > planned ? waited : overslept;
  const Nanos work = asleep - woke_, unseen = work + std::max(away, overslept);
  outcome_.health.loop_max = std::max(outcome_.health.loop_max, Duration(unseen));
  if (events > 0) outcome_.read_lag.add(static_cast<std::uint64_t>(unseen));
  if (events < kEventsAtOnce || ++full_polls_ >= kFullPollsMost) {
    polled_ = woke;
    full_polls_ = 0;
  }
  woke_ = woke;
  const Nanos lost = away + (work > kWorkMax ? work : 0);
  if (lost == 0) return;
  away_ += lost;
  drain_until_ += over_ ? away : 0;  // a target that keeps it busy does not make it wait
  aftermath_ = woke + lost;
}

/// Whoever was waited for while the thread was away had that time as well.
bool Worker::is_over_time(Nanos since, Nanos away, Nanos limit) const {
  return polled_ - since - (away_ - away) > limit;
}

bool Worker::finished(Nanos at) {
  if (control_.stop.load(std::memory_order_relaxed)) {
    if (!over_) outcome_.load_elapsed = Duration(std::min(at, span_));
    return true;
  }
  if (!over_ && (at >= span_ || (profile_.max_journeys > 0 && arrivals_ && !next_))) stop_beginning(at);
  return over_ && (under_way_ == 0 || polled_ >= drain_until_);
}

void Worker::stop_beginning(Nanos at) {
  if (next_ && next_->due.count() < span_ && at < next_->due.count() + kSecond)
    return;  // behind, but not hopelessly: due is due
  for (; next_; next_arrival()) lose(*next_);
  over_ = true;
  drain_until_ = at + profile_.drain.count();
  outcome_.load_elapsed = Duration(std::min(at, span_));
}

Nanos Worker::next_moment() const {
  Nanos moment = std::min(next_second_, next_sweep_);
  if (over_) {
    moment = std::min(moment, drain_until_);
  } else {
    moment = std::min(moment, span_);
  }
  if (!timers_.empty()) moment = std::min(moment, timers_.top().when);
  if (profile_.model == Model::closed && !over_) moment = std::min(moment, next_ramp_);
  if (next_) {
    const Nanos grid = control_.grid.count(), due = next_->due.count();
    moment = std::min(moment, grid <= 1 ? due - lead_ : (due + grid - 1) / grid * grid);
  }
  return moment;
}

/// A sleep ends late by what the kernel and the processor need to wake up: three of four times by less than the lead.
/// With a wake-up for each arrival that much is slept less, and the rest is spent looking for replies.
void Worker::learn_lead(Nanos late) {
  lead_ = std::clamp<Nanos>(late > lead_ ? lead_ + 3 * kLeadStep : lead_ - kLeadStep, 0, kLeadMax);
}

int Worker::wait_until(Nanos moment, Nanos at, epoll_event* events) {
  const Nanos left = std::max<Nanos>(0, moment - at);
  const timespec span{left / kSecond, left % kSecond};
  const int count = ::epoll_pwait2(epoll_.get(), events, kEventsAtOnce, &span, nullptr);
  if (count >= 0) return count;
  if (errno == EINTR) return poll_again(events);  // nobody has looked whether something came
  pollfd ready{epoll_.get(), POLLIN, 0};          // a kernel before 5.11
  ::ppoll(&ready, 1, &span, nullptr);
  return poll_again(events);
}

int Worker::poll_again(epoll_event* events) {
  return std::max(0, ::epoll_wait(epoll_.get(), events, kEventsAtOnce, 0));
}

void Worker::start_due(Nanos at) {
  if (next_) start_arrivals(at);
  if (profile_.model == Model::closed && !over_ && at >= next_ramp_) start_users(at);
  if (!timers_.empty()) start_timers(at);
}

void Worker::start_arrivals(Nanos at) {
  for (int begun = 0; next_ && next_->due.count() <= at && begun < kArrivalsAtOnce; ++begun) {
    const Arrival arrival = *next_;
    next_arrival();
    outcome_.lag.add(static_cast<std::uint64_t>(at - arrival.due.count()));
    if (under_way_ >= under_way_max_) {
      drop(arrival, at);
    } else {
      start_journey(arrival, arrival.number, kNone, at);
    }
    at = now();
  }
}

void Worker::next_arrival() {
  do next_ = arrivals_->next();
  while (next_ && next_->number % control_.threads != number_);
  if (next_ && profile_.max_journeys > 0 && next_->number >= profile_.max_journeys) next_.reset();
}

void Worker::start_users(Nanos at) {
  const std::size_t wanted = users_wanted(at);
  for (Index user = 0; user < wanted; ++user)
    if (!std::exchange(users_[user].active, true)) start_user(user, at);
  const auto& part = plan_.course().parts()[plan_.course().stage_at(Duration(at))];
  next_ramp_ = part.from == part.to ? part.end.count() : at + kRampStep;
}

void Worker::start_timers(Nanos at) {
  while (!timers_.empty() && timers_.top().when <= at) {
    const Timer timer = timers_.top();
    timers_.pop();
    if (timer.trip != kNone) {
      begin_step(timer.trip, timer.when, at);
    } else {
      start_user(timer.user, at);
    }
  }
}

void Worker::hand_in(Nanos at) {
  const auto second = static_cast<std::uint32_t>(at / kSecond);
  control_.ledger.hand_in(number_, second - 1, counts_, under_way_, plan_.course().stage_at(Duration(at)));
  next_second_ = (at / kSecond + 1) * kSecond;
}

/// Looks for what takes too long, after everything that had come was read.
void Worker::sweep() {
  const Nanos at = polled_;
  next_sweep_ = at + sweep_every_;
  for (Index i = 0; i < connections_.size(); ++i) {
    const auto state = connections_[i].state;
    if (state != Connection::State::connecting && state != Connection::State::shaking) continue;
    if (is_over_time(connections_[i].since, connections_[i].away, profile_.connect_timeout.count()))
      connection_failed(i, Cause::connect_timeout);
  }
  for (Index i = 0; i < trips_.size(); ++i)
    if (trips_[i].state == Trip::State::awaiting &&
        is_over_time(trips_[i].sent, trips_[i].away, plan_of(trips_[i]).response_timeout_ns))
      give_up(i);
  for (std::size_t target = 0; target < targets_.size(); ++target) retry_stalled(target, at);
}

/// A unix socket whose queue is full takes no connection and says nothing when it does again: it is asked again.
void Worker::retry_stalled(std::size_t target, Nanos at) {
  TargetState& state = targets_[target];
  const bool too_long = state.stalled != 0 && at - state.stalled > profile_.connect_timeout.count();
  while (too_long && state.waiting > 0) fail(dequeue(state), Cause::connect_timeout, at);
  const Nanos since = std::exchange(state.stalled, 0);
  if (since == 0 || state.waiting == 0) return;
  serve(target);
  if (state.stalled != 0) state.stalled = since;
}

void Worker::leave(Nanos at) {
  if (at >= next_second_) hand_in(at);  // what was counted until now belongs to the second before
  for (; next_ && next_->due.count() <= at; next_arrival()) lose(*next_);
  for (Index i = 0; i < trips_.size(); ++i) abandon(trips_[i]);
  std::size_t looked_at = 0;
  for (Index i = 0; i < connections_.size(); ++i) {
    Connection& connection = connections_[i];
    if (connection.fd < 0) continue;
    tell_last(connection);
    if (looked_at++ < kRetransmitsOf) sample_retransmits(connection.fd);
    close(i, false);
  }
  control_.ledger.hand_in(number_, static_cast<std::uint32_t>(at / kSecond), counts_, 0, profile_.stages.size());
  control_.ledger.leave(number_);
}
}  // namespace mccoy::load
