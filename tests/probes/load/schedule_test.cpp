// The course of arrivals, as the pure function it is.
#include "probes/load/schedule.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <vector>

using namespace mccoy;
using namespace mccoy::load;
using std::chrono::seconds;

namespace {
std::vector<Arrival> all(const std::vector<Stage>& stages, Spacing spacing = Spacing::constant,
                         std::uint64_t seed = 1) {
  const Course course(stages);
  Arrivals arrivals(course, spacing, seed);
  std::vector<Arrival> list;
  while (const auto next = arrivals.next()) list.push_back(*next);
  return list;
}

double in_seconds(Duration span) {
  return std::chrono::duration<double>(span).count();
}
}  // namespace

BOOST_AUTO_TEST_SUITE(schedule)

BOOST_AUTO_TEST_CASE(a_constant_rate_is_evenly_spaced_from_the_first_moment) {
  const auto list = all({{"hold", 1000, 1000, seconds(10)}});
  BOOST_REQUIRE_EQUAL(list.size(), 10000U);
  for (std::size_t i = 0; i < list.size(); ++i) {
    BOOST_REQUIRE_EQUAL(list[i].number, i);
    BOOST_REQUIRE_EQUAL(list[i].due.count(), static_cast<std::int64_t>(i) * 1'000'000);
  }
}

BOOST_AUTO_TEST_CASE(a_ramp_has_the_area_below_it_and_its_own_spacing) {
  const auto list = all({{"up", 0, 1000, seconds(10)}});
  BOOST_TEST(list.size() == 5000U);
  for (const std::size_t n : {1U, 100U, 2500U, 4999U})  // n = 50 t^2
    BOOST_TEST(in_seconds(list[n].due) == std::sqrt(static_cast<double>(n) / 50), boost::test_tools::tolerance(1e-6));
  const auto down = all({{"down", 1000, 0, seconds(10)}});
  BOOST_TEST(down.size() == 5000U);
  BOOST_TEST(in_seconds(down[1].due) == 0.001, boost::test_tools::tolerance(1e-3));
  BOOST_TEST((down.back().due < seconds(10)));
}

BOOST_AUTO_TEST_CASE(stages_follow_one_another_without_a_gap) {
  const auto list = all({{"up", 0, 100, seconds(2)},
                         {"hold", 100, 100, seconds(3)},
                         {"pause", 0, 0, seconds(5)},
                         {"again", 50, 50, seconds(2)}});
  std::vector<std::size_t> of_stage(4);
  for (const auto& arrival : list) ++of_stage[arrival.stage];
  BOOST_TEST(of_stage == (std::vector<std::size_t>{100, 300, 0, 100}), boost::test_tools::per_element());
  for (std::size_t i = 1; i < list.size(); ++i) BOOST_REQUIRE((list[i].due >= list[i - 1].due));
  BOOST_TEST((list[100].due == seconds(2)));
  BOOST_TEST((list[400].due == seconds(10)));
}

BOOST_AUTO_TEST_CASE(odd_rates_lose_no_arrival_at_the_seams) {
  for (const double rate : {0.1, 0.3, 33.3, 7.7})
    BOOST_TEST(all({{"a", rate, rate, seconds(10)}, {"b", rate, rate, seconds(20)}}).size() ==
               static_cast<std::size_t>(std::ceil(rate * 30 - 1e-6)));
}

BOOST_AUTO_TEST_CASE(poisson_arrivals_have_the_rate_and_exponential_distances) {
  const auto list = all({{"hold", 2000, 2000, seconds(50)}}, Spacing::poisson, 7);
  const double count = static_cast<double>(list.size());
  BOOST_TEST(std::abs(count - 100000) < 4 * std::sqrt(100000));
  double sum = 0, squares = 0;
  for (std::size_t i = 1; i < list.size(); ++i) {
    const double distance = in_seconds(list[i].due - list[i - 1].due);
    sum += distance;
    squares += distance * distance;
  }
  const double mean = sum / (count - 1), deviation = std::sqrt(squares / (count - 1) - mean * mean);
  BOOST_TEST(deviation / mean == 1.0, boost::test_tools::tolerance(0.03));  // as of an exponential distribution
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_arrivals_and_another_one_others) {
  const std::vector<Stage> stages = {{"up", 10, 500, seconds(3)}};
  const auto once = all(stages, Spacing::poisson, 3), again = all(stages, Spacing::poisson, 3);
  BOOST_REQUIRE_EQUAL(once.size(), again.size());
  for (std::size_t i = 0; i < once.size(); ++i) BOOST_REQUIRE((once[i].due == again[i].due));
  const auto other = all(stages, Spacing::poisson, 4);
  BOOST_TEST((other.size() != once.size() || other[5].due != once[5].due));
}

BOOST_AUTO_TEST_CASE(the_course_can_be_asked_at_any_moment) {
  const Course course({{"up", 0, 100, seconds(10)}, {"hold", 100, 100, seconds(10)}});
  BOOST_TEST(course.value_at(seconds(5)) == 50.0, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(course.value_at(seconds(15)) == 100.0);
  BOOST_TEST(course.value_at(seconds(20)) == 0.0);
  BOOST_TEST(course.stage_at(seconds(10)) == 1U);
  BOOST_TEST(course.stage_at(seconds(99)) == 1U);
  BOOST_TEST(course.count() == 1500.0);
  BOOST_TEST(course.peak() == 100.0);
}

BOOST_AUTO_TEST_SUITE_END()
