#include "harness/target/vias.hpp"

#include <algorithm>

#include "harness/target/port_hold.hpp"
#include "harness/witness/responder.hpp"

namespace mccoy::target {
namespace {
constexpr std::size_t kMostLinks = 1000;
constexpr int kTries = 10;

/// Between the moment a port is let go and the one it is bound again somebody may take it.
Result<std::unique_ptr<via::Proxy>> open_somewhere(const std::shared_ptr<via::Loop>& loop, const via::Address& to) {
  for (int left = kTries;; --left) {
    int port = 0;
    {
      MCCOY_TRY(hold, PortHold::choose());
      port = hold.port();
    }
    auto proxy = via::Proxy::open(loop, port, to);
    if (proxy.ok() || left == 1) return proxy;
  }
}

evidence::Responder holder_of(const via::CarriedLink& link, const via::Proxy& proxy,
                              const witness::Ownership& ownership, std::int64_t run_started_ms) {
  return witness::who_holds(witness::endpoint_of(link.own.raw), witness::endpoint_of(proxy.service().raw), ownership,
                            run_started_ms);
}

/// The connection by which it is best seen who is behind: the last that is open, else the last.
const via::CarriedLink& most_telling(const std::vector<via::CarriedLink>& links) {
  const auto open = std::ranges::find_if(links.rbegin(), links.rend(),
                                         [](const auto& link) { return link.connected && link.ended_ms == 0; });
  return open == links.rend() ? links.back() : *open;
}
}  // namespace

Status Vias::open(const std::string& service, const HostPort& address) {
  if (loop_ == nullptr) {
    MCCOY_TRY(loop, via::Loop::make());
    loop_ = std::move(loop);
  }
  MCCOY_TRY(to, via::resolve(address.host, address.port));
  MCCOY_TRY(proxy, open_somewhere(loop_, to));
  proxies_.emplace(service, std::move(proxy));
  return {};
}

via::Proxy* Vias::find(const std::string& service) const {
  const auto found = proxies_.find(service);
  return found == proxies_.end() ? nullptr : found->second.get();
}

std::string Vias::at(const std::string& service) const {
  const via::Proxy* proxy = find(service);
  return proxy == nullptr ? "" : via::loopback(proxy->port()).text();
}

std::string Vias::service_at(int port) const {
  for (const auto& [service, proxy] : proxies_)
    if (proxy->port() == port) return service;
  return "";
}

Vias::Marks Vias::mark() const {
  Marks marks;
  for (const auto& [service, proxy] : proxies_) marks.emplace(service, proxy->mark());
  return marks;
}

std::vector<evidence::SeenVia> Vias::since(const Marks& marks, const witness::Ownership& ownership,
                                           std::int64_t run_started_ms) const {
  std::vector<evidence::SeenVia> seen;
  for (const auto& [service, mark] : marks) {
    const via::Proxy* proxy = find(service);
    if (proxy == nullptr) continue;
    const via::Carried carried = proxy->since(mark);
    if (carried.links.empty()) continue;
    evidence::SeenVia via{.service = service,
                          .at = at(service),
                          .to = proxy->service().text(),
                          .answerer = holder_of(most_telling(carried.links), *proxy, ownership, run_started_ms),
                          .links = {},
                          .left_out = carried.left_out};
    for (const via::CarriedLink& link : carried.links) {
      if (via.links.size() >= kMostLinks) ++via.left_out;
      if (via.links.size() >= kMostLinks) continue;
      via.links.push_back({.client = link.client.text(),
                           .own = link.connected ? link.own.text() : "",
                           .to_service = link.to_service,
                           .to_client = link.to_client,
                           .answered_by_proxy = link.answered_by_proxy});
    }
    seen.push_back(std::move(via));
  }
  return seen;
}

evidence::Responder Vias::answerer(const std::string& service, const std::string& client,
                                   const witness::Ownership& ownership, std::int64_t run_started_ms) const {
  const via::Proxy* proxy = find(service);
  const auto link = proxy == nullptr ? std::nullopt : proxy->find(client);
  if (!link || !link->connected) return {};
  return holder_of(*link, *proxy, ownership, run_started_ms);
}

std::string with_authority(const std::string& url, const std::string& address) {
  const auto scheme = url.find("://");
  if (scheme == std::string::npos) return address;
  const auto begin = scheme + 3;
  const auto end = std::min(url.find_first_of("/?#", begin), url.size());
  const auto user = url.substr(begin, end - begin).rfind('@');
  const auto host = user == std::string::npos ? begin : begin + user + 1;
  return url.substr(0, host) + address + url.substr(end);
}
}  // namespace mccoy::target
