// Extractors, comparisons, and checks as they go through the journal.
#include "harness/suite/check.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>

namespace data = boost::unit_test::data;
using namespace mccoy;
using suite::Comparison;
using suite::Extractor;
using suite::Unit;
using Form = Extractor::Form;

namespace {
struct Taken {
  std::string text;
  std::string source;
  Form form;
  std::string argument;
};
std::ostream& operator<<(std::ostream& out, const Taken& row) {
  return out << row.text;
}
const Taken kTaken[] = {
    {"status", "status", Form::whole, ""},
    {"  exit  ", "exit", Form::whole, ""},
    {"json /id", "stdout", Form::json, "/id"},
    {"json", "stdout", Form::json, ""},
    {"stderr json /a/0", "stderr", Form::json, "/a/0"},
    {"number", "stdout", Form::number, ""},
    {"stdout number", "stdout", Form::number, ""},
    {"line -1", "stdout", Form::line, "-1"},
    {"stderr line 3", "stderr", Form::line, "3"},
    {"matches id=(\\w+) x", "stdout", Form::matches, "id=(\\w+) x"},
    {"stderr sha256", "stderr", Form::sha256, ""},
    {"header Content-Type", "header", Form::header, "Content-Type"},
};
const std::string kNothingToTake[] = {"",        "   ",       "json id",    "line",   "line 0",          "line one",
                                      "matches", "matches (", "stdout jsn", "header", "stdout header X", "number 3",
                                      "sha256 x"};

struct Compared {
  std::string text;
  Unit unit;
  std::vector<double> holds, fails;
};
std::ostream& operator<<(std::ostream& out, const Compared& row) {
  return out << row.text;
}
const Compared kCompared[] = {
    {"200", Unit::none, {200}, {199.9, 201}},
    {"= 3", Unit::none, {3}, {2}},
    {"!= 3", Unit::none, {2, 4}, {3}},
    {">= 3", Unit::none, {3, 4}, {2.99}},
    {"<3", Unit::none, {2.99}, {3}},
    {"<= -1.5", Unit::none, {-1.5, -2}, {-1}},
    {"> 1e3", Unit::none, {1001}, {1000}},
    {"1..10", Unit::none, {1, 10, 5.5}, {0.9, 10.1}},
    {"-5 .. -1", Unit::none, {-5, -1}, {0}},
    {"2xx", Unit::none, {200, 299}, {199, 300}},
    {"5XX", Unit::none, {500, 599}, {600}},
    {"< 500ms", Unit::duration_ns, {4.9e8}, {5e8}},
    {"1s..1m", Unit::duration_ns, {1e9, 6e10}, {9e8}},
    {"> 1KiB", Unit::size_bytes, {1025}, {1024}},
    {"512", Unit::size_bytes, {512}, {513}},
};
struct Refused {
  std::string text;
  Unit unit;
};
std::ostream& operator<<(std::ostream& out, const Refused& row) {
  return out << row.text;
}
const Refused kRefused[] = {{"", Unit::none},           {"abc", Unit::none},       {"> ", Unit::none},
                            {"3..1", Unit::none},       {"0xx", Unit::none},       {"> nan", Unit::none},
                            {"inf", Unit::none},        {"3 4", Unit::none},       {"=> 3", Unit::none},
                            {"500", Unit::duration_ns}, {"2xx", Unit::size_bytes}, {"1..", Unit::none},
                            {"..1", Unit::none},        {"1e999", Unit::none}};
}  // namespace

BOOST_AUTO_TEST_SUITE(checks)

BOOST_DATA_TEST_CASE(an_extractor_says_what_to_take, data::make(kTaken), row) {
  const auto parsed = suite::parse_extractor(row.text, "stdout");
  BOOST_REQUIRE(parsed.ok());
  BOOST_TEST(parsed->source == row.source);
  BOOST_TEST((parsed->form == row.form));
  BOOST_TEST(parsed->argument == row.argument);
  const auto again = suite::parse_extractor(parsed->text(), "other");
  BOOST_REQUIRE(again.ok());
  BOOST_TEST(again->text() == parsed->text());
}

BOOST_DATA_TEST_CASE(an_extractor_that_takes_nothing_is_refused, data::make(kNothingToTake), text) {
  BOOST_TEST(!suite::parse_extractor(text, "stdout").ok());
}

BOOST_DATA_TEST_CASE(a_comparison_holds_inside_its_bounds_only, data::make(kCompared), row) {
  const auto parsed = suite::parse_comparison(row.text, row.unit);
  BOOST_REQUIRE(parsed.ok());
  const auto again = suite::parse_comparison(suite::to_text(*parsed), Unit::none);
  BOOST_REQUIRE(again.ok());
  for (const double x : row.holds)
    BOOST_TEST((parsed->holds(x) && again->holds(x)), row.text << " does not hold for " << x);
  for (const double x : row.fails) BOOST_TEST((!parsed->holds(x) && !again->holds(x)), row.text << " holds for " << x);
  BOOST_TEST(!parsed->holds(std::nan("")) == (parsed->kind != Comparison::Kind::ne));
}

BOOST_DATA_TEST_CASE(what_compares_nothing_is_refused, data::make(kRefused), row) {
  BOOST_TEST(!suite::parse_comparison(row.text, row.unit).ok());
}

BOOST_AUTO_TEST_CASE(a_check_comes_back_from_the_journal_as_it_was) {
  const suite::Check check{.subject = {.source = "stdout", .form = Form::json, .argument = "/a"},
                           .op = suite::Op::subset,
                           .operand = Value::map({{"x", 1}}),
                           .span = {.file = "s.yaml", .line = 3, .column = 9}};
  const auto again = suite::check_from_value(suite::to_value(check));
  BOOST_REQUIRE(again.ok());
  BOOST_TEST((suite::to_value(*again) == suite::to_value(check)));
  BOOST_TEST(again->span.line == 3);
}

BOOST_AUTO_TEST_CASE(a_record_that_is_no_check_is_refused) {
  BOOST_TEST(!suite::check_from_value(Value()).ok());
  BOOST_TEST(
      !suite::check_from_value(Value::map({{"subject", Value::map({{"source", "exit"}})}, {"op", "hopes"}})).ok());
}

BOOST_AUTO_TEST_SUITE_END()
