// What of an activity is kept: the first files, and those a judgement may rest on.
#include "harness/run/kept_activity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "harness/base/process.hpp"
#include "harness/run/identities.hpp"

namespace mccoy::run {
namespace {
evidence::Facts busy(int reads, int writes) {
  evidence::Facts facts;
  facts.folder = "/srv";
  facts.activity.emplace();
  facts.activity->programs.emplace_back();
  for (int i = 0; i < reads; ++i)
    facts.activity->reads.push_back({.path = fmt::format("/usr/lib/{}.so", i), .size = 1, .by = {0}});
  for (int i = 0; i < writes; ++i) {
    facts.activity->writes.emplace_back();
    facts.activity->writes.back().path = fmt::format("/tmp/{}.o", i);
  }
  return facts;
}
suite::Obligation obligation(std::string_view kind, Value settings) {
  return {.kind = suite::find_obligation_kind(kind), .settings = std::move(settings), .span = {}};
}
bool holds(const evidence::Activity& activity, std::string_view path) {
  return std::ranges::find(activity.reads, path, &evidence::SeenRead::path) != activity.reads.end() ||
         std::ranges::find(activity.writes, path, &evidence::SeenWrite::path) != activity.writes.end();
}
}  // namespace

BOOST_AUTO_TEST_SUITE(kept_activities)

BOOST_AUTO_TEST_CASE(few_files_are_all_kept) {
  evidence::Facts facts = busy(200, 1000);
  judge::Terms terms;
  keep_what_matters(facts, terms, {});
  BOOST_TEST(facts.activity->reads.size() == 200U);
  BOOST_TEST(facts.activity->writes.size() == 1000U);
  BOOST_TEST(facts.activity->reads_left_out == 0);
}

BOOST_AUTO_TEST_CASE(of_many_those_that_matter_are_kept_and_the_others_counted) {
  evidence::Facts facts = busy(300, 1100);
  evidence::Activity& seen = *facts.activity;
  seen.reads.push_back({.path = "/srv/data/in.csv", .size = 1, .by = {0}});
  seen.reads.push_back({.path = "/usr/lib/python3.11/unittest/mock.py", .size = 1, .by = {0}});
  seen.reads.push_back({.path = "/srv/golden", .size = 1, .by = {0}});
  seen.reads.push_back({.path = "/vault/golden", .size = 1, .by = {0}});
  seen.writes.emplace_back();
  seen.writes.back().path = "/srv/src/changed.c";
  seen.writes.back().same_as_read = "/vault/golden";
  evidence::SeenFile file;
  file.path = "out";
  file.same_bytes_as = "golden";
  facts.files = {file};
  judge::Terms terms;
  terms.contract = {obligation("read", Value::map({{"path", "data/*.csv"}})),
                    obligation("nowrite", Value::map({{"path", "src"}}))};
  keep_what_matters(facts, terms, {});
  for (const char* path : {"/srv/data/in.csv", "/usr/lib/python3.11/unittest/mock.py", "/srv/golden", "/vault/golden",
                           "/srv/src/changed.c", "/usr/lib/0.so", "/tmp/999.o"})
    BOOST_TEST(holds(seen, path), path);
  BOOST_TEST(!holds(seen, "/usr/lib/250.so"));
  BOOST_TEST(seen.reads_left_out == 100);
  BOOST_TEST(seen.writes_left_out == 100);
  BOOST_REQUIRE(terms.fingerprints.size() == 1U);
  BOOST_TEST(terms.fingerprints[0].id == "python.unittest.mock");
  const auto again = evidence::facts_from_value(evidence::to_value(facts));
  BOOST_TEST(again.activity->reads_left_out == 100);
  BOOST_TEST(again.folder == "/srv");
}

BOOST_AUTO_TEST_CASE(a_list_of_names_leads_to_all_their_files) {
  suite::Obligation write = obligation(
      "write", Value::map({{"path", "out"}, {"by", Value(Value::List{"sh", "env", "no-such-program-anywhere"})}}));
  resolve_identities(write, base_environment(), "/");
  const auto& files = write.settings["resolved"].as_list();
  BOOST_REQUIRE(files.size() == 2U);
  for (const Value& file : files) BOOST_TEST(file["sha256"].as_string().size() == 64U);
  suite::Obligation nobody = obligation("write", Value::map({{"path", "out"}, {"by", "no-such-program-anywhere"}}));
  resolve_identities(nobody, base_environment(), "/");
  BOOST_TEST((nobody.settings["resolved"].is_list() && nobody.settings["resolved"].as_list().empty()));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::run
