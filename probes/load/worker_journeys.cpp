// Journeys: begun, stepped, ended; what is counted of them.
#include <algorithm>
#include <cmath>

#include "probes/load/draw.hpp"
#include "probes/load/worker.hpp"

namespace mccoy::load {
namespace {
/// A virtual user whose journey failed waits before the next one: a target that is gone is not asked in a tight loop.
constexpr Nanos kAfterFailure = 10'000'000;
constexpr std::uint8_t kLookedIntoFirst = 4;

std::uint64_t positive(Nanos span) {
  return span > 0 ? static_cast<std::uint64_t>(span) : 0;
}
}  // namespace

const RequestPlan& Worker::plan_of(const Trip& trip) const {
  return plan_.journeys()[trip.journey].steps[trip.step];
}

/// Users of this thread: every threads-th one.
std::size_t Worker::users_wanted(Nanos at) const {
  const auto all = static_cast<std::size_t>(std::lround(plan_.course().value_at(Duration(at))));
  return std::min(users_.size(), (all + control_.threads - 1 - number_) / control_.threads);
}

void Worker::start_user(Index user, Nanos at) {
  User& state = users_[user];
  state.active = !over_ && at < span_ && user < users_wanted(at);
  const std::uint64_t turn = state.active ? control_.journeys_begun.fetch_add(1, std::memory_order_relaxed) : 0;
  if (profile_.max_journeys > 0) state.active = state.active && turn < profile_.max_journeys;
  if (!state.active) {
    if (profile_.max_journeys > 0 && !over_ && control_.journeys_begun.load() >= profile_.max_journeys)
      stop_beginning(at);
    return;
  }
  const std::uint64_t stride = std::uint64_t{users_.size()} * control_.threads + control_.threads;
  const std::uint64_t number = state.turns++ * stride + user * control_.threads + number_;
  const auto stage = static_cast<std::uint32_t>(plan_.course().stage_at(Duration(at)));
  start_journey({.due = Duration(at), .number = number, .stage = stage}, turn, user, at);
}

Tally& Worker::tally_of(const Arrival& arrival) {
  const auto& journey = plan_.journeys()[plan_.journey_of(arrival.number)];
  return counts_.at(arrival.stage, journey.steps.front().index).tally;
}

void Worker::drop(const Arrival& arrival, Nanos at) {
  Tally& tally = tally_of(arrival);
  ++tally.due;
  ++tally.dropped;
  if (at - arrival.due.count() > late_after_ || at < aftermath_) ++tally.dropped_late;
}

void Worker::lose(const Arrival& arrival) {
  Tally& tally = tally_of(arrival);
  ++tally.due;
  ++tally.never_sent;
}

void Worker::start_journey(const Arrival& arrival, std::uint64_t turn, Index user, Nanos at) {
  const Index index = trips_.take();
  Trip& trip = trips_[index];
  trip.number = arrival.number;
  trip.turn = turn;
  trip.user = user;
  trip.stage = static_cast<std::uint16_t>(arrival.stage);
  trip.journey = static_cast<std::uint16_t>(plan_.journey_of(arrival.number));
  trip.step = 0;
  if (const auto variables = plan_.journeys()[trip.journey].asked->variables; variables > 0) {
    if (!trip.extra) trip.extra = std::make_unique<Trip::Extra>();
    trip.extra->variables.assign(variables, "");
  }
  ++under_way_;
  ++outcome_.journeys_begun;
  begin_step(index, arrival.due.count(), at);
}

void Worker::begin_step(Index index, Nanos due, Nanos at) {
  Trip& trip = trips_[index];
  const RequestPlan& plan = plan_of(trip);
  trip.due = due;
  trip.looked_late = at - due > late_after_;
  trip.resent = trip.nonce_watched = trip.counted_sent = false;
  trip.received = 0;
  trip.refused = 0;
  trip.state = Trip::State::waiting;
  ++counts_of(trip).tally.due;
  if (trip.extra && !can_stand(plan, trip.extra->variables)) return fail(index, Cause::capture, at);
  const std::size_t target = plan.asked->target;
  const Index idle = targets_[target].waiting == 0 ? take_idle(target) : kNone;
  if (idle != kNone) {
    start_on(idle, index);
  } else {
    enqueue(index);
  }
}

/// A whole response has come.
void Worker::complete(Index index, int status, Nanos at) {
  Trip& trip = trips_[index];
  const RequestPlan& plan = plan_of(trip);
  Counts& counts = counts_of(trip);
  if (trip.nonce_watched) look_for_nonce(trip, plan);
  const Checked good = checked(trip, plan, counts, status);
  const Checked captured = captures(trip, plan);
  if (trip.extra) trip.extra->kept.reset();
  if (!trip.counted_sent) ++counts.tally.sent;
  const std::uint64_t received = std::exchange(trip.received, 0);
  counts.tally.bytes_in += received;
  if (captured == Checked::failed) return fail(index, Cause::capture, at);
  if (good == Checked::unknown || captured == Checked::unknown) return fail(index, Cause::unchecked, at);
  note_came(plan.index, received, at);
  counts.tally.response.add(positive(at - trip.due));
  counts.tally.service.add(positive(at - trip.sent));
  counts.status(status);
  const bool ok = good == Checked::held;
  if (control_.hooks.finished)
    control_.hooks.finished(
        {profile_.unique_first + trip.number, plan.index, status, ok, std::nullopt, trip.due, trip.sent, at});
  ++(ok ? counts.tally.ok : counts.tally.check_failed);
  if (trip.step + 1U == plan_.journeys()[trip.journey].steps.size()) return end_journey(index, true, at);
  ++trip.step;
  const Nanos pause = plan_of(trip).asked->pause.count();
  if (pause <= 0) return begin_step(index, at, at);
  trip.state = Trip::State::pausing;
  timers_.push({at + pause, index, kNone});
}

/// Of the stage that runs, whichever the request was due in: what comes after the last one is of none.
void Worker::note_came(std::uint32_t request, std::uint64_t bytes, Nanos at) {
  if (at >= span_) return;
  Tally& running = counts_.at(static_cast<std::uint32_t>(plan_.course().stage_at(Duration(at))), request).tally;
  ++running.came;
  running.came_bytes += bytes;
}

/// The first responses of a request in a stage are looked into whatever the share: no check is left without any.
bool Worker::is_among_the_first(const Trip& trip, const RequestPlan& plan) {
  if (!plan.examined || plan.always_examined) return false;
  std::uint8_t& count = looked_into_[trip.stage * plan_.requests() + plan.index];
  if (count >= kLookedIntoFirst) return false;
  ++count;
  return true;
}

/// failed: at least one; else unknown: at least one.
Checked Worker::checked(const Trip& trip, const RequestPlan& plan, Counts& counts, int status) {
  const KeptResponse* kept = trip.extra && trip.extra->kept ? &*trip.extra->kept : nullptr;
  Checked all = Checked::held;
  for (std::size_t i = 0; i < plan.checks.size(); ++i) {
    if (!trip.among_the_first && !is_checked(plan, i, profile_, trip.number)) continue;
    const Checked one = check(plan, i, status, kept);
    if (one != Checked::unknown) ++counts.tally.checks_run[i];
    if (one == Checked::failed) ++counts.tally.checks_failed[i];
    if (one == Checked::failed || all == Checked::held) all = one;
  }
  return all;
}

Checked Worker::captures(Trip& trip, const RequestPlan& plan) {
  if (plan.captures.empty()) return Checked::held;
  if (!trip.extra || !trip.extra->kept) return Checked::failed;
  return capture(plan, *trip.extra->kept, trip.extra->variables);
}

/// Every so many, with twice the distance whenever the sample is full: spread over the whole run.
void Worker::watch_nonce(Trip& trip, const RequestPlan& plan) {
  if (profile_.nonce_sample == 0 || nonces_seen_++ % nonce_stride_ != 0) return;
  auto& sample = outcome_.nonces;
  if (sample.size() >= std::max<std::size_t>(2, profile_.nonce_sample)) {
    for (std::size_t i = 0; 2 * i < sample.size(); ++i) std::swap(sample[i], sample[2 * i]);
    sample.resize((sample.size() + 1) / 2);
    nonce_stride_ *= 2;
  }
  trip.nonce_watched = true;
  sample.push_back({rendering_.nonce({trip.number, trip.step, nullptr}), plan.index, false});
}

void Worker::look_for_nonce(const Trip& trip, const RequestPlan& plan) {
  const std::string nonce = rendering_.nonce({trip.number, trip.step, nullptr});
  const auto found = std::ranges::find(outcome_.nonces, nonce, &NonceSample::nonce);
  if (found == outcome_.nonces.end() || !trip.extra || !trip.extra->kept) return;
  const auto& kept = *trip.extra->kept;
  found->request = plan.index;
  found->returned = kept.bodies.find(nonce) != std::string::npos || kept.heads.find(nonce) != std::string::npos;
}

void Worker::fail(Index index, Cause cause, Nanos at) {
  Trip& trip = trips_[index];
  Tally& tally = counts_of(trip).tally;
  ++tally.failed[static_cast<std::size_t>(cause)];
  if (control_.hooks.finished)
    control_.hooks.finished(
        {profile_.unique_first + trip.number, plan_of(trip).index, 0, false, cause, trip.due, trip.sent, at});
  tally.failure.add(positive(at - trip.due));
  tally.bytes_in += trip.received;
  end_journey(index, false, at);
}

void Worker::give_up(Index index) {
  const Index connection = trips_[index].connection;
  if (connections_[connection].trip == index) return broke(connection, Cause::response_timeout, false);
  connections_[connection].extra->http2->cancel(index);
  mark_dirty(connection);
  fail(index, Cause::response_timeout, now());
}

void Worker::end_journey(Index index, bool well, Nanos at) {
  Trip& trip = trips_[index];
  const Index user = trip.user;
  trip.state = Trip::State::free;
  trip.connection = kNone;
  if (trip.extra) trip.extra.reset();
  trips_.give_back(index);
  --under_way_;
  if (well) ++outcome_.journeys_finished;
  if (profile_.max_journeys > 0) outcome_.load_elapsed = Duration(std::min(at, span_));
  if (user == kNone) return;
  const auto width = static_cast<std::uint64_t>((profile_.think_max - profile_.think_min).count());
  Nanos think = profile_.think_min.count();
  if (width > 0)
    think += static_cast<Nanos>(
        below(draw(profile_.seed, users_[user].turns, Purpose::think, user * control_.threads + number_), width + 1));
  if (!well) think = std::max(think, kAfterFailure);
  if (think <= 0) return start_user(user, at);
  timers_.push({at + think, kNone, user});
}

void Worker::abandon(Trip& trip) {
  if (trip.state == Trip::State::pausing) ++outcome_.journeys_cut_off;
  if (trip.state != Trip::State::waiting && trip.state != Trip::State::awaiting) return;
  Tally& tally = counts_of(trip).tally;
  ++tally.abandoned;
  tally.bytes_in += trip.received;
  const Nanos sent = trip.state == Trip::State::awaiting ? trip.sent : 0;
  if (control_.hooks.finished)
    control_.hooks.finished({profile_.unique_first + trip.number, plan_of(trip).index, 0, false, std::nullopt, trip.due,
                             sent, now(), true});
  trip.state = Trip::State::free;
}
}  // namespace mccoy::load
