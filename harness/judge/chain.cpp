#include "harness/judge/chain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/base/text.hpp"
#include "harness/judge/weigh.hpp"
#include "harness/judge/weigh_activity.hpp"

namespace mccoy::judge {
namespace {
using evidence::Facts;
using evidence::SeenConnection;
constexpr std::size_t kMostHops = 32, kMostDepth = 8;

bool was_conversation(const SeenConnection& connection) {
  if (connection.protocol == "tcp") return connection.bytes_out > 0 && connection.bytes_in > 0;
  return connection.made > 0 && !is_system_socket(connection.to);
}

/// What one service asked, each address once.
std::vector<Hop> hops_from(const Facts& facts, const std::string& service) {
  std::vector<Hop> hops;
  const evidence::SeenService* seen = find_service(facts, service);
  if (seen == nullptr || !seen->activity) return hops;
  for (const SeenConnection& connection : seen->activity->connections) {
    if (!was_conversation(connection) || connection.peers.empty()) continue;
    const std::string to = service_of(facts, connection.peers);
    if (to == service || (to.empty() && !connection.peer_programs.empty())) continue;  // it talks to itself
    const auto known =
        std::ranges::find_if(hops, [&](const Hop& hop) { return to.empty() ? hop.at == connection.to : hop.to == to; });
    Hop& hop = known != hops.end() ? *known : hops.emplace_back();
    hop.from = service;
    hop.to = to;
    hop.at = connection.to;
    if (hop.processes.empty()) hop.processes = connection.peers;
    hop.bytes_out += connection.bytes_out;
    hop.bytes_in += connection.bytes_in;
  }
  return hops;
}

std::string words(const Facts& facts, const std::string& service, std::set<std::string>& told, std::size_t depth) {
  std::vector<std::string> asked;
  for (const Hop& hop : hops_from(facts, service)) {
    const std::string who = describe(hop.processes.front());
    const bool again = hop.to.empty() || depth >= kMostDepth || !told.insert(hop.to).second;
    asked.push_back(hop.to.empty() ? who : fmt::format("service {} ({})", hop.to, who));
    if (!again) asked.back() += words(facts, hop.to, told, depth + 1);
  }
  return asked.empty() ? "" : ", which asked " + join(asked, " and ");
}
}  // namespace

std::string service_of(const Facts& facts, const std::vector<evidence::SeenProcess>& processes) {
  for (const auto& service : facts.services)
    for (const auto& listener : service.listeners)
      if (std::ranges::any_of(processes, [&](const auto& process) { return process.id == listener.id; }))
        return service.name;
  return {};
}

std::vector<Hop> behind(const Facts& facts, const std::string& service) {
  std::vector<Hop> all;
  std::vector<std::string> asked{service};
  for (std::size_t at = 0; at < asked.size(); ++at) {
    for (Hop& hop : hops_from(facts, asked[at])) {
      if (all.size() >= kMostHops) return all;
      if (!hop.to.empty() && std::ranges::find(asked, hop.to) == asked.end()) asked.push_back(hop.to);
      all.push_back(std::move(hop));
    }
  }
  return all;
}

std::string chain_words(const Facts& facts, const std::string& service) {
  std::set<std::string> told{service};
  return words(facts, service, told, 1);
}
}  // namespace mccoy::judge
