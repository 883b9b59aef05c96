// mccoy's own proxy without a fault, as a process that can be measured.
// usage: proxy_server PORT   listens on a free port, which it prints; ends when its standard input does
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "harness/target/via/proxy.hpp"

int main(int argc, char** argv) {
  using namespace mccoy;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  auto loop = via::Loop::make();
  if (argc < 2 || !loop.ok()) return 64;
  auto proxy = via::Proxy::open(*loop, 0, via::loopback(std::atoi(argv[1])));
  if (!proxy.ok()) return 2;
  via::Injected fault;
  if (argc > 2) {  // a latency in milliseconds, towards the client
    auto injected = (*proxy)->apply({.kind = via::FaultKind::latency,
                                     .toward = via::Toward::client,
                                     .delay = std::chrono::milliseconds(std::atoi(argv[2]))});
    if (!injected.ok()) return 2;
    fault = std::move(*injected);
  }
  std::printf("%d\n", (*proxy)->port());
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  const auto delays = fault.measure().delays;
  std::printf("%lld %lld %lld\n", static_cast<long long>(delays.count()),
              static_cast<long long>(delays.percentile(0.5).count()),
              static_cast<long long>(delays.percentile(0.99).count()));
}
