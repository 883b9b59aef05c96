// All processes of a service, or some of them, are stopped and go on later (SIGSTOP, SIGCONT).
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "harness/base/launch.hpp"
#include "harness/base/undo.hpp"
#include "probes/chaos/victims.hpp"

namespace mccoy::chaos {
namespace {
using suite::Field;
using suite::FieldType;

class Pause final : public Fault {
 public:
  Pause(const FaultContext& context, std::string executable, Duration span)
      : context_(context), executable_(std::move(executable)), span_(span) {}
  ~Pause() override { (void)heal(); }

  FaultPlan plan() const override;
  Result<Reading> measure() override;
  /// All of them, for one that goes on may do the work of all. With a time of its own it may be over before it is
  /// looked at: then the look just before its end says it.
  bool has_effect(const Reading&, const Reading& during) const override {
    return during.facts["all_stopped"].as_bool() || during.facts["all_seen"].as_bool();
  }
  bool is_healed(const Reading& before, const Reading& after) const override { return after.value <= before.value; }
  std::string fell_short(const Reading&, const Reading& last) const override {
    const bool lasted = span_.count() > 0 || last.facts["all_stopped"].as_bool() || last.facts["living"].as_int() == 0;
    return lasted ? "" : "not all of them were stopped in the end (" + last.text + "): somebody woke them";
  }

 private:
  Status inject() override;
  Status heal() override;
  Status stop(const std::vector<ProcessId>& victims);
  Status wake();
  void wake_in_time();
  std::size_t stopped() const;

  const FaultContext context_;
  const std::string executable_;
  const Duration span_;  ///< 0: until it is healed
  std::vector<ProcessId> victims_;
  Interrupt over_;
  std::thread thread_;
  mutable std::mutex mutex_;  ///< of what follows
  std::vector<Undo> undo_;
  std::int64_t stopped_ns_ = 0, woken_ns_ = 0;
  bool all_seen_ = false;  ///< stopped, just before they were woken
};

FaultPlan Pause::plan() const {
  const auto victims = choose_victims(context_, executable_, Choice::all);
  FaultPlan plan;
  plan.does.push_back(fmt::format("stop {} of {} (SIGSTOP){}",
                                  executable_.empty() ? "all processes" : "the processes that run " + executable_,
                                  context_.service, span_.count() > 0 ? " for " + human_duration(span_) : ""));
  for (const auto& victim : victims) plan.by_hand.push_back("kill -CONT " + std::to_string(victim.pid));
  return plan;
}

std::size_t Pause::stopped() const {
  return static_cast<std::size_t>(std::ranges::count_if(victims_, [](const ProcessId& victim) {
    const auto now = process_info(victim.pid);
    return now && now->id == victim && now->state == 'T';
  }));
}

Result<Reading> Pause::measure() {
  if (victims_.empty()) victims_ = choose_victims(context_, executable_, Choice::all);
  const std::size_t now = stopped(), living = alive(victims_);
  const std::lock_guard lock(mutex_);
  const auto paused_ns = woken_ns_ > 0 ? woken_ns_ - stopped_ns_ : 0;
  return Reading{.what = "processes of " + context_.service + " that are stopped",
                 .unit = "processes",
                 .value = static_cast<double>(now),
                 .text = fmt::format("{} of {}{}", now, victims_.size(),
                                     paused_ns > 0 ? ", were stopped for " + human_duration(Duration(paused_ns)) : ""),
                 .facts = Value::map({{"chosen", pids_of(victims_)},
                                      {"living", living},
                                      {"all_stopped", now > 0 && now >= living},
                                      {"all_seen", all_seen_},
                                      {"paused_ns", paused_ns}})};
}

/// Those that were born meanwhile are stopped, too; who is stopped has no more children.
Status Pause::inject() {
  constexpr int kRounds = 10;
  const std::lock_guard lock(mutex_);
  auto fresh = victims_;
  for (int round = 0; round < kRounds && !fresh.empty(); ++round) {
    MCCOY_DO(stop(fresh));
    fresh = choose_victims(context_, executable_, Choice::all);
    std::erase_if(fresh, [&](const ProcessId& one) { return std::ranges::find(victims_, one) != victims_.end(); });
    victims_.insert(victims_.end(), fresh.begin(), fresh.end());
  }
  if (span_.count() > 0) thread_ = std::thread([this] { wake_in_time(); });
  return {};
}

/// With the mutex held.
Status Pause::stop(const std::vector<ProcessId>& victims) {
  for (const auto& victim : victims) {
    MCCOY_TRY(undo, Undo::promise({.what = Undo::What::signal,
                                   .process = victim,
                                   .number = SIGCONT,
                                   .expires_boot_us = expiry_in(context_.expires_in),
                                   .because = context_.service + " is paused"}));
    undo_.push_back(std::move(undo));
  }
  if (stopped_ns_ == 0) stopped_ns_ = monotonic_ns();
  for (const auto& victim : victims) MCCOY_DO(send_signal(victim, SIGSTOP));
  return {};
}

/// poll(2) counts in milliseconds and rounds up; the last of them are left for a look at who is stopped, and an exact
/// wait.
void Pause::wake_in_time() {
  const auto deadline = stopped_ns_ + span_.count();
  constexpr std::int64_t kMillisecond = 1'000'000;
  for (;;) {
    const auto left = deadline - monotonic_ns();
    if (left < 8 * kMillisecond) break;
    pollfd ended{over_.fd(), POLLIN, 0};
    if (::poll(&ended, 1, static_cast<int>(left / kMillisecond) - 6) > 0) return;
  }
  {
    const std::size_t seen = stopped();
    const std::lock_guard lock(mutex_);
    all_seen_ = seen > 0 && seen >= alive(victims_);
  }
  const timespec until{.tv_sec = deadline / 1'000'000'000, .tv_nsec = deadline % 1'000'000'000};
  ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
  (void)wake();
}

/// First all are woken, then the records go: their removal is slow.
Status Pause::wake() {
  const std::lock_guard lock(mutex_);
  Status first;
  for (const auto& undo : undo_)
    if (auto woken = carry_out(undo.order()); !woken.ok() && first.ok()) first = std::move(woken);
  if (stopped_ns_ != 0 && woken_ns_ == 0) woken_ns_ = monotonic_ns();
  if (first.ok()) undo_.clear();
  return first;
}

Status Pause::heal() {
  over_.raise();
  if (thread_.joinable()) thread_.join();
  return wake();
}

constexpr Field kFields[] = {
    {.name = "process",
     .help = "file name of the program that the processes to be stopped run; without it, all of the service",
     .example = "postgres"},
    {.name = "for",
     .type = FieldType::duration,
     .help = "how long exactly; without it, until the fault is healed",
     .example = "1s"}};

std::string lacks(const FaultContext&, const Value&) {
  return "";
}

Result<std::unique_ptr<Fault>> make(const FaultContext& context, const Value& settings) {
  return std::make_unique<Pause>(context, settings["process"].as_string(), Duration(settings["for"].as_int()));
}
}  // namespace

extern const FaultKind pause_fault{.name = "pause",
                                   .summary = "processes of the service are stopped, and go on later",
                                   .fields = kFields,
                                   .needs = "",
                                   .lacks = &lacks,
                                   .make = &make};
}  // namespace mccoy::chaos
