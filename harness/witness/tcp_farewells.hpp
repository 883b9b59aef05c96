// The kernel's last word on each TCP socket of this network namespace: what went over it, when it is destroyed
// (sock_diag multicast, for everybody). Sockets are told apart by their cookies.
#pragma once
#include <cstdint>
#include <functional>

#include "harness/base/owned.hpp"
#include "harness/witness/endpoint.hpp"

namespace mccoy::witness {
struct SocketBytes {
  std::int64_t out = 0, in = 0;  ///< payload, repeats not counted
  bool established = false;      ///< data went over it, or it is past its handshake
  bool maybe_one_less = false;   ///< the end of the stream counts as a byte in, and it is not known whether it came
};
struct Farewell {
  std::uint64_t cookie = 0;
  Endpoint local, peer;
  SocketBytes bytes;
};
/// Of a TCP socket that is open here.
SocketBytes bytes_of_socket(int fd);
std::uint64_t cookie_of_socket(int fd);  ///< 0: unknown

class TcpFarewells {
 public:
  /// Nothing is heard where the kernel refuses it.
  void listen();
  int fd() const { return netlink_.get(); }  ///< -1: not listening
  /// Hands over all that has come.
  ///   returns  false: some were lost
  bool drain(const std::function<void(const Farewell& farewell)>& take);

 private:
  UniqueFd netlink_;
};
}  // namespace mccoy::witness
