// The histogram against exact percentiles of the samples themselves, merged shards against one run, text and back.
#include "harness/base/histogram.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <vector>

#include "harness/base/random.hpp"

using namespace mccoy;

namespace {
/// Spread evenly over the decades from 1 us to 1 h.
std::vector<std::uint64_t> samples(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::uint64_t> all(count);
  for (auto& sample : all) sample = static_cast<std::uint64_t>(1e3 * std::pow(3.6e9, random.unit()));
  return all;
}

Histogram histogram_of(const std::vector<std::uint64_t>& all) {
  Histogram result;
  for (const auto sample : all) result.add(sample);
  return result;
}
std::int64_t resident_kib() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t whole = 0, resident = 0;
  statm >> whole >> resident;
  return resident * 4;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(histogram)

BOOST_AUTO_TEST_CASE(every_bucket_begins_where_the_one_before_ended) {
  for (std::size_t at = 0; at < Histogram::kBuckets; ++at) {
    BOOST_REQUIRE_EQUAL(Histogram::bucket_of(Histogram::lowest(at)), at);
    BOOST_REQUIRE_EQUAL(Histogram::bucket_of(Histogram::highest(at)), at);
    if (at > 0) BOOST_REQUIRE_EQUAL(Histogram::lowest(at), Histogram::highest(at - 1) + 1);
  }
  BOOST_TEST(Histogram::highest(Histogram::kBuckets - 1) == Histogram::kHighest);
}

BOOST_AUTO_TEST_CASE(percentiles_are_the_exact_ones_to_three_digits) {
  for (const std::size_t count : {1U, 2U, 3U, 10U, 1000U, 100000U}) {
    auto all = samples(count, count);
    const auto seen = histogram_of(all);
    std::ranges::sort(all);
    for (const double q : {0.0, 0.001, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0}) {
      const auto rank =
          std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(q * static_cast<double>(count) - 1e-9)));
      const std::uint64_t exact = all[rank - 1], given = seen.percentile(q);
      BOOST_TEST(given >= exact);
      BOOST_TEST(static_cast<double>(given - exact) <= 0.001 * static_cast<double>(exact));
    }
    BOOST_TEST(seen.min() == all.front());
    BOOST_TEST(seen.max() == all.back());
    double sum = 0;
    for (const auto sample : all) sum += static_cast<double>(sample);
    BOOST_TEST(seen.mean() == sum / static_cast<double>(count), boost::test_tools::tolerance(1e-9));
  }
}

BOOST_AUTO_TEST_CASE(merged_shards_equal_one_run) {
  const auto all = samples(30000, 7);
  Histogram shards[4], merged;
  for (std::size_t i = 0; i < all.size(); ++i) shards[i % 4].add(all[i]);
  for (const auto& shard : shards) merged.merge(shard);
  BOOST_TEST((merged == histogram_of(all)));
  BOOST_TEST(merged.text() == histogram_of(all).text());
}

BOOST_AUTO_TEST_CASE(nothing_has_no_percentile_and_no_least) {
  const Histogram none;
  BOOST_TEST(none.empty());
  BOOST_TEST(none.percentile(0.5) == 0U);
  BOOST_TEST(none.min() == 0U);
  BOOST_TEST(none.text() == "hdr1 0");
  Histogram some;
  some.merge(none);
  BOOST_TEST((some == none));
}

BOOST_AUTO_TEST_CASE(what_is_too_long_counts_as_the_longest) {
  Histogram one;
  one.add(UINT64_MAX);
  BOOST_TEST(one.max() == Histogram::kHighest);
  BOOST_TEST(one.count() == 1U);
}

BOOST_AUTO_TEST_CASE(a_sum_needs_more_than_64_bits) {
  Histogram many;
  many.add(Histogram::kHighest, 1U << 31);
  BOOST_TEST(many.mean() == static_cast<double>(Histogram::kHighest), boost::test_tools::tolerance(1e-12));
  BOOST_TEST((*Histogram::parse(many.text()) == many));
}

BOOST_AUTO_TEST_CASE(cleared_it_starts_again) {
  auto used = histogram_of(samples(1000, 1));
  used.clear();
  BOOST_TEST((used == Histogram{}));
  used.add(5);
  Histogram fresh;
  fresh.add(5);
  BOOST_TEST((used == fresh));
}

BOOST_AUTO_TEST_CASE(counts_up_to_a_value) {
  Histogram seen;
  for (const std::uint64_t value : {10, 20, 30, 5000000}) seen.add(value);
  BOOST_TEST(seen.count_up_to(9) == 0U);
  BOOST_TEST(seen.count_up_to(20) == 2U);
  BOOST_TEST(seen.count_up_to(5000000) == 4U);
}

BOOST_AUTO_TEST_CASE(text_and_back_is_the_same) {
  for (const std::size_t count : {0U, 1U, 2U, 5000U}) {
    const auto before = histogram_of(samples(count, 11));
    const auto after = Histogram::parse(before.text());
    BOOST_REQUIRE(after.ok());
    BOOST_TEST((*after == before));
    BOOST_TEST(after->text() == before.text());
  }
}

BOOST_AUTO_TEST_CASE(text_nobody_wrote_is_refused) {
  BOOST_TEST(Histogram::parse("hdr1 2 0 30 10 20 10:1 10:1").ok());
  for (const std::string_view bad : {"",
                                     "hdr1",
                                     "hdr2 0",
                                     "hdr1 0 ",
                                     "hdr1 00",
                                     "hdr1 1",
                                     "hdr1 2 0 30 10 20",
                                     "hdr1 2 0 30 10 20 10:1",
                                     "hdr1 2 0 30 10 20 10:1 10:2",
                                     "hdr1 2 0 30 10 20 10:1 0:1",
                                     "hdr1 2 0 30 11 20 10:1 10:1",
                                     "hdr1 2 0 30 10 21 10:1 10:1",
                                     "hdr1 2 0 31 10 20 10:1 10:1",
                                     "hdr1 2 1 30 10 20 10:1 10:1",
                                     "hdr1 2 0 30 10 20 10:1 10:01",
                                     "hdr1 2 0 30 10 20 10:1  10:1",
                                     "hdr1 2 0 30 10 20 10:1 10:1\n",
                                     "hdr1 2 0 30 20 10 10:1 10:1",
                                     "hdr1 1 0 1 1 1 99999999:1",
                                     "hdr1 1 0 5 5 5 5:18446744073709551616",
                                     "hdr1 2 0 30 10 20 10:2 10:0",
                                     "hdr1 2 0 30 10 20 10:18446744073709551615 10:3"})
    BOOST_TEST(!Histogram::parse(bad).ok(), "accepted: " << bad);
}

BOOST_AUTO_TEST_CASE(many_of_them_take_the_memory_of_what_was_counted_even_after_others_are_gone) {
  const std::int64_t before = resident_kib();
  for (int round = 0; round < 3; ++round) {
    std::vector<Histogram> many(1000);
    for (auto& one : many) one.add(1'000'000);
    BOOST_TEST(resident_kib() - before < 64 * 1024, "round " << round);
  }
}

BOOST_AUTO_TEST_SUITE_END()
