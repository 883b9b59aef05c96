// Faults that end processes of a service: kill, terminate, restart, crash_loop. A service whose root is gone is started
// again after `restart_after`, or when the fault is healed.
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
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
  /// All that were chosen, for those that are left may do the work of all.
  bool has_effect(const Reading& before, const Reading& during) const override {
    return before.value > 0 && during.value == 0;
  }
  /// Nothing that is still to happen. Whether the service is back, and how soon, is for its steady state to say.
  bool is_healed(const Reading&, const Reading& after) const override { return after.facts["pending"].as_int() == 0; }
  std::string fell_short(const Reading&, const Reading&) const override;

 private:
  Status inject() override;
  Status heal() override;
  Status end_victims();
  bool wait_for_deaths() const;
  void force_deaths();
  bool is_down() const;
  void restart();
  void go_on();
  std::vector<ProcessId> signalled() const {
    const std::lock_guard lock(mutex_);
    return signalled_;
  }
  void stop_thread() {
    patience_.end();
    if (thread_.joinable()) thread_.join();
  }

  const FaultContext context_;
  const Manner manner_;
  std::vector<ProcessId> chosen_;
  bool is_chosen_ = false;
  std::atomic<int> crashes_ = 0;
  Patience patience_;
  std::thread thread_;
  mutable std::mutex mutex_;  ///< of what follows
  std::vector<ProcessId> signalled_;
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
  if (!std::exchange(is_chosen_, true)) chosen_ = choose_victims(context_, manner_.executable, manner_.choice);
  const auto running =
      choose_victims(context_, manner_.executable, manner_.choice == Choice::root ? Choice::root : Choice::all);
  const auto unusable = context_.services->unusable(context_.service);
  const std::size_t left = alive(chosen_);
  const std::string pids = pids_of(running);
  return Reading{.what = "chosen processes of " + context_.service + " that live",
                 .unit = "processes",
                 .value = static_cast<double>(left),
                 .text = fmt::format("{} of {} chosen; pid {} runs now{}", left, chosen_.size(),
                                     pids.empty() ? "none" : pids, unusable ? "; " + *unusable : ""),
                 .facts = Value::map({{"chosen", pids_of(chosen_)},
                                      {"running", running.size()},
                                      {"pids", pids},
                                      {"crashes", crashes_.load()},
                                      {"pending", alive(signalled())},
                                      {"usable", !unusable}})};
}

std::string Ending::fell_short(const Reading&, const Reading&) const {
  const int crashes = crashes_.load();
  if (manner_.times == 1 || crashes >= manner_.times) return "";
  return fmt::format("it crashed {} of {} times; a longer hold leaves time for all of them", crashes, manner_.times);
}

/// Those that are signalled are known before they are: whatever becomes of us, their death is waited for.
Status Ending::end_victims() {
  const bool again = !signalled().empty();
  const auto victims = again ? choose_victims(context_, manner_.executable, manner_.choice) : chosen_;
  if (again && victims.empty()) return Error{.what = context_.service + " did not come back"};
  {
    const std::lock_guard lock(mutex_);
    signalled_.insert(signalled_.end(), victims.begin(), victims.end());
  }
  for (const auto& victim : victims) MCCOY_DO(send_signal(victim, manner_.signal));
  return {};
}

Status Ending::inject() {
  MCCOY_DO(end_victims());
  if (manner_.restart_after) thread_ = std::thread([this] { go_on(); });
  return {};
}

/// A signal is pending until its receiver is gone. False: the fault is to be healed first.
bool Ending::wait_for_deaths() const {
  constexpr std::chrono::milliseconds kBetweenLooks{2};
  while (alive(signalled()) > 0)
    if (!patience_.wait(kBetweenLooks)) return false;
  return true;
}

/// Whoever takes long to end may do so for as long as the suite lets the service take, and not behind our back after
/// that, when it would be taken for a death of its own.
void Ending::force_deaths() {
  constexpr std::chrono::milliseconds kBetweenLooks{2};
  constexpr std::chrono::seconds kKilled{5};
  const auto where = context_.services->whereabouts(context_.service);
  const auto await = [&](Duration span) {
    for (const auto deadline = Deadline::in(span); alive(signalled()) > 0 && !deadline.passed();)
      std::this_thread::sleep_for(kBetweenLooks);
  };
  await(where ? where->stop_within : Duration{});
  for (const auto& victim : signalled()) (void)send_signal(victim, SIGKILL);
  await(kKilled);
}

/// The news of a death takes a moment. That of a root we ended is sure to come; a root that is gone without any is that
/// of a daemon.
bool Ending::is_down() const {
  constexpr std::chrono::milliseconds kNews{500}, kBetweenLooks{1};
  constexpr std::chrono::seconds kSureNews{10};
  const auto ended = signalled();
  const auto first = context_.services->whereabouts(context_.service);
  const bool ours = first && !first->attached && std::ranges::find(ended, first->root) != ended.end();
  for (const auto deadline = Deadline::in(ours ? Duration(kSureNews) : Duration(kNews));;
       std::this_thread::sleep_for(kBetweenLooks)) {
    if (context_.services->unusable(context_.service)) return true;
    const auto where = context_.services->whereabouts(context_.service);
    if (!where || lives(where->root) || deadline.passed()) return false;
  }
}

void Ending::restart() {
  (void)is_down();
  auto again = context_.services->restore(context_.service, context_.recovers_within);
  const std::lock_guard lock(mutex_);
  restarted_ = std::move(again);
}

/// Starts it again when it has been gone for so long; ends it once more as often as asked.
void Ending::go_on() {
  for (;;) {
    if (!wait_for_deaths()) return;
    ++crashes_;
    if (!patience_.wait(*manner_.restart_after)) return;
    restart();
    if (crashes_ >= manner_.times || !end_victims().ok()) return;
  }
}

Status Ending::heal() {
  stop_thread();
  force_deaths();
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

/// The first crash comes at once, each other one after a wait and a start.
Status check_loop(const Value& settings, Duration hold) {
  const auto times = settings["times"].as_int();
  const Duration every(settings["every"].as_int());
  if (times < 1 || times > 1000) return Error{.what = "times: write a number from 1 to 1000"};
  if (times == 1 || every * (times - 1) < hold) return {};
  return Error{.what = fmt::format("{} crashes, {} apart, do not fit into {}", times, human_duration(every),
                                   human_duration(hold)),
               .hint = "hold it longer, or let it crash less often"};
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
                                        .check = &check_loop,
                                        .lacks = &lacks_nothing,
                                        .make = &make_loop};
}  // namespace mccoy::chaos
