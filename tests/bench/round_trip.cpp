// How long one small request takes while many connections are open: one request at a time, on each connection in turn.
// usage: round_trip PORT CONNECTIONS REQUESTS   prints p50 and p99 in nanoseconds
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/base/owned.hpp"
#include "harness/target/via/address.hpp"

int main(int argc, char** argv) {
  using namespace mccoy;
  if (argc < 4) return 64;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const via::Address to = via::loopback(std::atoi(argv[1]));
  std::vector<UniqueFd> connections;
  for (int i = std::atoi(argv[2]); i > 0; --i) {
    connections.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(connections.back().get(), to.get(), to.size) != 0) return 2;
  }
  constexpr std::string_view kAsk = "GET /page HTTP/1.1\r\nHost: x\r\n\r\n";
  std::vector<std::int64_t> took;
  char room[4096];
  for (std::size_t i = 0; i < static_cast<std::size_t>(std::atoi(argv[3])); ++i) {
    const int fd = connections[i % connections.size()].get();
    const Instant began = Clock::now();
    if (::send(fd, kAsk.data(), kAsk.size(), MSG_NOSIGNAL) < 0 || ::recv(fd, room, sizeof room, 0) <= 0) return 3;
    took.push_back((Clock::now() - began).count());
  }
  std::ranges::sort(took);
  std::printf("%lld %lld\n", static_cast<long long>(took[took.size() / 2]),
              static_cast<long long>(took[took.size() * 99 / 100]));
}
