// JUnit files as runners write them, and as attackers do.
#include "harness/witness/test_report.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "harness/base/file.hpp"

namespace mccoy::test {
namespace {
namespace data = boost::unit_test::data;

struct Folder {
  TempDir temporary = TempDir::make("/tmp", "mccoy-junit-").value();
  Result<evidence::TestCounts> read(std::string_view bytes) {
    BOOST_REQUIRE(write_atomically(temporary.path() + "/r.xml", bytes).ok());
    return witness::read_junit_counts(temporary.path() + "/r.xml");
  }
};

struct Report {
  std::string_view title, xml;
  int executed = 0, failed = 0, skipped = 0;
};
std::ostream& operator<<(std::ostream& out, const Report& row) {
  return out << row.title;
}
const Report kReports[] = {
    {"pytest",
     R"(<?xml version="1.0"?><testsuites><testsuite name="pytest" tests="4"><testcase name="a"/><testcase name="b"><failure/></testcase>
      <testcase name="c"><skipped/></testcase><testcase name="d"><error/></testcase></testsuite></testsuites>)",
     3, 2, 1},
    {"a single suite", R"(<testsuite><testcase/><testcase/></testsuite>)", 2, 0, 0},
    {"suites in suites",
     R"(<testsuites><testsuite><testsuite><testcase/></testsuite><testcase/></testsuite></testsuites>)", 2, 0, 0},
    {"googletest",
     R"(<testsuites><testsuite><testcase status="run" result="completed"/><testcase status="notrun" result="suppressed"/></testsuite></testsuites>)",
     1, 0, 1},
    {"boasting attributes", R"(<testsuites tests="500"><testsuite tests="500"></testsuite></testsuites>)", 0, 0, 0},
};
const Report kRefused[] = {
    {"empty", ""},
    {"text", "all 12 tests passed"},
    {"cut short", "<testsuites><testsuite><testcase"},
    {"other XML", "<html><testcase/></html>"},
    {"entities from outside", R"(<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuites>&x;</testsuites>)"},
    {"billion laughs",
     R"(<!DOCTYPE t [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><testsuites><testsuite>&b;</testsuite></testsuites>)"},
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(test_report, Folder)

BOOST_DATA_TEST_CASE_F(Folder, each_test_is_counted_once, data::make(kReports), row) {
  const auto counts = read(row.xml);
  BOOST_REQUIRE(counts.ok());
  BOOST_TEST(counts->seen);
  BOOST_TEST(!counts->written_in_trial);
  BOOST_TEST(counts->executed == row.executed);
  BOOST_TEST(counts->failed == row.failed);
  BOOST_TEST(counts->skipped == row.skipped);
}

BOOST_DATA_TEST_CASE_F(Folder, what_is_no_report_is_refused, data::make(kRefused), row) {
  BOOST_TEST(!read(row.xml).ok());
}

BOOST_AUTO_TEST_CASE(a_missing_report_and_a_bottomless_one_are_refused) {
  BOOST_TEST(!witness::read_junit_counts(temporary.path() + "/none.xml").ok());
  std::string deep;
  for (int level = 0; level < 100; ++level) deep += "<testsuite>";
  for (int level = 0; level < 100; ++level) deep += "</testsuite>";
  BOOST_TEST(!read(deep).ok());
}
BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::test
