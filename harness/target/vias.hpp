// The proxies of mccoy that stand in front of services of a suite (${services.x.via}): all in one thread, made before
// any service is started. Thread-safe once they are made.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/evidence/facts.hpp"
#include "harness/target/reach.hpp"
#include "harness/target/via/proxy.hpp"
#include "harness/witness/ownership.hpp"

namespace mccoy::target {
class Vias {
 public:
  /// errors: no port, no thread, an address that cannot be resolved
  Status open(const std::string& service, const HostPort& address);
  bool empty() const { return proxies_.empty(); }
  via::Proxy* find(const std::string& service) const;  ///< nullptr: nobody asked for one
  std::string at(const std::string& service) const;    ///< "127.0.0.1:18080"; "" when there is none
  std::string service_at(int port) const;              ///< "" when none of them listens there
  void close_all() { proxies_.clear(); }

  using Marks = std::map<std::string, via::Mark>;
  Marks mark() const;
  /// Those that somebody connected to, or used, since then.
  std::vector<evidence::SeenVia> since(const Marks& marks, const witness::Ownership& ownership,
                                       std::int64_t run_started_ms) const;
  /// Who is behind an open connection from `client` to the proxy of this service.
  evidence::Responder answerer(const std::string& service, const std::string& client,
                               const witness::Ownership& ownership, std::int64_t run_started_ms) const;

 private:
  std::shared_ptr<via::Loop> loop_;
  std::map<std::string, std::unique_ptr<via::Proxy>> proxies_;
};

/// An URL with another "host:port"; a text without "://" becomes that address.
std::string with_authority(const std::string& url, const std::string& address);
}  // namespace mccoy::target
