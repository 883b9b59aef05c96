#include "harness/target/services.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/target/describe.hpp"
#include "harness/target/need_graph.hpp"
#include "harness/target/services_state.hpp"
#include "harness/target/wake.hpp"
#include "harness/witness/responder.hpp"

namespace mccoy::target {
namespace {
constexpr Duration kPortGone = std::chrono::seconds(1);  ///< for the kernel to close what a killed tree held

/// Nobody listens there any more. Returns who does, "" if all is well.
std::string still_answered(const ServicePlan& plan) {
  for (const auto deadline = Deadline::in(kPortGone);;) {
    std::string by;
    for (const int port : plan.ports())
      if (const auto owners = witness::listeners_on(port, {}); !owners.empty())
        by = fmt::format("port {} of {} is still held by {}", port, plan.asked->name, describe(owners));
    if (by.empty() || deadline.passed()) return by;
    wait_for_any(-1, -1, nullptr, Deadline::in(std::chrono::milliseconds(10)));
  }
}

Value text_list(const std::vector<std::string>& texts) {
  Value list = Value::list();
  for (const auto& text : texts) list.push(text);
  return list;
}

/// What one service that was started and is stopped now has left behind.
Leftovers leftovers_of(const Service& service) {
  Leftovers left;
  for (const auto& process : service.leftovers())
    left.processes.push_back(
        fmt::format("pid {} {} (of service {})", process.id.pid, visible_line(process.exe), service.asked().name));
  if (auto port = still_answered(service.plan()); !port.empty()) left.ports.push_back(std::move(port));
  for (const auto& pattern : service.asked().leaves_nothing) {
    const auto text = service.own_scope_now().expand_text(pattern.value.as_string(), pattern.span);
    const auto found = text.ok() ? glob(*text, service.plan().dir) : Result<std::vector<std::string>>(text.error());
    if (!found.ok()) {
      left.files.push_back(fmt::format("{}: {}", pattern.value.as_string(), found.error().what));
      continue;
    }
    left.files.insert(left.files.end(), found->begin(), found->end());
  }
  return left;
}

void add(Leftovers& all, const Leftovers& more) {
  for (const auto member : {&Leftovers::processes, &Leftovers::ports, &Leftovers::files})
    (all.*member).insert((all.*member).end(), (more.*member).begin(), (more.*member).end());
}
}  // namespace

Service* Services::State::find(std::string_view name) const {
  const auto found = index.find(name);
  return found == index.end() ? nullptr : services[found->second].get();
}

suite::Scope Services::State::scope_now() const {
  Value names = Value::map();
  for (const auto& service : services) {
    const auto& plan = service->plan();
    const auto prefix = "services." + plan.asked->name + ".";
    names.set(prefix + "port", plan.port.port());
    names.set(prefix + "host", plan.address.host);
    names.set(prefix + "dir", plan.dir);
    names.set(prefix + "pid", service->root_pid());
    names.set(prefix + "log", service->log_path());
    for (const auto& [name, hold] : plan.named_ports) names.set(prefix + "port." + name, hold.port());
    if (const std::string via = vias.at(plan.asked->name); !via.empty()) names.set(prefix + "via", via);
  }
  auto known = scope.with(names);
  for (const auto& service : services) {
    const auto url = url_of(service->plan(), own_scope(service->plan(), known));
    const std::string prefix = "services." + service->asked().name + ".";
    names.set(prefix + "url", url.ok() ? *url : "");
    const std::string via = vias.at(service->asked().name);
    if (!via.empty()) names.set(prefix + "via_url", url.ok() ? with_authority(*url, via) : "");
  }
  return scope.with(std::move(names));
}

std::vector<std::size_t> Services::State::needs_of(std::size_t node) const {
  std::vector<std::size_t> found;
  for (const auto& name : services[node]->asked().needs)
    if (const auto needed = index.find(name); needed != index.end()) found.push_back(needed->second);
  return found;
}

std::set<std::size_t> Services::State::with_needs(const std::vector<std::string>& names) const {
  std::set<std::size_t> all;
  const std::function<void(std::size_t)> add = [&](std::size_t node) {
    if (!all.insert(node).second) return;
    for (const auto needed : needs_of(node)) add(needed);
  };
  for (const auto& name : names)
    if (const auto found = index.find(name); found != index.end()) add(found->second);
  return all;
}

std::set<std::size_t> Services::State::dependents_of(std::size_t node) const {
  std::set<std::size_t> all;
  for (std::size_t other = 0; other < services.size(); ++other)
    if (other != node && with_needs({services[other]->asked().name}).count(node) != 0) all.insert(other);
  return all;
}

void Services::State::each(const std::set<std::size_t>& nodes, bool reverse,
                           const std::function<void(Service&)>& work) const {
  const std::vector<std::size_t> order(nodes.begin(), nodes.end());
  const auto place = [&](std::size_t node) {
    return static_cast<std::size_t>(std::lower_bound(order.begin(), order.end(), node) - order.begin());
  };
  std::vector<std::vector<std::size_t>> before(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (const auto needed : needs_of(order[i])) {
      if (nodes.count(needed) == 0) continue;
      if (reverse) {
        before[place(needed)].push_back(i);
      } else {
        before[i].push_back(place(needed));
      }
    }
  }
  in_order(before, [&](std::size_t i) { work(*services[order[i]]); });
}

/// Why something it needs cannot be used; "" if all of it can. A need that is stopped as a control is not broken.
std::string Services::State::broken_need(const Service& service) const {
  for (const auto& name : service.asked().needs) {
    const auto* needed = find(name);
    if (needed == nullptr || needed->state() == Service::State::stopped) continue;
    if (const auto why = needed->unusable()) return fmt::format("{} needs {}", service.asked().name, *why);
    if (auto deeper = broken_need(*needed); !deeper.empty())
      return fmt::format("{} needs {}", service.asked().name, deeper);
  }
  return "";
}

void Services::State::start_one(Service& service, const std::string& because, Duration at_least) const {
  if (const auto broken = broken_need(service); !broken.empty()) return service.give_up(broken);
  if (raised(options.interrupt)) return service.give_up(service.asked().name + " was not started: interrupted");
  service.start(because, at_least);
}

Services::Services() : state_(std::make_unique<State>()) {}
Services::~Services() {
  (void)stop_all();
}

Result<std::unique_ptr<Services>> Services::prepare(const suite::Suite& suite, suite::Scope scope,
                                                    ServiceOptions options) {
  std::unique_ptr<Services> made(new Services);
  State& state = *made->state_;
  state.suite = &suite;
  Value unused;
  const bool knows_folder = scope.find("suite.dir", unused) != nullptr;
  state.scope = knows_folder ? std::move(scope) : scope.with("suite.dir", suite.folder);
  state.options = std::move(options);
  MCCOY_DO(make_dirs(state.options.logs));
  for (const auto& asked : suite.services) {
    MCCOY_TRY(plan, plan_service(asked, suite, state.scope, state.options.scratch));
    if (asked.has_via) MCCOY_DO(state.vias.open(asked.name, plan.address));
    ServiceContext context{&state.options, made.get(), suite.name, [&state] { return state.scope_now(); }};
    MCCOY_TRY(service, Service::make(std::move(plan), std::move(context)));
    state.index.emplace(asked.name, state.services.size());
    state.services.push_back(std::move(service));
    if (asked.has_via) state.services.back()->record("via", Value::map({{"at", state.vias.at(asked.name)}}));
  }
  return made;
}

void Services::start(const std::vector<std::string>& names) {
  const std::lock_guard lock(state_->operations);
  auto wanted = state_->with_needs(names);
  std::erase_if(wanted, [&](std::size_t node) { return state_->services[node]->state() != Service::State::idle; });
  state_->each(wanted, false, [&](Service& service) { state_->start_one(service, ""); });
}

std::optional<std::string> Services::unusable(const std::string& name) const {
  const auto* service = state_->find(name);
  if (service == nullptr) return "there is no service " + name;
  if (auto why = service->unusable()) return why;
  if (auto broken = state_->broken_need(*service); !broken.empty()) return broken;
  return std::nullopt;
}

suite::Scope Services::with_services(const suite::Scope& scope) const {
  return scope.with_lookup([state = state_.get()](std::string_view name, Value& storage) -> const Value* {
    if (!name.starts_with("services.")) return nullptr;
    const auto now = state->scope_now();
    const Value* found = now.find(name, storage);
    if (found != nullptr && found != &storage) storage = Value(*found);
    return found == nullptr ? nullptr : &storage;
  });
}

const Vias& Services::vias() const {
  return state_->vias;
}

std::string Services::service_at(std::string_view address) const {
  const auto asked = parse_host_port(address);
  if (asked.port == 0) return "";
  if (auto behind = asked.is_loopback() ? state_->vias.service_at(asked.port) : ""; !behind.empty()) return behind;
  for (const auto& service : state_->services) {
    const auto& plan = service->plan();
    const bool same_host = asked.is_loopback() ? plan.address.is_loopback() : asked.host == plan.address.host;
    const auto ports = plan.ports();
    if (same_host && std::find(ports.begin(), ports.end(), asked.port) != ports.end()) return plan.asked->name;
  }
  return "";
}

Status Services::stop_for_control(const std::string& name) {
  const std::lock_guard lock(state_->operations);
  auto* service = state_->find(name);
  if (service == nullptr) return Error{.what = "there is no service " + name};
  const Span place = service->asked().span;
  if (service->plan().attached()) {
    return Error{.where = place,
                 .what = fmt::format("{} is attached, so it cannot be stopped for a control", name),
                 .hint = "let mccoy start it with `run:`"};
  }
  service->stop(true);
  if (auto still = still_answered(service->plan()); !still.empty())
    return Error{.where = place, .what = std::move(still)};
  return {};
}

Status Services::restore(const std::string& name, Duration at_least) {
  const std::lock_guard lock(state_->operations);
  const auto found = state_->index.find(name);
  if (found == state_->index.end()) return Error{.what = "there is no service " + name};
  auto affected = state_->dependents_of(found->second);
  std::erase_if(affected, [&](std::size_t node) {
    const auto now = state_->services[node]->state();
    return now != Service::State::ready && now != Service::State::dead;
  });
  affected.insert(found->second);
  std::mutex mutex;
  Status result;
  const auto note = [&](Error error) {
    const std::lock_guard guard(mutex);
    if (result.ok()) result = std::move(error);
  };
  state_->each(affected, false, [&](Service& service) {
    if (service.state() == Service::State::ready) {
      if (auto again = service.await_ready(at_least); !again.ok()) note(again.error());
      return;
    }
    if (service.state() == Service::State::dead) service.stop(true);
    state_->start_one(service, name, at_least);
    if (const auto why = service.unusable()) note(Error{.where = service.asked().span, .what = *why});
  });
  return result;
}

std::string Services::last_output(const std::string& name, std::size_t bytes) const {
  const auto* service = state_->find(name);
  return service == nullptr ? "" : service->last_output(bytes);
}

std::vector<LogFile> Services::logs() const {
  std::vector<LogFile> all;
  for (const auto& service : state_->services)
    for (auto& log : service->logs()) all.push_back(std::move(log));
  return all;
}

Leftovers Services::stop_all() {
  const std::lock_guard lock(state_->operations);
  std::set<std::size_t> started;
  for (std::size_t node = 0; node < state_->services.size(); ++node)
    if (state_->services[node]->was_started()) started.insert(node);
  state_->each(started, true, [](Service& service) { service.stop(false); });
  Leftovers all;
  for (const auto node : started) {
    auto& service = *state_->services[node];
    service.close_logs();
    if (state_->stopped_all) continue;
    const auto left = leftovers_of(service);
    if (left.empty()) continue;
    service.record("leftovers", Value::map({{"processes", text_list(left.processes)},
                                            {"ports", text_list(left.ports)},
                                            {"files", text_list(left.files)}}));
    add(all, left);
  }
  state_->stopped_all = true;
  state_->vias.close_all();
  return all;
}
}  // namespace mccoy::target
