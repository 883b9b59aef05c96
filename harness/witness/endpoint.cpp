#include "harness/witness/endpoint.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace mccoy::witness {
namespace {
constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::uint8_t kLoopbackNet = 127;

bool same_address(const Endpoint& a, const Endpoint& b) {
  return a.family == b.family && a.address == b.address;
}
}  // namespace

bool Endpoint::is_any() const {
  return std::ranges::all_of(address, [](std::uint8_t byte) { return byte == 0; });
}

std::string Endpoint::text() const {
  char room[INET6_ADDRSTRLEN] = "?";
  inet_ntop(family, address.data(), room, sizeof room);
  return (family == AF_INET6 ? "[" + std::string(room) + "]" : std::string(room)) + ":" + std::to_string(port);
}

Endpoint make_endpoint(int family, const void* bytes, int port) {
  Endpoint made{.family = family, .address = {}, .port = port};
  std::memcpy(made.address.data(), bytes, family == AF_INET6 ? 16 : 4);
  if (family != AF_INET6 || !std::equal(kMapped.begin(), kMapped.end(), made.address.begin())) return made;
  return make_endpoint(AF_INET, static_cast<const std::uint8_t*>(bytes) + kMapped.size(), port);
}

Endpoint endpoint_of(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return make_endpoint(AF_INET, &v4.sin_addr, ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    return make_endpoint(AF_INET6, &v6.sin6_addr, ntohs(v6.sin6_port));
  }
  return {};
}

bool is_local(const Endpoint& endpoint) {
  if (endpoint.family == AF_INET && endpoint.address[0] == kLoopbackNet) return true;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return false;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owned(list, &freeifaddrs);
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr) continue;
    sockaddr_storage address{};
    const int family = each->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    std::memcpy(&address, each->ifa_addr, family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    if (same_address(endpoint_of(address), endpoint)) return true;
  }
  return false;
}
}  // namespace mccoy::witness
