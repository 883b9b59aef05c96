#include "harness/target/service.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/suite/settings.hpp"
#include "harness/target/clock.hpp"
#include "harness/target/describe.hpp"
#include "harness/target/line_watch.hpp"
#include "harness/target/readiness.hpp"
#include "harness/target/wake.hpp"
#include "harness/witness/responder.hpp"

namespace mccoy::target {
namespace {
constexpr Duration kBeforeWithin = std::chrono::seconds(60);  ///< for each command of `before`
constexpr std::size_t kRecent = 64 << 10;
constexpr std::size_t kOutputInRecord = 2000;

std::string with_detail(const std::string& sentence, const std::string& detail) {
  return detail.empty() ? sentence : sentence + ": " + detail;
}

bool still_there(const evidence::SeenProcess& process) {
  const auto now = process_info(process.id.pid);
  return now && now->id == process.id && now->state != 'Z';
}

Value to_value(const std::optional<evidence::Responder>& responder) {
  evidence::Facts facts;
  facts.responder = responder;
  return evidence::to_value(facts)["responder"];
}

Value to_value(const std::vector<evidence::SeenProcess>& processes) {
  Value list = Value::list();
  for (const auto& process : processes)
    list.push(Value::map({{"pid", process.id.pid},
                          {"exe", process.exe},
                          {"sha256", process.exe_sha256},
                          {"started_ms", process.started_wall_ms}}));
  return list;
}

template <class Texts>
Value text_list(const Texts& texts) {
  Value list = Value::list();
  for (const auto& text : texts) list.push(text);
  return list;
}
}  // namespace

Service::Service(ServicePlan plan, ServiceContext context)
    : plan_(std::move(plan)), context_(std::move(context)), recent_(kRecent) {}
Service::~Service() {
  life_.reset();
  if (witness_) witness_->end();
  close_logs();
}

Result<std::unique_ptr<Service>> Service::make(ServicePlan plan, ServiceContext context) {
  std::unique_ptr<Service> service(new Service(std::move(plan), std::move(context)));
  const Provisions& provisions = service->provisions();
  if (!provisions.calls.empty()) service->faults_ = std::make_shared<witness::CallFaults>(provisions.calls);
  if (provisions.clock && !clock_library().empty()) {
    MCCOY_TRY(clock, FakeClock::make(service->plan_.dir + ".clock"));
    service->clock_ = std::move(clock);
  }
  if (provisions.disk_bytes > 0) service->disk_ = OwnDisk::make(service->plan_.dir, provisions.disk_bytes);
  service->log_base_ = service->context_.options->logs + "/" + service->asked().name;
  if (service->plan_.attached()) return service;
  MCCOY_TRY(out, ServiceLog::open(service->log_base_ + ".out"));
  MCCOY_TRY(err, ServiceLog::open(service->log_base_ + ".err"));
  service->out_ = std::move(out);
  service->err_ = std::move(err);
  return service;
}

const Provisions& Service::provisions() const {
  static const Provisions kNone;
  const auto found = context_.options->provisions.find(asked().name);
  return found == context_.options->provisions.end() ? kNone : found->second;
}

void Provisions::add(const Provisions& more) {
  for (const auto& call : more.calls)
    if (std::ranges::find(calls, call) == calls.end()) calls.push_back(call);
  clock = clock || more.clock;
  private_mounts = private_mounts || more.private_mounts;
  disk_bytes = std::max(disk_bytes, more.disk_bytes);
}

void Service::record(std::string_view event, const Value& more) const {
  if (!context_.options->record) return;
  Value body = Value::map({{"suite", context_.suite}, {"name", asked().name}, {"event", event}});
  for (const auto& [key, value] : more.as_map()) body.set(key, value);
  context_.options->record("service", std::move(body));
}

void Service::set_state(State state, std::string why) {
  const std::lock_guard lock(mutex_);
  state_ = state;
  why_ = std::move(why);
}

void Service::start(const std::string& because, Duration at_least) {
  set_state(State::starting);
  begun_ = Clock::now();
  if (!because.empty()) record("restarted", Value::map({{"for", because}}));
  finish_start(plan_.attached() ? attach(at_least) : begin(at_least));
}

/// The commands of `before`, once. Returns why not.
std::optional<std::string> Service::set_up() {
  if (is_set_up_) return std::nullopt;
  for (const auto& argv : asked().before) {
    auto command = side_command(plan_, argv, own_scope_now(), context_.options->env);
    if (!command.ok()) return command.error().what;
    const auto ran = run_command(*command, Deadline::in(kBeforeWithin), kRecent, context_.options->interrupt);
    if (!ran.ok()) return with_detail(ran.error().what, ran.error().hint);
    listen(ran->out.text(), false);
    listen(ran->err.text(), true);
    if (ran->interrupted) return "interrupted";
    const auto words = visible_line(shell_quoted(command->argv), 200);
    if (ran->deadline_passed) return fmt::format("{} did not end within {}", words, human_duration(kBeforeWithin));
    if (ran->ended.exited && ran->ended.code == 0) continue;
    const auto how = ran->ended.exited ? fmt::format("exited with status {}", ran->ended.code)
                                       : "was ended by signal " + signal_name(ran->ended.code);
    return with_detail(fmt::format("{} {}", words, how), last_line(last_output(kRecent)));
  }
  is_set_up_ = true;
  return std::nullopt;
}

Result<std::unique_ptr<Life>> Service::begin_life(const Command& command) {
  if (asked().ready.how == suite::Ready::How::log) {
    MCCOY_TRY(pattern, own_scope_now().expand(asked().ready.what.value, asked().ready.what.span));
    MCCOY_TRY(lines, LineWatch::make(suite::scalar_text(pattern)));
    const std::lock_guard lock(output_mutex_);
    lines_ = std::move(lines);
  }
  plan_.port.release();
  for (auto& [name, hold] : plan_.named_ports) hold.release();
  return Life::begin(command, {.out = [this](std::string_view bytes) { listen(bytes, false); },
                               .err = [this](std::string_view bytes) { listen(bytes, true); },
                               .died = [this](const Death& death) { on_death(death); }});
}

/// Starts it and waits until it is ready. Returns why not.
std::optional<std::string> Service::begin(Duration at_least) {
  if (auto taken = port_taken_by(plan_, context_.options->run_started_ms); !taken.empty()) return taken;
  if (auto failed = set_up()) return failed;
  if (raised(context_.options->interrupt)) return "interrupted";
  auto command = command_of(plan_, own_scope_now(), context_.options->env);
  if (!command.ok()) return command.error().what;
  if (!clock_file().empty()) set_clock_environment(command->env, clock_file());
  command->private_mounts = provisions().private_mounts && ::geteuid() == 0;
  auto watching = asked().watch ? witness::ServiceWitness::make() : nullptr;
  if (watching) watching->watch(*command, plan_.reads_matter, faults_);
  auto life = begin_life(*command);
  if (!life.ok()) return with_detail(life.error().what, life.error().hint);
  {
    const std::lock_guard lock(mutex_);
    witness_ = std::move(watching);
    life_ = std::move(*life);
    was_started_ = true;
    death_.reset();
  }
  record_started(*command);
  const auto ready = await_ready(at_least);
  if (ready.ok()) return std::nullopt;
  return raised(context_.options->interrupt) ? ready.error().what : why_not_ready(ready.error().what);
}

/// With its last words, and with what watching it may have taken from it.
std::string Service::why_not_ready(const std::string& sentence) const {
  auto why = with_detail(sentence, last_line(last_output(kRecent)));
  const std::lock_guard lock(mutex_);
  const auto taken = witness_ ? witness_->what_it_takes() : "";
  return taken.empty() ? why : fmt::format("{} ({}; `watch: false` leaves it unwatched)", why, taken);
}

std::optional<std::string> Service::attach(Duration at_least) {
  if (auto ready = await_ready(at_least); !ready.ok()) return ready.error().what;
  const std::lock_guard lock(mutex_);
  if (plan_.address.is_loopback()) attached_to_ = witness::listeners_on(plan_.address.port, {});
  return std::nullopt;
}

Status Service::await_ready(Duration at_least) {
  const auto life = this->life();
  std::shared_ptr<LineWatch> lines;
  {
    const std::lock_guard lock(output_mutex_);
    lines = lines_;
  }
  const auto since = Clock::now();
  const auto answer = wait_until_ready({.plan = &plan_,
                                        .own = own_scope_now(),
                                        .env = context_.options->env,
                                        .life = life.get(),
                                        .line_seen = [&] { return lines && lines->seen(); },
                                        .line_fd = lines ? lines->fd() : -1,
                                        .ownership = context_.ownership,
                                        .run_started_ms = context_.options->run_started_ms,
                                        .at_least = at_least,
                                        .interrupt = context_.options->interrupt});
  if (!answer.ready) return Error{.where = asked().span, .what = answer.why};
  record_ready(answer.how, answer.responder, Clock::now() - since);
  return {};
}

void Service::finish_start(std::optional<std::string> failed) {
  if (!failed) {
    set_state(State::ready);
    const auto life = this->life();
    if (const auto death = life ? life->death() : std::nullopt) on_death(*death);
    return;
  }
  const auto why = fmt::format("{} did not get ready: {}", asked().name, *failed);
  stop(true);
  set_state(State::failed, why);
  record("failed", Value::map({{"why", why}, {"output", last_output(kOutputInRecord)}}));
}

void Service::give_up(const std::string& why) {
  set_state(State::failed, why);
  record("failed", Value::map({{"why", why}}));
}

void Service::on_death(const Death& death) {
  const auto said = last_output(kOutputInRecord);
  const auto why = with_detail(fmt::format("{} {}", asked().name, death.text()), last_line(said));
  {
    const std::lock_guard lock(mutex_);
    death_ = death;
    if (state_ != State::ready) return;
    state_ = State::dead;
    why_ = why;
  }
  record(
      "died",
      Value::map({{death.exited ? "code" : "signal", death.exited ? Value(death.code) : Value(signal_name(death.code))},
                  {"after_ns", death.after.count()},
                  {"why", why},
                  {"output", said}}));
}

void Service::stop(bool for_control) {
  const auto life = this->life();
  if (!life) return;
  set_state(State::stopped, asked().name + (for_control ? " is stopped (control)" : " is stopped"));
  const int signal = signal_number(asked().stop_signal);
  const auto stopped = life->stop(signal == 0 ? SIGTERM : signal, asked().stop_within);
  if (for_control) {
    plan_.port.take_again();
    for (auto& [name, hold] : plan_.named_ports) hold.take_again();
  }
  record("stopped", Value::map({{"how", stopped.how}}));
  const std::lock_guard lock(mutex_);
  leftovers_.insert(leftovers_.end(), stopped.leftovers.begin(), stopped.leftovers.end());
  life_.reset();  // `life` holds it a little longer: its thread may be waiting for this lock
  if (witness_) witness_->end();
  witness_.reset();
}

void Service::close_logs() {
  const std::lock_guard lock(output_mutex_);
  if (out_) out_->finish();
  if (err_) err_->finish();
}

std::vector<LogFile> Service::logs() const {
  const std::lock_guard lock(output_mutex_);
  std::vector<LogFile> all;
  const auto add = [&](const std::optional<ServiceLog>& log, const char* stream) {
    if (log)
      all.push_back({.service = asked().name,
                     .stream = stream,
                     .path = log_base_ + "." + stream,
                     .bytes = log->bytes(),
                     .dropped = log->dropped(),
                     .sha256 = log->sha256()});
  };
  add(out_, "out");
  add(err_, "err");
  return all;
}

void Service::record_started(const Command& command) const {
  const auto life = this->life();
  const auto& executable = life->executable();
  record("started", Value::map({{"pid", life->root().pid},
                                {"exe", executable.path},
                                {"sha256", executable.sha256},
                                {"argv", text_list(command.argv)},
                                {"containment", life->containment()},
                                {"ports", text_list(plan_.ports())},
                                {"user", plan_.user.name},
                                {"unwatched", unwatched()}}));
}

void Service::record_ready(const std::string& how, const std::optional<evidence::Responder>& responder,
                           Duration after) const {
  Value more = Value::map({{"how", how}, {"after_ns", after.count()}});
  if (plan_.attached()) {
    more.set("attached", to_text(plan_.address));
    more.set("processes", to_value(responder ? responder->processes : std::vector<evidence::SeenProcess>{}));
  } else {
    more.set("responder", to_value(responder));
  }
  record("ready", std::move(more));
}

void Service::listen(std::string_view bytes, bool err) {
  const std::lock_guard lock(output_mutex_);
  if (auto& log = err ? err_ : out_) log->add(bytes);
  recent_.add(bytes);
  if (lines_) lines_->add(bytes, err);
}

std::shared_ptr<Life> Service::life() const {
  const std::lock_guard lock(mutex_);
  return life_;
}

Service::State Service::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::optional<std::string> Service::unusable() const {
  const std::lock_guard lock(mutex_);
  if (state_ == State::idle) return asked().name + " was not started";
  if (state_ == State::starting) return asked().name + " is not ready yet";
  if (state_ != State::ready) return why_;
  if (!attached_to_.empty() && std::none_of(attached_to_.begin(), attached_to_.end(), still_there)) {
    return fmt::format("{} has ended: {}", asked().name, describe(attached_to_));
  }
  return std::nullopt;
}

bool Service::alive() const {
  if (!plan_.attached()) {
    const auto life = this->life();
    return life && life->alive();
  }
  const std::lock_guard lock(mutex_);
  return state_ == State::ready &&
         (attached_to_.empty() || std::any_of(attached_to_.begin(), attached_to_.end(), still_there));
}

std::optional<std::int64_t> Service::died_ms() const {
  const std::lock_guard lock(mutex_);
  if (state_ != State::dead || !death_) return std::nullopt;
  return death_->wall_ms;
}

bool Service::was_started() const {
  const std::lock_guard lock(mutex_);
  return was_started_;
}

std::vector<ProcessInfo> Service::leftovers() const {
  const std::lock_guard lock(mutex_);
  return leftovers_;
}

pid_t Service::keeper() const {
  const auto life = this->life();
  return life ? life->keeper() : -1;
}

bool Service::owns_attached(const std::vector<pid_t>& pids) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(attached_to_.begin(), attached_to_.end(), [&](const evidence::SeenProcess& process) {
    return std::find(pids.begin(), pids.end(), process.id.pid) != pids.end() && still_there(process);
  });
}

std::vector<pid_t> Service::members() const {
  if (const auto life = this->life()) return life->members();
  std::vector<pid_t> found;
  const std::lock_guard lock(mutex_);
  for (const auto& process : attached_to_) {
    if (!still_there(process)) continue;
    found.push_back(process.id.pid);
    for (const pid_t child : descendants_of(process.id.pid)) found.push_back(child);
  }
  return found;
}

ProcessId Service::root() const {
  if (const auto life = this->life()) return life->root();
  const std::lock_guard lock(mutex_);
  return attached_to_.empty() ? ProcessId{} : attached_to_.front().id;
}

std::unique_ptr<witness::ServiceWitness::Window> Service::open_window(bool files) const {
  const std::lock_guard lock(mutex_);
  return witness_ && witness_->why_not().empty() ? witness_->open(files) : nullptr;
}

std::string Service::unwatched() const {
  if (plan_.attached()) return "this run did not start it";
  if (!asked().watch) return "the suite says `watch: false`";
  const std::lock_guard lock(mutex_);
  return witness_ ? witness_->why_not() : "it did not run";
}

std::string Service::last_output(std::size_t bytes) const {
  const std::lock_guard lock(output_mutex_);
  return std::string(recent_.last(bytes));
}
}  // namespace mccoy::target
