#include "harness/run/trial_watch.hpp"

#include <algorithm>

#include "harness/judge/judge.hpp"
#include "harness/target/vias.hpp"
#include "harness/witness/command_words.hpp"
#include "harness/witness/modes.hpp"
#include "harness/witness/responder.hpp"

namespace mccoy::run {
namespace {
constexpr std::size_t kAddressesMost = 16;  ///< whose listeners are looked up when the trial is over

bool asks_for_services(const suite::Case& which) {
  return std::ranges::any_of(which.contract, [](const suite::Obligation& obligation) {
    return obligation.kind->name == "service" || obligation.kind->name == "listener" ||
           obligation.kind->name == "engine" || obligation.kind->name == "connect" ||
           obligation.kind->name == "signal" || obligation.kind->name == "delegate";
  });
}

std::vector<std::string> calls_to_count(const suite::Case& which) {
  std::vector<std::string> names;
  for (const suite::Obligation& obligation : which.contract)
    if (const std::string& name = obligation.settings["call"].as_string(); suite::is_countable_call(name))
      names.push_back(name);
  return names;
}

evidence::SeenProcess process_of(const Captured& captured, const std::vector<std::string>& argv) {
  evidence::SeenProcess seen;
  seen.id = captured.root;
  seen.exe = captured.executable.path;
  seen.exe_sha256 = captured.executable.sha256;
  seen.device = captured.executable.device;
  seen.inode = captured.executable.inode;
  seen.argv = argv;
  if (!captured.executable.interpreter.empty()) {
    seen.script = captured.executable.path;
    seen.script_sha256 = captured.executable.sha256;
  }
  return seen;
}

/// Two looks at the same services: what either saw was there.
void merge(std::vector<evidence::SeenService>& seen, const std::vector<evidence::SeenService>& more) {
  for (const auto& service : more) {
    const auto known = std::ranges::find(seen, service.name, &evidence::SeenService::name);
    if (known == seen.end()) {
      seen.push_back(service);
      continue;
    }
    known->alive = service.alive;
    for (const auto& listener : service.listeners)  // a new one when it was started again
      if (std::ranges::find(known->listeners, listener.id, &evidence::SeenProcess::id) == known->listeners.end())
        known->listeners.push_back(listener);
    for (const auto& peer : service.connected_to)
      if (std::ranges::find(known->connected_to, peer) == known->connected_to.end())
        known->connected_to.push_back(peer);
  }
}

/// Of many connections of one load, one that somebody else answered says more than the others; so does, on one address,
/// one that another service answered than the one that was meant.
bool says_more(const evidence::Responder& seen, const evidence::Responder& known, const std::string& expected) {
  using Who = evidence::Responder::Who;
  if (known.who != Who::service) return false;
  if (seen.who != Who::service || seen.service == known.service) return true;
  return (seen.peer == known.peer) != (seen.service == expected);
}

witness::Endpoint peer_of(int fd) {
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  return ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) == 0 ? witness::endpoint_of(peer)
                                                                             : witness::Endpoint{};
}

/// By its own arguments. What hands a command on (env, sh -c) is judged by the programs that ran in the end, unless
/// these ran where nobody saw them (docker, ssh).
std::vector<evidence::DeclaredMode> own_modes(const evidence::SeenProgram& program,
                                              const std::vector<std::string>& env) {
  const auto& argv = program.process.argv;
  if (program.forked || program.replaced || argv.empty()) return {};
  const auto commands = witness::look_through(argv);
  const bool itself = commands.size() == 1 && commands.front().argv == argv;
  const bool elsewhere = std::ranges::any_of(commands, &witness::CommandWords::elsewhere);
  if (!itself && !elsewhere) return {};
  if (!witness::takes_switches_from_variables(argv, program.process.exe)) return witness::declared_modes(argv, env);
  return witness::declared_modes(argv, witness::with_switches(env, program.switches));
}
}  // namespace

TrialWatch::TrialWatch(SuiteContext& context, const suite::Case& which, std::string expected_service)
    : context_(context),
      expected_service_(std::move(expected_service)),
      services_matter_(context.services != nullptr && asks_for_services(which)),
      counted_(calls_to_count(which)),
      many_(!which.kind->metrics.empty()) {}

void TrialWatch::exchanged(int fd, std::int64_t bytes_out, std::int64_t bytes_in) {
  evidence::Responder seen;
  if (knows_enough()) return;
  if (context_.services) {
    seen = witness::who_answered(fd, *context_.services, context_.run_started_ms, expected_service_);
  }
  const std::lock_guard lock(mutex_);
  const std::int64_t requests = facts_.responder ? facts_.responder->requests : 0;
  const auto at = many_ ? peer_of(fd) : witness::Endpoint{};
  if (at.family != AF_UNSPEC && asked_.size() < kAddressesMost && std::ranges::find(asked_, at) == asked_.end())
    asked_.push_back(at);
  if (!many_ || !facts_.responder || says_more(seen, *facts_.responder, expected_service_)) {
    seen.expected_service = expected_service_;
    seen.bytes_out = bytes_out;
    seen.bytes_in = bytes_in;
    seen.requests = requests + 1;
    look_behind_proxy(seen);
    facts_.responder = std::move(seen);
    look_at_services();
  }
  if (at.family != AF_UNSPEC) look_at_listeners(at);
}

/// Connections are looked at one by one. Whoever listens beside the service may answer those between.
void TrialWatch::look_at_listeners(const witness::Endpoint& at) {
  using Responder = evidence::Responder;
  if (!context_.services || !facts_.responder || facts_.responder->who != Responder::Who::service) return;
  Responder seen = witness::who_listens(at, *context_.services, context_.run_started_ms, expected_service_);
  if (seen.how == Responder::How::unseen || seen.who == Responder::Who::service) return;
  seen.bytes_out = facts_.responder->bytes_out;
  seen.bytes_in = facts_.responder->bytes_in;
  seen.requests = facts_.responder->requests;
  facts_.responder = std::move(seen);
}

/// Of a load that somebody else answered no more needs to be found out, and looking takes time that the load has not.
bool TrialWatch::knows_enough() {
  const std::lock_guard lock(mutex_);
  return many_ && facts_.responder && facts_.responder->who != evidence::Responder::Who::service;
}

/// While the connection is open: who is at the other end of the proxy's own one.
void TrialWatch::look_behind_proxy(const evidence::Responder& seen) {
  if (!context_.services || context_.services->vias().empty()) return;
  const target::Vias& vias = context_.services->vias();
  const std::string service = vias.service_at(target::parse_host_port(seen.peer).port);
  if (service.empty()) return;
  auto answerer = vias.answerer(service, seen.local, *context_.services, context_.run_started_ms);
  facts_.vias = {{.service = service, .at = seen.peer, .to = "", .answerer = std::move(answerer), .links = {}}};
}

void TrialWatch::starting(Command& command) {
  command.no_network = no_network_;
  {
    const std::lock_guard lock(mutex_);
    look_at_services();
  }
  witness_.emplace();
  witness_->watch(command, counted_);
}

/// What the system calls showed, and how much of it there was to see.
void TrialWatch::take_activity(const std::vector<std::string>& env) {
  if (!witness_) return;
  facts_.activity = witness_->end();
  witness_.reset();
  for (evidence::SeenProgram& program : facts_.activity->programs) program.modes = own_modes(program, env);
  const evidence::Activity& seen = *facts_.activity;
  evidence::Coverage calls{
      .observer = "calls", .watched = {}, .blind = {}, .complete = seen.mechanism.empty() || seen.programs_complete};
  const std::pair<bool, std::string_view> kinds[] = {{seen.programs_complete, judge::kWatchesPrograms},
                                                     {seen.reads_complete, "files read"},
                                                     {seen.writes_complete, "files written"},
                                                     {seen.sockets_complete, "connections"}};
  for (const auto& [complete, kind] : kinds) (complete ? calls.watched : calls.blind).emplace_back(kind);
  if (seen.mechanism.empty()) calls.blind.insert(calls.blind.end(), seen.notices.begin(), seen.notices.end());
  facts_.coverage.push_back(std::move(calls));
}

void TrialWatch::ran(const Command& command, const Captured& captured) {
  const std::lock_guard lock(mutex_);
  facts_.root = process_of(captured, command.argv);
  facts_.root_exec_seen = true;
  if (captured.ended.exited)
    facts_.exit_code = captured.ended.code;
  else
    facts_.signal = signal_name(captured.ended.code);
  facts_.wall_ns = captured.ended.wall.count();
  facts_.cpu_ns = (captured.ended.user_cpu + captured.ended.system_cpu).count();
  facts_.modes = witness::declared_modes(command.argv, command.env);
  for (const ProcessInfo& left : captured.leftovers)
    facts_.leftovers.push_back("pid " + std::to_string(left.id.pid) + " " + left.exe);
  facts_.coverage.push_back(
      {.observer = "processes",
       .watched = {"the program of argv[0], its exit, and the CPU time of its tree (" + captured.containment + ")"},
       .blind = {},
       .complete = true});
  take_activity(command.env);
}

void TrialWatch::look_at_services() {
  if (services_matter_) merge(facts_.services, context_.services->look());
}

evidence::Facts TrialWatch::take() {
  const std::lock_guard lock(mutex_);
  for (const witness::Endpoint& at : asked_) look_at_listeners(at);
  look_at_services();
  return std::move(facts_);
}
}  // namespace mccoy::run
