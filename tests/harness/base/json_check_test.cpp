// The quick check of JSON may leave a text to from_json(); it must never say yes where from_json() says no.
#include "harness/base/json_check.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "harness/base/random.hpp"
#include "harness/base/value.hpp"

using namespace mccoy;
namespace data = boost::unit_test::data;

namespace {
std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

/// {"k0":0, ..., "kN-1":0}, the key of the last replaced.
std::string map_of(int members, const std::string& last_key) {
  std::string text = "{";
  for (int i = 0; i + 1 < members; ++i) text += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  return text + "\"" + last_key + "\":0}";
}

const std::string kSure[] = {
    "null",
    " [ true , false ] ",
    "{}",
    R"({"a":{"b":[1,-2,3.25,"x"]},"c":"\"\\\/\b\f\n\r\t\u00e9\u0000"})",
    R"([{"a":1},{"a":1}])",
    "\"\xc3\xa9 \xf0\x9f\x98\x80\"",
    "9223372036854775808",
    nested(64),
    map_of(40, "other"),
};

const std::string kNotSure[] = {
    "",
    " ",
    "tru",
    "{\"a\":1,}",
    "[1,]",
    "[1 2]",
    "{\"a\" 1}",
    "{a:1}",
    "{\"a\":1}}",
    "01",
    "-",
    "1.",
    ".5",
    "+1",
    "1e5",
    "1" + std::string(400, '0'),
    "0." + std::string(400, '1'),
    "\"\n\"",
    "\"\\x\"",
    "\"\\u12g4\"",
    "\"\\ud83d\"",
    "\"\xff\"",
    "\"\xc0\xaf\"",
    "\"open",
    "\"\\",
    "\xEF\xBB\xBFnull",
    std::string("null\0", 5),
    nested(65),
    R"({"a":1,"a":2})",
    R"({"\u0061":1,"a":2})",
    R"([{"b":{"a":1,"a":2}}])",
    map_of(17, "k0"),
    map_of(40, "k38"),
};
}  // namespace

BOOST_AUTO_TEST_SUITE(json_check)

BOOST_DATA_TEST_CASE(plain_json_is_known_at_once, data::make(kSure), text) {
  BOOST_TEST(surely_json(text));
  BOOST_TEST(from_json(text).ok());
}

BOOST_DATA_TEST_CASE(all_else_is_left_to_the_reader, data::make(kNotSure), text) {
  BOOST_TEST(!surely_json(text));
}

BOOST_AUTO_TEST_CASE(whatever_is_surely_json_is_read) {
  constexpr std::string_view kBytes = "{}[]\",:\\u0019.-eE \ntfn\xc3\xa9\x01";
  Random random(20261121);
  int sure = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string text = kSure[random.below(std::size(kSure) - 2)];
    for (auto changes = random.below(3); changes > 0; --changes)
      text[random.below(text.size())] = kBytes[random.below(kBytes.size())];
    if (!surely_json(text)) continue;
    ++sure;
    BOOST_REQUIRE_MESSAGE(from_json(text).ok(), text);
  }
  BOOST_TEST(sure > 1000);
}

BOOST_AUTO_TEST_CASE(a_key_given_twice_is_refused_in_maps_of_every_size) {
  for (const int members : {2, 15, 16, 17, 18, 40, 1000})
    for (const int twin : {0, (members - 1) / 2, members - 2}) {
      const std::string key = "k" + std::to_string(twin);
      const auto value = from_json(map_of(members, key));
      BOOST_TEST_REQUIRE(!value.ok(), members << " members, twin of " << twin);
      BOOST_TEST(value.error().what.find("\"" + key + "\" is given twice") != std::string::npos, value.error().what);
      BOOST_TEST(!surely_json(map_of(members, key)));
      BOOST_TEST(from_json(map_of(members, "other")).ok());
    }
}

BOOST_AUTO_TEST_SUITE_END()
