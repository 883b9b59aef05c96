// The load case as a run uses it, against servers of the test: what it records, what it takes for a mistake, and when
// it does not believe its own figures.
#include <atomic>
#include <mutex>
#include <set>

#include "harness/judge/checks.hpp"
#include "harness/suite/gate.hpp"
#include "probes/load_fields.hpp"
#include "tests/probes/attempt.hpp"
#include "tests/probes/load/server.hpp"

using namespace mccoy;
using load::testing::each_request;
using load::testing::read_request;
using load::testing::response;
using load::testing::send_all;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Attempt;

namespace {
constexpr std::int64_t kSecond = 1'000'000'000;

std::string url_of(const load::testing::Server& server, const std::string& path = "/") {
  return "http://127.0.0.1:" + std::to_string(server.port()) + path;
}
std::string get_of(const load::testing::Server& server) {
  return "GET " + url_of(server);
}
Value fields(std::string_view rate, std::int64_t span_ns) {
  return Value::map({{"rate", rate}, {"for", span_ns}});
}
Value list_of(std::initializer_list<Value> items) {
  return Value(Value::List(items));
}
suite::Check gate(std::string_view text, bool abort = false) {
  const auto& schema = probes::load_schema();
  auto parsed = suite::parse_gate(text, {schema.metrics, schema.selectors});
  BOOST_REQUIRE_MESSAGE(parsed.ok(), text);
  parsed->abort = abort;
  if (abort) parsed->delay = seconds(1);
  return suite::to_check(*parsed, {});
}
judge::Held held(std::string_view text, const evidence::Observation& seen) {
  return judge::evaluate(gate(text), seen).held;
}
std::string void_of(const evidence::Observation& seen) {
  return seen.values["void"].as_string();
}
std::string head_of(const std::string& request) {
  return request.substr(0, request.find("\r\n\r\n"));
}

/// Keeps what it was asked.
class Listener {
 public:
  std::string heard(const std::string& request, const std::string& body = "{}") {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    return response(body);
  }
  std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::multiset<std::string> lines() const {
    std::multiset<std::string> lines;
    for (const std::string& each : all()) lines.insert(each.substr(0, each.find('\r')));
    return lines;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
};
}  // namespace

BOOST_AUTO_TEST_SUITE(load_cases)

BOOST_AUTO_TEST_CASE(who_answers_is_asked_all_the_time_and_not_only_at_the_beginning) {
  load::testing::Server server(each_request([](const std::string&) { return response(""); }));
  Attempt attempt;
  attempt.seen("load", get_of(server), fields("20/s", 4 * kSecond).set("reuse", false));
  BOOST_TEST(attempt.spy.exchanges.size() > 15u);
  BOOST_TEST(attempt.spy.exchanges.size() < 60u);
}

BOOST_AUTO_TEST_CASE(in_a_short_load_too) {
  load::testing::Server server(each_request([](const std::string&) { return response(""); }));
  Attempt attempt;
  attempt.seen("load", get_of(server), fields("200/s", kSecond).set("reuse", false));
  BOOST_TEST(attempt.spy.exchanges.size() > 15u);
  BOOST_TEST(attempt.spy.exchanges.size() < 80u);
}

BOOST_AUTO_TEST_CASE(kept_connections_are_looked_at_before_they_are_closed) {
  load::testing::Server server(each_request([](const std::string&) {
    std::this_thread::sleep_for(milliseconds(400));
    return response("");
  }));
  Attempt attempt;
  attempt.seen("load", get_of(server), Value::map({{"users", "12"}, {"for", kSecond}}));
  BOOST_TEST(attempt.spy.exchanges.size() == 12u);
  for (const auto& each : attempt.spy.exchanges) BOOST_TEST((each.open && each.bytes_in > 0 && each.bytes_out > 0));
}

/// Stands in the way of the generator's thread, as a machine without processors for it would.
class Stalling final : public test::WatchSpy {
 public:
  void exchanged(int, std::int64_t, std::int64_t) override {
    if (!std::exchange(done_, true)) std::this_thread::sleep_for(seconds(4));
  }

 private:
  bool done_ = false;
};

BOOST_AUTO_TEST_CASE(what_the_generator_never_sent_is_no_error_of_the_target) {
  load::testing::Server server(each_request([](const std::string&) { return response(""); }));
  Attempt attempt;
  Stalling stalling;
  attempt.trial.watch = &stalling;
  const auto seen = attempt.seen("load", get_of(server), fields("100/s", 2 * kSecond));
  BOOST_TEST(seen.values["errors"].as_int() == 0);
  BOOST_TEST((held("errors == 0", seen) == judge::Held::yes));
  BOOST_TEST(test::contains(void_of(seen), "never sent"), void_of(seen));
}

BOOST_AUTO_TEST_CASE(answers_that_come_while_the_load_drains_are_no_rate) {
  load::testing::Server server(each_request([](const std::string&) {
    std::this_thread::sleep_for(milliseconds(2500));
    return response("");
  }));
  const auto seen = Attempt().seen("load", get_of(server), fields("20/s", kSecond));
  BOOST_TEST((held("achieved == 100%", seen) == judge::Held::yes));
  BOOST_TEST((held("count == 20", seen) == judge::Held::yes));
  BOOST_TEST((held("rate >= 95% of target", seen) == judge::Held::no));
  BOOST_TEST(seen.values["rate"].as_double() == 0.0);
}

BOOST_AUTO_TEST_CASE(a_rate_is_of_the_stage_in_which_the_answers_came) {
  load::testing::Server server(each_request([](const std::string&) {
    std::this_thread::sleep_for(milliseconds(1500));
    return response("");
  }));
  const Value stages = list_of({Value::map({{"hold", "20/s"}, {"for", kSecond}, {"name", "busy"}}),
                                Value::map({{"hold", "1/s"}, {"for", 2 * kSecond}, {"name", "calm"}})});
  const auto seen = Attempt().seen("load", get_of(server), Value::map({{"stages", stages}}));
  BOOST_TEST((held("rate{stage: busy} >= 1/s", seen) == judge::Held::no));
  BOOST_TEST((held("rate{stage: calm} >= 9/s", seen) == judge::Held::yes));
}

BOOST_AUTO_TEST_CASE(a_request_that_was_answered_before_it_was_sent_whole_was_sent) {
  load::testing::Server server([](int fd) {
    std::string bytes(4096, ' ');
    if (::recv(fd, bytes.data(), bytes.size(), 0) <= 0) return;
    send_all(fd, response("", "413 Too Large", "Connection: close\r\n"));
    ::shutdown(fd, SHUT_WR);
    std::this_thread::sleep_for(milliseconds(200));
    while (::recv(fd, bytes.data(), bytes.size(), 0) > 0) {
    }
  });
  const auto seen =
      Attempt().seen("load", "POST " + url_of(server), fields("5/s", kSecond).set("body", std::string(20 << 20, 'x')));
  BOOST_TEST(seen.values["requests"].as_int() > 0);
  BOOST_TEST(seen.values["sent"].as_int() >= seen.values["requests"].as_int());
}

BOOST_AUTO_TEST_CASE(what_is_on_its_way_is_not_yet_missing) {
  load::testing::Server server(each_request([](const std::string&) {
    std::this_thread::sleep_for(milliseconds(700));
    return response("");
  }));
  Attempt attempt;
  const std::vector<suite::Check> checks = {gate("achieved >= 99%", true)};
  attempt.trial.checks = checks;
  const auto seen = attempt.seen("load", get_of(server), fields("20/s", 3 * kSecond));
  BOOST_TEST(seen.values["load"]["ended"].as_string() == "finished");
  BOOST_TEST((held("achieved >= 99%", seen) == judge::Held::yes));
}

BOOST_AUTO_TEST_CASE(a_rate_that_is_not_kept_ends_the_load) {
  load::testing::Server server(each_request([](const std::string&) { return response(""); }));
  Attempt attempt;
  const std::vector<suite::Check> checks = {gate("rate >= 1000/s", true)};
  attempt.trial.checks = checks;
  const auto seen = attempt.seen("load", get_of(server), fields("20/s", 10 * kSecond));
  BOOST_TEST(seen.values["load"]["ended"].as_string() == "aborted");
  BOOST_TEST(void_of(seen) == "");
}

BOOST_AUTO_TEST_CASE(a_rate_that_is_kept_does_not) {
  load::testing::Server server(each_request([](const std::string&) { return response(""); }));
  Attempt attempt;
  const std::vector<suite::Check> checks = {gate("rate >= 90% of target", true)};
  attempt.trial.checks = checks;
  const auto seen = attempt.seen("load", get_of(server), fields("40/s", 3 * kSecond));
  BOOST_TEST(seen.values["load"]["ended"].as_string() == "finished");
}

BOOST_AUTO_TEST_CASE(a_gate_that_ends_a_load_waits_for_what_is_on_its_way) {
  load::testing::Server server(each_request([](const std::string&) {
    std::this_thread::sleep_for(milliseconds(200));
    return response("");
  }));
  Attempt attempt;
  const std::vector<suite::Check> checks = {gate("rate >= 90% of target", true)};
  attempt.trial.checks = checks;
  const auto seen = attempt.seen("load", get_of(server), fields("40/s", 4 * kSecond));
  BOOST_TEST(seen.values["load"]["ended"].as_string() == "finished");
  BOOST_TEST(void_of(seen) == "");
}

BOOST_AUTO_TEST_CASE(and_for_a_stage_until_there_was_a_second_of_it) {
  load::testing::Server server(each_request([](const std::string&) {
    std::this_thread::sleep_for(milliseconds(10));
    return response("");
  }));
  Attempt attempt;
  const std::vector<suite::Check> checks = {gate("rate{stage: b} >= 90% of target", true)};
  attempt.trial.checks = checks;
  const Value stages = list_of({Value::map({{"hold", "50/s"}, {"for", kSecond * 96 / 100}, {"name", "a"}}),
                                Value::map({{"hold", "50/s"}, {"for", 2 * kSecond}, {"name", "b"}})});
  const auto seen = attempt.seen("load", get_of(server), Value::map({{"stages", stages}}));
  BOOST_TEST(seen.values["load"]["ended"].as_string() == "finished");
  BOOST_TEST(void_of(seen) == "");
}

/// What the case makes of a missed gate.
std::string excuse(std::string_view missed, milliseconds answer, const Value& said) {
  load::testing::Server server(each_request([&](const std::string&) {
    std::this_thread::sleep_for(answer);
    return response("");
  }));
  Attempt attempt;
  const std::vector<suite::Check> checks = {gate(missed)};
  attempt.trial.checks = checks;
  const auto seen = attempt.seen("load", get_of(server), said);
  BOOST_TEST((held(missed, seen) == judge::Held::no));
  return void_of(seen);
}

BOOST_AUTO_TEST_CASE(a_load_that_is_too_short_for_its_rate_says_so) {
  const std::string_view of_target = "rate >= 95% of target";
  const auto says = [](const std::string& why) { return test::contains(why, "too short"); };
  BOOST_TEST(says(excuse(of_target, milliseconds(300), fields("50/s", kSecond))));
  BOOST_TEST(says(excuse(of_target, milliseconds(300), fields("100/s", 3 * kSecond).set("iterations", 10))));
  BOOST_TEST(says(excuse("rate >= 5/s", milliseconds(700), Value::map({{"users", "4"}, {"for", kSecond / 2}}))));
}

BOOST_AUTO_TEST_CASE(but_not_of_a_target_that_is_too_slow) {
  const std::string_view of_target = "rate >= 95% of target";
  BOOST_TEST(excuse(of_target, milliseconds(100), fields("20/s", 3 * kSecond).set("connections", 1)) == "");
  BOOST_TEST(excuse("rate >= 100/s", milliseconds(100),
                    Value::map({{"users", "2"}, {"iterations", 10}, {"for", 10 * kSecond}})) == "");
}

BOOST_AUTO_TEST_CASE(rows_in_turn_are_taken_in_turn_by_users_too) {
  Listener listener;
  load::testing::Server server(each_request([&](const std::string& request) { return listener.heard(request); }));
  Attempt attempt;
  BOOST_REQUIRE(write_atomically(attempt.scratch.path() + "/u.csv", "u\nann\nbob\ncem\n").ok());
  attempt.seen("load", "GET " + url_of(server, "/{{data.u}}"),
               Value::map({{"users", "2"}, {"iterations", 30}, {"for", 10 * kSecond}})
                   .set("data", list_of({Value::map({{"file", "u.csv"}})})));
  for (const char* name : {"ann", "bob", "cem"})
    BOOST_TEST(listener.lines().count("GET /" + std::string(name) + " HTTP/1.1") == 10u, name);
}

BOOST_AUTO_TEST_CASE(numbers_that_are_unique_are_so_in_two_cases_of_one_run) {
  Listener listener;
  load::testing::Server server(each_request([&](const std::string& request) { return listener.heard(request); }));
  for (int i = 0; i < 2; ++i) Attempt().seen("load", "GET " + url_of(server, "/{{unique}}"), fields("10/s", kSecond));
  const auto lines = listener.lines();
  BOOST_TEST(lines.size() == 20u);
  BOOST_TEST(std::set<std::string>(lines.begin(), lines.end()).size() == 20u);
}

BOOST_AUTO_TEST_CASE(a_check_of_few_responses_is_made_of_some_all_the_same) {
  load::testing::Server server(each_request([](const std::string&) { return response("something else"); }));
  const auto seen = Attempt().seen(
      "load", get_of(server),
      fields("20/s", kSecond).set("sample", "0.001%").set("response", Value::map({{"body", "nowhere-in-it"}})));
  BOOST_TEST((held("checks == 100%", seen) == judge::Held::no));
  BOOST_TEST((held("errors == 0", seen) == judge::Held::no));
}

BOOST_AUTO_TEST_CASE(what_is_behind_the_part_that_is_looked_at_is_not_known) {
  load::testing::Server server(each_request(
      [](const std::string&) { return response(std::string(3 << 20, '.') + "FATAL" + std::string(10, '.')); }));
  const auto asked = [&](const char* how, const char* text) {
    return Attempt().seen("load", get_of(server),
                          fields("3/s", kSecond).set("response", Value::map({{"body", Value::map({{how, text}})}})));
  };
  for (const auto& [how, text] :
       {std::pair("not_contains", "FATAL"), std::pair("contains", "FATAL"), std::pair("matches", "F.TAL")}) {
    const auto seen = asked(how, text);
    BOOST_TEST(test::contains(void_of(seen), "too large to check"), how << ": " << void_of(seen));
  }
  BOOST_TEST(void_of(asked("contains", "....")) == "");
  BOOST_TEST((held("errors == 100%", asked("not_contains", "...")) == judge::Held::yes));
}

BOOST_AUTO_TEST_CASE(a_captured_value_cannot_add_a_header) {
  Listener listener;
  load::testing::Server server(each_request([&](const std::string& request) {
    return listener.heard(request, R"({"t": "a\r\nX-Evil: 1", "n": "a\r\nb"})");
  }));
  const auto step = [](const char* request, const char* name, Value value) {
    return Value::map({{"request", request}, {name, std::move(value)}});
  };
  Value steps = Value::map();
  steps.set("login", step("GET /login", "capture", Value::map({{"t", "json /t"}})));
  steps.set("use", step("GET /use", "headers", Value::map({{"X", "{{login.t}}"}})));
  const auto seen = Attempt().seen(
      "load", url_of(server, ""),
      fields("3/s", kSecond).set("sequences", Value::map({{"s", Value::map({{"steps", std::move(steps)}})}})));
  for (const std::string& request : listener.all()) BOOST_TEST(!test::contains(request, "X-Evil"), head_of(request));
  BOOST_TEST(seen.values["errors"].as_int() == 3);
  BOOST_TEST(seen.values["load"]["all"]["causes"]["no capture"].as_int() == 3);
}

BOOST_AUTO_TEST_CASE(data_with_line_ends_is_no_header) {
  Attempt attempt;
  BOOST_REQUIRE(write_atomically(attempt.scratch.path() + "/u.csv", "u\n\"a\r\nX-Evil: 1\"\n").ok());
  const auto error = attempt.refused("load", "GET http://127.0.0.1:1/",
                                     fields("3/s", kSecond)
                                         .set("headers", Value::map({{"X", "{{data.u}}"}}))
                                         .set("data", list_of({Value::map({{"file", "u.csv"}})})));
  BOOST_TEST(test::contains(error.what, "line end"), error.what);
}

BOOST_AUTO_TEST_CASE(a_step_that_was_never_due_is_not_known_to_work) {
  load::testing::Server server(each_request([](const std::string&) { return response("{}"); }));
  Value steps = Value::map();
  steps.set("first", Value::map({{"request", "GET /a"}}));
  steps.set("second", Value::map({{"request", "GET /b"}, {"pause", 60 * kSecond}}));
  const auto seen =
      Attempt().seen("load", url_of(server, ""),
                     fields("5/s", kSecond)
                         .set("drain", kSecond)
                         .set("sequences", Value::map({{"s", Value::map({{"steps", std::move(steps)}})}})));
  BOOST_TEST(test::contains(void_of(seen), "\"second\""), void_of(seen));
  BOOST_TEST(seen.values["load"]["cut_off"].as_int() == 5);
}

BOOST_AUTO_TEST_CASE(what_was_counted_when_a_second_ended_belongs_to_it) {
  load::testing::Server server(each_request([](const std::string&) { return response(""); }));
  const auto seen = Attempt().seen("load", get_of(server), fields("20/s", kSecond));
  const std::string& series = seen.texts.at("series").head;
  const auto first = from_json(series.substr(0, series.find('\n')));
  BOOST_REQUIRE(first.ok());
  BOOST_TEST((*first)["second"].as_int() == 0);
  BOOST_TEST((*first)["due"].as_int() == 20);
}

BOOST_AUTO_TEST_CASE(requests_to_one_server_share_its_connections_however_it_is_reached) {
  load::testing::Server server(each_request([](const std::string&) { return response(""); }));
  Value requests = Value::map();
  for (const char* name : {"a", "b", "c"}) requests.set(name, Value::map({{"request", "GET /" + std::string(name)}}));
  const auto seen = Attempt().seen("load", "http://example.test",
                                   fields("30/s", kSecond)
                                       .set("connect_to", "127.0.0.1:" + std::to_string(server.port()))
                                       .set("requests", std::move(requests)));
  BOOST_TEST(seen.values["load"]["connections"].as_list().size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_address_of_the_sixth_version_is_connected_to) {
  const auto seen =
      Attempt().seen("load", "GET http://example.test/", fields("3/s", kSecond).set("connect_to", "[::1]:9"));
  BOOST_TEST(seen.values["load"]["all"]["failed"].as_int() == 3);
  const auto error = Attempt().refused("load", "GET http://example.test/",
                                       fields("3/s", kSecond).set("connect_to", "no.such.invalid:80"));
  BOOST_TEST(test::contains(error.what, "no.such.invalid"), error.what);
}

BOOST_AUTO_TEST_CASE(a_header_is_known_however_its_letters_are_written) {
  Listener listener;
  load::testing::Server server(each_request([&](const std::string& request) { return listener.heard(request); }));
  Attempt().seen("load", "POST " + url_of(server),
                 fields("2/s", kSecond)
                     .set("headers", Value::map({{"CONTENT-TYPE", "text/x"}}))
                     .set("json", Value::map({{"a", 1}})));
  BOOST_REQUIRE(listener.all().size() == 2u);
  BOOST_TEST(test::contains(listener.all().front(), "CONTENT-TYPE: text/x"));
  BOOST_TEST(!test::contains(listener.all().front(), "Content-Type"), listener.all().front());
}

BOOST_AUTO_TEST_CASE(a_table_names_each_column_once) {
  Attempt attempt;
  BOOST_REQUIRE(write_atomically(attempt.scratch.path() + "/u.csv", "u,u\na,b\n").ok());
  const auto error = attempt.refused("load", "GET http://127.0.0.1:1/{{data.u}}",
                                     fields("3/s", kSecond).set("data", list_of({Value::map({{"file", "u.csv"}})})));
  BOOST_TEST(test::contains(error.what, "twice"), error.what);
}

BOOST_AUTO_TEST_CASE(a_quote_that_is_not_closed_does_not_swallow_the_rest_of_the_table) {
  Attempt attempt;
  BOOST_REQUIRE(write_atomically(attempt.scratch.path() + "/u.csv", "u,n\na,\"1\"\nb,\"2\nc,3\n").ok());
  const auto error = attempt.refused("load", "GET http://127.0.0.1:1/{{data.u}}",
                                     fields("3/s", kSecond).set("data", list_of({Value::map({{"file", "u.csv"}})})));
  BOOST_TEST(test::contains(error.what, "line 3: the quote"), error.what);
}

/// The column is escaped in the path and plain in the header, from two tables, and both are of the same row.
BOOST_AUTO_TEST_CASE(a_turn_takes_one_row_at_random_however_it_is_written) {
  Listener listener;
  load::testing::Server server(each_request([&](const std::string& request) { return listener.heard(request); }));
  Attempt attempt;
  std::string table = "name\n";
  for (int i = 0; i < 50; ++i) table += "a b" + std::to_string(i) + "\n";
  BOOST_REQUIRE(write_atomically(attempt.scratch.path() + "/u.csv", table).ok());
  attempt.seen("load", url_of(server, "/{{data.name}}"),
               fields("30/s", kSecond)
                   .set("headers", Value::map({{"X-Name", "{{data.name}}"}}))
                   .set("data", list_of({Value::map({{"file", "u.csv"}, {"order", "random"}})})));
  const auto all = listener.all();
  BOOST_REQUIRE(all.size() == 30u);
  std::set<std::string> names;
  for (const std::string& request : all) {
    const auto from = request.find("X-Name: a b") + 11;
    const std::string number = request.substr(from, request.find('\r', from) - from);
    BOOST_TEST(test::contains(request, "/a%20b" + number + " "), request);
    names.insert(number);
  }
  BOOST_TEST(names.size() > 5u);
}

BOOST_AUTO_TEST_SUITE_END()
