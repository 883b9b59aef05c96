// The closed model, journeys of several steps, checks, data and nonces.
#include <atomic>
#include <mutex>
#include <set>

#include "tests/probes/load/profiles.hpp"
#include "tests/probes/load/server.hpp"

using namespace mccoy;
using namespace mccoy::load;
using namespace mccoy::load::testing;

namespace {
std::string line_of(const std::string& request) {
  return request.substr(0, request.find('\r'));
}

std::string body_of(const std::string& request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

/// Gives each login a token, and answers an order only to a token it gave.
class Shop {
 public:
  std::string answer(const std::string& request) {
    const std::lock_guard lock(mutex_);
    if (request.starts_with("POST /login")) {
      const std::string token = "t" + std::to_string(tokens_.size());
      tokens_.insert(token);
      users_.insert(body_of(request));
      return response("{\"token\": \"" + token + "\", \"id\": 7}", "200 OK", "X-Session: s-" + token + "\r\n");
    }
    const auto at = request.find("Authorization: Bearer ") + 22;
    const std::string token = request.substr(at, request.find('\r', at) - at);
    const bool known = tokens_.contains(token) && request.find("Session: s-" + token + "\r") != std::string::npos;
    return known ? response("{\"order\": {\"state\": \"paid\"}}") : response("who are you?", "401 Unauthorized");
  }
  std::set<std::string> users() const { return users_; }

 private:
  std::mutex mutex_;
  std::set<std::string> tokens_, users_;
};

Journey login_then_order() {
  Request login = get("/login", "login");
  login.method = "POST";
  login.body = {{.kind = Piece::Kind::column, .table = 0, .column = 0}};
  login.captures = {{Capture::Kind::json, "/token", 0}, {Capture::Kind::header, "x-session", 1}};
  Request order = get("/orders", "order");
  order.headers = {{"Authorization", {{.text = "Bearer "}, {.kind = Piece::Kind::capture, .variable = 0}}},
                   {"Session", {{.kind = Piece::Kind::capture, .variable = 1}}}};
  Check paid;
  paid.kind = Check::Kind::json;
  paid.name = "paid";
  paid.where = "/order/state";
  paid.expected = Value("paid");
  order.checks = {status_is(200, 200), paid};
  return {.name = "buy", .weight = 1, .steps = {login, order}, .variables = 2};
}
}  // namespace

BOOST_AUTO_TEST_SUITE(load_closed)

BOOST_AUTO_TEST_CASE(users_wait_for_their_reply_and_never_have_two_requests_at_once) {
  std::atomic<int> inside = 0, most = 0;
  Server server(each_request([&](const std::string&) {
    const int now = ++inside;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    std::this_thread::sleep_for(milliseconds(5));
    --inside;
    return response("");
  }));
  Profile asked = profile(server.port(), Model::closed, 4, seconds(1));
  asked.threads = 2;
  const Report report = run_checked(asked);
  BOOST_TEST(most == 4);
  BOOST_TEST(report.connections[0].opened == 4U);
  BOOST_TEST(report.all().ok > 50U);
  BOOST_TEST(report.all().ok == report.all().due);
  BOOST_TEST(report.all().service.min() >= 5'000'000U);
}

BOOST_AUTO_TEST_CASE(users_come_and_go_with_the_stages) {
  Server server(each_request([](const std::string&) {
    std::this_thread::sleep_for(milliseconds(20));
    return response("");
  }));
  Profile asked = profile(server.port(), Model::closed, 0, seconds(1));
  asked.stages = {{"up", 0, 10, seconds(1)}, {"hold", 10, 10, seconds(1)}, {"down", 2, 2, seconds(1)}};
  const Report report = run_checked(asked);
  const auto finished = [&](std::size_t stage) { return report.of_stage(stage).ok; };
  BOOST_TEST(finished(1) > 1.4 * static_cast<double>(finished(0)));
  BOOST_TEST(finished(1) > 3 * finished(2));
  BOOST_TEST(report.connections[0].open_max == 10U);
}

BOOST_AUTO_TEST_CASE(users_think_between_their_journeys) {
  Server server(each_request([](const std::string&) { return response(""); }));
  Profile asked = profile(server.port(), Model::closed, 2, seconds(1));
  asked.think_min = milliseconds(100);
  asked.think_max = milliseconds(200);
  const Report report = run_checked(asked);
  BOOST_TEST(report.all().ok >= 8U);
  BOOST_TEST(report.all().ok <= 20U);
}

BOOST_AUTO_TEST_CASE(a_limit_of_journeys_holds_for_all_users_together) {
  Server server(each_request([](const std::string&) { return response(""); }));
  Profile asked = profile(server.port(), Model::closed, 5, seconds(30));
  asked.max_journeys = 100;
  asked.threads = 2;
  const Report report = run_checked(asked);
  BOOST_TEST(report.all().ok == 100U);
  BOOST_TEST((report.elapsed < seconds(20)));
}

BOOST_AUTO_TEST_CASE(such_a_load_lasts_until_the_last_of_them_is_answered) {
  Server server(each_request([](const std::string&) {
    std::this_thread::sleep_for(milliseconds(100));
    return response("");
  }));
  Profile asked = profile(server.port(), Model::closed, 10, seconds(30));
  asked.max_journeys = 20;
  const Report report = run_checked(asked);
  BOOST_TEST(report.all().came == 20U);
  BOOST_TEST(report.counted_seconds() >= 0.2);
  BOOST_TEST(report.counted_seconds() < 1.0);
}

BOOST_AUTO_TEST_CASE(a_token_of_the_login_is_used_by_the_step_behind_it) {
  Shop shop;
  Server server(each_request([&](const std::string& request) { return shop.answer(request); }));
  Profile asked = profile(server.port(), Model::closed, 3, seconds(1));
  asked.tables = {{Table::Order::in_turn, {{"ann"}, {"bob"}, {"cem"}, {"dan"}}}};
  asked.journeys = {login_then_order()};
  const Report report = run_checked(asked);
  BOOST_TEST(report.of_request(0).ok > 20U);
  BOOST_TEST(report.of_request(1).ok == report.of_request(0).ok);
  BOOST_TEST(report.of_request(1).check_failed == 0U);
  BOOST_TEST(report.of_request(1).checks_run[1] == report.of_request(1).ok);
  BOOST_TEST(report.journeys_finished == report.of_request(1).ok);
  BOOST_TEST((shop.users() == std::set<std::string>{"ann", "bob", "cem", "dan"}));
}

BOOST_AUTO_TEST_CASE(a_journey_ends_where_a_capture_finds_nothing) {
  Server server(each_request([](const std::string&) { return response("{}"); }));
  Profile asked = profile(server.port(), Model::open, 50, seconds(1));
  asked.tables = {{Table::Order::in_turn, {{"ann"}}}};
  asked.journeys = {login_then_order()};
  const Report report = run_checked(asked);
  BOOST_TEST(failed_by(report, Cause::capture) == 50U);
  BOOST_TEST(report.of_request(1).due == 0U);
  BOOST_TEST(report.journeys_finished == 0U);
}

BOOST_AUTO_TEST_CASE(checks_are_counted_by_name_and_only_for_their_share) {
  Server server(each_request([](const std::string&) { return response("some good text", "201 Created"); }));
  Profile asked = profile(server.port(), Model::open, 500, seconds(1));
  Check good, bad, matches;
  good.kind = Check::Kind::contains, good.name = "good", good.text = "good", good.share = 0.2;
  bad.kind = Check::Kind::lacks, bad.name = "not good", bad.text = "good", bad.share = 0.5;
  matches.kind = Check::Kind::matches, matches.name = "words", matches.text = "^some \\w+ text$";
  asked.journeys[0].steps[0].checks = {status_is(200, 299), good, bad, matches};
  const Tally all = run_checked(asked).all();
  BOOST_TEST(all.checks_run[0] == 500U);
  BOOST_TEST(all.checks_failed[0] == 0U);
  BOOST_TEST(all.checks_run[1] > 50U);
  BOOST_TEST(all.checks_run[1] < 150U);
  BOOST_TEST(all.checks_failed[1] == 0U);
  BOOST_TEST(all.checks_failed[2] == all.checks_run[2]);
  BOOST_TEST(all.check_failed == all.checks_failed[2]);
  BOOST_TEST(all.checks_run[3] == 500U);
  BOOST_TEST(all.checks_failed[3] == 0U);
}

BOOST_AUTO_TEST_CASE(nonces_are_all_different_and_a_sample_is_looked_for_in_the_replies) {
  std::mutex mutex;
  std::multiset<std::string> lines;
  std::atomic<int> turn = 0;
  Server server(each_request([&](const std::string& request) {
    const std::lock_guard lock(mutex);
    lines.insert(line_of(request));
    return response(++turn % 3 == 0 ? line_of(request) : "nothing");
  }));
  Profile asked = profile(server.port(), Model::open, 300, seconds(1));
  asked.journeys[0].steps[0].path = {{.text = "/"}, {.kind = Piece::Kind::nonce}};
  const Report report = run_checked(asked);
  BOOST_TEST(std::set<std::string>(lines.begin(), lines.end()).size() == 300U);
  BOOST_TEST(report.nonces.size() <= 32U);
  BOOST_TEST(report.nonces.size() >= 16U);
  std::size_t returned = 0;
  for (const auto& sample : report.nonces) {
    returned += sample.returned ? 1 : 0;
    BOOST_TEST(lines.contains("GET /" + sample.nonce + " HTTP/1.1"));
  }
  BOOST_TEST(returned > 0U);
  BOOST_TEST(returned < report.nonces.size());
}

BOOST_AUTO_TEST_CASE(without_reuse_each_request_has_a_connection_of_its_own_and_says_so) {
  std::atomic<bool> said = true;
  Server server(each_request([&](const std::string& request) {
    if (request.find("Connection: close\r\n") == std::string::npos) said = false;
    return response("");
  }));
  Profile asked = profile(server.port(), Model::closed, 2, milliseconds(500));
  asked.reuse = false;
  asked.max_journeys = 50;
  const Report report = run_checked(asked);
  BOOST_TEST(report.all().ok == 50U);
  BOOST_TEST(report.connections[0].opened == 50U);
  BOOST_TEST(report.connections[0].reused == 0U);
  BOOST_TEST(said);
}

BOOST_AUTO_TEST_CASE(several_targets_are_kept_apart) {
  Server one(each_request([](const std::string&) { return response("one"); }));
  Server two(each_request([](const std::string&) { return response("two"); }));
  Profile asked = profile(one.port(), Model::open, 100, seconds(1));
  asked.targets.push_back(at_port(two.port()));
  Request other = get("/", "other");
  other.target = 1;
  Check check;
  check.kind = Check::Kind::contains, check.name = "two", check.text = "two";
  other.checks = {check};
  asked.journeys.push_back({.name = "other", .weight = 1, .steps = {other}, .variables = 0});
  const Report report = run_checked(asked);
  BOOST_TEST(report.of_request(0).ok + report.of_request(1).ok == 100U);
  BOOST_TEST(report.of_request(1).ok > 20U);
  BOOST_TEST(report.connections[1].opened == two.accepted());
}

BOOST_AUTO_TEST_CASE(a_raw_request_ends_behind_a_text_or_after_bytes) {
  Server server([](int fd) {
    std::string buffer;
    for (char bytes[64];;) {
      const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
      if (got <= 0) return;
      for (const char byte : std::string_view("+PO")) send_all(fd, {&byte, 1});
      send_all(fd, "NG\r\n");
    }
  });
  Profile asked = profile(server.port(), Model::open, 100, seconds(1));
  asked.targets[0].protocol = Protocol::tcp;
  Request& request = asked.journeys[0].steps[0];
  request.body = literal("PING\r\n");
  Check pong;
  pong.kind = Check::Kind::contains, pong.name = "pong", pong.text = "+PONG";
  request.checks = {pong};
  request.until = "\r\n";
  BOOST_TEST(run_checked(asked).all().ok == 100U);
  request.until.clear();
  request.bytes = 7;
  BOOST_TEST(run_checked(asked).all().ok == 100U);
  request.bytes = 6;
  const Report report = run_checked(asked);
  BOOST_TEST(failed_by(report, Cause::protocol) + report.all().ok == 100U);
}

BOOST_AUTO_TEST_CASE(bodies_of_requests_larger_than_the_socket_takes_arrive_whole) {
  std::atomic<std::uint64_t> bytes = 0;
  Server server(each_request([&](const std::string& request) {
    bytes += body_of(request).size();
    return response("");
  }));
  Profile asked = profile(server.port(), Model::open, 5, seconds(1));
  asked.journeys[0].steps[0].method = "POST";
  asked.journeys[0].steps[0].body = literal(std::string(8 << 20, 'x'));
  asked.drain = seconds(30);
  const Report report = run_checked(asked);
  BOOST_TEST(report.all().ok == 5U);
  BOOST_TEST(report.all().sent == 5U);
  BOOST_TEST(bytes == std::uint64_t{5} * (8 << 20));
}

BOOST_AUTO_TEST_SUITE_END()
