// PostgreSQL, Redis and nginx of the distribution under suites/web-stack: proven when they keep what they confirmed
// across a crash, refused when they are told to forget. Skipped where they are not installed.
#include "tests/e2e/mccoy.hpp"

using namespace mccoy;
using e2e::Place;

namespace {
const std::string kFolder = std::string(MCCOY_SOURCE_DIR) + "/suites/web-stack";

boost::test_tools::assertion_result installed(boost::unit_test::test_unit_id) {
  for (const auto* program : {"/usr/lib/postgresql/15/bin/postgres", "/usr/bin/redis-server", "/usr/sbin/nginx"}) {
    if (std::filesystem::exists(program)) continue;
    boost::test_tools::assertion_result missing(false);
    missing.message() << program << " is not installed";
    return missing;
  }
  return true;
}

/// The suite with one text replaced everywhere.
std::string but(const std::string& text, const std::string& instead) {
  auto suite = read_file(kFolder + "/suite.yaml", 1 << 20).value();
  BOOST_REQUIRE_MESSAGE(suite.find(text) != std::string::npos, "the suite says: " + text);
  for (auto at = suite.find(text); at != std::string::npos; at = suite.find(text, at + instead.size()))
    suite.replace(at, text.size(), instead);
  return suite;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(web_stack, *boost::unit_test::precondition(installed))

BOOST_AUTO_TEST_CASE(honest_servers_are_proven_and_leave_nothing) {
  const Place place;
  const auto ran = place.mccoy({"run", kFolder + "/suite.yaml", "--out", place.out()});
  BOOST_TEST(ran.code == 0, ran.out << ran.err);
  BOOST_TEST(e2e::strangers(ran) == "");
  BOOST_TEST(place.cases().size() == 9u);
  for (const auto& [id, body] : place.cases()) {
    BOOST_TEST(place.result_of(id) == "pass real", id << ": " << body["judgement"]["reason"].as_string());
    BOOST_TEST(body["judgement"]["strength"].as_string() == "challenged", id);
  }
  for (const auto& record : place.records()) BOOST_TEST(record.body["event"].as_string() != "leftovers");
  BOOST_TEST(place.mccoy({"verify", place.out()}).code == 0);
}

BOOST_AUTO_TEST_CASE(what_they_make_of_being_killed_is_proven_and_counted) {
  const Place place;
  const auto ran = place.mccoy({"run", kFolder + "/chaos.yaml", "--out", place.out()});
  BOOST_TEST(ran.code == 0, ran.out << ran.err);
  BOOST_TEST(e2e::strangers(ran) == "");
  for (const auto& [id, body] : place.cases())
    BOOST_TEST(place.result_of(id) == "pass real", id << ": " << body["judgement"]["reason"].as_string());
  BOOST_TEST(place.mccoy({"verify", place.out()}).code == 0);
}

BOOST_AUTO_TEST_CASE(a_redis_that_keeps_nothing_on_disk_is_found_out) {
  const Place place;
  const auto ran = place.suite(but("--appendonly, \"yes\"", "--appendonly, \"no\""));
  BOOST_TEST(ran.code != 0);
  BOOST_TEST(place.result_of("web-stack/redis-answers") == "pass real");
  BOOST_TEST(place.result_of("web-stack/redis-remembers") != "pass real");
}

BOOST_AUTO_TEST_CASE(a_table_that_a_crash_empties_is_found_out) {
  const Place place;
  const auto ran = place.suite(but("create table if not", "create unlogged table if not"));
  BOOST_TEST(ran.code != 0);
  BOOST_TEST(place.result_of("web-stack/postgres-stores") == "pass real");
  BOOST_TEST(place.result_of("web-stack/postgres-remembers") != "pass real");
}

BOOST_AUTO_TEST_SUITE_END()
