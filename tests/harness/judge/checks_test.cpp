#include "harness/judge/checks.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "harness/base/digest.hpp"
#include "tests/harness/judge/bench.hpp"

namespace mccoy::judge {
namespace {
namespace data = boost::unit_test::data;
using suite::Op;

Output whole(std::string text) {
  Output output;
  output.bytes = static_cast<std::int64_t>(text.size());
  output.sha256 = sha256(text);
  output.head = std::move(text);
  return output;
}

/// Only the first and last `keep` bytes are still there.
Output cut(const std::string& text, std::size_t keep) {
  Output output = whole(text);
  output.head = text.substr(0, keep);
  output.tail = text.substr(text.size() - keep);
  output.dropped = static_cast<std::int64_t>(text.size() - 2 * keep);
  return output;
}

const std::string kLong = "begins here\nport 8080 open\n" + std::string(200, 'x') + "\nmiddle\n" +
                          std::string(200, 'y') + "\nlast 17 lines\nthe end\n";

evidence::Observation seen() {
  evidence::Observation observation;
  observation.values = Value::map({{"status", 200},
                                   {"ratio", 0.5},
                                   {"wall", 250'000'000},
                                   {"signal", nullptr},
                                   {"wrote", Value(Value::List{"dist/a.js", "dist/css/b.css"})},
                                   {"none", Value::list()},
                                   {"headers", Value::map({{"content-type", "text/html"}, {"content-length", "42"}})}});
  observation.texts["stdout"] = whole("total: 42 items\n{\"not\": json\nprice -1.5e3\r\n");
  observation.texts["answer"] = whole("42\n");
  observation.texts["body"] =
      whole(R"({"code": 7, "message": "ok", "items": [{"id": 1, "tag": "a"}, {"id": 2, "tag": "b"}], "text": "200"})");
  observation.texts["empty"] = whole("");
  observation.texts["long"] = cut(kLong, 60);
  observation.texts["edge"] = cut("abc123" + std::string(50, '4') + "56 end", 6);
  return observation;
}

struct Row {
  std::string_view subject;
  Op op;
  Value operand;
  Held held;
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.subject << ' ' << to_text(row.op) << ' ' << to_json(row.operand);
}

const Row kRows[] = {
    {"status", Op::equals, 200, Held::yes},
    {"status", Op::equals, 200.0, Held::yes},
    {"status", Op::equals, "200", Held::no},
    {"status", Op::equals, 201, Held::no},
    {"status", Op::any_of, Value(Value::List{200, 201}), Held::yes},
    {"status", Op::any_of, Value(Value::List{"2xx"}), Held::yes},
    {"status", Op::any_of, Value(Value::List{404, "5xx"}), Held::no},
    {"status", Op::compare, "2xx", Held::yes},
    {"status", Op::compare, "3xx", Held::no},
    {"status", Op::compare, ">= 200", Held::yes},
    {"status", Op::compare, "1..199", Held::no},
    {"status", Op::compare, 200, Held::yes},
    {"status", Op::compare, "soon", Held::unknown},
    {"wall", Op::compare, "< 300ms", Held::yes},
    {"wall", Op::compare, "< 200ms", Held::no},
    {"ratio", Op::compare, "< 1", Held::yes},
    {"wrote", Op::compare, "> 1", Held::no},
    {"nosuch", Op::equals, 1, Held::unknown},
    {"nosuch", Op::empty, true, Held::unknown},
    {"wrote", Op::glob, "dist/*.js", Held::yes},
    {"wrote", Op::glob, "dist/**/*.css", Held::yes},
    {"wrote", Op::glob, "lib/**", Held::no},
    {"wrote", Op::glob, Value(Value::List{"dist/*.js", "lib/**"}), Held::no},
    {"none", Op::glob, "**", Held::no},
    {"wrote", Op::contains, "dist/a.js", Held::yes},
    {"wrote", Op::contains, "dist", Held::no},
    {"none", Op::empty, true, Held::yes},
    {"wrote", Op::empty, true, Held::no},
    {"signal", Op::empty, true, Held::yes},

    {"stdout", Op::contains, "42 items", Held::yes},
    {"stdout", Op::contains, "43 items", Held::no},
    {"stdout", Op::not_contains, "error", Held::yes},
    {"stdout", Op::not_contains, "total", Held::no},
    {"stdout", Op::matches, "^total: \\d+", Held::yes},
    {"stdout", Op::matches, "^price", Held::no},
    {"stdout", Op::matches, "(?m)^price", Held::yes},
    {"stdout", Op::not_matches, "(?i)error", Held::yes},
    {"stdout", Op::matches, "(", Held::unknown},
    {"stdout", Op::lines, 3, Held::yes},
    {"stdout", Op::lines, "> 3", Held::no},
    {"stdout", Op::bytes, "1..100", Held::yes},
    {"empty", Op::lines, 0, Held::yes},
    {"empty", Op::empty, true, Held::yes},
    {"stdout", Op::empty, false, Held::yes},
    {"answer", Op::equals, "42", Held::yes},
    {"answer", Op::equals, "42\n", Held::yes},
    {"answer", Op::equals, "42\n\n", Held::no},
    {"answer", Op::equals, 42, Held::yes},
    {"answer", Op::compare, "> 41", Held::yes},
    {"empty", Op::equals, "", Held::yes},
    {"stdout", Op::compare, "> 1", Held::no},

    {"stdout number", Op::equals, 42, Held::yes},
    {"stdout line 3", Op::equals, "price -1.5e3", Held::yes},
    {"stdout line -1", Op::equals, "price -1.5e3", Held::yes},
    {"stdout line 4", Op::equals, "", Held::no},
    {"stdout line 4", Op::empty, true, Held::yes},
    {"stdout matches price (\\S+)", Op::equals, "-1.5e3", Held::yes},
    {"stdout matches price (\\S+)", Op::compare, "-1500..-1499", Held::yes},
    {"stdout matches price (\\S+)", Op::equals, -1500, Held::yes},
    {"stdout matches nothing", Op::equals, "", Held::no},
    {"empty number", Op::compare, "> 0", Held::no},
    {"stdout json /not", Op::equals, "json", Held::no},

    {"body json /code", Op::equals, 7, Held::yes},
    {"body json /code", Op::equals, "7", Held::no},
    {"body json /text", Op::equals, 200, Held::no},
    {"body json /text", Op::compare, 200, Held::no},
    {"body json /items/1/tag", Op::equals, "b", Held::yes},
    {"body json /status", Op::equals, "ok", Held::no},
    {"body json /status", Op::empty, true, Held::yes},
    {"body json /status", Op::not_contains, "x", Held::no},
    {"body json", Op::subset, Value::map({{"code", 7}}), Held::yes},
    {"body json", Op::subset, Value::map({{"code", 7}, {"more", 1}}), Held::no},
    {"body json /items", Op::subset, Value(Value::List{Value::map({{"id", 2}})}), Held::yes},
    {"body json /items", Op::subset, Value(Value::List{Value::map({{"id", 1}}), Value::map({{"id", 2}})}), Held::yes},
    {"body json /items", Op::subset, Value(Value::List{Value::map({{"id", 2}}), Value::map({{"id", 1}})}), Held::no},
    {"body json /items", Op::subset, Value(Value::List{Value::map({{"id", 1}}), Value::map({{"tag", "a"}})}), Held::no},
    {"body", Op::subset, Value::map({{"message", "ok"}}), Held::yes},
    {"stdout", Op::subset, Value::map({{"message", "ok"}}), Held::no},
    {"header Content-Type", Op::contains, "html", Held::yes},
    {"header content-length", Op::equals, 42, Held::yes},
    {"header content-length", Op::compare, ">= 42", Held::yes},
    {"header x-none", Op::contains, "a", Held::no},
    {"header x-none", Op::empty, true, Held::yes},
    {"header x-none", Op::not_contains, "a", Held::no},

    // a text that was cut can prove presence, never absence
    {"long", Op::contains, "port 8080", Held::yes},
    {"long", Op::contains, "the end", Held::yes},
    {"long", Op::contains, "middle", Held::unknown},
    {"long", Op::contains, "nowhere", Held::unknown},
    {"long", Op::not_contains, "nowhere", Held::unknown},
    {"long", Op::not_contains, "port", Held::no},
    {"long", Op::matches, "port \\d+", Held::yes},
    {"long", Op::matches, "the end\\n$", Held::yes},
    {"long", Op::matches, "^begins", Held::yes},
    {"long", Op::matches, "middle", Held::unknown},
    {"long", Op::matches, "x$", Held::unknown},
    {"long", Op::matches, "^y", Held::unknown},
    {"long", Op::not_matches, "nowhere", Held::unknown},
    {"long", Op::not_matches, "port", Held::no},
    {"long", Op::equals, "short", Held::no},
    {"long", Op::empty, true, Held::no},
    {"long", Op::empty, false, Held::yes},
    {"long", Op::bytes, kLong.size(), Held::yes},
    {"long", Op::lines, "> 1", Held::unknown},
    {"long", Op::compare, "> 1", Held::unknown},
    {"long", Op::subset, Value::map({{"a", 1}}), Held::unknown},
    {"long number", Op::equals, 8080, Held::yes},
    {"long line 2", Op::equals, "port 8080 open", Held::yes},
    {"long line 3", Op::equals, "anything", Held::unknown},
    {"long line -1", Op::equals, "the end", Held::yes},
    {"long line -9", Op::equals, "anything", Held::unknown},
    {"long json /a", Op::equals, 1, Held::unknown},
    {"long matches port (\\d+)", Op::equals, 8080, Held::yes},
    {"long matches middle", Op::equals, "middle", Held::unknown},
    {"edge number", Op::compare, "> 1", Held::unknown},
    {"edge matches [0-9]+", Op::compare, "> 1", Held::unknown},
    {"edge matches [a-z]+", Op::equals, "abc", Held::yes},
};

CheckResult evaluated(std::string_view subject, Op op, Value operand) {
  suite::Check check;
  check.subject = suite::parse_extractor(subject, "stdout").value();
  check.op = op;
  check.operand = std::move(operand);
  return evaluate(check, seen());
}
}  // namespace

BOOST_AUTO_TEST_SUITE(checks)

BOOST_DATA_TEST_CASE(a_check_is_held_not_held_or_not_to_be_known, data::make(kRows), row) {
  const CheckResult result = evaluated(row.subject, row.op, row.operand);
  BOOST_TEST(result.held == row.held);
  BOOST_TEST((result.held == Held::unknown) == !result.why.empty());
  BOOST_TEST(result.actual.size() < 600U);
  const CheckResult again = check_result_from_value(from_json(to_json(to_value(result))).value());
  BOOST_TEST(to_json(to_value(again)) == to_json(to_value(result)));
}

BOOST_AUTO_TEST_CASE(a_cut_text_is_equal_by_its_digest) {
  BOOST_TEST(evaluated("long", Op::equals, kLong).held == Held::yes);
  BOOST_TEST(evaluated("long", Op::equals, kLong.substr(0, kLong.size() - 1)).held == Held::yes);
  BOOST_TEST(evaluated("long sha256", Op::equals, sha256(kLong)).held == Held::yes);
  std::string changed = kLong;
  changed[200] = '!';
  BOOST_TEST(evaluated("long", Op::equals, changed).held == Held::no);
}

BOOST_AUTO_TEST_CASE(a_missing_key_says_which_keys_are_there) {
  BOOST_TEST(evaluated("body json /status", Op::equals, "ok").actual ==
             "no /status; at \"/\" there is: /code, /message, /items, /text");
  BOOST_TEST(evaluated("body json /items/7/id", Op::equals, 1).actual ==
             "no /items/7/id; at \"/items\" there is: a list of 2");
  BOOST_TEST(evaluated("header x-none", Op::equals, "a").actual ==
             "no such header; there are: /content-type, /content-length");
}

BOOST_AUTO_TEST_CASE(a_wrong_type_is_false_and_shows_why) {
  const CheckResult result = evaluated("body json /text", Op::equals, 200);
  BOOST_TEST(result.held == Held::no);
  BOOST_TEST(result.actual == "\"200\"");
  BOOST_TEST(result.expected == "equals 200");
  BOOST_TEST(evaluated("body json /text", Op::compare, "> 1").actual == "\"200\", which is no number");
}

BOOST_AUTO_TEST_CASE(a_command_ended_by_a_signal_has_no_exit_status) {
  evidence::Observation observation;
  observation.values = Value::map({{"signal", "SEGV"}});
  suite::Check check;
  check.subject.source = "exit";
  check.operand = 0;
  const CheckResult result = evaluate(check, observation);
  BOOST_TEST(result.held == Held::no);
  BOOST_TEST(result.actual == "no exit status: ended by signal SEGV");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_has_no_content) {
  evidence::Observation observation;
  observation.values = Value::map({{"exists", false}});
  suite::Check check;
  check.subject.source = "content";
  check.op = Op::contains;
  check.operand = "x";
  BOOST_TEST(evaluate(check, observation).held == Held::no);
}

BOOST_AUTO_TEST_CASE(no_beats_unknown_beats_yes_and_nothing_is_an_error) {
  using made::check;
  BOOST_TEST(outcome_of({}) == Outcome::error);
  for (const auto a : {Held::unknown, Held::yes, Held::no})
    for (const auto b : {Held::unknown, Held::yes, Held::no}) {
      const bool no = a == Held::no || b == Held::no, unknown = a == Held::unknown || b == Held::unknown;
      BOOST_TEST(outcome_of({check(a), check(b)}) == (no ? Outcome::fail : unknown ? Outcome::error : Outcome::pass));
    }
}

BOOST_AUTO_TEST_CASE(a_capture_takes_a_text_without_its_last_line_end) {
  auto take = [](std::string_view text) { return extract(suite::parse_extractor(text, "stdout").value(), seen()); };
  BOOST_TEST(take("answer").value().as_string() == "42");
  BOOST_TEST(take("answer number").value().as_int() == 42);
  BOOST_TEST(take("body json /items/0").value()["tag"].as_string() == "a");
  BOOST_TEST(take("stdout matches price (\\S+)").value().as_string() == "-1.5e3");
  BOOST_TEST(take("status").value().as_int() == 200);
  BOOST_TEST(!take("long").ok());
  BOOST_TEST(!take("nosuch").ok());
  BOOST_TEST(take("body json /nope").error().what.find("/code") != std::string::npos);
}

struct NumberRow {
  std::string text;
  Value number;
};
std::ostream& operator<<(std::ostream& out, const NumberRow& row) {
  return out << row.text;
}
const NumberRow kNumbers[] = {
    {"7", 7},        {"-7", -7}, {"+7", 7}, {"a-7", 7},      {"delta -7.25 s", -7.25},       {"p99=12ms", 99},
    {"1e3", 1000.0}, {"2.e", 2}, {"1.", 1}, {"v1.2.3", 1.2}, {"99999999999999999999", 1e20}, {"0x1f", 0},
    {"- 5", 5},      {"1e", 1},
};
BOOST_DATA_TEST_CASE(the_first_number_of_a_text, data::make(kNumbers), row) {
  evidence::Observation observation;
  observation.texts["stdout"] = whole(row.text);
  const auto found = extract(suite::parse_extractor("number", "stdout").value(), observation);
  BOOST_REQUIRE(found.ok());
  BOOST_TEST((*found == row.number), to_json(*found));
}

BOOST_AUTO_TEST_CASE(hostile_bytes_become_text_that_survives_the_journal) {
  evidence::Observation observation;
  observation.texts["stdout"] = whole(std::string("\xff\xfe\0\x1b[31m", 8) + std::string(1000, '\xc3'));
  suite::Check check;
  check.subject.source = "stdout";
  check.op = Op::contains;
  check.operand = "x";
  const CheckResult result = evaluate(check, observation);
  BOOST_TEST(result.held == Held::no);
  BOOST_TEST(result.actual.size() < 500U);
  BOOST_TEST(check_result_from_value(from_json(to_json(to_value(result))).value()).actual == result.actual);
}

BOOST_AUTO_TEST_CASE(a_pattern_takes_linear_time) {
  evidence::Observation observation;
  observation.texts["stdout"] = whole(std::string(100'000, 'a'));
  suite::Check check;
  check.subject.source = "stdout";
  check.op = Op::matches;
  check.operand = "(a|aa|aaa)*b";
  BOOST_TEST(evaluate(check, observation).held == Held::no);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::judge
