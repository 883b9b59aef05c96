#include "harness/base/clock.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <limits>

using namespace mccoy;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(clock_suite)

struct TimeRow {
  const char* text;
  std::int64_t ns;
};
std::ostream& operator<<(std::ostream& out, const TimeRow& row) {
  return out << row.text;
}
const TimeRow kTimes[] = {{"0s", 0},
                          {"1ns", 1},
                          {"45us", 45'000},
                          {"250ms", 250'000'000},
                          {"2s", 2'000'000'000},
                          {"1.5m", 90'000'000'000},
                          {"0.000000001s", 1},
                          {"1.50us", 1'500},
                          {"1h", 3'600'000'000'000},
                          {"7d", 604'800'000'000'000},
                          {"9223372036854775807ns", std::numeric_limits<std::int64_t>::max()},
                          {"106751d", 9'223'286'400'000'000'000}};

BOOST_DATA_TEST_CASE(a_duration_is_read_exactly, data::make(kTimes), row) {
  const auto parsed = parse_duration(row.text);
  BOOST_REQUIRE(parsed.ok());
  BOOST_TEST(parsed->count() == row.ns);
}

const char* const kBadTimes[] = {"",
                                 "5",
                                 "-1s",
                                 "+1s",
                                 "1e3s",
                                 "1e3",
                                 "\u221e",
                                 "inf",
                                 "nan",
                                 "s",
                                 ".5s",
                                 "1.s",
                                 "1..5s",
                                 "2 s",
                                 " 2s",
                                 "2s ",
                                 "1.2ns",
                                 "0x10s",
                                 "1m30",
                                 "1S",
                                 "1min",
                                 "1,5s",
                                 "1.5.5s",
                                 "9223372036854775808ns",
                                 "106752d",
                                 "99999999999999999999999s",
                                 "1s\n",
                                 "1\xff",
                                 "1.0000000001s"};

BOOST_DATA_TEST_CASE(what_is_no_duration_is_refused_with_a_hint, data::make(kBadTimes), text) {
  const auto parsed = parse_duration(text);
  BOOST_REQUIRE(!parsed.ok());
  BOOST_TEST(!parsed.error().hint.empty());
}

struct SizeRow {
  const char* text;
  std::int64_t bytes;
};
std::ostream& operator<<(std::ostream& out, const SizeRow& row) {
  return out << row.text;
}
const SizeRow kSizes[] = {{"0", 0},
                          {"512", 512},
                          {"512B", 512},
                          {"64KiB", 65'536},
                          {"500MiB", 524'288'000},
                          {"1GB", 1'000'000'000},
                          {"1kB", 1'000},
                          {"2TiB", 2'199'023'255'552},
                          {"9223372036854775807", std::numeric_limits<std::int64_t>::max()}};

BOOST_DATA_TEST_CASE(a_size_is_read_exactly, data::make(kSizes), row) {
  const auto parsed = parse_size(row.text);
  BOOST_REQUIRE(parsed.ok());
  BOOST_TEST(*parsed == row.bytes);
}

const char* const kBadSizes[] = {
    "",     "-1",  "+1",     "1.5GiB", "1e3",  "1 KiB", "KiB",        "1kib",
    "1Ki",  "1XB", "\u221e", "inf",    "0x10", "1,000", "8388608TiB", "9223372036854775808",
    "1KiB "};

BOOST_DATA_TEST_CASE(what_is_no_size_is_refused_with_a_hint, data::make(kBadSizes), text) {
  const auto parsed = parse_size(text);
  BOOST_REQUIRE(!parsed.ok());
  BOOST_TEST(!parsed.error().hint.empty());
}

struct HumanRow {
  Duration span;
  const char* text;
};
std::ostream& operator<<(std::ostream& out, const HumanRow& row) {
  return out << row.text;
}
const HumanRow kHuman[] = {{0ns, "0 ns"},
                           {999ns, "999 ns"},
                           {45us, "45 us"},
                           {999'499ns, "999 us"},
                           {999'500ns, "1 ms"},
                           {180ms, "180 ms"},
                           {999'499us, "999 ms"},
                           {999'500us, "1.0 s"},
                           {2'300ms, "2.3 s"},
                           {59'949ms, "59.9 s"},
                           {59'950ms, "1 m 00 s"},
                           {65s, "1 m 05 s"},
                           {3'599'499ms, "59 m 59 s"},
                           {3'599'500ms, "1 h 00 m"},
                           {7'320s, "2 h 02 m"},
                           {-180ms, "-180 ms"},
                           {Duration::min(), "-2562047 h 47 m"}};

BOOST_DATA_TEST_CASE(a_duration_is_shown_rounded, data::make(kHuman), row) {
  BOOST_TEST(human_duration(row.span) == row.text);
}

BOOST_AUTO_TEST_CASE(a_size_is_shown_with_one_decimal) {
  BOOST_TEST(human_size(0) == "0 B");
  BOOST_TEST(human_size(1023) == "1023 B");
  BOOST_TEST(human_size(1024) == "1.0 KiB");
  BOOST_TEST(human_size(1'500'000) == "1.4 MiB");
  BOOST_TEST(human_size((1 << 20) - 1) == "1.0 MiB");
  BOOST_TEST(human_size(std::numeric_limits<std::int64_t>::max()) == "8.0 EiB");
  BOOST_TEST(human_size(std::numeric_limits<std::int64_t>::min()) == "-8.0 EiB");
}

struct DateRow {
  std::int64_t wall_ms;
  const char* text;
};
std::ostream& operator<<(std::ostream& out, const DateRow& row) {
  return out << row.text;
}
const DateRow kDates[] = {{0, "1970-01-01T00:00:00.000Z"},
                          {-1, "1969-12-31T23:59:59.999Z"},
                          {951'782'399'999, "2000-02-28T23:59:59.999Z"},
                          {951'782'400'000, "2000-02-29T00:00:00.000Z"},
                          {2'147'483'648'000, "2038-01-19T03:14:08.000Z"},
                          {4'294'967'296'000, "2106-02-07T06:28:16.000Z"}};

BOOST_DATA_TEST_CASE(wall_time_is_written_in_utc, data::make(kDates), row) {
  BOOST_TEST(rfc3339(row.wall_ms) == row.text);
  BOOST_TEST(date_utc(row.wall_ms) == std::string(row.text).substr(0, 10));
}

BOOST_AUTO_TEST_CASE(no_deadline_never_passes) {
  const Deadline never;
  BOOST_TEST(never.never());
  BOOST_TEST(!never.passed());
  BOOST_TEST(never.poll_ms() == -1);
  BOOST_TEST(Deadline::in(Duration::max()).never());
}

BOOST_AUTO_TEST_CASE(a_deadline_in_the_past_leaves_nothing) {
  const auto past = Deadline::in(-1h);
  BOOST_TEST(past.passed());
  BOOST_TEST(past.left().count() == 0);
  BOOST_TEST(past.poll_ms() == 0);
}

BOOST_AUTO_TEST_CASE(poll_waits_are_rounded_up_and_at_most_an_hour) {
  BOOST_TEST(Deadline::in(2h).poll_ms() == 3'600'000);
  const int ms = Deadline::in(1'500us + 10s).poll_ms();
  BOOST_TEST(ms > 0);
  BOOST_TEST(ms <= 10'002);
}

BOOST_AUTO_TEST_CASE(the_earlier_of_two_deadlines_wins) {
  const auto soon = Deadline::in(1s), late = Deadline::in(1h);
  BOOST_TEST((late.earlier(soon).moment() == soon.moment()));
  BOOST_TEST((soon.earlier(Deadline()).moment() == soon.moment()));
}

BOOST_AUTO_TEST_CASE(monotonic_clocks_do_not_run_backwards) {
  const auto mono = mono_us(), boot = boot_us();
  BOOST_TEST(mono_us() >= mono);
  BOOST_TEST(boot_us() >= boot);
  BOOST_TEST(wall_ms() > 1'600'000'000'000);
}

BOOST_AUTO_TEST_SUITE_END()
