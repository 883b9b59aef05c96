#include "harness/target/port_hold.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <set>
#include <vector>

namespace mccoy::target {
namespace {
/// A listener on loopback, as a server makes one; -1 when the port is not to be had.
UniqueFd listen_on(int port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  return bound && ::listen(fd.get(), 1) == 0 ? std::move(fd) : UniqueFd();
}

BOOST_AUTO_TEST_SUITE(port_hold)

BOOST_AUTO_TEST_CASE(chosen_ports_differ_and_lie_outside_the_ephemeral_range) {
  int low = 0, high = 0;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> low >> high;
  std::vector<PortHold> holds;
  std::set<int> ports;
  for (int i = 0; i < 100; ++i) {
    holds.push_back(PortHold::choose().value());
    ports.insert(holds.back().port());
    if (low > 10500 || high < 65000) BOOST_TEST((holds.back().port() < low || holds.back().port() > high));
  }
  BOOST_TEST(ports.size() == 100u);
}

BOOST_AUTO_TEST_CASE(a_held_port_is_kept_from_others_until_it_is_released) {
  auto hold = PortHold::choose().value();
  BOOST_TEST(!listen_on(hold.port()));
  BOOST_TEST(!PortHold::take(hold.port()).ok());
  hold.release();
  BOOST_TEST(hold.port() != 0);
  BOOST_TEST(static_cast<bool>(listen_on(hold.port())));
}

BOOST_AUTO_TEST_CASE(a_port_that_is_listened_on_cannot_be_taken) {
  auto hold = PortHold::choose().value();
  hold.release();
  const auto listener = listen_on(hold.port());
  const auto taken = PortHold::take(hold.port());
  BOOST_REQUIRE(!taken.ok());
  BOOST_TEST((taken.error().cause == std::errc::address_in_use));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace
}  // namespace mccoy::target
