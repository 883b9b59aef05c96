// Each fault with a real target: its effect measured in what arrives, its own count of it, and that it is gone after.
#include "harness/target/via/fault.hpp"

#include "tests/harness/target/via/world.hpp"

namespace {
using namespace mccoy;
using namespace mccoy::via;
using namespace mccoy::via::testing;

Duration time_of(const std::function<void()>& work) {
  const Instant began = Clock::now();
  work();
  return Clock::now() - began;
}

BOOST_AUTO_TEST_SUITE(via_faults)

BOOST_AUTO_TEST_CASE(latency_holds_data_up_and_keeps_its_order) {
  World world;
  const UniqueFd client = world.client();
  auto fault = world.inject({.kind = FaultKind::latency, .toward = Toward::service, .delay = milliseconds(60)});
  const std::string bytes = random_bytes(300'000);
  BOOST_TEST(time_of([&] { BOOST_TEST((exchange(client.get(), bytes).bytes == bytes)); }).count() >= 60'000'000);
  const Readings seen = fault.measure();
  BOOST_TEST(seen.touched == 1);
  BOOST_TEST(seen.bytes_delayed == 300'000);
  BOOST_TEST(seen.delays.least().count() >= 60'000'000);
  BOOST_TEST(seen.delays.percentile(0.5).count() >= 60'000'000);
  BOOST_TEST(had_effect(fault.fault(), seen));
  BOOST_TEST(fault.lift().ok());
  BOOST_TEST(world.is_normal());
  BOOST_TEST(time_of([&] { exchange(client.get(), "quick"); }) < milliseconds(60));
  BOOST_TEST(fault.measure().bytes_delayed == 300'000);
}

BOOST_AUTO_TEST_CASE(latency_with_jitter_never_reorders) {
  World world;
  for (const Spread spread : {Spread::uniform, Spread::normal, Spread::pareto}) {
    auto fault = world.inject({.kind = FaultKind::latency,
                               .toward = Toward::client,
                               .seed = 3,
                               .delay = milliseconds(10),
                               .jitter = milliseconds(3),
                               .spread = spread});
    const UniqueFd client = world.client();
    std::string sent;
    for (int i = 0; i < 100; ++i) {
      const std::string line = std::to_string(i) + "\n";
      send_all(client.get(), line);
      sent += line;
    }
    BOOST_TEST(read_some(client.get(), sent.size()).bytes == sent);
    const Readings seen = fault.measure();
    BOOST_TEST(seen.delays.count() > 0, static_cast<int>(spread) << " " << to_json(to_value(seen)));
    BOOST_TEST(seen.delays.least() <= seen.delays.percentile(0.5));
    BOOST_TEST(seen.delays.percentile(0.5) <= seen.delays.most());
  }
}

BOOST_AUTO_TEST_CASE(what_latency_holds_leaves_when_it_is_lifted) {
  World world;
  const UniqueFd client = world.client();
  auto fault = world.inject({.kind = FaultKind::latency, .delay = std::chrono::hours(1)});
  send_all(client.get(), "held");
  BOOST_TEST(soon([&] { return world.proxy->totals().held == 4; }));
  BOOST_TEST(had_effect(fault.fault(), fault.measure()));
  BOOST_TEST(fault.measure().delays.count() == 0);
  BOOST_TEST(fault.lift().ok());
  BOOST_TEST(read_some(client.get(), 4).bytes == "held");
  BOOST_TEST(fault.measure().delays.count() == 1);
}

BOOST_AUTO_TEST_CASE(one_of_two_faults_that_is_lifted_leaves_the_other_as_it_was) {
  World world;
  const UniqueFd client = world.client();
  const auto stays = world.inject({.kind = FaultKind::latency, .toward = Toward::service, .delay = milliseconds(80)});
  auto goes = world.inject({.kind = FaultKind::stall, .toward = Toward::service});
  const Instant began = Clock::now();
  send_all(client.get(), "ab");
  BOOST_TEST(soon([&] { return world.proxy->totals().held == 2; }));
  BOOST_TEST(goes.lift().ok());
  BOOST_TEST(read_some(client.get(), 2).bytes == "ab");
  BOOST_TEST((Clock::now() - began >= milliseconds(80)));
}

BOOST_AUTO_TEST_CASE(bandwidth_is_kept_to) {
  World world;
  const UniqueFd client = world.client();
  auto fault = world.inject({.kind = FaultKind::bandwidth, .toward = Toward::client, .rate = 1'000'000});
  const std::string bytes = random_bytes(200'000);
  const Duration took = time_of([&] { BOOST_TEST((exchange(client.get(), bytes).bytes == bytes)); });
  BOOST_TEST(took.count() >= 190'000'000);
  BOOST_TEST(fault.measure().bytes_delayed == 200'000);
  BOOST_TEST(fault.lift().ok());
  BOOST_TEST((time_of([&] { exchange(client.get(), bytes); }) < took));
}

BOOST_AUTO_TEST_CASE(a_refusing_port_is_closed_and_open_again_after) {
  World world;
  const UniqueFd old = world.client();
  exchange(old.get(), "x");
  auto fault = world.inject({.kind = FaultKind::refuse});
  BOOST_TEST((knock(loopback(world.proxy->port()), "", Deadline::in(kLong)).how == Knock::How::refused));
  BOOST_TEST(exchange(old.get(), "goes on").bytes == "goes on");
  BOOST_TEST(had_effect(fault.fault(), fault.measure()));
  BOOST_TEST(fault.lift().ok());
  BOOST_TEST(world.is_normal());
  BOOST_TEST(fault.measure().refused == 1);
}

BOOST_AUTO_TEST_CASE(a_share_of_connections_is_refused_and_the_seed_says_which) {
  const auto pattern = [](std::uint64_t seed) {
    World world;
    const auto fault = world.inject({.kind = FaultKind::refuse, .share = 40, .seed = seed});
    std::string seen;
    for (int i = 0; i < 60; ++i) seen += exchange(world.client().get(), "x").bytes == "x" ? '+' : '-';
    BOOST_TEST(fault.measure().refused == std::ranges::count(seen, '-'));
    return seen;
  };
  const std::string first = pattern(5);
  BOOST_TEST(pattern(5) == first);
  BOOST_TEST(pattern(6) != first);
  BOOST_TEST(std::ranges::count(first, '-') > 10);
  BOOST_TEST(std::ranges::count(first, '+') > 10);
}

BOOST_AUTO_TEST_CASE(reset_at_once_meets_open_connections_and_new_ones) {
  World world;
  const UniqueFd old = world.client(), idle = world.client();
  exchange(old.get(), "x");
  exchange(idle.get(), "x");
  auto fault = world.inject({.kind = FaultKind::reset});
  BOOST_TEST(read_some(old.get()).problem == ECONNRESET);
  BOOST_TEST(read_some(idle.get()).problem == ECONNRESET);
  BOOST_TEST(read_some(world.client().get()).problem == ECONNRESET);
  BOOST_TEST(fault.measure().resets == 3);
  BOOST_TEST(fault.lift().ok());
  BOOST_TEST(world.is_normal());
  BOOST_TEST(fault.measure().resets == 3);
}

BOOST_AUTO_TEST_CASE(reset_in_the_middle_lets_so_many_bytes_through) {
  std::atomic<std::size_t> received = 0;
  World world([&](int fd) { received = read_some(fd).bytes.size(); });
  auto fault = world.inject({.kind = FaultKind::reset, .toward = Toward::service, .bytes = 12'345});
  const UniqueFd client = world.client();
  send_all(client.get(), std::string(12'000, 'x'));
  send_all(client.get(), std::string(3'000, 'x'));
  BOOST_TEST(read_some(client.get()).problem == ECONNRESET);
  BOOST_TEST(soon([&] { return received == 12'345U; }));
  BOOST_TEST(fault.measure().resets == 1);
}

BOOST_AUTO_TEST_CASE(limit_lets_so_many_bytes_through_and_ends_the_connection) {
  World world;
  auto fault = world.inject({.kind = FaultKind::limit, .toward = Toward::client, .bytes = 1'000});
  const UniqueFd client = world.client();
  send_all(client.get(), std::string(5'000, 'x'));
  const Read got = read_some(client.get());
  BOOST_TEST(got.bytes.size() == 1'000U);
  BOOST_TEST(got.ended);
  const Readings seen = fault.measure();
  BOOST_TEST(seen.closes == 1);
  BOOST_TEST(seen.bytes_dropped > 0);
  BOOST_TEST(fault.lift().ok());
  BOOST_TEST(world.is_normal());
}

BOOST_AUTO_TEST_CASE(a_black_hole_swallows_and_what_lost_bytes_is_reset_after) {
  std::atomic<std::size_t> received = 0;
  World world([&](int fd) {
    for (char byte = 0; ::recv(fd, &byte, 1, 0) > 0; ++received) send_all(fd, {&byte, 1});
  });
  const UniqueFd loser = world.client(), bystander = world.client();
  exchange(loser.get(), "x");
  exchange(bystander.get(), "x");
  auto fault = world.inject({.kind = FaultKind::black_hole, .toward = Toward::service});
  send_all(loser.get(), "lost");
  BOOST_TEST(soon([&] { return fault.measure().bytes_dropped == 4; }));
  BOOST_TEST(
      (knock(loopback(world.proxy->port()), "hello", Deadline::in(milliseconds(100))).how == Knock::How::silent));
  BOOST_TEST(received == 2U);
  BOOST_TEST(fault.measure().touched == 2);
  BOOST_TEST(fault.lift().ok());
  BOOST_TEST(read_some(loser.get()).problem == ECONNRESET);
  BOOST_TEST(exchange(bystander.get(), "fine").bytes == "fine");
  BOOST_TEST(world.is_normal());
  BOOST_TEST(fault.measure().bytes_dropped == 9);
}

BOOST_AUTO_TEST_CASE(a_black_hole_with_a_time_limit_ends_the_connection_then) {
  World world;
  auto fault = world.inject({.kind = FaultKind::black_hole, .after = milliseconds(50)});
  const UniqueFd client = world.client();
  send_all(client.get(), "lost");
  Read end;
  BOOST_TEST(time_of([&] { end = read_some(client.get()); }).count() >= 40'000'000);
  BOOST_TEST(end.ended);
  BOOST_TEST(fault.measure().closes == 1);
}

BOOST_AUTO_TEST_CASE(a_stall_holds_everything_and_loses_nothing) {
  World world;
  const UniqueFd client = world.client();
  auto fault = world.inject({.kind = FaultKind::stall});
  const std::string bytes = random_bytes(3 << 20);
  std::thread sender([&] {
    send_all(client.get(), bytes);
    ::shutdown(client.get(), SHUT_WR);
  });
  BOOST_TEST(soon([&] { return world.proxy->totals().held >= 1 << 19; }));
  BOOST_TEST(world.proxy->totals().held <= (1 << 20) + (64 << 10));
  char byte = 0;
  BOOST_TEST(::recv(client.get(), &byte, 1, MSG_DONTWAIT) == -1);
  const Readings held = fault.measure();
  BOOST_TEST(had_effect(fault.fault(), held));  // while it lasts, and not only when it is over
  BOOST_TEST(held.bytes_delayed >= 1 << 19);
  BOOST_TEST(held.delays.count() == 0);
  BOOST_TEST(fault.lift().ok());
  const Read got = read_some(client.get());
  sender.join();
  BOOST_TEST((got.bytes == bytes));
  BOOST_TEST(got.ended);
  BOOST_TEST(fault.measure().bytes_delayed > 0);
}

BOOST_AUTO_TEST_CASE(slow_close_passes_the_end_on_late) {
  World world;
  auto fault = world.inject({.kind = FaultKind::slow_close, .toward = Toward::service, .delay = milliseconds(80)});
  const UniqueFd client = world.client();
  BOOST_TEST(exchange(client.get(), "data is not late").bytes == "data is not late");
  BOOST_TEST(!had_effect(fault.fault(), fault.measure()));
  ::shutdown(client.get(), SHUT_WR);
  BOOST_TEST(time_of([&] { BOOST_TEST(read_some(client.get()).ended); }).count() >= 70'000'000);
  BOOST_TEST(fault.measure().ends_delayed == 1);
}

BOOST_AUTO_TEST_CASE(slices_arrive_one_by_one) {
  std::mutex mutex;
  std::vector<std::size_t> sizes;
  World world([&](int fd) {
    std::vector<char> room(64 << 10);
    for (ssize_t got = 0; (got = ::recv(fd, room.data(), room.size(), 0)) > 0;) {
      const std::lock_guard lock(mutex);
      sizes.push_back(static_cast<std::size_t>(got));
    }
  });
  auto fault = world.inject(
      {.kind = FaultKind::slice, .toward = Toward::service, .delay = milliseconds(5), .size = 100, .variation = 20});
  const UniqueFd client = world.client();
  send_all(client.get(), std::string(1000, 'x'));
  const auto total = [&] {
    const std::lock_guard lock(mutex);
    std::size_t sum = 0;
    for (const std::size_t size : sizes) sum += size;
    return sum;
  };
  BOOST_TEST(soon([&] { return total() == 1000U; }));
  BOOST_TEST(sizes.size() >= 4U);
  BOOST_TEST(fault.measure().pieces >= 9);
  BOOST_TEST(fault.measure().pieces <= 13);
}

BOOST_AUTO_TEST_CASE(corruption_flips_the_same_bits_for_the_same_seed) {
  const std::string bytes = random_bytes(100'000);
  const auto corrupted = [&](std::uint64_t seed) {
    World world;
    auto fault = world.inject({.kind = FaultKind::corrupt, .toward = Toward::service, .seed = seed, .chance = 0.01});
    const UniqueFd client = world.client();
    const std::string got = exchange(client.get(), bytes).bytes;
    std::int64_t differ = 0;
    for (std::size_t i = 0; i < got.size(); ++i) differ += got[i] != bytes[i] ? 1 : 0;
    BOOST_TEST(fault.measure().bytes_corrupted == differ);
    BOOST_TEST(differ > 800);
    BOOST_TEST(differ < 1200);
    BOOST_TEST(fault.lift().ok());
    BOOST_TEST(world.is_normal());
    return got;
  };
  const std::string first = corrupted(1);
  BOOST_TEST((corrupted(1) == first));
  BOOST_TEST((corrupted(2) != first));
}

BOOST_AUTO_TEST_CASE(a_share_of_none_touches_nothing) {
  World world;
  for (const FaultKind kind : {FaultKind::latency, FaultKind::reset, FaultKind::black_hole, FaultKind::refuse}) {
    auto fault = world.inject({.kind = kind, .share = 0, .delay = milliseconds(1)});
    BOOST_TEST(world.is_normal());
    BOOST_TEST(fault.measure().under == 0);
    BOOST_TEST(!had_effect(fault.fault(), fault.measure()));
  }
}

BOOST_AUTO_TEST_CASE(a_fault_that_no_connection_met_had_no_effect) {
  World world;
  for (const FaultRow& row : fault_rows()) {
    if (row.kind == FaultKind::refuse) continue;  // a closed port is seen closed by whoever measures
    auto fault = world.inject({.kind = row.kind,
                               .delay = milliseconds(1),
                               .rate = 1,
                               .size = 1,
                               .chance = 1,
                               .status = 500,
                               .text = "text/plain"});
    BOOST_TEST(!had_effect(fault.fault(), fault.measure()), row.name);
  }
}

BOOST_AUTO_TEST_CASE(a_fault_that_cannot_be_is_refused) {
  World world;
  BOOST_TEST(!world.proxy->apply({.kind = FaultKind::latency}).ok());
  BOOST_TEST(!world.proxy->apply({.kind = FaultKind::bandwidth}).ok());
  BOOST_TEST(!world.proxy->apply({.kind = FaultKind::reset, .share = 101}).ok());
  BOOST_TEST(!world.proxy->apply({.kind = FaultKind::corrupt, .chance = 1.5}).ok());
  BOOST_TEST(!world.proxy->apply({.kind = FaultKind::limit, .bytes = -1}).ok());
  BOOST_TEST(!world.proxy->apply({.kind = FaultKind::http_type, .text = "a\r\nb"}).ok());
}

BOOST_AUTO_TEST_CASE(a_fault_may_outlive_its_proxy) {
  World world;
  auto fault = world.inject({.kind = FaultKind::stall});
  world.proxy.reset();
  BOOST_TEST(fault.measure().under == 0);
  BOOST_TEST(fault.lift().ok());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace
