#include "harness/target/port_hold.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <fstream>
#include <string>

#include "harness/base/random.hpp"

namespace mccoy::target {
namespace {
constexpr int kLowestPort = 10000, kHighestPort = 65535;
constexpr int kFewestToChooseFrom = 500;
constexpr int kTries = 200;

/// A socket on every local address, IPv4 included.
UniqueFd any_address_socket(bool& six) {
  UniqueFd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int off = 0;
  six = fd && ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0;
  return six ? std::move(fd) : UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

/// errno of the failure, 0 when bound; port 0 lets the kernel choose.
int bind_everywhere(int port, bool shared, UniqueFd& bound) {
  bool six = false;
  UniqueFd fd = any_address_socket(six);
  if (!fd) return errno;
  const int on = 1;
  if (shared && ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return errno;
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(static_cast<std::uint16_t>(port));
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = v6.sin6_port;
  const auto* address = six ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
  const socklen_t size = six ? sizeof v6 : sizeof v4;
  if (::bind(fd.get(), address, size) != 0) return errno;
  bound = std::move(fd);
  return 0;
}

int bound_port(int fd) {
  sockaddr_in6 address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin6_port);  // at the same offset in sockaddr_in
}

struct Range {
  int first, last;
  int size() const { return last - first + 1; }
};

/// The larger part of 10000..65535 that the kernel does not hand out by itself.
Range range_to_choose_from() {
  int low = 32768, high = 60999;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> low >> high;
  const Range below{kLowestPort, low - 1}, above{high + 1, kHighestPort};
  return below.size() >= above.size() ? below : above;
}
}  // namespace

Result<PortHold> PortHold::choose() {
  const Range range = range_to_choose_from();
  Random random(fresh_seed());
  PortHold hold;
  for (int tries = 0; tries < kTries && range.size() >= kFewestToChooseFrom; ++tries) {
    const int port = range.first + static_cast<int>(random.below(static_cast<std::uint64_t>(range.size())));
    if (bind_everywhere(port, false, hold.socket_) != 0) continue;
    hold.port_ = port;
    return hold;
  }
  if (const int failed = bind_everywhere(0, false, hold.socket_); failed != 0) {
    return system_error("no free port is to be had", failed);
  }
  hold.port_ = bound_port(hold.socket_.get());
  return hold;
}

Result<PortHold> PortHold::take(int port) {
  PortHold hold;
  hold.port_ = port;
  if (const int failed = bind_everywhere(port, true, hold.socket_); failed != 0) {
    return system_error("port " + std::to_string(port) + " cannot be taken", failed);
  }
  return hold;
}

PortHold PortHold::unheld(int port) {
  PortHold hold;
  hold.port_ = port;
  return hold;
}

void PortHold::take_again() {
  (void)bind_everywhere(port_, true, socket_);
}
}  // namespace mccoy::target
