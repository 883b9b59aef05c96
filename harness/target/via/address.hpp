// A TCP address as the kernel has it.
#pragma once
#include <sys/socket.h>

#include <string>

#include "harness/base/error.hpp"

namespace mccoy::via {
struct Address {
  sockaddr_storage raw{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&raw); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&raw); }
  int family() const { return raw.ss_family; }
  int port() const;
  std::string text() const;  ///< "127.0.0.1:80", "[::1]:80"; "" when there is none
};

Address loopback(int port);  ///< of 127.0.0.1
/// The first TCP address of a name or number; asks the resolver, so it may take its time.
///   errors  the name is not known
Result<Address> resolve(const std::string& host, int port);
/// Of a socket: its own end. errno says why when it is empty.
Address own_address(int fd);
}  // namespace mccoy::via
