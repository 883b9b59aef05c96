#include "harness/base/clock.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>

namespace mccoy {
namespace {
using std::chrono::milliseconds;
constexpr int kLongestPollMs = 3'600'000;

std::int64_t microseconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

std::chrono::sys_time<milliseconds> utc(std::int64_t wall_ms) {
  return std::chrono::sys_time<milliseconds>(milliseconds(wall_ms));
}
}  // namespace

Deadline Deadline::in(Duration span) {
  const Instant now = Clock::now();
  return at(span >= Instant::max() - now ? Instant::max() : now + span);
}

Deadline Deadline::at(Instant moment) {
  Deadline deadline;
  deadline.at_ = moment;
  return deadline;
}

bool Deadline::passed() const {
  return !never() && Clock::now() >= at_;
}

Duration Deadline::left() const {
  if (never()) return Duration::max();
  return std::max(Duration::zero(), Duration(at_ - Clock::now()));
}

int Deadline::poll_ms() const {
  if (never()) return -1;
  const auto rounded_up = std::chrono::ceil<milliseconds>(left()).count();
  return static_cast<int>(std::min<std::int64_t>(rounded_up, kLongestPollMs));
}

std::int64_t wall_ms() {
  return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()).time_since_epoch().count();
}
std::int64_t mono_us() {
  return microseconds_of(CLOCK_MONOTONIC);
}
std::int64_t boot_us() {
  return microseconds_of(CLOCK_BOOTTIME);
}

std::string date_utc(std::int64_t wall_ms) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(utc(wall_ms)));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string rfc3339(std::int64_t wall_ms) {
  const auto day = std::chrono::floor<std::chrono::days>(utc(wall_ms));
  const auto ms = (utc(wall_ms) - day).count();
  return fmt::format("{}T{:02}:{:02}:{:02}.{:03}Z", date_utc(wall_ms), ms / 3'600'000, ms / 60'000 % 60,
                     ms / 1'000 % 60, ms % 1'000);
}
}  // namespace mccoy
