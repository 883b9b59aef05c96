// The grammar of gates: what is meant, what is refused and where.
#include "harness/suite/gate.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace mccoy;
using suite::Gate;

namespace {
using enum suite::MetricSort;
constexpr std::string_view kDuration[] = {"http_req_duration"}, kFailed[] = {"http_req_failed"},
                           kReqs[] = {"http_reqs"};
constexpr suite::Metric kMetrics[] = {{"response", times, "", kDuration}, {"service", times, "", {}},
                                      {"requests", counter, "", kReqs},   {"errors", share, "", kFailed},
                                      {"dropped", counter, "", {}},       {"time_to_recover", time, "", {}}};
constexpr std::string_view kSelectors[] = {"request", "stage"};
const suite::GateGrammar kGrammar{kMetrics, kSelectors};

struct Good {
  std::string_view text, subject, limit;
};
std::ostream& operator<<(std::ostream& out, const Good& row) {
  return out << row.text;
}
const Good kGood[] = {
    {"p(95) < 500ms", "response p(95)", "< 500ms"},
    {"p(95)<500", "response p(95)", "< 500ms"},
    {"p(99.9) < 200ms", "response p(99.9)", "< 200ms"},
    {"response p(50) <= 1.5s", "response p(50)", "<= 1.5s"},
    {"service p(95) < 20ms", "service p(95)", "< 20ms"},
    {"avg<200", "response avg", "< 200ms"},
    {"max < 2m", "response max", "< 120s"},
    {"max < 59m", "response max", "< 3540s"},
    {"time_to_recover < 10h", "time_to_recover", "< 36000s"},
    {"errors count > 0", "errors count", "> 0"},
    {"med>0.1us", "response med", "> 100ns"},
    {"errors < 0.1%", "errors", "< 0.1%"},
    {"errors<0.01", "errors", "< 1%"},
    {"errors == 0", "errors", "== 0%"},
    {"errors rate<0.01", "errors", "< 1%"},
    {"errors count < 5", "errors count", "< 5"},
    {"http_req_failed < 1%", "errors", "< 1%"},
    {"rate >= 95% of target", "requests rate", ">= 95% of target"},
    {"rate >= 100/s", "requests rate", ">= 100/s"},
    {"rate > 600/min", "requests rate", "> 10/s"},
    {"http_reqs rate>100", "requests rate", "> 100/s"},
    {"count>=100", "requests count", ">= 100"},
    {"dropped == 0", "dropped", "== 0"},
    {"dropped value===0", "dropped", "== 0"},
    {"time_to_recover < 10s", "time_to_recover", "< 10s"},
    {"p(95){request: login} < 50ms", "response p(95){request: login}", "< 50ms"},
    {"errors{stage: hold} < 1%", "errors{stage: hold}", "< 1%"},
    {"p(95){stage:hold,name:log in}<50", "response p(95){request: log in, stage: hold}", "< 50ms"},
    {"p(95) < 1.1 * baseline", "response p(95)", "< 1.1 * baseline"},
    {"p(95) <= baseline", "response p(95)", "<= baseline"},
    {"med < 110% of baseline", "response med", "< 1.1 * baseline"},
    {"p(95) < baseline * 2", "response p(95)", "< 2 * baseline"},
};

struct Bad {
  std::string_view text;
  int column, length;
  std::string_view what, hint;
};
std::ostream& operator<<(std::ostream& out, const Bad& row) {
  return out << '"' << row.text << '"';
}
const Bad kBad[] = {
    {"", 1, 1, "empty", ""},
    {"   ", 4, 1, "empty", ""},
    {"< 500", 1, 1, "does not say what is measured", ""},
    {"eror < 1%", 1, 4, "nothing called \"eror\"", "errors"},
    {"p95 < 500", 1, 3, "nothing called \"p95\"", "p(95)"},
    {"mean < 5", 1, 4, "nothing called \"mean\"", "avg"},
    {"p(95", 5, 1, ") of the percentile", ""},
    {"p(0) < 5", 3, 1, "no percentile", ""},
    {"p(101) < 5", 3, 3, "no percentile", ""},
    {"p < 5", 1, 1, "percentage in parentheses", "p(95)"},
    {"response < 5", 1, 8, "which of them", "p(95)"},
    {"errors p(95) < 5", 1, 6, "has no p", "count"},
    {"p(95) 500", 7, 3, "how it is compared", "<"},
    {"p(95) <", 8, 1, "number is missing", ""},
    {"p(95) < fast", 9, 4, "no number", ""},
    {"p(95) < 5 parsecs", 11, 7, "no unit", ""},
    {"p(95) < 5%", 9, 1, "not measured in %", "500ms"},
    {"errors < 5ms", 10, 1, "not measured in ms", "0.1%"},
    {"errors < 200%", 10, 3, "at most 100%", ""},
    {"errors <= 100%", 11, 3, "holds for anything", ""},
    {"dropped >= 0", 12, 1, "holds for anything", ""},
    {"errors < 0", 10, 1, "never hold", "== 0"},
    {"p(95) < -5", 9, 2, "below 0", ""},
    {"rate<0.01", 6, 4, "requests per second", "errors < 1%"},
    {"errors < 95% of target", 10, 2, "has no target", ""},
    {"rate > 95% of goal", 15, 4, "percent of what", ""},
    {"p(95) == 5ms", 10, 1, "exactly", "<"},
    {"p(95) < 10000h", 9, 5, "holds for anything", ""},
    {"max < 99999999s", 7, 8, "holds for anything", ""},
    {"max <= 1h", 8, 1, "holds for anything", ""},
    {"p(95) < 60m", 9, 2, "holds for anything", ""},
    {"count != 3", 10, 1, "nearly anything", ">="},
    {"p(95) > 2h", 9, 1, "never hold", ""},
    {"p(95) > 0", 9, 1, "checks nothing", ""},
    {"min > 0ms", 7, 1, "checks nothing", ""},
    {"count == 1.5", 10, 3, "no count", "whole"},
    {"count != 1.5", 10, 3, "no count", "whole"},
    {"dropped == 0.5", 12, 3, "no count", "whole"},
    {"errors < 2 * baseline", 10, 1, "not compared with a baseline", "percentiles"},
    {"max < 2 * baseline", 7, 1, "not compared with a baseline", ""},
    {"p(95){user: x} < 5", 6, 9, "told apart", "request"},
    {"p(95){requst: x} < 5", 6, 11, "told apart", "request"},
    {"p(95){request} < 5", 6, 9, "of what name", ""},
    {"p(95){request: a < 5", 6, 1, "means nothing", "close"},
    {"p(95) < 5 && max < 7", 11, 1, "means nothing", ""},
    {"p(95) < 5 max", 11, 3, "no unit", ""},
    {"p(95) max < 5", 7, 3, "too many", ""},
};
}  // namespace

BOOST_AUTO_TEST_SUITE(gates)

BOOST_DATA_TEST_CASE(a_gate_says_what_is_measured_and_its_limit, data::make(kGood), row) {
  const auto gate = suite::parse_gate(row.text, kGrammar);
  BOOST_REQUIRE_MESSAGE(gate.ok(), row.text << ": " << (gate.ok() ? "" : gate.error().what));
  BOOST_TEST(suite::subject_of(*gate) == row.subject);
  BOOST_TEST(suite::limit_of(*gate) == row.limit);
}

BOOST_DATA_TEST_CASE(a_recorded_gate_is_read_back_as_it_was, data::make(kGood), row) {
  auto gate = suite::parse_gate(row.text, kGrammar);
  BOOST_REQUIRE(gate.ok());
  gate->abort = true;
  gate->delay = std::chrono::seconds(3);
  const suite::Check check = suite::to_check(*gate, {});
  const auto journalled = from_json(to_json(suite::to_value(check)));
  BOOST_REQUIRE(journalled.ok());
  const auto again = suite::check_from_value(*journalled);
  BOOST_REQUIRE(again.ok());
  const auto read = suite::gate_of(*again);
  BOOST_REQUIRE(read.ok());
  BOOST_TEST(suite::subject_of(*read) == row.subject);
  BOOST_TEST(suite::limit_of(*read) == row.limit);
  BOOST_TEST(read->limit == gate->limit);
  BOOST_TEST(read->abort);
  BOOST_TEST((read->delay == gate->delay));
}

BOOST_DATA_TEST_CASE(a_gate_that_says_nothing_is_refused_at_its_place, data::make(kBad), row) {
  const auto gate = suite::parse_gate(row.text, kGrammar);
  BOOST_REQUIRE_MESSAGE(!gate.ok(), row.text << " was accepted");
  BOOST_TEST_CONTEXT(gate.error().what << " / " << gate.error().hint) {
    BOOST_TEST(gate.error().what.find(row.what) != std::string::npos);
    BOOST_TEST(gate.error().hint.find(row.hint) != std::string::npos);
    BOOST_TEST(!gate.error().hint.empty());
    BOOST_TEST(gate.error().where.column == row.column);
    BOOST_TEST(gate.error().where.length == row.length);
  }
}

BOOST_AUTO_TEST_CASE(k6s_map_form_names_the_metric_in_front) {
  const auto subject = suite::parse_gate_subject("http_req_failed{name:login}", kGrammar);
  BOOST_REQUIRE(subject.ok());
  const auto gate = suite::parse_gate("rate<0.01", kGrammar, *subject);
  BOOST_REQUIRE(gate.ok());
  BOOST_TEST(suite::subject_of(*gate) == "errors{request: login}");
  BOOST_TEST(suite::limit_of(*gate) == "< 1%");
  BOOST_TEST(!suite::parse_gate_subject("http_req_fail", kGrammar).ok());
  BOOST_TEST(!suite::parse_gate_subject("errors rate", kGrammar).ok());
}

BOOST_AUTO_TEST_CASE(a_recorded_gate_that_was_changed_into_nonsense_is_no_gate) {
  const auto gate = suite::parse_gate("p(95) < 5", kGrammar);
  BOOST_REQUIRE(gate.ok());
  for (const std::string_view member : {"metric", "sort", "aggregate", "sign", "against", "limit", "percentile"}) {
    suite::Check check = suite::to_check(*gate, {});
    check.operand.set(member, "nonsense");
    BOOST_TEST_CONTEXT(member) {
      BOOST_TEST((!suite::gate_of(check).ok() || member == "metric"));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
