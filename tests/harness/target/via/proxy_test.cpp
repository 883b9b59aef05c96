#include "harness/target/via/proxy.hpp"

#include <fcntl.h>
#include <sys/time.h>

#include "tests/harness/target/via/world.hpp"

namespace {
using namespace mccoy;
using namespace mccoy::via;
using namespace mccoy::via::testing;

BOOST_AUTO_TEST_SUITE(via_proxy)

BOOST_AUTO_TEST_CASE(bytes_go_both_ways_unchanged) {
  World world;
  const UniqueFd client = world.client();
  const std::string bytes = random_bytes(5 << 20);
  BOOST_TEST((exchange(client.get(), bytes).bytes == bytes));
  BOOST_TEST(soon([&] { return world.proxy->totals().to_client == 5 << 20; }));
  BOOST_TEST(world.proxy->totals().to_service == 5 << 20);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_client_is_passed_on_while_the_service_still_talks) {
  World world([](int fd) { send_all(fd, "got " + std::to_string(read_some(fd).bytes.size())); });
  const UniqueFd client = world.client();
  send_all(client.get(), std::string(100'000, 'x'));
  ::shutdown(client.get(), SHUT_WR);
  const Read answer = read_some(client.get());
  BOOST_TEST(answer.bytes == "got 100000");
  BOOST_TEST(answer.ended);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_service_is_passed_on_while_the_client_still_talks) {
  std::atomic<std::size_t> received = 0;
  World world([&](int fd) {
    send_all(fd, "bye");
    ::shutdown(fd, SHUT_WR);
    received = read_some(fd).bytes.size();
  });
  const UniqueFd client = world.client();
  const Read farewell = read_some(client.get());
  BOOST_TEST(farewell.bytes == "bye");
  BOOST_TEST(farewell.ended);
  send_all(client.get(), std::string(200'000, 'x'));
  ::shutdown(client.get(), SHUT_WR);
  BOOST_TEST(soon([&] { return received == 200'000U; }));
  BOOST_TEST(soon([&] { return world.proxy->totals().open == 0; }));
}

BOOST_AUTO_TEST_CASE(a_reset_of_the_service_reaches_the_client_as_one) {
  World world([](int fd) {
    read_some(fd, 1);
    reset_at_close(fd);
    ::close(::dup(fd));
    const UniqueFd none(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    ::dup3(none.get(), fd, O_CLOEXEC);  // closes the socket, here and now
  });
  const UniqueFd client = world.client();
  send_all(client.get(), "x");
  BOOST_TEST(read_some(client.get()).problem == ECONNRESET);
}

BOOST_AUTO_TEST_CASE(a_reset_of_the_client_reaches_the_service_as_one) {
  std::atomic<int> problem = 0;
  World world([&](int fd) { problem = read_some(fd).problem; });
  UniqueFd client = world.client();
  send_all(client.get(), "x");
  BOOST_TEST(soon([&] { return world.server.accepted() == 1; }));
  reset_at_close(client.get());
  client.reset();
  BOOST_TEST(soon([&] { return problem == ECONNRESET; }));
}

BOOST_AUTO_TEST_CASE(nobody_behind_it_is_a_reset) {
  World world;
  world.server.die();
  const UniqueFd client = world.client();
  BOOST_REQUIRE(client);
  BOOST_TEST(read_some(client.get()).problem == ECONNRESET);
  BOOST_TEST(world.proxy->totals().refused_by_service == 1);
}

BOOST_AUTO_TEST_CASE(a_service_that_dies_takes_its_connections_along) {
  World world;
  const UniqueFd client = world.client();
  BOOST_TEST(exchange(client.get(), "hello").bytes == "hello");
  world.server.die();
  const Read end = read_some(client.get());
  BOOST_TEST((end.ended || end.problem == ECONNRESET));
  BOOST_TEST(read_some(world.client().get()).problem == ECONNRESET);
}

/// Sends until the other end takes no more for a while.
std::size_t fill(int fd) {
  std::size_t sent = 0;
  const std::string bytes(64 << 10, 'x');
  for (;;) {
    const ssize_t now = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (now > 0) sent += static_cast<std::size_t>(now);
    if (now < 0 && errno != EAGAIN) return sent;
    pollfd room{fd, POLLOUT, 0};
    if (now < 0 && ::poll(&room, 1, 300) == 0) return sent;
  }
}

BOOST_AUTO_TEST_CASE(a_service_that_does_not_read_stops_the_client_and_not_the_proxy) {
  std::atomic<bool> read_now = false;
  std::atomic<std::size_t> received = 0;
  World world([&](int fd) {
    soon([&] { return read_now.load(); });
    received = read_some(fd).bytes.size();
  });
  const UniqueFd client = world.client();
  const std::size_t sent = fill(client.get());
  BOOST_TEST(world.proxy->totals().held <= (256 << 10));
  read_now = true;
  ::shutdown(client.get(), SHUT_WR);
  BOOST_TEST(soon([&] { return received == sent; }));
}

BOOST_AUTO_TEST_CASE(clients_that_never_read_or_vanish_leave_nothing_behind) {
  World world([](int fd) {
    read_some(fd, 1);
    fill(fd);
  });
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(world.client());
    send_all(clients.back().get(), "x");
  }
  for (int i = 0; i < 200; ++i) {
    const UniqueFd hasty = world.client();
    if (i % 2 == 0) reset_at_close(hasty.get());
  }
  BOOST_TEST(soon([&] { return world.proxy->totals().to_client > 10 * 64 << 10; }));
  BOOST_TEST(world.proxy->totals().held <= 10 * (256 << 10));
  clients.clear();
  BOOST_TEST(soon([&] { return world.proxy->totals().open == 0; }));
  BOOST_TEST(world.proxy->totals().held == 0);
}

void raise_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

BOOST_AUTO_TEST_CASE(a_thousand_connections_at_once_are_served) {
  raise_limit();
  World world;
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 1000; ++i) clients.push_back(world.client());
  for (const auto& client : clients) BOOST_REQUIRE(send_all(client.get(), std::to_string(client.get())));
  std::size_t right = 0;
  for (const auto& client : clients) {
    const std::string wanted = std::to_string(client.get());
    right += read_some(client.get(), wanted.size()).bytes == wanted ? 1 : 0;
  }
  BOOST_TEST(right == clients.size());
  BOOST_TEST(world.proxy->totals().open == 1000);
}

BOOST_AUTO_TEST_CASE(without_descriptors_it_waits_and_takes_nobody_it_cannot_serve) {
  World world;
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 20; ++i) clients.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit small = before;
  small.rlim_cur = static_cast<rlim_t>(clients.back().get()) + 4;
  BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &small) == 0);
  const Address to = loopback(world.proxy->port());
  int connected = 0;
  for (const auto& client : clients) connected += ::connect(client.get(), to.get(), to.size) == 0 ? 1 : 0;
  const bool waited = soon([&] { return world.proxy->totals().waits_for_descriptors > 2; });
  const auto used = world.proxy->totals().waits_for_descriptors;
  const Instant began = Clock::now();
  soon([&] { return Clock::now() - began > milliseconds(200); });
  const auto more = world.proxy->totals().waits_for_descriptors - used;
  ::setrlimit(RLIMIT_NOFILE, &before);
  BOOST_TEST(connected == 20);
  BOOST_TEST(waited);
  BOOST_TEST(more < 100);  // every 20 ms, and not as fast as it can
  for (const auto& client : clients) BOOST_TEST(exchange(client.get(), "still served").bytes == "still served");
}

BOOST_AUTO_TEST_CASE(it_knows_what_went_over_which_connection_since_when) {
  World world;
  const UniqueFd old = world.client(), idle = world.client();
  exchange(old.get(), "before");
  exchange(idle.get(), "before");
  const Mark mark = world.proxy->mark();
  exchange(old.get(), std::string(1000, 'x'));
  {
    const UniqueFd fresh = world.client();
    exchange(fresh.get(), std::string(10, 'x'));
  }
  BOOST_TEST(soon([&] { return world.proxy->totals().open == 2; }));
  const Carried carried = world.proxy->since(mark);
  BOOST_TEST(carried.left_out == 0);
  BOOST_REQUIRE(carried.links.size() == 3U);
  BOOST_TEST(carried.links[0].client.text() == own_address(old.get()).text());
  BOOST_TEST(carried.links[0].to_service == 1000);
  BOOST_TEST(carried.links[0].to_client == 1000);
  BOOST_TEST(carried.links[0].ended_ms == 0);
  BOOST_TEST(carried.links[1].to_service == 0);
  BOOST_TEST(carried.links[2].to_service == 10);
  BOOST_TEST(carried.links[2].ended_ms > 0);
  BOOST_TEST(world.proxy->find(own_address(old.get()).text()).has_value());
  BOOST_TEST(!world.proxy->find("127.0.0.1:1").has_value());
}

BOOST_AUTO_TEST_CASE(a_port_that_is_taken_is_an_error) {
  World world;
  const auto second = Proxy::open(world.loop, world.proxy->port(), world.server.address());
  BOOST_REQUIRE(!second.ok());
  BOOST_TEST(second.error().what.find(std::to_string(world.proxy->port())) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_proxy_that_goes_resets_its_connections_and_frees_its_port) {
  World world;
  const UniqueFd client = world.client();
  exchange(client.get(), "hello");
  const int port = world.proxy->port();
  world.proxy.reset();
  BOOST_TEST(read_some(client.get()).problem == ECONNRESET);
  const Knock met = knock(loopback(port), "", Deadline::in(kLong));
  BOOST_TEST(static_cast<int>(met.how) == static_cast<int>(Knock::How::refused));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace
