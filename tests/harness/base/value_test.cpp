#include "harness/base/value.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <limits>

#include "harness/base/random.hpp"

using namespace mccoy;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(value_suite)

struct Same {
  std::string text;
  std::string written;
};
std::ostream& operator<<(std::ostream& out, const Same& row) {
  return out << row.text;
}
const Same kGood[] = {
    {"null", "null"},
    {" [ ] ", "[]"},
    {"{}", "{}"},
    {R"({"b":1,"a":[true,false,null]})", R"({"b":1,"a":[true,false,null]})"},
    {"-0", "0"},
    {"-0.0", "-0.0"},
    {"1.0", "1.0"},
    {"2e3", "2000.0"},
    {"0.1", "0.1"},
    {"1e22", "1e+22"},
    {"5e-324", "5e-324"},
    {"1e-400", "0.0"},
    {"1.7976931348623157e308", "1.7976931348623157e+308"},
    {"9007199254740993", "9007199254740993"},
    {"9223372036854775807", "9223372036854775807"},
    {"-9223372036854775808", "-9223372036854775808"},
    {"9223372036854775808", "9223372036854775808.0"},
    {"1" + std::string(30, '0'), "1e+30"},
    {R"("\u00e9\ud83d\ude00\/")", "\"\u00e9\U0001F600/\""},
    {R"("\u0000\u001b\u007f")", R"("\u0000\u001b\u007f")"},
    {R"({"\u00e9":1})", R"({"\u00e9":1})"},
    {"\"\xc2\x9b\xe2\x80\xa8\xe2\x80\xae\xe2\x81\xa6\"", R"("\u009b\u2028\u202e\u2066")"},
    {R"("\"\\\b\f\n\r\t")", R"("\"\\\b\f\n\r\t")"},
    {"{\"\":\r\n\t1}", R"({"":1})"},
};

BOOST_DATA_TEST_CASE(good_json_is_read_and_written, data::make(kGood), row) {
  const auto value = from_json(row.text);
  BOOST_REQUIRE(value.ok());
  BOOST_TEST(to_json(*value) == row.written);
  BOOST_TEST((*from_json(to_json(*value)) == *value));
  BOOST_TEST((*from_json(to_pretty_json(*value)) == *value));
}

struct Bad {
  std::string text;
  int line, column;
  std::string_view says;
};
std::ostream& operator<<(std::ostream& out, const Bad& row) {
  return out << row.text.substr(0, 40);
}
const Bad kBad[] = {
    {"", 1, 1, "unexpected end"},
    {"\xEF\xBB\xBF{}", 1, 1, "byte order mark"},
    {"{\"a\":1,\n  \"a\":2}", 2, 3, "given twice"},
    {R"({"a\"":1,"a\"":2})", 1, 10, "given twice"},
    {R"({"\u0061":1, "a":2})", 1, 14, "given twice"},
    {R"([{"a":{"b":1,"b":1}}])", 1, 14, "given twice"},
    {"NaN", 1, 1, "invalid literal"},
    {"[Infinity]", 1, 2, "invalid literal"},
    {"-Infinity", 1, 2, "invalid number"},
    {"[1e400]", 1, 6, "overflow"},
    {"-1e400", 1, 6, "overflow"},
    {"01", 1, 2, "expected end of input"},
    {"+1", 1, 1, "invalid literal"},
    {".5", 1, 1, "invalid literal"},
    {"1.", 1, 3, "invalid number"},
    {"0x10", 1, 2, "invalid literal"},
    {"[1,]", 1, 4, "unexpected"},
    {"{\"a\":1,}", 1, 8, "expected string literal"},
    {"{a:1}", 1, 2, "expected string literal"},
    {"'a'", 1, 1, "invalid literal"},
    {"{} {}", 1, 4, "expected end of input"},
    {"{}\n\n x", 3, 2, "expected end of input"},
    {"// note\n1", 1, 1, "invalid literal"},
    {"\"a\nb\"", 1, 3, "control character"},
    {"\"\xff\"", 1, 2, "ill-formed UTF-8"},
    {"\"\xc0\xaf\"", 1, 2, "ill-formed UTF-8"},
    {"\"\xed\xa0\x80\"", 1, 3, "ill-formed UTF-8"},
    {R"("\ud800")", 1, 8, "surrogate"},
    {R"("\x41")", 1, 3, "forbidden character after backslash"},
    {"\"abc", 1, 5, "missing closing quote"},
    {std::string("1\0", 2), 1, 2, "NUL"},
    {std::string("{}\0garbage", 10), 1, 3, "NUL"},
    {std::string("[1,\0 2]", 8), 1, 4, "unexpected end"},
    {std::string("\"a\0\"", 4), 1, 3, "control character"},
    {"tru", 1, 4, "invalid literal"},
    {"]", 1, 1, "unexpected"},
};

BOOST_DATA_TEST_CASE(bad_json_is_refused_with_its_place, data::make(kBad), row) {
  const auto value = from_json(row.text);
  BOOST_REQUIRE(!value.ok());
  BOOST_TEST(value.error().what.find(row.says) != std::string::npos, value.error().what);
  BOOST_TEST(value.error().where.line == row.line);
  BOOST_TEST(value.error().where.column == row.column);
  BOOST_TEST(value.error().where.file.empty());
}

std::string nested(std::size_t levels, const std::string& open, const std::string& close) {
  std::string text;
  for (std::size_t i = 0; i < levels; ++i) text += open;
  if (open.size() > 1) text += "1";
  for (std::size_t i = 0; i < levels; ++i) text += close;
  return text;
}

BOOST_AUTO_TEST_CASE(sixty_four_levels_are_read_and_sixty_five_are_not) {
  for (const auto& [open, close] : {std::pair<std::string, std::string>{"[", "]"}, {"{\"a\":", "}"}}) {
    BOOST_TEST(from_json(nested(64, open, close)).ok());
    const auto deeper = from_json(nested(65, open, close));
    BOOST_REQUIRE(!deeper.ok());
    BOOST_TEST(deeper.error().what.find("64 levels") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_million_levels_are_refused_at_once) {
  for (const auto& text :
       {nested(1'000'000, "[", "]"), std::string(1'000'000, '['), nested(1'000'000, "{\"a\":", "}")}) {
    const auto value = from_json(text);
    BOOST_REQUIRE(!value.ok());
    BOOST_TEST(value.error().what.find("64 levels") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(what_is_nested_too_deeply_is_cut_and_can_still_be_read_back) {
  Value value("bottom");
  for (int i = 0; i < 200; ++i) value = Value(Value::List{std::move(value)});
  const std::string text = to_json(value);
  BOOST_TEST(text.find(kTooDeep) != std::string::npos);
  BOOST_TEST(from_json(text).ok());
  Value just_fits("bottom");
  for (int i = 0; i < kJsonDepthMax; ++i) just_fits = Value(Value::List{std::move(just_fits)});
  BOOST_TEST((*from_json(to_json(just_fits)) == just_fits));
}

BOOST_AUTO_TEST_CASE(invalid_utf8_is_written_as_the_replacement_character) {
  BOOST_TEST(to_json("a\xff"
                     "b\xc3") == "\"a\uFFFDb\uFFFD\"");
  BOOST_TEST(to_json(Value::map({{"\xff", 1}})) == R"({"\ufffd":1})");
}

BOOST_AUTO_TEST_CASE(numbers_that_json_has_no_word_for_are_null) {
  BOOST_TEST(to_json(std::numeric_limits<double>::quiet_NaN()) == "null");
  BOOST_TEST(to_json(std::numeric_limits<double>::infinity()) == "null");
  BOOST_TEST(to_json(-std::numeric_limits<double>::infinity()) == "null");
}

BOOST_AUTO_TEST_CASE(random_doubles_come_back_bit_for_bit) {
  Random random(20261121);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t bits = random.next();
    double number = 0;
    static_assert(sizeof number == sizeof bits);
    std::memcpy(&number, &bits, sizeof bits);
    if (!std::isfinite(number)) continue;
    const auto read = from_json(to_json(number));
    BOOST_REQUIRE(read.ok());
    BOOST_REQUIRE(read->is_double());
    BOOST_REQUIRE(read->as_double() == number);
  }
}

/// Random trees of everything, with hostile strings as keys and values.
Value random_value(Random& random, int depth) {
  const auto text = [&random] {
    std::string bytes;
    for (auto left = random.below(6); left > 0; --left) bytes += static_cast<char>(random.below(256));
    return bytes;
  };
  switch (random.below(depth > 0 ? 7 : 5)) {
    case 0:
      return {};
    case 1:
      return random.below(2) == 1;
    case 2:
      return static_cast<std::int64_t>(random.next());
    case 3:
      return (random.unit() - 0.5) * std::pow(10.0, static_cast<double>(random.below(600)) - 300);
    case 4:
      return text();
    case 5: {
      Value list = Value::list();
      for (auto left = random.below(4); left > 0; --left) list.push(random_value(random, depth - 1));
      return list;
    }
    default: {
      Value map = Value::map();
      for (auto left = random.below(4); left > 0; --left)
        map.set(std::to_string(left) + text(), random_value(random, depth - 1));
      return map;
    }
  }
}

BOOST_AUTO_TEST_CASE(whatever_is_written_is_one_harmless_line_that_reads_back) {
  Random random(1);
  for (int i = 0; i < 5'000; ++i) {
    const auto line = to_json(random_value(random, 5));
    for (const char c : line) {
      const auto byte = static_cast<unsigned char>(c);
      BOOST_REQUIRE(byte >= 0x20);
      BOOST_REQUIRE(byte != 0x7F);
    }
    const auto read = from_json(line);
    BOOST_REQUIRE(read.ok());
    BOOST_REQUIRE(to_json(*read) == line);
  }
}

BOOST_AUTO_TEST_CASE(pretty_json_is_indented_by_two) {
  BOOST_TEST(to_pretty_json(*from_json(R"({"a":[1,{"b":null}],"c":{},"d":[]})")) ==
             "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}");
}

BOOST_AUTO_TEST_CASE(a_reader_gets_the_value_or_its_fallback) {
  const auto value = *from_json(R"({"i":3,"d":2.5,"s":"x","b":true,"l":[1],"m":{"k":1},"n":null})");
  BOOST_TEST(value["i"].as_int() == 3);
  BOOST_TEST(value["i"].as_double() == 3.0);
  BOOST_TEST(value["d"].as_int(-1) == -1);
  BOOST_TEST(value["s"].as_int(-1) == -1);
  BOOST_TEST(value["s"].as_string() == "x");
  BOOST_TEST(value["i"].as_string().empty());
  BOOST_TEST(value["b"].as_bool());
  BOOST_TEST(value["n"].is_null());
  BOOST_TEST(value["absent"]["deeper"].is_null());
  BOOST_TEST(value.find("absent") == nullptr);
  BOOST_TEST(value["l"].as_list().size() == 1U);
  BOOST_TEST(value["l"].as_map().empty());
}

BOOST_AUTO_TEST_CASE(unsigned_numbers_over_int64_become_doubles) {
  BOOST_TEST(Value(std::numeric_limits<std::uint64_t>::max()).is_double());
  BOOST_TEST(Value(std::uint64_t{1} << 62).is_int());
}

BOOST_AUTO_TEST_CASE(set_replaces_and_keeps_the_order) {
  Value value;
  value.set("b", 1).set("a", 2).set("b", 3);
  BOOST_TEST(to_json(value) == R"({"b":3,"a":2})");
  Value list;
  list.push(1).push("x");
  BOOST_TEST(to_json(list) == R"([1,"x"])");
}

struct Pair {
  const char* a;
  const char* b;
  bool equal;
};
std::ostream& operator<<(std::ostream& out, const Pair& row) {
  return out << row.a << " and " << row.b;
}
const Pair kPairs[] = {{"1", "1.0", true},
                       {"1", "1.5", false},
                       {"9007199254740993", "9007199254740992.0", false},
                       {"9223372036854775807", "9223372036854775808", false},
                       {"-9223372036854775808", "-9223372036854775808.0", true},
                       {"0", "false", false},
                       {"null", "0", false},
                       {"null", "{}", false},
                       {"\"1\"", "1", false},
                       {R"({"a":1,"b":[2]})", R"({"b":[2.0],"a":1})", true},
                       {R"({"a":1,"b":2})", R"({"a":1})", false},
                       {R"({"a":1,"b":2})", R"({"a":1,"c":2})", false},
                       {"[1,2]", "[2,1]", false},
                       {"[]", "{}", false}};

BOOST_DATA_TEST_CASE(equality_looks_at_type_and_content, data::make(kPairs), row) {
  BOOST_TEST((*from_json(row.a) == *from_json(row.b)) == row.equal);
  BOOST_TEST((*from_json(row.b) == *from_json(row.a)) == row.equal);
}

/// The document and the pointers of RFC 6901, section 5.
constexpr std::string_view kPointed =
    R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8})";
struct PointerRow {
  const char* pointer;
  const char* json;  ///< nullptr: leads nowhere
};
std::ostream& operator<<(std::ostream& out, const PointerRow& row) {
  return out << '"' << row.pointer << '"';
}
const PointerRow kPointers[] = {{"/foo", R"(["bar","baz"])"},
                                {"/foo/0", "\"bar\""},
                                {"/", "0"},
                                {"/a~1b", "1"},
                                {"/c%d", "2"},
                                {"/e^f", "3"},
                                {"/g|h", "4"},
                                {"/i\\j", "5"},
                                {"/k\"l", "6"},
                                {"/ ", "7"},
                                {"/m~0n", "8"},
                                {"foo", nullptr},
                                {"/foo/2", nullptr},
                                {"/foo/-", nullptr},
                                {"/foo/00", nullptr},
                                {"/foo/01", nullptr},
                                {"/foo/ 0", nullptr},
                                {"/foo/99999999999999999999", nullptr},
                                {"/foo/0/x", nullptr},
                                {"/m~2n", nullptr},
                                {"/m~", nullptr},
                                {"/absent", nullptr}};

BOOST_DATA_TEST_CASE(pointers_lead_where_rfc_6901_says, data::make(kPointers), row) {
  const auto document = *from_json(kPointed);
  const Value* found = document.pointer(row.pointer);
  BOOST_REQUIRE((found != nullptr) == (row.json != nullptr));
  if (found != nullptr) BOOST_TEST(to_json(*found) == row.json);
}

BOOST_AUTO_TEST_CASE(the_empty_pointer_is_the_whole) {
  const Value value(3);
  BOOST_TEST(value.pointer("") == &value);
}

BOOST_AUTO_TEST_SUITE_END()
