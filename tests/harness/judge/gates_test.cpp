// Gates judged from recorded observations only.
#include "harness/judge/gates.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "harness/base/random.hpp"
#include "harness/judge/quantile_ratio.hpp"

namespace data = boost::unit_test::data;
using namespace mccoy;
using judge::Held;

namespace {
using enum suite::MetricSort;
constexpr suite::Metric kMetrics[] = {{"response", times, "", {}}, {"requests", counter, "", {}},
                                      {"errors", share, "", {}},   {"dropped", counter, "", {}},
                                      {"arrived", share, "", {}},  {"time_to_recover", time, "", {}}};
constexpr std::string_view kSelectors[] = {"request", "stage"};

suite::Check gate(std::string_view text) {
  auto parsed = suite::parse_gate(text, {kMetrics, kSelectors});
  BOOST_REQUIRE_MESSAGE(parsed.ok(), text);
  return suite::to_check(*parsed, {});
}

/// 1,000 times of 1 .. 1,000 ms; 990 of 1,000 requests ended, 10 s, 100/s asked.
Histogram thousand(std::uint64_t factor = 1) {
  Histogram times;
  for (std::uint64_t ms = 1; ms <= 1000; ++ms) times.add(ms * 1'000'000 * factor);
  return times;
}
evidence::Observation observed() {
  evidence::Observation seen;
  Value metrics = Value::map();
  metrics.set("requests", Value::map({{"count", 990}, {"of", 1000}, {"span_ns", 10'000'000'000}, {"target", 100.0}}));
  metrics.set("requests{stage:drained}",
              Value::map({{"count", 400}, {"of", 400}, {"span_ns", 2'000'000'000}, {"came", 10}, {"target", 200.0}}));
  metrics.set("errors", Value::map({{"part", 10}, {"of", 1000}}));
  metrics.set("errors{stage:hold}", Value::map({{"part", 0}, {"of", 500}}));
  metrics.set("errors{stage:idle}", Value::map({{"part", 0}, {"of", 0}}));
  metrics.set("dropped", Value::map({{"count", 0}, {"of", 1000}}));
  metrics.set("dropped{request:never}", Value::map({{"count", 0}, {"of", 0}}));
  metrics.set("arrived", Value::map({{"why", "the counter is silent"}}));
  metrics.set("time_to_recover", Value::map({{"time_ns", 1'500'000'000}}));
  seen.values.set("metrics", std::move(metrics));
  seen.texts.emplace("histograms", judge::whole_text(judge::histogram_line("response", thousand()) +
                                                     judge::histogram_line("response{request:empty}", Histogram())));
  return seen;
}

struct Row {
  std::string_view gate;
  Held held;
  std::string_view actual_or_why;
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.gate;
}
const Row kRows[] = {
    {"p(95) < 951ms", Held::yes, "950ms (1000 samples)"},
    {"p(95) < 950ms", Held::no, "950ms"},
    {"min < 2ms", Held::yes, "1ms"},
    {"max <= 1s", Held::yes, "1s"},
    {"avg < 500ms", Held::no, "500.5ms"},
    {"requests count >= 990", Held::yes, "990"},
    {"count > 990", Held::no, "990"},
    {"rate >= 99/s", Held::yes, "99/s"},
    {"rate >= 99.5% of target", Held::no, "99% of 100/s"},
    {"rate >= 99% of target", Held::yes, ""},
    {"rate{stage: drained} >= 95% of target", Held::no, "5/s"},
    {"count{stage: drained} == 400", Held::yes, ""},
    {"errors < 1%", Held::no, "1% (1000 samples)"},
    {"errors <= 1%", Held::yes, ""},
    {"errors{stage: hold} == 0", Held::yes, "0%"},
    {"errors{stage: idle} < 1%", Held::unknown, "no samples"},
    {"errors{stage: other} < 1%", Held::unknown, "no samples"},
    {"dropped == 0", Held::yes, "0"},
    {"dropped{request: never} == 0", Held::unknown, "no samples"},
    {"p(95){request: empty} < 5s", Held::unknown, "no samples"},
    {"p(95){request: other} < 5s", Held::unknown, "no samples"},
    {"arrived == 100%", Held::unknown, "the counter is silent"},
    {"time_to_recover < 2s", Held::yes, "1.5s"},
    {"p(95) < 1.1 * baseline", Held::unknown, "no baseline"},
};
}  // namespace

BOOST_AUTO_TEST_SUITE(gates)

BOOST_DATA_TEST_CASE(a_gate_is_held_by_what_was_recorded_and_by_nothing_else, data::make(kRows), row) {
  const auto result = judge::evaluate(gate(row.gate), observed());
  BOOST_TEST_CONTEXT(result.actual << " / " << result.why) {
    BOOST_TEST((result.held == row.held));
    BOOST_TEST((result.actual + result.why).find(row.actual_or_why) != std::string::npos);
  }
}

BOOST_DATA_TEST_CASE(without_an_observation_no_gate_is_held_or_broken, data::make(kRows), row) {
  const auto result = judge::evaluate(gate(row.gate), {});
  BOOST_TEST((result.held == Held::unknown));
  BOOST_TEST((judge::outcome_of({result}) == judge::Outcome::error));
}

BOOST_AUTO_TEST_CASE(a_histogram_that_was_changed_is_not_believed) {
  auto seen = observed();
  std::string& text = seen.texts["histograms"].head;
  text.replace(text.find(" 1000 "), 6, " 1001 ");
  BOOST_TEST((judge::evaluate(gate("p(95) < 5s"), seen).held == Held::unknown));
}

BOOST_AUTO_TEST_CASE(a_figure_that_is_no_number_is_not_held) {
  auto seen = observed();
  Value metrics = Value::map({{"requests", Value::map({{"count", 5}, {"of", 5}, {"span_ns", 0}})},
                              {"errors", Value::map({{"part", "many"}, {"of", 5}})}});
  seen.values.set("metrics", std::move(metrics));
  BOOST_TEST((judge::evaluate(gate("rate > 5/s"), seen).held == Held::unknown));
  BOOST_TEST((judge::evaluate(gate("errors < 5%"), seen).held == Held::unknown));
}

struct Compared {
  std::string_view gate;
  std::uint64_t samples;
  double slower;
  Held held;
};
std::ostream& operator<<(std::ostream& out, const Compared& row) {
  return out << row.gate << " of " << row.samples << ", " << row.slower << " times as slow";
}
const Compared kCompared[] = {
    {"p(95) < 1.1 * baseline", 20000, 1.0, Held::yes},     {"p(95) < 1.1 * baseline", 20000, 1.5, Held::no},
    {"p(95) < 1.1 * baseline", 20000, 1.1, Held::unknown}, {"p(95) < 1.1 * baseline", 200, 1.1, Held::unknown},
    {"p(99) < 1.1 * baseline", 50, 3.0, Held::unknown},    {"med <= baseline", 20000, 0.8, Held::yes},
    {"p(95) > 1.2 * baseline", 20000, 2.0, Held::yes},     {"p(95) > 1.2 * baseline", 20000, 1.0, Held::no},
    {"p(95) < 1.1 * baseline", 300000, 1.05, Held::yes},
};

BOOST_DATA_TEST_CASE(a_baseline_is_compared_by_the_bounds_of_the_percentiles, data::make(kCompared), row) {
  Random random(7);
  Histogram before, now;
  for (std::uint64_t i = 0; i < row.samples; ++i) {
    before.add(1'000'000 + random.below(9'000'000));
    now.add(static_cast<std::uint64_t>(static_cast<double>(1'000'000 + random.below(9'000'000)) * row.slower));
  }
  evidence::Observation seen;
  seen.texts.emplace("histograms", judge::whole_text(judge::histogram_line("response", now)));
  seen.texts.emplace("baseline", judge::whole_text(judge::histogram_line("response", before)));
  const auto result = judge::evaluate(gate(row.gate), seen);
  BOOST_TEST_CONTEXT(result.actual << " / " << result.why) BOOST_TEST((result.held == row.held));
}

BOOST_AUTO_TEST_CASE(the_bounds_of_a_percentile_hold_the_true_one_at_least_as_often_as_they_say) {
  Random random(11);
  int outside_low = 0, outside_high = 0;
  constexpr int kRuns = 2000;
  constexpr std::uint64_t kSamples = 300, kTop = 1'000'000;
  for (int run = 0; run < kRuns; ++run) {
    std::vector<std::uint64_t> values;
    for (std::uint64_t i = 0; i < kSamples; ++i) values.push_back(random.below(kTop));
    std::sort(values.begin(), values.end());
    const auto ranks = judge::quantile_ranks(kSamples, 0.95);
    BOOST_REQUIRE(ranks.low > 0);
    BOOST_REQUIRE(ranks.high > 0);
    constexpr auto kTruth = static_cast<std::uint64_t>(0.95 * kTop);
    outside_low += values[ranks.low - 1] > kTruth ? 1 : 0;
    outside_high += values[ranks.high - 1] < kTruth ? 1 : 0;
  }
  BOOST_TEST(outside_low <= kRuns * 0.035);  // 2.5 % is promised; the rest is chance
  BOOST_TEST(outside_high <= kRuns * 0.035);
  BOOST_TEST(outside_low + outside_high >= kRuns * 0.01);  // and the bounds are not uselessly wide
}

BOOST_AUTO_TEST_CASE(the_exact_and_the_approximate_bounds_meet) {
  const auto exact = judge::quantile_ranks(100'000, 0.99), approximate = judge::quantile_ranks(100'001, 0.99);
  BOOST_TEST(std::abs(static_cast<double>(exact.low) - static_cast<double>(approximate.low)) <= 3);
  BOOST_TEST(std::abs(static_cast<double>(exact.high) - static_cast<double>(approximate.high)) <= 3);
}

BOOST_AUTO_TEST_SUITE_END()
