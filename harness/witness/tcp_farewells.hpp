// The kernel's last word on each TCP socket of this network namespace: what went over it, when it is destroyed
// (sock_diag multicast, for everybody). Sockets are told apart by their cookies.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>

#include "harness/base/owned.hpp"
#include "harness/witness/endpoint.hpp"

namespace mccoy::witness {
struct SocketBytes {
  std::int64_t out = 0, in = 0;  ///< payload, repeats not counted
  bool established = false;      ///< data went over it, or it is past its handshake
  bool erased = false;           ///< a reset took the counters away
  bool maybe_one_less = false;   ///< the end of the stream counts as a byte in, and it is not known whether it came
};
struct Farewell {
  std::uint64_t cookie = 0;
  Endpoint local, peer;
  SocketBytes bytes;
  bool closed = false;  ///< by all who held it; the kernel may still have to do with it
};
/// Of a TCP socket that is open here.
SocketBytes bytes_of_socket(int fd);
std::uint64_t cookie_of_socket(int fd);  ///< 0: unknown

/// All TCP sockets of this network namespace that carry, carried or may yet carry a conversation, by cookie.
/// nullopt: the kernel does not tell.
using TcpSockets = std::unordered_map<std::uint64_t, Farewell>;
std::optional<TcpSockets> tcp_sockets();

class TcpFarewells {
 public:
  TcpFarewells();
  /// Nothing is heard where the kernel refuses it.
  void listen();
  void stop() { netlink_.reset(); }
  bool listening() const { return static_cast<bool>(netlink_); }
  int fd() const { return epoll_.get(); }  ///< readable when something has come; stays the same
  /// Hands over all that has come.
  ///   returns  false: some were lost
  bool drain(const std::function<void(const Farewell& farewell)>& take);

 private:
  UniqueFd epoll_, netlink_;
};
}  // namespace mccoy::witness
