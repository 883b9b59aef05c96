#include "harness/base/random.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cctype>
#include <set>

using namespace mccoy;

BOOST_AUTO_TEST_SUITE(random_suite)

BOOST_AUTO_TEST_CASE(splitmix64_gives_its_published_numbers) {
  Random random(1234567);
  BOOST_TEST(random.next() == 6457827717110365317U);
  BOOST_TEST(random.next() == 3203168211198807973U);
  BOOST_TEST(random.next() == 9817491932198370423U);
  BOOST_TEST(random.next() == 4593380528125082431U);
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_choices) {
  Random a(42), b(42), c(43);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const auto choice = a.below(1000);
    BOOST_TEST(choice == b.below(1000));
    differs = differs || choice != c.below(1000);
  }
  BOOST_TEST(differs);
}

BOOST_AUTO_TEST_CASE(below_reaches_every_number_and_no_other) {
  Random random(7);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.below(5));
  BOOST_TEST(seen.size() == 5U);
  BOOST_TEST(*seen.rbegin() == 4U);
  BOOST_TEST(random.below(1) == 0U);
  BOOST_TEST(random.below(~std::uint64_t{0}) < ~std::uint64_t{0});
}

BOOST_AUTO_TEST_CASE(unit_lies_in_zero_to_one) {
  Random random(7);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double x = random.unit();
    BOOST_REQUIRE(x >= 0);
    BOOST_REQUIRE(x < 1);
    sum += x;
  }
  BOOST_TEST(sum / 10'000 == 0.5, boost::test_tools::tolerance(0.05));
}

BOOST_AUTO_TEST_CASE(seeds_for_different_purposes_differ_and_stay_the_same) {
  BOOST_TEST(derive_seed(1, "load") == derive_seed(1, "load"));
  BOOST_TEST(derive_seed(1, "load") != derive_seed(1, "chaos"));
  BOOST_TEST(derive_seed(1, "load") != derive_seed(2, "load"));
  BOOST_TEST(derive_seed(1, "1:x") != derive_seed(11, ":x"));
}

BOOST_AUTO_TEST_CASE(tokens_are_letters_and_digits_and_never_repeat) {
  std::set<std::string> tokens;
  for (int i = 0; i < 1000; ++i) {
    const auto token = fresh_token();
    BOOST_REQUIRE(token.size() == 20U);
    BOOST_REQUIRE((token[0] >= 'a' && token[0] <= 'z'));
    BOOST_REQUIRE(std::ranges::all_of(token, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }));
    tokens.insert(token);
  }
  BOOST_TEST(tokens.size() == 1000U);
  BOOST_TEST(fresh_token(0).empty());
  BOOST_TEST(fresh_seed() != fresh_seed());
}

BOOST_AUTO_TEST_CASE(a_uuid_says_version_four_and_its_variant) {
  for (int i = 0; i < 100; ++i) {
    const auto uuid = uuid_v4();
    BOOST_REQUIRE(uuid.size() == 36U);
    for (const std::size_t dash : {8U, 13U, 18U, 23U}) BOOST_REQUIRE(uuid[dash] == '-');
    BOOST_REQUIRE(uuid[14] == '4');
    BOOST_REQUIRE(std::string("89ab").find(uuid[19]) != std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
