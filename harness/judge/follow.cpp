#include "harness/judge/follow.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/judge/paths.hpp"

namespace mccoy::judge {
namespace {
using evidence::Facts;
using evidence::Responder;
using evidence::SeenConnection;
using evidence::SeenLink;
using evidence::SeenVia;

const SeenVia* via_at(const Facts& facts, const std::string& address) {
  const auto found =
      std::ranges::find_if(facts.vias, [&](const SeenVia& via) { return same_endpoint(via.at, address); });
  return found == facts.vias.end() ? nullptr : &*found;
}

const SeenLink* link_of(const SeenVia& via, const std::string& client) {
  const auto found =
      std::ranges::find_if(via.links, [&](const SeenLink& link) { return same_endpoint(link.client, client); });
  return found == via.links.end() ? nullptr : &*found;
}

/// Bytes went both ways between the client and the service, and none was said in its place.
bool was_answered(const SeenLink& link) {
  return link.to_service > 0 && link.to_client > 0 && link.answered_by_proxy == 0;
}

std::string why_not(const SeenLink* link) {
  if (link == nullptr) return "mccoy's own proxy was connected to, and what went over that connection is not known";
  if (link->answered_by_proxy > 0) return "a fault of mccoy's own proxy answered in place of the service";
  return "nothing that the service behind mccoy's own proxy sent came through it";
}

void follow(Responder& responder, const Facts& facts) {
  const SeenVia* via = via_at(facts, responder.peer);
  if (via == nullptr) return;
  const SeenLink* link = link_of(*via, responder.local);
  const Responder asked = responder;
  const bool answered = link != nullptr && was_answered(*link);
  responder = answered ? via->answerer : Responder{};
  responder.expected_service = asked.expected_service;
  responder.local = asked.local;
  responder.peer = asked.peer;
  responder.requests = asked.requests;
  if (!answered) responder.why_unseen = why_not(link);
  if (!answered) return;
  responder.bytes_out = std::min(asked.bytes_out, link->to_service);
  responder.bytes_in = std::min(asked.bytes_in, link->to_client);
}

/// Of several connections those whose own ends are known; of others it is not known how many bytes reached the service.
void follow(SeenConnection& connection, const Facts& facts) {
  const SeenVia* via = connection.protocol == "tcp" ? via_at(facts, connection.to) : nullptr;
  if (via == nullptr) return;
  connection.peers = via->answerer.processes;
  connection.peer_programs.clear();
  connection.bytes_out = connection.bytes_in = 0;
  std::int64_t known = 0;
  bool replaced = false;
  for (const std::string& local : connection.locals) {
    const SeenLink* link = link_of(*via, local);
    if (link == nullptr) continue;
    ++known;
    replaced = replaced || link->answered_by_proxy > 0;
    if (link->answered_by_proxy > 0) continue;
    connection.bytes_out += link->to_service;
    connection.bytes_in += link->to_client;
  }
  connection.bytes_complete =
      connection.bytes_complete && !replaced && via->left_out == 0 && known == connection.made + connection.stood;
}

void follow(std::optional<evidence::Activity>& activity, const Facts& facts) {
  if (!activity) return;
  for (SeenConnection& connection : activity->connections) follow(connection, facts);
}
}  // namespace

bool goes_by_a_proxy(const Facts& facts) {
  return !facts.vias.empty();
}

Facts followed(Facts facts) {
  if (!goes_by_a_proxy(facts)) return facts;
  if (facts.responder) follow(*facts.responder, facts);
  follow(facts.activity, facts);
  for (evidence::SeenService& service : facts.services) follow(service.activity, facts);
  return facts;
}
}  // namespace mccoy::judge
