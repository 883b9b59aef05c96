// A TCP proxy in front of a service: whoever connects to 127.0.0.1:port() talks to the service, and faults can be laid
// on what goes through. Every function may be called from any thread; the work is done in the thread of the loop.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "harness/target/via/address.hpp"
#include "harness/target/via/carried.hpp"
#include "harness/target/via/fault.hpp"
#include "harness/target/via/loop.hpp"

namespace mccoy::via {
class ProxyCore;
struct Applied;

/// A fault that lasts as long as this does. It may outlive the proxy.
class Injected {
 public:
  Injected() = default;
  Injected(Injected&& other) noexcept { *this = std::move(other); }
  Injected& operator=(Injected&& other) noexcept;
  ~Injected() { (void)lift(); }

  /// Heals: nothing of it acts on any connection when this returns, and what it held back has left or is leaving.
  ///   errors  the port that was closed was taken by somebody else
  Status lift();
  bool active() const { return active_; }
  /// What it did so far; after lift() it can no longer grow. A refusing port is tried by the measurement itself, for
  /// the kernel counts no refusals.
  Readings measure() const;
  const Fault& fault() const { return fault_; }

 private:
  friend class Proxy;
  std::shared_ptr<ProxyCore> core_;
  std::shared_ptr<Applied> applied_;
  Fault fault_;
  bool active_ = false;
};

struct ProxyTotals {
  std::int64_t accepted = 0, open = 0, refused_by_service = 0, waits_for_descriptors = 0;
  std::int64_t to_service = 0, to_client = 0;  ///< bytes
  std::int64_t held = 0;                       ///< bytes that wait in the proxy now
};

class Proxy {
 public:
  /// Listens and serves. errors: the port is taken
  ///   port  0: any
  static Result<std::unique_ptr<Proxy>> open(std::shared_ptr<Loop> loop, int port, const Address& service);
  /// Closes its port and resets its connections.
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  int port() const { return port_; }
  const Address& service() const { return service_; }

  /// On connections that are open and on those to come, by its share. Several act in the order in which they came.
  ///   errors  see check()
  Result<Injected> apply(const Fault& fault);

  ProxyTotals totals() const;
  Mark mark() const;
  /// What went over its connections since then; at most as many as the proxy remembers.
  Carried since(const Mark& mark) const;
  /// The connection of this client, if it is open.
  std::optional<CarriedLink> find(const std::string& client) const;

 private:
  Proxy() = default;
  std::shared_ptr<Loop> loop_;
  std::shared_ptr<ProxyCore> core_;
  int port_ = 0;
  Address service_;
};
}  // namespace mccoy::via
