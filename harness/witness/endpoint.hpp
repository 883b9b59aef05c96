// One end of a TCP connection, IPv4-mapped IPv6 addresses already turned into IPv4.
#pragma once
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>

namespace mccoy::witness {
struct Endpoint {
  int family = AF_UNSPEC;                  ///< AF_INET, AF_INET6
  std::array<std::uint8_t, 16> address{};  ///< network order; IPv4 in the first 4 bytes
  int port = 0;
  bool is_any() const;
  std::string text() const;  ///< "127.0.0.1:80", "[::1]:80"
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};
/// bytes: 4 for AF_INET, 16 for AF_INET6, network order.
Endpoint make_endpoint(int family, const void* bytes, int port);
/// Empty family when it is no TCP address.
Endpoint endpoint_of(const sockaddr_storage& address);
/// Does this address belong to an interface of our network namespace?
bool is_local(const Endpoint& endpoint);
}  // namespace mccoy::witness
