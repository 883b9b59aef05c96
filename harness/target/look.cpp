// What the services of a suite look like from outside, now: who is alive, who listens, who is connected to whom, whose
// a process is. Members of Services.
#include <unistd.h>

#include <algorithm>
#include <set>

#include "harness/target/services_state.hpp"
#include "harness/witness/responder.hpp"
#include "harness/witness/tracee.hpp"

namespace mccoy::target {
namespace {
constexpr Duration kPidsKeep = std::chrono::milliseconds(20);
using Connections = std::vector<witness::Connection>;

/// Seen from both ends: ours goes to a port of theirs, and a process of theirs holds the other half.
bool connected(const Connections& ours, const Connections& theirs, const std::vector<int>& their_ports) {
  std::set<std::pair<std::string, std::string>> other_halves;
  for (const auto& connection : theirs) other_halves.emplace(connection.peer, connection.local);
  return std::any_of(ours.begin(), ours.end(), [&](const witness::Connection& connection) {
    const bool to_them = std::find(their_ports.begin(), their_ports.end(), connection.peer_port) != their_ports.end();
    return to_them && other_halves.count({connection.local, connection.peer}) != 0;
  });
}

std::vector<evidence::SeenProcess> listeners_of(const Service& service, const std::vector<pid_t>& pids) {
  std::vector<evidence::SeenProcess> found;
  if (!service.plan().address.is_loopback()) return found;
  std::set<pid_t> known;
  for (const int port : service.plan().ports())
    for (auto& process : witness::listeners_on(port, pids))
      if (known.insert(process.id.pid).second) found.push_back(std::move(process));
  return found;
}

/// The process, its parent and so on, as far as they can be seen, and no further than ourselves.
std::vector<pid_t> with_ancestors(pid_t pid) {
  std::vector<pid_t> line;
  while (pid > 0 && line.size() < 1000) {
    line.push_back(pid);
    const auto stat = pid == ::getpid() ? std::nullopt : witness::tracee::stat_of(pid);
    pid = stat ? stat->parent : 0;
  }
  return line;
}
}  // namespace

std::vector<evidence::SeenService> Services::look() const {
  const auto& services = state_->services;
  std::vector<Connections> connections;
  std::vector<evidence::SeenService> seen;
  for (const auto& service : services) {
    const auto pids = service->members();
    connections.push_back(pids.empty() || services.size() < 2 ? Connections{} : witness::connections_of(pids));
    seen.push_back({.name = service->asked().name,
                    .alive = service->alive(),
                    .started_by_us = !service->plan().attached(),
                    .listeners = listeners_of(*service, pids),
                    .connected_to = {}});
  }
  for (std::size_t from = 0; from < services.size(); ++from)
    for (std::size_t to = 0; to < services.size(); ++to)
      if (from != to && connected(connections[from], connections[to], services[to]->plan().ports()))
        seen[from].connected_to.push_back(seen[to].name);
  return seen;
}

std::unique_ptr<witness::ServiceWitness::Window> Services::open_window(const std::string& name, bool files) const {
  const auto* service = state_->find(name);
  return service == nullptr ? nullptr : service->open_window(files);
}

std::string Services::unwatched(const std::string& name) const {
  const auto* service = state_->find(name);
  return service == nullptr ? "there is no such service" : service->unwatched();
}

std::shared_ptr<witness::CallFaults> Services::call_faults(const std::string& name) const {
  const auto* service = state_->find(name);
  return service == nullptr || !service->unwatched().empty() ? nullptr : service->call_faults();
}

std::optional<Whereabouts> Services::whereabouts(const std::string& name) const {
  const auto* service = state_->find(name);
  if (service == nullptr) return std::nullopt;
  const auto& plan = service->plan();
  return Whereabouts{.root = service->root(),
                     .keeper = plan.attached() ? -1 : service->keeper(),
                     .members = service->members(),
                     .dir = plan.dir,
                     .ports = plan.ports(),
                     .host = plan.address.host,
                     .attached = plan.attached(),
                     .clock_file = service->clock_file(),
                     .disk = service->disk().source(),
                     .no_disk = service->disk().why_not(),
                     .stop_within = service->asked().stop_within};
}

std::vector<pid_t> Services::members_of(const std::string& name) const {
  const auto* service = state_->find(name);
  return service == nullptr ? std::vector<pid_t>{} : service->members();
}

/// One walk up from the process: what runs below the keeper of a service is of that service, other descendants of ours
/// are the guardian, its keepers and commands of cases.
witness::Owner Services::owner_of(pid_t pid) const {
  const auto line = with_ancestors(pid);
  const auto holds = [&](pid_t wanted) { return std::find(line.begin(), line.end(), wanted) != line.end(); };
  for (const auto& service : state_->services) {
    const pid_t keeper = service->keeper();
    const bool owned = service->plan().attached() ? service->owns_attached(line) : keeper != pid && holds(keeper);
    if (owned) return {witness::Owner::Who::service, service->asked().name};
  }
  return {holds(::getpid()) ? witness::Owner::Who::harness : witness::Owner::Who::stranger, ""};
}

std::vector<pid_t> Services::likely() const {
  const std::lock_guard lock(state_->pids_mutex);
  const auto now = Clock::now();
  if (now - state_->pids_at < kPidsKeep) return state_->pids;
  state_->pids.clear();
  for (const auto& service : state_->services) {
    const auto members = service->members();
    state_->pids.insert(state_->pids.end(), members.begin(), members.end());
  }
  state_->pids_at = now;
  return state_->pids;
}
}  // namespace mccoy::target
