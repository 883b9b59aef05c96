// The language of chaos cases: every malformed suite of tests/golden/chaos gives its approved messages
// (MCCOY_APPROVE=1 writes them again), and what a well-formed one asks for is what is understood.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>

#include "harness/base/file.hpp"
#include "harness/suite/suite.hpp"
#include "probes/catalogue.hpp"
#include "probes/chaos/chaos_ask.hpp"
#include "probes/chaos/chaos_fields.hpp"

namespace data = boost::unit_test::data;
namespace fs = std::filesystem;
using namespace mccoy;
using namespace mccoy::chaos;

namespace {
constexpr std::string_view kToday = "2026-11-21";
constexpr const char* kFolder = "tests/golden/chaos";

std::vector<std::string> malformed() {
  fs::current_path(MCCOY_SOURCE_DIR);
  std::vector<std::string> paths;
  for (const auto& entry : fs::directory_iterator(kFolder))
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path().string());
  std::ranges::sort(paths);
  return paths;
}

std::string mistakes(const std::variant<suite::Suite, suite::ReadErrors>& read) {
  std::string out;
  if (const auto* errors = std::get_if<suite::ReadErrors>(&read))
    for (const Error& error : errors->errors) out += render(error);
  return out;
}

/// The case "broken" of a suite with a database and a cache.
suite::Case broken(const std::string& chaos, const std::string& more = "") {
  const std::string text =
      "suite: s\nservices: { db: { run: [db] }, cache: { run: [cache] } }\ncases:\n"
      "  first: { exec: [echo, \"${services.cache.port}\"], expect: { exit: 0 } }\n"
      "  healthy: { needs: [first], exec: [echo], expect: { exit: 0 } }\n"
      "  broken:\n    chaos: " +
      chaos + "\n" + more;
  const auto read = suite::read_suite_text(text, "s.yaml", probes::kind_schemas(), kToday);
  BOOST_REQUIRE_MESSAGE(std::holds_alternative<suite::Suite>(read), mistakes(read));
  return *std::get<suite::Suite>(read).find_case("broken");
}

ChaosAsk asked(const std::string& chaos) {
  const auto ask = read_chaos_ask(broken(chaos).head.value);
  BOOST_REQUIRE(ask.ok());
  return *ask;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(chaos_language)

BOOST_DATA_TEST_CASE(a_malformed_suite_gives_its_approved_messages, data::make(malformed()), path) {
  const auto read = suite::read_suite(path, probes::kind_schemas(), kToday);
  const std::string message = mistakes(read);
  BOOST_REQUIRE_MESSAGE(!message.empty(), path << " was accepted");
  const std::string approved = fs::path(path).replace_extension(".expected").string();
  if (std::getenv("MCCOY_APPROVE") != nullptr) BOOST_REQUIRE(write_atomically(approved, message).ok());
  const auto expected = read_file(approved, 1 << 20);
  BOOST_REQUIRE_MESSAGE(expected.ok(), approved << " is missing; write it with MCCOY_APPROVE=1");
  BOOST_TEST(message == *expected);
}

BOOST_AUTO_TEST_CASE(a_short_form_is_a_kind_of_fault_and_its_service) {
  const ChaosAsk ask = asked("{ fault: { kill: db, restart_after: 2s }, steady_state: healthy }");
  BOOST_REQUIRE(ask.faults.size() == 1u);
  BOOST_TEST(ask.faults[0].name() == "kill of db");
  BOOST_TEST(ask.faults[0].settings["restart_after"].as_int() == 2'000'000'000);
  BOOST_TEST(ask.faults[0].settings["which"].as_string() == "one");  // the default of its table
  BOOST_TEST(ask.steady_state == std::vector<std::string>{"healthy"});
  BOOST_CHECK(ask.hold == std::chrono::seconds(5));
}

BOOST_AUTO_TEST_CASE(several_faults_have_times_of_their_own) {
  const ChaosAsk ask = asked(
      "{ fault: [{ pause: db, hold: 1s }, { kill: cache, at: 7s, hold: 2s }], steady_state: [healthy], hold: 3s }");
  BOOST_REQUIRE(ask.faults.size() == 2u);
  BOOST_CHECK(ask.faults[1].at == std::chrono::seconds(7));
  BOOST_CHECK(ask.faults[1].hold == std::chrono::seconds(2));
  BOOST_CHECK(ask.span() == std::chrono::seconds(9));
}

BOOST_AUTO_TEST_CASE(what_is_disturbed_and_asked_is_used_and_needed) {
  const suite::Case which = broken("{ fault: { kill: db }, steady_state: [healthy, first] }");
  BOOST_TEST(which.uses == (std::vector<std::string>{"cache", "db"}));
  BOOST_TEST(which.needs == std::vector<std::string>{"first"});
}

BOOST_AUTO_TEST_CASE(the_time_of_the_case_follows_from_what_it_does) {
  const suite::Case which = broken("{ fault: { kill: db }, steady_state: [healthy], hold: 5m }");
  BOOST_CHECK(which.within > std::chrono::minutes(5));
}

BOOST_AUTO_TEST_CASE(a_load_without_an_end_goes_on_as_long_as_it_is_needed) {
  const std::string load = "while: { load: \"GET http://127.0.0.1:1/\", rate: 10/s";
  const std::string rest = "fault: { kill: db }, steady_state: [healthy], ";
  BOOST_TEST(asked("{ " + rest + load + " } }").meanwhile.endless);
  BOOST_TEST(!asked("{ " + rest + load + ", for: 3s } }").meanwhile.endless);
}

BOOST_AUTO_TEST_CASE(a_field_may_be_called_like_another_kind) {
  const ChaosAsk ask = asked(
      "{ fault: [{ memory: db, limit: 64MiB }, { limit: db, resource: open_files, to: 20 }], "
      "steady_state: [healthy] }");
  BOOST_REQUIRE(ask.faults.size() == 2u);
  BOOST_TEST(ask.faults[0].name() == "memory of db");
  BOOST_TEST(ask.faults[0].settings["limit"].as_int() == 64 << 20);
  BOOST_TEST(ask.faults[1].name() == "limit of db");
}

BOOST_AUTO_TEST_CASE(no_field_of_a_fault_is_called_like_a_time) {
  for (const FaultKind* kind : fault_kinds())
    for (const suite::Field& field : kind->fields)
      BOOST_TEST((field.name != "at" && field.name != "hold"), kind->name << " has a field " << field.name);
}

BOOST_AUTO_TEST_SUITE_END()
