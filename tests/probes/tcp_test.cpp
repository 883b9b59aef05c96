// The tcp probe against a real server, a silent one, and none.
#include "tests/probes/attempt.hpp"

namespace mccoy::test {
namespace {
using std::chrono::milliseconds;
constexpr std::int64_t kMs = 1'000'000;

struct WithAnswers {
  Server server{{fixture("answers")}};
  Attempt attempt;
  static Value get(const std::string& path) { return Value::map({{"send", "GET " + path + " HTTP/1.1\r\n\r\n"}}); }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(tcp, WithAnswers)

BOOST_AUTO_TEST_CASE(a_bare_connection_needs_no_reply) {
  const auto seen = attempt.seen("tcp", server.address());
  BOOST_TEST(seen.values["connected"].as_bool());
  BOOST_TEST(!seen.values["refused"].as_bool());
  BOOST_TEST(seen.values["peer"].as_string() == server.address());
  BOOST_TEST(seen.texts.empty());
}

BOOST_AUTO_TEST_CASE(what_is_sent_is_answered_until_the_server_closes) {
  const auto seen = attempt.seen("tcp", server.address(), get("/ok"));
  BOOST_TEST(seen.texts.at("reply").text().ends_with("{\"status\":\"ok\"}"));
  BOOST_TEST(seen.values["closed"].as_bool());
  BOOST_REQUIRE(attempt.spy.exchanges.size() == 1U);
  BOOST_TEST(attempt.spy.exchanges[0].open);
}

BOOST_AUTO_TEST_CASE(hex_is_sent_as_bytes) {
  const auto seen =
      attempt.seen("tcp", server.address(), Value::map({{"send_hex", "474554 202f 6f6b 20 48:0d:0a 0D0A"}}));
  BOOST_TEST(contains(seen.texts.at("reply").text(), "200 OK"));
  BOOST_TEST(!attempt.observe("tcp", server.address(), Value::map({{"send_hex", "4"}})).ok());
  BOOST_TEST(!attempt.observe("tcp", server.address(), Value::map({{"send_hex", "zz"}})).ok());
}

BOOST_AUTO_TEST_CASE(reading_stops_at_the_text_that_was_waited_for) {
  Value fields = get("/hold");
  fields.set("read_until", "\r\n\r\nok");
  const auto seen = attempt.seen("tcp", server.address(), fields);
  BOOST_TEST(contains(seen.texts.at("reply").text(), "200 OK"));
  BOOST_TEST(!seen.values["closed"].as_bool());
}

BOOST_AUTO_TEST_CASE(reading_stops_when_the_server_is_idle) {
  Value fields = get("/hold");
  fields.set("idle", 50 * kMs);
  BOOST_TEST(attempt.seen("tcp", server.address(), fields).texts.at("reply").text().ends_with("ok"));
  fields = get("/never");
  fields.set("idle", 50 * kMs);
  BOOST_TEST(attempt.seen("tcp", server.address(), fields).texts.at("reply").bytes == 0);
}

BOOST_AUTO_TEST_CASE(a_half_close_is_seen_by_the_server) {
  Value fields = get("/hold");
  fields.set("close", true);
  const auto seen = attempt.seen("tcp", server.address(), fields);
  BOOST_TEST(seen.values["closed"].as_bool());
}

BOOST_AUTO_TEST_CASE(a_text_that_never_comes_is_a_timeout) {
  attempt.trial.deadline = Deadline::in(milliseconds(150));
  Value fields = get("/hold");
  fields.set("read_until", "never sent");
  const auto error = attempt.refused("tcp", server.address(), fields);
  BOOST_TEST((error.cause == std::errc::timed_out));
}

BOOST_AUTO_TEST_CASE(a_refused_connection_is_an_answer) {
  const std::string address = [] { return Server{{fixture("answers")}}.address(); }();
  const auto seen = attempt.seen("tcp", address);
  BOOST_TEST(seen.values["refused"].as_bool());
  BOOST_TEST(!seen.values["connected"].as_bool(true));
}

BOOST_AUTO_TEST_CASE(local_sockets_are_reached_and_missing_ones_are_errors) {
  const Server local{{fixture("answers"), "--unix", attempt.scratch.path() + "/own.sock"}};
  BOOST_TEST(contains(attempt.seen("tcp", "unix:own.sock", get("/ok")).texts.at("reply").text(), "200 OK"));
  BOOST_TEST(contains(attempt.refused("tcp", "unix:missing.sock").what, "missing.sock"));
  BOOST_TEST(!attempt.observe("tcp", "unix:" + std::string(200, 'p')).ok());
}

BOOST_AUTO_TEST_CASE(names_are_looked_up_and_unknown_ones_told) {
  BOOST_TEST(attempt.seen("tcp", "localhost:" + std::to_string(server.port())).values["connected"].as_bool());
  BOOST_TEST(contains(attempt.refused("tcp", "no-such-name.invalid:80").what, "unknown"));
}

BOOST_AUTO_TEST_CASE(what_is_no_address_is_refused) {
  for (const char* text : {"nonsense", "127.0.0.1:0", "127.0.0.1:99999", "unix:", ""})
    BOOST_TEST(!attempt.observe("tcp", text).ok(), text);
}

BOOST_AUTO_TEST_CASE(an_interrupt_is_noticed_while_waiting) {
  attempt.interrupt.raise();
  Value fields = get("/never");
  fields.set("idle", 60'000 * kMs);
  BOOST_TEST((attempt.refused("tcp", server.address(), fields).cause == std::errc::interrupted));
}
BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::test
