// A TCP port kept for a service until the moment it starts, by a socket that is bound and never listens: a connection
// to it is refused, and nobody else gets it. Ports are chosen outside the range the kernel gives to outgoing
// connections, so that no client on the machine takes one while its service is down.
#pragma once
#include "harness/base/error.hpp"
#include "harness/base/owned.hpp"

namespace mccoy::target {
class PortHold {
 public:
  PortHold() = default;
  /// A port that is free on every local address, held against everybody.
  static Result<PortHold> choose();
  /// This port, held against listeners but not against others who only hold it.
  ///   errors  somebody listens on it (cause EADDRINUSE), or it may not be bound (EACCES)
  static Result<PortHold> take(int port);
  /// The number only.
  static PortHold unheld(int port);

  int port() const { return port_; }
  bool held() const { return static_cast<bool>(socket_); }
  void release() { socket_.reset(); }  ///< the number stays known
  void take_again();                   ///< best effort: connections of the last owner may still be closing

 private:
  int port_ = 0;
  UniqueFd socket_;
};
}  // namespace mccoy::target
