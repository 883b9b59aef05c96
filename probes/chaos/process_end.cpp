// Faults that end processes of a service: kill, terminate, restart, crash_loop. A service whose root is gone is started
// again after `restart_after`, or when the fault is healed.
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "harness/base/undo_record.hpp"
#include "probes/chaos/victims.hpp"

namespace mccoy::chaos {
namespace {
using suite::Field;
using suite::FieldType;

/// What the four differ in.
struct Manner {
  int signal = SIGKILL;
  std::string executable = {};
  Choice choice = Choice::root;
  std::optional<Duration> restart_after = {};
  int times = 1;
};

/// Waits until a moment, or until it is told to go on.
class Patience {
 public:
  void end() { over_.raise(); }
  /// False: it was ended before.
  bool wait(Duration span) const {
    pollfd ended{over_.fd(), POLLIN, 0};
    const auto deadline = Deadline::in(span);
    while (!deadline.passed())
      if (::poll(&ended, 1, deadline.poll_ms()) > 0) return false;
    return !over_.raised();
  }

 private:
  Interrupt over_;
};

class Ending final : public Fault {
 public:
  Ending(const FaultContext& context, Manner manner) : context_(context), manner_(std::move(manner)) {}
  ~Ending() override { stop_thread(); }

  FaultPlan plan() const override;
  Result<Reading> measure() override;
  bool has_effect(const Reading& before, const Reading& during) const override {
    return during.value < before.value || during.facts["deaths"].as_int() > 0;
  }
  bool is_healed(const Reading& before, const Reading& after) const override {
    return after.facts["usable"].as_bool() && after.facts["running"].as_int() >= before.facts["running"].as_int();
  }

 private:
  Status inject() override;
  Status heal() override;
  Status end_victims();
  bool is_down() const;
  void restart();
  void go_on();
  void stop_thread() {
    patience_.end();
    if (thread_.joinable()) thread_.join();
  }

  const FaultContext context_;
  const Manner manner_;
  std::vector<ProcessId> victims_;
  bool chosen_ = false;
  std::atomic<int> deaths_ = 0;
  Patience patience_;
  std::thread thread_;
  std::mutex mutex_;  ///< of restarted_
  Status restarted_;
};

FaultPlan Ending::plan() const {
  const std::string what =
      manner_.executable.empty() ? "the root process" : "a process that runs " + manner_.executable;
  FaultPlan plan;
  plan.does.push_back(fmt::format("send SIG{} to {} of {}{}", signal_name(manner_.signal), what, context_.service,
                                  manner_.times > 1 ? fmt::format(", {} times", manner_.times) : ""));
  if (manner_.restart_after)
    plan.does.push_back(fmt::format("start it again after {}", human_duration(*manner_.restart_after)));
  const auto where = context_.services->whereabouts(context_.service);
  if (where && where->attached) plan.by_hand.push_back("start " + context_.service + " again: mccoy did not start it");
  return plan;
}

/// The first measurement chooses the victims.
Result<Reading> Ending::measure() {
  if (!std::exchange(chosen_, true)) victims_ = choose_victims(context_, manner_.executable, manner_.choice);
  const auto running =
      choose_victims(context_, manner_.executable, manner_.choice == Choice::root ? Choice::root : Choice::all);
  const auto unusable = context_.services->unusable(context_.service);
  const std::size_t left = alive(victims_);
  const std::string pids = pids_of(running);
  return Reading{.what = "chosen processes of " + context_.service + " that live",
                 .unit = "processes",
                 .value = static_cast<double>(left),
                 .text = fmt::format("{} of {} chosen; pid {} runs now{}", left, victims_.size(),
                                     pids.empty() ? "none" : pids, unusable ? "; " + *unusable : ""),
                 .facts = Value::map({{"chosen", pids_of(victims_)},
                                      {"running", running.size()},
                                      {"pids", pids},
                                      {"deaths", deaths_.load()},
                                      {"usable", !unusable}})};
}

Status Ending::end_victims() {
  for (const auto& victim : victims_) MCCOY_DO(send_signal(victim, manner_.signal));
  return {};
}

Status Ending::inject() {
  MCCOY_DO(end_victims());
  if (manner_.restart_after) thread_ = std::thread([this] { go_on(); });
  return {};
}

/// A death takes a moment, and so does the news of it. A root that is gone without any is that of a daemon.
bool Ending::is_down() const {
  constexpr std::chrono::milliseconds kNews{500}, kBetweenLooks{1};
  for (const auto deadline = Deadline::in(kNews);; std::this_thread::sleep_for(kBetweenLooks)) {
    if (context_.services->unusable(context_.service)) return true;
    const auto where = context_.services->whereabouts(context_.service);
    const bool dying = alive(victims_) > 0;
    if (!where || (lives(where->root) && !dying) || deadline.passed()) return false;
  }
}

void Ending::restart() {
  (void)is_down();
  auto again = context_.services->restore(context_.service);
  const std::lock_guard lock(mutex_);
  restarted_ = std::move(again);
}

/// Starts it again after the wait; ends it once more as often as asked.
void Ending::go_on() {
  constexpr std::chrono::milliseconds kBetweenLooks{2};
  for (int round = 1; patience_.wait(*manner_.restart_after); ++round) {
    restart();
    if (round >= manner_.times) return;
    const auto next = choose_victims(context_, manner_.executable, manner_.choice);
    for (const auto& victim : next) (void)send_signal(victim, manner_.signal);
    while (alive(next) > 0)
      if (!patience_.wait(kBetweenLooks)) return;
    deaths_ += static_cast<int>(next.size());
  }
}

Status Ending::heal() {
  stop_thread();
  const auto where = context_.services->whereabouts(context_.service);
  if (!is_down()) return {};
  if (where && where->attached)
    return Error{.what = context_.service + " is gone, and mccoy did not start it", .hint = "start it again"};
  restart();
  const std::lock_guard lock(mutex_);
  return restarted_;
}

constexpr Field kProcess{.name = "process",
                         .help =
                             "file name of the program a process of the service runs; without it, the process that "
                             "was started",
                         .example = "postgres"};
constexpr std::string_view kWhichWords[] = {"one", "all"};
constexpr Field kWhich{.name = "which",
                       .type = FieldType::word,
                       .help = "of the processes that run it: one, chosen by the seed, or all",
                       .fallback = "one",
                       .words = kWhichWords};
constexpr Field kRestartAfter{.name = "restart_after",
                              .type = FieldType::duration,
                              .help = "start the service again after this time; without it, when the fault is healed",
                              .example = "2s"};
constexpr Field kEnd[] = {kProcess, kWhich, kRestartAfter};
constexpr Field kRestart[] = {{.name = "after",
                               .type = FieldType::duration,
                               .help = "how long it stays stopped",
                               .fallback = "0s",
                               .example = "2s"}};
constexpr Field kLoop[] = {
    {.name = "times", .type = FieldType::integer, .help = "how often it crashes", .fallback = "3"},
    {.name = "every", .type = FieldType::duration, .help = "how long it stays dead each time", .fallback = "200ms"}};

Manner manner_of(const Value& settings, int signal) {
  Manner manner{.signal = signal, .executable = settings["process"].as_string()};
  if (!manner.executable.empty()) manner.choice = settings["which"].as_string() == "all" ? Choice::all : Choice::one;
  if (const Value* after = settings.find("restart_after")) manner.restart_after = Duration(after->as_int());
  return manner;
}

std::string lacks_nothing(const FaultContext&, const Value&) {
  return "";
}

template <int signal>
Result<std::unique_ptr<Fault>> make_end(const FaultContext& context, const Value& settings) {
  return std::make_unique<Ending>(context, manner_of(settings, signal));
}

Result<std::unique_ptr<Fault>> make_restart(const FaultContext& context, const Value& settings) {
  return std::make_unique<Ending>(context,
                                  Manner{.signal = SIGTERM, .restart_after = Duration(settings["after"].as_int())});
}

Result<std::unique_ptr<Fault>> make_loop(const FaultContext& context, const Value& settings) {
  const auto times = settings["times"].as_int();
  if (times < 1 || times > 1000) return Error{.what = "times: write a number from 1 to 1000"};
  return std::make_unique<Ending>(
      context, Manner{.restart_after = Duration(settings["every"].as_int()), .times = static_cast<int>(times)});
}
}  // namespace

extern const FaultKind kill_fault{.name = "kill",
                                  .summary = "a process of the service is killed (SIGKILL)",
                                  .fields = kEnd,
                                  .needs = "",
                                  .lacks = &lacks_nothing,
                                  .make = &make_end<SIGKILL>};
extern const FaultKind terminate_fault{.name = "terminate",
                                       .summary = "a process of the service is asked to end (SIGTERM)",
                                       .fields = kEnd,
                                       .needs = "",
                                       .lacks = &lacks_nothing,
                                       .make = &make_end<SIGTERM>};
extern const FaultKind restart_fault{.name = "restart",
                                     .summary = "the service is asked to end (SIGTERM) and started again",
                                     .fields = kRestart,
                                     .needs = "",
                                     .lacks = &lacks_nothing,
                                     .make = &make_restart};
extern const FaultKind crash_loop_fault{.name = "crash_loop",
                                        .summary = "the service is killed again each time it has got ready",
                                        .fields = kLoop,
                                        .needs = "",
                                        .lacks = &lacks_nothing,
                                        .make = &make_loop};
}  // namespace mccoy::chaos
