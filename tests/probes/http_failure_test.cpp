// Ways of not answering, told apart in the user's words; deadlines and interrupts.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <ostream>
#include <thread>

#include "tests/probes/attempt.hpp"

namespace mccoy::test {
namespace {
namespace data = boost::unit_test::data;
using std::chrono::milliseconds;

struct WithAnswers {
  Server server{{fixture("answers")}};
  Attempt attempt;
};

struct Failure {
  std::string path, told;
};
std::ostream& operator<<(std::ostream& out, const Failure& row) {
  return out << row.path;
}
const Failure kBroken[] = {
    {"/garbage", "not HTTP"},           {"/truncated", "before the answer was complete"},
    {"/bad-chunk", "broke off"},        {"/nothing", "before any answer"},
    {"/reset", "reset the connection"}, {"/many-headers", "headers"},
};
const Failure kSilent[] = {
    {"/never", "did not answer within"},
    {"/half-head", "the answer of"},
    {"/stalls", "the answer of"},
};

/// A listening socket that takes no connection beyond its backlog.
struct FullListener {
  FullListener() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    BOOST_REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
    BOOST_REQUIRE(::listen(fd.get(), 0) == 0);
    BOOST_REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
    port = ntohs(address.sin_port);
    for (auto& filler : fillers) {
      filler = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      (void)::connect(filler.get(), reinterpret_cast<sockaddr*>(&address), length);
    }
  }
  UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  UniqueFd fillers[4];
  int port = 0;
};

int free_port() {
  Server gone{{fixture("answers")}};
  return gone.port();
}
}  // namespace

BOOST_FIXTURE_TEST_SUITE(http_failures, WithAnswers)

BOOST_DATA_TEST_CASE_F(WithAnswers, a_broken_answer_is_an_error_that_says_how, data::make(kBroken), row) {
  const auto error = attempt.refused("http", server.url(row.path));
  BOOST_TEST(contains(error.what, row.told), error.what);
  BOOST_TEST((error.cause != std::errc::timed_out));
}

BOOST_DATA_TEST_CASE_F(WithAnswers, silence_ends_at_the_deadline_and_says_where_it_was, data::make(kSilent), row) {
  attempt.trial.deadline = Deadline::in(milliseconds(150));
  const auto began = Clock::now();
  const auto error = attempt.refused("http", server.url(row.path));
  BOOST_TEST((error.cause == std::errc::timed_out));
  BOOST_TEST(contains(error.what, row.told), error.what);
  BOOST_TEST((Clock::now() - began >= milliseconds(150)));
}

BOOST_AUTO_TEST_CASE(a_port_without_a_server_refuses) {
  const auto error = attempt.refused("http", "http://127.0.0.1:" + std::to_string(free_port()) + "/");
  BOOST_TEST(contains(error.what, "refused the connection"), error.what);
  BOOST_TEST((error.cause == std::errc::connection_refused));
}

BOOST_AUTO_TEST_CASE(a_missing_local_socket_is_told) {
  const auto error = attempt.refused("http", "http://local/", Value::map({{"connect_to", "unix:/nonexistent.sock"}}));
  BOOST_TEST(contains(error.what, "unix:/nonexistent.sock"), error.what);
}

BOOST_AUTO_TEST_CASE(a_name_that_nobody_knows_is_told) {
  const auto error = attempt.refused("http", "http://no-such-name.invalid/");
  BOOST_TEST(contains(error.what, "no-such-name.invalid"), error.what);
  BOOST_TEST(contains(error.what, "unknown"), error.what);
}

BOOST_AUTO_TEST_CASE(a_server_that_takes_no_connection_times_out_at_connecting) {
  const FullListener full;
  attempt.trial.deadline = Deadline::in(milliseconds(200));
  const auto error = attempt.refused("http", "http://127.0.0.1:" + std::to_string(full.port) + "/");
  BOOST_TEST(contains(error.what, "did not take the connection"), error.what);
  BOOST_TEST((error.cause == std::errc::timed_out));
}

BOOST_AUTO_TEST_CASE(an_interrupt_ends_a_request_that_waits) {
  std::thread presser([&] {
    std::this_thread::sleep_for(milliseconds(100));
    attempt.interrupt.raise();
  });
  const auto began = Clock::now();
  const auto error = attempt.refused("http", server.url("/never"));
  BOOST_TEST((error.cause == std::errc::interrupted));
  BOOST_TEST((Clock::now() - began < std::chrono::seconds(10)));
  presser.join();
}

BOOST_AUTO_TEST_CASE(an_interrupt_ends_a_flood) {
  std::thread presser([&] {
    std::this_thread::sleep_for(milliseconds(100));
    attempt.interrupt.raise();
  });
  BOOST_TEST((attempt.refused("http", server.url("/huge?100000")).cause == std::errc::interrupted));
  presser.join();
}

BOOST_AUTO_TEST_CASE(plain_http_on_a_tls_url_is_a_failure_of_tls) {
  attempt.trial.deadline = Deadline::in(milliseconds(300));
  const auto error = attempt.refused("http", "https://127.0.0.1:" + std::to_string(server.port()) + "/ok");
  BOOST_TEST(contains(error.what, "TLS did not stand"), error.what);
}

BOOST_AUTO_TEST_CASE(after_a_timeout_the_next_request_works) {
  attempt.trial.deadline = Deadline::in(milliseconds(50));
  (void)attempt.refused("http", server.url("/never"));
  attempt.trial.deadline = Deadline::in(std::chrono::seconds(20));
  BOOST_TEST(attempt.seen("http", server.url("/ok")).values["status"].as_int() == 200);
}
BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::test
