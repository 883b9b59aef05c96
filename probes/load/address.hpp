// Where a target is: looked up once, before any load, so that no name server is part of a latency.
#pragma once
#include <sys/socket.h>

#include <string>
#include <vector>

#include "harness/base/process.hpp"
#include "probes/load/profile.hpp"

namespace mccoy::load {
struct Address {
  sockaddr_storage storage = {};
  socklen_t length = 0;
};
/// All addresses of a target, at least one, in the resolver's order.
///   errors  unknown name; a path too long for a unix socket; deadline passed or interrupted (a resolver that hangs is
///           left behind in a thread of its own)
Result<std::vector<Address>> addresses_of(const Target& target, Deadline deadline, const Interrupt* interrupt);
std::string text_of(const Address& address);  ///< "127.0.0.1:80", "[::1]:80", "unix:/path", "unix"
}  // namespace mccoy::load
