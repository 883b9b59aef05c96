// The http probe against a server that answers by path: what is sent, what is handed back, and what is not inherited.
#include <fcntl.h>

#include "harness/base/digest.hpp"
#include "tests/probes/attempt.hpp"

namespace mccoy::test {
namespace {
struct WithAnswers {
  Server server{{fixture("answers")}};
  Attempt attempt;
  static std::string body(const evidence::Observation& seen) { return seen.texts.at("body").text(); }
};

/// The most memory we held since the last call, in KiB.
long peak_kib() {
  const std::string status = read_file("/proc/self/status", 1 << 20).value();
  const long peak = std::stol(status.substr(status.find("VmHWM:") + 6));
  const int fd = ::open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  BOOST_REQUIRE(::write(fd, "5", 1) == 1);
  ::close(fd);
  return peak;
}

/// A variable of our own environment, gone with its owner.
struct Variable {
  Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Variable() { ::unsetenv(name_); }
  const char* name_;
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(http, WithAnswers)

BOOST_AUTO_TEST_CASE(an_answer_is_handed_back_with_status_headers_body_and_times) {
  const auto seen = attempt.seen("http", server.url("/ok"));
  BOOST_TEST(seen.values["status"].as_int() == 200);
  BOOST_TEST(seen.values["version"].as_string() == "1.1");
  BOOST_TEST(seen.values["headers"]["content-type"].as_string() == "application/json");
  BOOST_TEST(seen.values["peer"].as_string() == server.address());
  BOOST_TEST(seen.values["bytes"].as_int() == 15);
  BOOST_TEST(body(seen) == R"({"status":"ok"})");
  BOOST_TEST(seen.values["time_connect"].as_int() > 0);
  BOOST_TEST(seen.values["time_connect"].as_int() <= seen.values["time_first_byte"].as_int());
  BOOST_TEST(seen.values["time_first_byte"].as_int() <= seen.values["time"].as_int());
}

BOOST_AUTO_TEST_CASE(the_watch_is_told_once_while_the_connection_is_open) {
  attempt.seen("http", "POST " + server.url("/ok"), Value::map({{"body", "12345"}}));
  BOOST_REQUIRE(attempt.spy.exchanges.size() == 1U);
  BOOST_TEST(attempt.spy.exchanges[0].open);
  BOOST_TEST(attempt.spy.exchanges[0].bytes_out > 5);
  BOOST_TEST(attempt.spy.exchanges[0].bytes_in > 0);
}

BOOST_AUTO_TEST_CASE(method_headers_and_body_are_sent_as_stated) {
  const auto headers = Value::map({{"X-Own", "yes"}, {"X-Empty", ""}});
  const auto text = body(
      attempt.seen("http", "PATCH " + server.url("/echo"), Value::map({{"headers", headers}, {"body", "a body"}})));
  BOOST_TEST(text.starts_with("PATCH\n"));
  BOOST_TEST(contains(text, "X-Own: yes\r\n"));
  BOOST_TEST(contains(text, "X-Empty:"));
  BOOST_TEST(text.ends_with("\na body"));
  BOOST_TEST(!contains(text, "Content-Type"));
  BOOST_TEST(!contains(text, "Expect"));
}

BOOST_AUTO_TEST_CASE(json_and_forms_are_sent_with_their_types) {
  const auto json =
      body(attempt.seen("http", "POST " + server.url("/echo"), Value::map({{"json", Value::map({{"a", 1}})}})));
  BOOST_TEST(contains(json, "Content-Type: application/json\r\n"));
  BOOST_TEST(json.ends_with("{\"a\":1}"));
  const auto form = body(attempt.seen("http", "POST " + server.url("/echo"),
                                      Value::map({{"form", Value::map({{"a b", "c&d=ü"}, {"e", ""}})}})));
  BOOST_TEST(form.ends_with("a%20b=c%26d%3D%C3%BC&e="));
}

BOOST_AUTO_TEST_CASE(a_body_of_two_megabytes_is_sent_whole) {
  const auto seen =
      attempt.seen("http", "PUT " + server.url("/echo"), Value::map({{"body", std::string(2 << 20, 'b')}}));
  BOOST_TEST(seen.values["bytes"].as_int() > 2 << 20);
}

BOOST_AUTO_TEST_CASE(two_bodies_are_refused) {
  BOOST_TEST(contains(attempt.refused("http", server.url("/"), Value::map({{"body", "a"}, {"json", 1}})).what, "both"));
}

BOOST_AUTO_TEST_CASE(a_line_end_in_a_header_is_refused_before_anything_is_sent) {
  const auto error =
      attempt.refused("http", server.url("/"), Value::map({{"headers", Value::map({{"X", "a\r\nY: b"}})}}));
  BOOST_TEST(contains(error.what, "cannot be a header"));
}

BOOST_AUTO_TEST_CASE(other_schemes_and_no_urls_are_refused) {
  for (const char* head :
       {"GET ftp://127.0.0.1/", "file:///etc/passwd", "GET gopher://127.0.0.1:1/x", "GET ", "nonsense", "GET http://"})
    BOOST_TEST(!attempt.observe("http", head).ok(), head);
}

BOOST_AUTO_TEST_CASE(a_header_that_comes_twice_is_joined_and_an_empty_one_is_there) {
  const auto seen = attempt.seen("http", server.url("/repeated"));
  BOOST_TEST(seen.values["headers"]["x-part"].as_string() == "one, two");
  BOOST_TEST(seen.values["headers"].find("x-empty") != nullptr);
}

BOOST_AUTO_TEST_CASE(a_head_request_has_no_body) {
  const auto seen = attempt.seen("http", "HEAD " + server.url("/ok"));
  BOOST_TEST(seen.values["status"].as_int() == 200);
  BOOST_TEST(seen.texts.at("body").bytes == 0);
}

BOOST_AUTO_TEST_CASE(statuses_of_failure_are_answers) {
  for (const int status : {400, 404, 418, 500, 503})
    BOOST_TEST(attempt.seen("http", server.url("/status?" + std::to_string(status))).values["status"].as_int() ==
               status);
}

BOOST_AUTO_TEST_CASE(a_redirect_is_an_answer_unless_following_was_asked_for) {
  const auto stays = attempt.seen("http", server.url("/redirect?/ok"));
  BOOST_TEST(stays.values["status"].as_int() == 302);
  BOOST_TEST(stays.values["redirect_url"].as_string() == server.url("/ok"));
  BOOST_TEST(attempt.seen("http", server.url("/redirect?/ok"), Value::map({{"follow", 1}})).values["status"].as_int() ==
             200);
}

BOOST_AUTO_TEST_CASE(redirects_end_at_the_limit_and_at_another_scheme) {
  BOOST_TEST(attempt.seen("http", server.url("/loop"), Value::map({{"follow", 3}})).values["status"].as_int() == 302);
  for (const char* target : {"ftp://127.0.0.1/", "file:///etc/passwd", "https://127.0.0.1:1/"}) {
    const auto seen = attempt.seen("http", server.url("/redirect?") + target, Value::map({{"follow", 3}}));
    BOOST_TEST(seen.values["status"].as_int() == 302, target);
    BOOST_TEST(seen.texts.at("body").bytes == 0, target);
  }
}

BOOST_AUTO_TEST_CASE(chunks_are_joined_and_trailers_are_no_headers) {
  const auto seen = attempt.seen("http", server.url("/chunked"));
  BOOST_TEST(body(seen) == "Wikipedia!");
  BOOST_TEST(seen.values["headers"].find("x-sum") == nullptr);
  BOOST_TEST(seen.values["trailers"]["x-sum"].as_string() == "10");
}

BOOST_AUTO_TEST_CASE(early_hints_are_not_the_answer) {
  const auto seen = attempt.seen("http", server.url("/early"));
  BOOST_TEST(seen.values["status"].as_int() == 200);
  BOOST_TEST(seen.values["headers"].find("x-early") == nullptr);
}

BOOST_AUTO_TEST_CASE(http_1_0_ends_with_the_connection) {
  const auto seen = attempt.seen("http", server.url("/old"));
  BOOST_TEST(seen.values["version"].as_string() == "1.0");
  BOOST_TEST(body(seen) == "until the end");
}

BOOST_AUTO_TEST_CASE(nothing_of_one_case_is_left_for_the_next) {
  attempt.seen("http", server.url("/cookie"), Value::map({{"headers", Value::map({{"Authorization", "Bearer x"}})}}));
  const auto text = body(attempt.seen("http", server.url("/echo")));
  BOOST_TEST(!contains(text, "Cookie"));
  BOOST_TEST(!contains(text, "Authorization"));
}

BOOST_AUTO_TEST_CASE(every_trial_has_a_connection_of_its_own) {
  attempt.seen("http", server.url("/ok"));
  attempt.seen("http", server.url("/ok"));
  BOOST_TEST(attempt.spy.exchanges.size() == 2U);
}

BOOST_AUTO_TEST_CASE(proxies_of_the_environment_are_ignored) {
  const Server proxy{{fixture("answers")}};
  const Variable one("http_proxy", proxy.url("/")), two("ALL_PROXY", proxy.url("/")),
      three("all_proxy", proxy.url("/"));
  BOOST_TEST(attempt.seen("http", server.url("/ok")).values["peer"].as_string() == server.address());
}

BOOST_AUTO_TEST_CASE(a_netrc_file_is_ignored) {
  const Variable home("HOME", attempt.scratch.path());
  BOOST_REQUIRE(write_atomically(attempt.scratch.path() + "/.netrc", "default login a password b\n", 0600).ok());
  BOOST_TEST(!contains(body(attempt.seen("http", server.url("/echo"))), "Authorization"));
}

BOOST_AUTO_TEST_CASE(connect_to_leads_elsewhere_and_keeps_the_host_header) {
  const auto seen = attempt.seen("http", "http://shop.invalid/echo", Value::map({{"connect_to", server.address()}}));
  BOOST_TEST(seen.values["peer"].as_string() == server.address());
  BOOST_TEST(contains(body(seen), "Host: shop.invalid\r\n"));
}

BOOST_AUTO_TEST_CASE(a_local_socket_can_be_asked) {
  const Server local{{fixture("answers"), "--unix", attempt.scratch.path() + "/web.sock"}};
  const auto seen = attempt.seen("http", "http://local/ok", Value::map({{"connect_to", "unix:web.sock"}}));
  BOOST_TEST(seen.values["status"].as_int() == 200);
  BOOST_TEST(seen.values["peer"].as_string() == "unix:web.sock");
}

BOOST_AUTO_TEST_CASE(a_body_of_300_mib_needs_no_memory_of_that_size) {
  peak_kib();
  const long before = peak_kib();
  attempt.trial.deadline = Deadline::in(std::chrono::seconds(120));
  const auto seen = attempt.seen("http", server.url("/huge?300"));
  BOOST_TEST(seen.values["bytes"].as_int() == std::int64_t{300} << 20);
  BOOST_TEST(seen.texts.at("body").dropped > 0);
  BOOST_TEST(peak_kib() - before < 32 * 1024);
}

BOOST_AUTO_TEST_CASE(keep_limits_what_is_kept_and_not_what_is_digested) {
  const auto seen = attempt.seen("http", server.url("/huge?1"), Value::map({{"keep", 10}}));
  BOOST_TEST(seen.texts.at("body").head.size() == 10U);
  BOOST_TEST(seen.texts.at("body").sha256 == sha256(std::string(1 << 20, 'x')));
}
BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::test
