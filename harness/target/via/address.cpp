#include "harness/target/via/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>

#include <cstring>

namespace mccoy::via {
namespace {
const sockaddr_in& v4(const Address& address) {
  return reinterpret_cast<const sockaddr_in&>(address.raw);
}
const sockaddr_in6& v6(const Address& address) {
  return reinterpret_cast<const sockaddr_in6&>(address.raw);
}
}  // namespace

int Address::port() const {
  return ntohs(family() == AF_INET6 ? v6(*this).sin6_port : v4(*this).sin_port);
}

std::string Address::text() const {
  char number[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) {
    ::inet_ntop(AF_INET, &v4(*this).sin_addr, number, sizeof number);
    return fmt::format("{}:{}", number, port());
  }
  if (family() != AF_INET6) return "";
  ::inet_ntop(AF_INET6, &v6(*this).sin6_addr, number, sizeof number);
  return fmt::format("[{}]:{}", number, port());
}

Address loopback(int port) {
  Address address;
  auto& inet = reinterpret_cast<sockaddr_in&>(address.raw);
  inet.sin_family = AF_INET;
  inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  inet.sin_port = htons(static_cast<std::uint16_t>(port));
  address.size = sizeof inet;
  return address;
}

Result<Address> resolve(const std::string& host, int port) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int problem = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (problem != 0) return Error{.what = fmt::format("{} cannot be resolved: {}", host, ::gai_strerror(problem))};
  Address address;
  std::memcpy(&address.raw, found->ai_addr, found->ai_addrlen);
  address.size = found->ai_addrlen;
  ::freeaddrinfo(found);
  return address;
}

Address own_address(int fd) {
  Address address;
  address.size = sizeof address.raw;
  if (::getsockname(fd, address.get(), &address.size) != 0) return {};
  return address;
}
}  // namespace mccoy::via
