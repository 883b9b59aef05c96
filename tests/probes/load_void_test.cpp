// When a load says nothing of its target, by the figures alone.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "harness/base/text.hpp"
#include "probes/load_observation.hpp"

namespace data = boost::unit_test::data;
using namespace mccoy;

namespace {
/// Of 10,000 requests that were due: what became of those that were not answered well and in time.
struct Row {
  std::string_view title;
  load::Model model = load::Model::open;
  std::uint64_t never_sent = 0, no_ports = 0, late = 0, unchecked = 0;
  double cpu = 0.1;
  std::uint64_t lag_ns = 1'000;              ///< of each
  std::string_view why = {}, late_why = {};  ///< part of the text; "" = none
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.title;
}
constexpr std::uint64_t kDue = 10'000, kMilli = 1'000'000;
const Row kRows[] = {
    {.title = "nothing is wrong"},
    {.title = "a few were never sent", .never_sent = 10},
    {.title = "too many were never sent by an idle generator", .never_sent = 11, .why = "never sent"},
    {.title = "a few found no port", .no_ports = 10},
    {.title = "too many found no port", .no_ports = 11, .why = "no free port"},
    {.title = "late and busy", .late = 101, .cpu = 0.96, .why = "could not keep up (96 %", .late_why = ""},
    {.title = "late, but as many as may be", .late = 100, .cpu = 0.96},
    {.title = "late and idle, by much", .late = 200, .lag_ns = 5 * kMilli, .late_why = "woken late"},
    {.title = "late and idle, by little", .late = 200, .lag_ns = kMilli / 2},
    {.title = "busy users that wait for it",
     .model = load::Model::closed,
     .cpu = 0.96,
     .lag_ns = 2 * kMilli,
     .why = "answers waited"},
    {.title = "busy users that do not", .model = load::Model::closed, .cpu = 0.96, .lag_ns = kMilli / 2},
    {.title = "a body that was too long", .unchecked = 1, .why = "too large to check"},
};

load::Report report_of(const Row& row) {
  load::Report report;
  report.model = row.model;
  report.stages = {{"load", true, Duration{}, std::chrono::seconds(10), kDue}};
  report.requests = {{"main", "main", "http://127.0.0.1:1", {"status 2xx"}}};
  report.connections = {{.target = "http://127.0.0.1:1", .opened = 1}};
  load::Tally tally;
  tally.due = kDue;
  tally.never_sent = row.never_sent;
  tally.failed[static_cast<std::size_t>(load::Cause::no_ports)] = row.no_ports;
  tally.failed[static_cast<std::size_t>(load::Cause::unchecked)] = row.unchecked;
  tally.ok = kDue - row.never_sent - row.no_ports - row.unchecked;
  tally.sent = kDue;
  tally.late = tally.late_generator = row.late;
  tally.checks_run = {tally.ok};
  tally.checks_failed = {0};
  tally.response.add(10 * kMilli, tally.ok);
  tally.service.add(10 * kMilli, tally.ok);
  report.cells = {{0, 0, std::move(tally)}};
  report.generator.cpu_share = row.cpu;
  report.generator.lag.add(row.lag_ns, kDue);
  report.generator.late_after = Duration(kMilli);
  return report;
}
bool says(const std::string& text, std::string_view part) {
  return part.empty() ? text.empty() : text.find(part) != std::string::npos;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(load_void)

BOOST_DATA_TEST_CASE(the_generator_is_the_limit_by_its_figures, data::make(kRows), row) {
  const load::Report report = report_of(row);
  BOOST_TEST(says(probes::void_of(report), row.why), probes::void_of(report));
  if (!row.late_why.empty()) BOOST_TEST(says(probes::lateness_of(report), row.late_why), probes::lateness_of(report));
}

BOOST_AUTO_TEST_CASE(a_check_that_was_never_made_says_nothing) {
  load::Report report = report_of(kRows[0]);
  report.cells.front().tally.checks_run = {0};
  BOOST_TEST(says(probes::void_of(report), "made of none of 10000 responses"), probes::void_of(report));
}

BOOST_AUTO_TEST_CASE(a_request_that_was_never_due_is_not_known) {
  load::Report report = report_of(kRows[0]);
  BOOST_TEST(probes::never_asked(report) == "");
  report.requests.push_back({"other", "main", "http://127.0.0.1:1", {}});
  BOOST_TEST(says(probes::never_asked(report), "\"other\""), probes::never_asked(report));
}

BOOST_AUTO_TEST_SUITE_END()
