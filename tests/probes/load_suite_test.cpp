// What a suite may say to a load, and each mistake at its place: approved messages in tests/golden/load.
// MCCOY_APPROVE=1 writes them again; the difference is reviewed like code.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>

#include "harness/base/file.hpp"
#include "harness/suite/gate.hpp"
#include "harness/suite/suite.hpp"
#include "probes/catalogue.hpp"

namespace data = boost::unit_test::data;
namespace fs = std::filesystem;
using namespace mccoy;

namespace {
constexpr std::string_view kToday = "2026-11-21";

std::vector<std::string> malformed() {
  fs::current_path(MCCOY_SOURCE_DIR);
  std::vector<std::string> paths;
  for (const auto& entry : fs::directory_iterator("tests/golden/load"))
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path().string());
  std::ranges::sort(paths);
  return paths;
}

using Read = std::variant<suite::Suite, suite::ReadErrors>;
std::string rendered(const Read& read) {
  std::string out;
  if (const auto* errors = std::get_if<suite::ReadErrors>(&read))
    for (const Error& error : errors->errors) out += render(error);
  return out;
}

Read read(std::string body) {
  std::string text = "suite: s\nvars: { limit: 50 }\nservices: { x: { run: [true] } }\ncases:\n  c:\n";
  for (std::size_t at = 0; at < body.size();) {
    const auto end = std::min(body.find('\n', at), body.size());
    text += "    " + body.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return suite::read_suite_text(text, "load.yaml", probes::kind_schemas(), kToday);
}
}  // namespace

BOOST_AUTO_TEST_SUITE(load_suites)

BOOST_DATA_TEST_CASE(a_malformed_load_gives_its_approved_messages, data::make(malformed()), path) {
  const auto result = suite::read_suite(path, probes::kind_schemas(), kToday);
  BOOST_REQUIRE_MESSAGE(std::holds_alternative<suite::ReadErrors>(result), path << " was accepted");
  const std::string approved = fs::path(path).replace_extension(".expected").string();
  if (std::getenv("MCCOY_APPROVE") != nullptr) BOOST_REQUIRE(write_atomically(approved, rendered(result)).ok());
  const auto expected = read_file(approved, 1 << 20);
  BOOST_REQUIRE_MESSAGE(expected.ok(), approved << " is missing; write it with MCCOY_APPROVE=1");
  BOOST_TEST(rendered(result) == *expected);
}

const std::string kGood[] = {
    "load: GET http://127.0.0.1:1/\nrate: 5/s\nfor: 1s\ngates: \"p(95) < 5\"",
    "load: GET ${services.x.url}/a?b={{unique}}\nrate: 30/min\nfor: 1m\ngates: [\"p(95) < ${limit}\"]",
    "load: http://h:80\nusers: 5\nthink: 1s..3s\nfor: 5s\nrequests: { a: GET /a, b: { request: POST /b, weight: 2 } }\n"
    "gates: { \"http_req_duration{name:a}\": [\"p(95)<5\"], checks: [\"rate>0.99\"] }",
    "load: tcp://127.0.0.1:1\nbody: \"PING\\n\"\nanswer_ends: \"\\n\"\nrate: 5/s\nfor: 1s\nexpect: { errors: 0 }",
    "load: unix:/run/x.sock\nbody: x\nanswer_bytes: 4\nrate: 5/s\nfor: 1s\nexpect: { requests: \">= 1\" }",
    "load: GET http://127.0.0.1:1/\nstages: [{ to: 5/s, over: 1s }, { for: 2s }, { to: 0/s, over: 1s }]\nwarm_up: 1s\n"
    "gates: [{ gate: \"errors{stage: stage 2} < 5%\", abort: true, delay: 1s }, \"errors{stage: warm-up} < 9%\"]",
};

BOOST_DATA_TEST_CASE(a_load_is_read_without_complaint, data::make(kGood), body) {
  BOOST_TEST(rendered(read(body)) == "");
}

BOOST_AUTO_TEST_CASE(a_long_load_gets_the_time_it_takes) {
  const auto result = read("load: GET http://127.0.0.1:1/\nrate: 5/s\nfor: 10m\ngates: [\"p(95) < 5\"]");
  const auto& which = std::get<suite::Suite>(result).cases.front();
  BOOST_TEST((which.within > std::chrono::minutes(10)));
}

BOOST_AUTO_TEST_CASE(arrivals_are_a_check_of_the_case) {
  const auto result = read(
      "load: GET http://127.0.0.1:1/\nrate: 5/s\nfor: 1s\narrivals: { http: \"http://127.0.0.1:1/n\", tolerance: 1% }\n"
      "gates: [\"p(95) < 5\"]");
  const auto& checks = std::get<suite::Suite>(result).cases.front().checks;
  BOOST_REQUIRE(checks.size() == 4u);
  BOOST_TEST(checks[1].subject.text() == "arrived");
  BOOST_TEST(suite::limit_of(*suite::gate_of(checks[1])) == ">= 99%");
  BOOST_TEST(suite::limit_of(*suite::gate_of(checks[2])) == "<= 101%");
}

struct Limit {
  std::string gates;
  bool added;
};
std::ostream& operator<<(std::ostream& out, const Limit& row) {
  return out << row.gates;
}
const Limit kLimits[] = {
    {"gates: [\"p(95) < 5\", \"rate >= 95% of target\", \"achieved == 100%\"]", true},
    {"gates: [\"errors{request: a} < 5%\"]", true},
    {"gates: [\"errors{stage: warm-up} < 5%\"]", true},
    {"gates: [\"errors{stage: warm-up} < 5%\", \"errors{stage: load} < 5%\"]", false},
    {"gates: [\"errors{request: a} < 5%\", \"checks{request: b} > 95%\"]", false},
    {"gates: [\"errors count < 5\"]", false},
    {"gates: [\"checks > 99%\"]", false},
    {"expect: { errors: 0 }", false},
    {"expect: { errors: \"< 5\" }", false},
    {"expect: { errors: \">= 0\" }", true},
    {"expect: { requests: 5 }", true},
};

BOOST_DATA_TEST_CASE(a_load_that_says_nothing_of_errors_allows_fewer_than_one_in_a_hundred, data::make(kLimits), row) {
  const auto result = read(
      "load: http://127.0.0.1:1\nrate: 5/s\nfor: 1s\nwarm_up: 1s\nrequests: { a: GET /a, b: GET /b }\n" + row.gates);
  BOOST_REQUIRE_MESSAGE(std::holds_alternative<suite::Suite>(result), rendered(result));
  const auto& last = std::get<suite::Suite>(result).cases.front().checks.back();
  const auto gate = suite::gate_of(last);
  BOOST_TEST((gate.ok() && suite::subject_of(*gate) == "errors" && suite::limit_of(*gate) == "< 1%") == row.added);
}

BOOST_AUTO_TEST_CASE(more_than_can_be_kept_apart_is_refused_before_anything_runs) {
  std::string stages, requests;
  for (int i = 0; i < 50; ++i) stages += "{ hold: 5/s, for: 1s }, ";
  for (int i = 0; i < 50; ++i) requests += "r" + std::to_string(i) + ": GET /, ";
  const auto result = read("load: http://127.0.0.1:1\nstages: [ " + stages + "]\nrequests: { " + requests +
                           "}\ngates: [\"p(95) < 5\"]");
  BOOST_REQUIRE(std::holds_alternative<suite::ReadErrors>(result));
  BOOST_TEST(rendered(result).find("50 requests in 50 stages") != std::string::npos, rendered(result));
}

BOOST_AUTO_TEST_CASE(loads_are_made_one_at_a_time) {
  const auto result = read("load: GET http://127.0.0.1:1/\nrate: 5/s\nfor: 1s\ngates: [\"p(95) < 5\"]\nlock: [disk]");
  const auto& locks = std::get<suite::Suite>(result).cases.front().locks;
  BOOST_TEST((locks == std::vector<std::string>{"disk", "load"}));
}

BOOST_AUTO_TEST_SUITE_END()
