// YAML as written: places, bounds, and what is refused while reading.
#include "harness/suite/node.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace mccoy;
using suite::Node;

namespace {
Node parsed(std::string_view text) {
  auto node = suite::parse_yaml_text(text, "test.yaml");
  if (!node.ok()) BOOST_FAIL(node.error().what);
  return std::move(node).value();
}

Error refused(std::string_view text) {
  auto node = suite::parse_yaml_text(text, "test.yaml");
  BOOST_REQUIRE(!node.ok());
  return node.error();
}

void is_at(const Node& node, int line, int column, int length) {
  BOOST_TEST(node.line == line);
  BOOST_TEST(node.column == column);
  BOOST_TEST(node.length == length);
}

struct Plain {
  std::string text;
  Value value;
};
std::ostream& operator<<(std::ostream& out, const Plain& row) {
  return out << row.text;
}
const Plain kPlain[] = {
    {"true", true},
    {"False", false},
    {"null", {}},
    {"~", {}},
    {"12", 12},
    {"-7", -7},
    {"+7", 7},
    {"0x1F", 31},
    {"0o17", 15},
    {"1.5", 1.5},
    {"1e3", 1000.0},
    {"-.5", -0.5},
    {"yes", "yes"},
    {"1.2.3", "1.2.3"},
    {"12ab", "12ab"},
    {"-", "-"},
    {"9223372036854775808", 9223372036854775808.0},
    {".", "."},
    {"e5", "e5"},
    {"inf", "inf"},
    {"007", 7},
    {"2026-11-21", "2026-11-21"},
    {"0x", "0x"},
    {"0x-1", "0x-1"},
};
}  // namespace

BOOST_AUTO_TEST_SUITE(yaml_nodes)

BOOST_AUTO_TEST_CASE(every_node_knows_its_place) {
  const Node root = parsed("name: \"two words\"\nlist: [a, 'b c']\n");
  is_at(root.key(0), 1, 1, 4);
  is_at(root.value(0), 1, 7, 11);
  is_at(root.value(1).items[1], 2, 11, 5);
}

BOOST_AUTO_TEST_CASE(columns_are_bytes_of_the_file_behind_a_byte_order_mark) {
  const Node root = parsed("\xEF\xBB\xBFü: x\r\nnext: y\r\n");
  is_at(root.key(0), 1, 4, 2);
  is_at(root.value(0), 1, 8, 1);
  is_at(root.key(1), 2, 1, 4);
}

BOOST_AUTO_TEST_CASE(a_missing_value_is_at_its_key) {
  const Node root = parsed("a:\nb: 1\n");
  BOOST_TEST((root.value(0).kind == Node::Kind::null));
  is_at(root.value(0), 1, 1, 1);
}

BOOST_AUTO_TEST_CASE(quotes_and_blocks_make_a_text) {
  const Node root = parsed("a: \"1\"\nb: 1\nc: |\n  1\nd: !!str 1\n");
  BOOST_TEST((to_value(root) == Value::map({{"a", "1"}, {"b", 1}, {"c", "1\n"}, {"d", "1"}})));
}

BOOST_AUTO_TEST_CASE(an_alias_is_a_copy_at_its_own_place) {
  const Node root = parsed("a: &x [1, 2]\nb: *x\n");
  BOOST_TEST((to_value(*root.find("b")) == Value(Value::List{1, 2})));
  BOOST_TEST(root.find("b")->line == 2);
}

BOOST_DATA_TEST_CASE(a_plain_scalar_is_typed_as_the_core_schema_says, data::make(kPlain), row) {
  const Value value = suite::plain_value(row.text);
  BOOST_TEST((value == row.value), to_json(value));
}

BOOST_AUTO_TEST_CASE(depth_64_is_read_and_65_refused) {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  BOOST_TEST(suite::parse_yaml_text(nested(64), "d").ok());
  const Error error = refused(nested(65));
  BOOST_TEST(error.where.column == 65);
}

BOOST_AUTO_TEST_CASE(a_duplicate_is_found_in_large_maps_too) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "key" + std::to_string(i) + ": 1\n";
  text += "key7: 2\n";
  const Error error = refused(text);
  BOOST_TEST(error.where.line == 1001);
  BOOST_TEST(error.hint == "the first is in line 8, column 1");
}

BOOST_AUTO_TEST_CASE(anchors_of_anchors_do_not_multiply_without_end) {
  std::string text = "a0: &a0 " + std::string("[x") + ", x]\n";
  for (int i = 1; i < 40; ++i) {
    const auto before = std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + before + ", *a" + before + "]\n";
  }
  BOOST_TEST(refused(text).what == "aliases grow this document by over 100000 values");
}

BOOST_AUTO_TEST_CASE(a_control_byte_does_not_end_the_file_early) {
  const Error error = refused("a: 1\n\x04\nb: 2\n");
  BOOST_TEST(error.where.line == 2);
  BOOST_TEST(error.what == "a control byte (0x04) in the file");
}

const std::string kUnclosed[] = {"a: \"b\n", "a: 'b\n", "a: 'it''s\n", "a: \"b\\\"\n", "a: &x \"b\n", "a: \"b"};
BOOST_DATA_TEST_CASE(a_quote_that_is_never_closed_is_refused, data::make(kUnclosed), text) {
  BOOST_TEST(refused(text).what == "not YAML: a quoted text without its closing quote");
}

BOOST_AUTO_TEST_CASE(quotes_that_are_closed_are_not_refused) {
  const Node root = parsed("a: 'it''s'\nb: \"say \\\"x\\\"\"\nc: \"two\n  lines\"\nd: \"\"\n");
  BOOST_TEST(root.find("a")->text == "it's");
  BOOST_TEST(root.find("b")->text == "say \"x\"");
  BOOST_TEST(root.find("c")->text == "two lines");
}

BOOST_AUTO_TEST_SUITE_END()
