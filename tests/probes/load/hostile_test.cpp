// Targets that misbehave: each ends as a counted cause, in bounded time and memory.
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/probes/load/profiles.hpp"
#include "tests/probes/load/server.hpp"
#include "tests/sanitized.hpp"

using namespace mccoy;
using namespace mccoy::load;
using namespace mccoy::load::testing;

namespace {
Server::Handler raw(std::string text, bool then_close = true) {
  return [text = std::move(text), then_close](int fd) {
    std::string buffer;
    while (!read_request(fd, buffer).empty())
      if (!send_all(fd, text) || then_close) return;
  };
}

Profile quick(int port) {
  Profile asked = profile(port, Model::open, 50, seconds(1));
  asked.response_timeout = milliseconds(500);
  asked.connect_timeout = milliseconds(500);
  return asked;
}

/// All 50 requests ended by one cause.
void all_failed_by(const Report& report, Cause cause) {
  BOOST_TEST(report.all().due == 50U);
  BOOST_TEST(failed_by(report, cause) == 50U,
             to_text(cause) << ": " << failed_by(report, cause) << " of 50, ok " << report.all().ok);
}

/// A port on which nobody listens.
int closed_port() {
  const Server gone([](int) {});
  return gone.port();
}
}  // namespace

BOOST_AUTO_TEST_SUITE(load_hostile)

BOOST_AUTO_TEST_CASE(nobody_listens) {
  const Report report = run_checked(quick(closed_port()));
  all_failed_by(report, Cause::refused);
  BOOST_TEST(report.connections[0].failed == 50U);
  BOOST_TEST(report.connections[0].opened == 0U);
}

BOOST_AUTO_TEST_CASE(users_do_not_hammer_a_target_that_is_gone) {
  const Report report = run_checked(profile(closed_port(), Model::closed, 3, seconds(1)));
  BOOST_TEST(report.all().due > 10U);
  BOOST_TEST(report.all().due <= 306U);
  BOOST_TEST(failed_by(report, Cause::refused) == report.all().due);
}

BOOST_AUTO_TEST_CASE(it_closes_after_each_reply_and_says_so) {
  Server server(raw(response("x", "200 OK", "Connection: close\r\n")));
  const Report report = run_checked(quick(server.port()));
  BOOST_TEST(report.all().ok == 50U);
  BOOST_TEST(report.connections[0].opened == 50U);
}

BOOST_AUTO_TEST_CASE(it_closes_after_each_reply_without_a_word) {
  Server server(raw(response("x")));
  const Report report = run_checked(quick(server.port()));
  BOOST_TEST(report.all().ok == 50U);
  BOOST_TEST(report.connections[0].closed_by_peer > 0U);
}

BOOST_AUTO_TEST_CASE(it_closes_without_an_answer) {
  Server server(raw(""));
  const Report report = run_checked(quick(server.port()));
  BOOST_TEST(failed_by(report, Cause::closed_early) + failed_by(report, Cause::reset) == 50U);
}

BOOST_AUTO_TEST_CASE(it_answers_garbage) {
  Server server(raw("\x16\x03\x01 what is HTTP?\r\n\r\n"));
  all_failed_by(run_checked(quick(server.port())), Cause::protocol);
}

BOOST_AUTO_TEST_CASE(it_says_more_than_it_was_asked) {
  Server server(raw(response("x") + response("y")));
  all_failed_by(run_checked(quick(server.port())), Cause::protocol);
}

BOOST_AUTO_TEST_CASE(it_stops_in_the_middle_of_a_body) {
  Server server(raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"));
  all_failed_by(run_checked(quick(server.port())), Cause::closed_early);
}

BOOST_AUTO_TEST_CASE(it_never_answers) {
  Server server(raw("", false));
  all_failed_by(run_checked(quick(server.port())), Cause::response_timeout);
}

BOOST_AUTO_TEST_CASE(it_answers_a_byte_at_a_time) {
  Server server([](int fd) {
    std::string buffer;
    read_request(fd, buffer);
    while (send_all(fd, "H")) std::this_thread::sleep_for(milliseconds(50));
  });
  const Report report = run_checked(quick(server.port()));
  BOOST_TEST(report.all().ok == 0U);
  BOOST_TEST(failed_by(report, Cause::response_timeout) == 50U);
}

BOOST_AUTO_TEST_CASE(its_chunks_never_end) {
  Server server([](int fd) {
    std::string buffer;
    read_request(fd, buffer);
    send_all(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (send_all(fd, "4\r\nmore\r\n")) std::this_thread::sleep_for(milliseconds(5));
  });
  all_failed_by(run_checked(quick(server.port())), Cause::response_timeout);
}

BOOST_AUTO_TEST_CASE(its_head_never_ends) {
  Server server([](int fd) {
    std::string buffer;
    read_request(fd, buffer);
    send_all(fd, "HTTP/1.1 200 OK\r\n");
    while (send_all(fd, "X-More: " + std::string(4000, 'x') + "\r\n")) {
    }
  });
  all_failed_by(run_checked(quick(server.port())), Cause::too_large);
}

BOOST_AUTO_TEST_CASE(a_gibibyte_of_body_passes_through_bounded_memory) {
  Server server([](int fd) {
    std::string buffer;
    read_request(fd, buffer);
    const std::string block(1 << 20, 'x');
    send_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
    for (int i = 0; i < 1024; ++i)
      if (!send_all(fd, block)) return;
  });
  Profile asked = profile(server.port(), Model::open, 1, seconds(1));
  Check check;
  check.kind = Check::Kind::contains;
  check.name = "has an x";
  check.text = "xxx";
  asked.journeys[0].steps[0].checks = {check};  // so that the body is kept as far as it may be
  asked.drain = seconds(60);
  rusage before{}, after{};
  ::getrusage(RUSAGE_SELF, &before);
  const Report report = run_checked(asked);
  ::getrusage(RUSAGE_SELF, &after);
  BOOST_TEST(report.all().ok == 1U);
  BOOST_TEST(report.all().bytes_in > std::uint64_t{1} << 30);
  BOOST_TEST(after.ru_maxrss - before.ru_maxrss < 64 * 1024);
  asked.body_limit = 1 << 20;
  BOOST_TEST(failed_by(run_checked(asked), Cause::too_large) == 1U);
}

BOOST_AUTO_TEST_CASE(it_dies_in_the_middle) {
  auto server = std::make_unique<Server>(each_request([](const std::string&) { return response("x"); }));
  Profile asked = profile(server->port(), Model::open, 100, seconds(3));
  Hooks hooks;
  hooks.progress = [&](const Progress& progress) {
    if (progress.last.ok > 0) server.reset();
  };
  const Report report = run_checked(asked, hooks);
  const Tally all = report.all();
  BOOST_TEST(all.due == 300U);
  BOOST_TEST(all.ok > 50U);
  BOOST_TEST(failed_by(report, Cause::refused) > 50U);
  BOOST_TEST(all.ok + failed_by(report, Cause::refused) + failed_by(report, Cause::reset) +
                 failed_by(report, Cause::closed_early) ==
             300U);
}

BOOST_AUTO_TEST_CASE(it_takes_no_connection) {
  UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  BOOST_REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  BOOST_REQUIRE(::listen(listener.get(), 0) == 0);
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  const Report report = run_checked(quick(ntohs(address.sin_port)));
  const auto connecting = failed_by(report, Cause::connect_timeout), asked = failed_by(report, Cause::response_timeout);
  BOOST_TEST(connecting + asked == 50U);
  BOOST_TEST(connecting > 40U);
}

/// In a process of its own: a lowered limit cannot be raised again. What it found is its exit code.
template <class Work>
int exit_code_with_files(rlim_t limit, Work work) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit little{limit, limit};
    ::_exit(::setrlimit(RLIMIT_NOFILE, &little) == 0 ? work() : 100);
  }
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 101;
}

BOOST_AUTO_TEST_CASE(descriptors_run_out_and_that_is_not_the_targets_fault) {
  if (kThreadSanitized) return;  // it starts no threads after a fork
  Server server(raw("", false));
  Profile asked = profile(server.port(), Model::open, 100, seconds(1));
  asked.response_timeout = seconds(5);
  asked.drain = milliseconds(100);
  const int code = exit_code_with_files(40, [&] {
    const auto report = run(asked, {});
    if (!report.ok()) return 1;
    if (failed_by(*report, Cause::no_files) < 20 || failed_by(*report, Cause::refused) > 0) return 2;
    return report->generator.files_limit == 40 ? 0 : 3;
  });
  BOOST_TEST(code == 0);
}

BOOST_AUTO_TEST_CASE(a_target_that_closes_after_each_reply_without_saying_so_has_no_errors) {
  Server server([](int fd) {
    std::string buffer;
    if (!read_request(fd, buffer).empty()) send_all(fd, response("ok"));
  });
  Profile asked = profile(server.port(), Model::closed, 20, seconds(2));
  asked.think_max = milliseconds(5);
  const Report users = run_checked(asked);
  BOOST_TEST(users.all().ok == users.all().due);
  asked = profile(server.port(), Model::open, 400, seconds(2));
  asked.spacing = Spacing::poisson;
  BOOST_TEST(run_checked(asked).all().failures() == 0U);
  asked.connections = 3;
  BOOST_TEST(run_checked(asked).all().failures() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
