#include "harness/target/via/flow.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "harness/target/via/link.hpp"

namespace mccoy::via {
namespace {
constexpr int kReadsAtOnce = 16;  ///< then others have their turn

bool is_for_later(int problem) {
  return problem == EAGAIN || problem == EWOULDBLOCK || problem == EINTR;
}
}  // namespace

Flow::Flow(Link& link, Side& from, Side& to)
    : link_(link), from_(from), to_(to), timer_(link.loop(), [this] { pump(); }) {}

void Flow::pump() {
  if (link_.over() || !link_.connected()) return;
  if (link_.draining()) return drain();
  for (int reads = 0; reads < kReadsAtOnce; ++reads) {
    if (flush() == Step::over) return;
    if (!readable_ || ended_ || !has_room()) return;
    if (read_some() != Step::more) return;
  }
  link_.loop().later(from_);
}

bool Flow::has_room() const {
  if (stages_.empty()) return queue_.empty();
  return held_ < kMostHeld && queue_.size() < kMostChunks;
}

// ---- reading

Flow::Step Flow::read_some() {
  std::vector<char>& room = link_.loop().room();
  const std::size_t most = stages_.empty() ? room.size() : kReadUnderFault;
  const ssize_t got = ::recv(from_.fd.get(), room.data(), most, 0);
  if (got < 0 && is_for_later(errno)) {
    readable_ = errno == EINTR;
    return Step::wait;
  }
  if (got <= 0) {
    end_with(got == 0 ? Then::finish : Then::reset);
    return flush();
  }
  const auto bytes = static_cast<std::size_t>(got);
  if (bytes < most && !from_.hung_up) readable_ = false;
  if (stages_.empty() && queue_.empty()) return hand_on(bytes);
  take({.bytes = std::string(room.data(), bytes), .came = Clock::now()});
  return Step::more;
}

/// The short way: no fault, and nobody waits.
Flow::Step Flow::hand_on(std::size_t bytes) {
  const char* data = link_.loop().room().data();
  ssize_t sent = blocked_ ? 0 : ::send(to_.fd.get(), data, bytes, MSG_NOSIGNAL);
  if (sent < 0 && !is_for_later(errno)) {
    link_.reset();
    return Step::over;
  }
  sent = std::max<ssize_t>(sent, 0);
  carried_ += sent;
  if (static_cast<std::size_t>(sent) == bytes) return Step::more;
  blocked_ = true;
  queue({.bytes = std::string(data + sent, bytes - static_cast<std::size_t>(sent))});
  return Step::more;
}

void Flow::end_with(Then then) {
  ended_ = true;
  take({.then = then, .came = Clock::now()});
}

void Flow::take(Chunk chunk) {
  pass(std::move(chunk), 0);
}

void Flow::pass(Chunk chunk, std::size_t first_stage) {
  std::vector<Chunk> now;
  now.push_back(std::move(chunk));
  for (std::size_t i = first_stage; i < stages_.size(); ++i) {
    std::vector<Chunk> next;
    for (Chunk& each : now) stages_[i]->pass(std::move(each), next);
    now = std::move(next);
  }
  for (Chunk& each : now) queue(std::move(each));
}

void Flow::say(std::string bytes, const Stage& stage) {
  const auto at = std::ranges::find(stages_, &stage, &std::unique_ptr<Stage>::get);
  pass({.bytes = std::move(bytes), .came = Clock::now(), .made = true},
       static_cast<std::size_t>(at - stages_.begin()) + 1);
  link_.loop().later(from_);
}

void Flow::queue(Chunk chunk) {
  schedule(chunk);
  count_held(chunk);
  held_ += chunk.bytes.size();
  queue_.push_back(std::move(chunk));
}

void Flow::schedule(Chunk& chunk) {
  Instant at = chunk.came + chunk.extra;
  for (const auto& stage : stages_) at = at == Instant::max() ? at : stage->leaves(chunk, at);
  last_leaves_ = chunk.leaves = std::max(at, last_leaves_);
}

// ---- writing

Flow::Step Flow::flush() {
  while (!queue_.empty()) {
    const Step step = send_head();
    if (step != Step::more) return step;
  }
  return Step::more;
}

Flow::Step Flow::send_head() {
  Chunk& head = queue_.front();
  if (head.leaves != Instant{} && !stages_.empty()) {
    const Instant now = Clock::now();
    if (head.leaves > now) {
      if (head.leaves != Instant::max()) timer_.arm(head.leaves);
      return Step::wait;
    }
    count_delay(head, now);
  }
  if (head.left() > 0) {
    if (blocked_) return Step::wait;
    const ssize_t sent = ::send(to_.fd.get(), head.bytes.data() + head.sent, head.left(), MSG_NOSIGNAL);
    if (sent < 0 && is_for_later(errno)) {
      blocked_ = errno != EINTR;
      return Step::wait;
    }
    if (sent < 0) {
      link_.reset();
      return Step::over;
    }
    head.sent += static_cast<std::size_t>(sent);
    if (!head.made) carried_ += sent;
    if (head.left() > 0) return Step::more;
  }
  drop_head();
  return link_.over() ? Step::over : Step::more;
}

void Flow::drop_head() {
  const Then then = queue_.front().then;
  held_ -= queue_.front().bytes.size();
  queue_.pop_front();
  if (then == Then::finish) finished_ = true;
  if (then != Then::go_on) link_.act(then, *this);
}

/// Whom the fault holds up is counted at once: it may leave only when the fault is over, or never.
void Flow::count_held(const Chunk& chunk) {
  for (const auto& stage : stages_) {
    if (!stage->delays() || !chunk.is_late()) continue;
    stage->readings().bytes_delayed += static_cast<std::int64_t>(chunk.bytes.size());
    stage->touch();
  }
}

/// The whole time it was here, for each fault that holds data up.
void Flow::count_delay(Chunk& chunk, Instant now) {
  if (chunk.counted) return;
  chunk.counted = true;
  for (const auto& stage : stages_)
    if (stage->delays() && chunk.is_late()) stage->readings().delays.add(now - chunk.came);
}

void Flow::drain() {
  std::vector<char>& room = link_.loop().room();
  while (!ended_) {
    const ssize_t got = ::recv(from_.fd.get(), room.data(), room.size(), 0);
    if (got < 0 && is_for_later(errno)) return;
    ended_ = got <= 0;
  }
}

// ---- the end of a fault

bool Flow::lift(const Applied& applied) {
  const auto is_of_it = [&](const std::unique_ptr<Stage>& stage) { return &stage->applied() == &applied; };
  if (std::ranges::none_of(stages_, is_of_it)) return false;
  const Instant now = Clock::now();
  for (Chunk& chunk : queue_)  // it was late until now, whenever it leaves
    if (chunk.leaves > chunk.came) count_delay(chunk, now);
  bool torn = false;
  std::vector<Chunk> rest;
  for (const auto& stage : stages_) {
    if (!is_of_it(stage)) continue;
    torn = torn || (applied.fault.kind == FaultKind::black_hole && stage->touched());
    stage->give_up(rest);
  }
  std::erase_if(stages_, is_of_it);
  for (Chunk& chunk : rest) queue(std::move(chunk));
  if (applied.fault.kind == FaultKind::http_delay)
    for (Chunk& chunk : queue_) chunk.extra = {};
  last_leaves_ = {};
  timer_.disarm();
  for (const auto& stage : stages_) stage->forget_times();
  for (Chunk& chunk : queue_) schedule(chunk);
  return torn;
}
}  // namespace mccoy::via
