#include "harness/base/text.hpp"

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "harness/base/file.hpp"
#include "harness/base/random.hpp"
#include "harness/base/utf8.hpp"
#include "harness/base/value.hpp"

using namespace mccoy;
namespace data = boost::unit_test::data;

namespace {
/// What a target printed, and what a terminal is shown instead.
struct Shown {
  std::string bytes;
  std::string line;
};
std::ostream& operator<<(std::ostream& out, const Shown& row) {
  return out << row.line;
}

std::string unhex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

struct Hostile {
  std::string id;
  std::string bytes;
};
std::ostream& operator<<(std::ostream& out, const Hostile& row) {
  return out << row.id;
}

std::vector<Hostile> hostile_outputs() {
  const auto text = read_file(MCCOY_SOURCE_DIR "/tests/golden/vectors/hostile-output.json", 1 << 20).value();
  std::vector<Hostile> outputs;
  const Value vectors = from_json(text).value();
  for (const Value& row : vectors["cases"].as_list()) {
    std::string bytes = unhex(row["bytes_hex"].as_string());
    if (const Value* repeat = row.find("repeat")) {
      const auto count = static_cast<std::size_t>((*repeat)["count"].as_int());
      bytes.assign(count, unhex((*repeat)["byte_hex"].as_string()).at(0));
    }
    outputs.push_back({row["id"].as_string(), std::move(bytes)});
  }
  return outputs;
}
const std::vector<Hostile> kHostile = hostile_outputs();

/// Harmless for a terminal: valid UTF-8 without C0 (but those allowed), DEL or C1.
bool is_harmless(std::string_view text, std::string_view allowed) {
  while (!text.empty()) {
    const auto point = decode_utf8(text);
    if (!point.valid || (point.value >= 0x7F && point.value <= 0x9F)) return false;
    if (point.value < 0x20 && allowed.find(static_cast<char>(point.value)) == std::string_view::npos) return false;
    text.remove_prefix(point.length);
  }
  return true;
}

/// Put where a careless report writer would put it: with "&" and "<" escaped, and nothing else done.
std::string as_xml(std::string_view text) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<out>";
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out + "</out>\n";
}

bool xmllint_accepts(const std::string& xml) {
  const auto folder = TempDir::make("/tmp", "mccoy-text-").value();
  BOOST_REQUIRE(write_atomically(folder.path() + "/out.xml", xml).ok());
  return std::system(("xmllint --huge --noout " + folder.path() + "/out.xml 2>/dev/null").c_str()) == 0;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(text_suite)

const Shown kLines[] = {
    {"plain \\x41 text", "plain \\x41 text"},
    {"a\tb", "a\tb"},
    {"\x1b[31m", "\\x1b[31m"},
    {std::string("a\0b", 3), "a\\x00b"},
    {"a\nb\r\n", "a\\nb\\r\\n"},
    {"\x7f", "\\x7f"},
    {"\xc2\x9b"
     "31m",
     "\\u009b31m"},
    {"\x9b"
     "31m",
     "\\x9b31m"},
    {"\xc2\x85", "\\u0085"},
    {"\xc3(", "\\xc3("},
    {"\xc0\xaf", "\\xc0\\xaf"},
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
    {"\xf5", "\\xf5"},
    {"\xe2\x82", "\\xe2\\x82"},
    {"\xef\xbf\xbe", "\\ufffe"},
    {"\u202e\u2066\u200f\u2028\u2029", "\\u202e\\u2066\\u200f\\u2028\\u2029"},
    {"\u200b\ufeff\u00ad", "\\u200b\\ufeff\\u00ad"},
    {"\U000e0041", "\\U000e0041"},
    {"\u00e9 \u65e5\u672c \U0001F600", "\u00e9 \u65e5\u672c \U0001F600"},
    {"\u26a0\ufe0f \U0001F468\u200d\U0001F469", "\u26a0\ufe0f \U0001F468\u200d\U0001F469"},
    {"#\ufe0f", "#\\ufe0f"},
    {"::error::x", "\\x3a:error::x"},
    {"  ::error::x", "  \\x3a:error::x"},
    {"\t::error::x", "\t\\x3a:error::x"},
    {"\u00a0\u2003::error::x", "\u00a0\u2003\\x3a:error::x"},
    {"a\n::error::x", "a\\n\\x3a:error::x"},
    {"\r::error::x", "\\r\\x3a:error::x"},
    {"std::string std::vector<a::b>", "std::string std::vector<a::b>"},
    {"listening on ::1 and [::]:80", "listening on ::1 and [::]:80"},
    {"a :: b ::", "a :: b ::"},
    {"##vso[task.complete]", "\\x23#vso[task.complete]"},
    {"log: ##vso[task.complete]", "log: \\x23#vso[task.complete]"},
    {"x##[group]", "x\\x23#[group]"},
    {"##teamcity[x]", "\\x23#teamcity[x]"},
    {"## Heading #1", "## Heading #1"},
    {"section_start:1:x", "\\x73ection_start:1:x"},
    {"x section_end:1:x", "x \\x73ection_end:1:x"},
    {"section_starts", "section_starts"},
    {"[[ATTACHMENT|/etc/passwd]]", "\\x5b[ATTACHMENT|/etc/passwd]]"},
    {"see [[PROPERTY|a=b]]", "see \\x5b[PROPERTY|a=b]]"},
    {"[[ -f x ]]", "[[ -f x ]]"},
    {"#\u00ad#vso[x]", "#\\u00ad#vso[x]"},
};

BOOST_DATA_TEST_CASE(a_line_is_shown_harmless_and_else_unchanged, data::make(kLines), row) {
  BOOST_TEST(visible_line(row.bytes) == row.line);
}

BOOST_AUTO_TEST_CASE(a_cut_is_marked_and_never_inside_an_escape_or_character) {
  BOOST_TEST(visible_line("abc", 3) == "abc");
  BOOST_TEST(visible_line("abcd", 3) == "abc…");
  BOOST_TEST(visible_line("ab\u20ac", 4) == "ab…");
  BOOST_TEST(visible_line("ab\x1b", 5) == "ab…");
  BOOST_TEST(visible_line(std::string(1 << 20, '\x1b'), 8) == "\\x1b\\x1b…");
}

BOOST_AUTO_TEST_CASE(every_line_of_a_text_is_safe_by_itself) {
  BOOST_TEST(visible_text("a\r\nb\n\n\tc\r") == "a\nb\n\n\tc\\r");
  BOOST_TEST(visible_text("a\n::error::x\n  ::debug::y") == "a\n\\x3a:error::x\n  \\x3a:debug::y");
  BOOST_TEST(visible_text("\r\r\n") == "\\r\n");
  BOOST_TEST(visible_text("").empty());
}

BOOST_AUTO_TEST_CASE(all_thirty_hostile_outputs_are_there) {
  BOOST_TEST(kHostile.size() == 30U);
}

BOOST_DATA_TEST_CASE(a_hostile_output_is_harmless_on_a_terminal, data::make(kHostile), row) {
  BOOST_TEST(is_harmless(visible_line(row.bytes), "\t"));
  BOOST_TEST(is_harmless(visible_text(row.bytes), "\t\n"));
  for (const auto* command :
       {"##vso[", "##teamcity[", "##[", "section_start:", "section_end:", "[[ATTACHMENT|", "[[PROPERTY|"}) {
    BOOST_TEST(visible_text(row.bytes).find(command) == std::string::npos);
  }
  BOOST_TEST(!visible_text(row.bytes).starts_with("::"));
  BOOST_TEST(visible_text(row.bytes).find("\u202e") == std::string::npos);
}

BOOST_DATA_TEST_CASE(a_hostile_output_is_well_formed_xml, data::make(kHostile), row) {
  BOOST_TEST(is_harmless(xml_text(row.bytes), "\t\n\r"));
  BOOST_TEST(xml_text(row.bytes).find("[[ATTACHMENT|") == std::string::npos);
  BOOST_TEST(xml_text(row.bytes).find("[[PROPERTY|") == std::string::npos);
  BOOST_TEST(xmllint_accepts(as_xml(xml_text(row.bytes))));
}

BOOST_AUTO_TEST_CASE(xmllint_would_have_refused_the_raw_bytes) {
  BOOST_TEST(xmllint_accepts(as_xml("plain")));
  BOOST_TEST(!xmllint_accepts(as_xml("\x1b")));
  BOOST_TEST(!xmllint_accepts(as_xml("\xc3(")));
  BOOST_TEST(!xmllint_accepts(as_xml("\xef\xbf\xbe")));
}

BOOST_DATA_TEST_CASE(a_hostile_output_is_valid_json_and_comes_back, data::make(kHostile), row) {
  BOOST_TEST(is_utf8(utf8_text(row.bytes)));
  const auto line = to_json(Value::map({{"out", row.bytes}}));
  BOOST_TEST(is_harmless(line, ""));
  const auto read = from_json(line);
  BOOST_REQUIRE(read.ok());
  BOOST_TEST(((*read)["out"].as_string() == utf8_text(row.bytes)));
}

BOOST_AUTO_TEST_CASE(random_bytes_are_harmless_everywhere) {
  Random random(5);
  const std::string_view pieces[] = {"::",   "#",      "#vso[", "\n",           "\r", "\x1b",          "\xc2",
                                     "\x9b", "\u202e", "[",     "[ATTACHMENT|", "s",  "ection_start:", " ",
                                     "a",    "\xff"};
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes;
    for (auto left = random.below(12); left > 0; --left) {
      if (random.below(3) == 0)
        bytes += static_cast<char>(random.below(256));
      else
        bytes += pieces[random.below(std::size(pieces))];
    }
    BOOST_REQUIRE(is_harmless(visible_line(bytes), "\t"));
    BOOST_REQUIRE(is_harmless(visible_text(bytes), "\t\n"));
    BOOST_REQUIRE(is_harmless(xml_text(bytes), "\t\n\r"));
    BOOST_REQUIRE(is_utf8(utf8_text(bytes)));
    for (const auto* command : {"##vso[", "section_start:", "[[ATTACHMENT|"}) {
      BOOST_REQUIRE(visible_text(bytes).find(command) == std::string::npos);
    }
    for (const auto& line : split(visible_text(bytes), '\n')) {
      const auto start = trim(line);
      BOOST_REQUIRE(
          (!start.starts_with("::") || start.size() < 3 || !std::isalpha(static_cast<unsigned char>(start[2]))));
    }
  }
}

BOOST_AUTO_TEST_CASE(each_bad_byte_is_replaced_and_found) {
  BOOST_TEST(utf8_text("a\xff\xc3(\x1b") == "a\uFFFD\uFFFD(\x1b");
  BOOST_TEST(is_utf8("\u00e9\U0010FFFF"));
  BOOST_TEST(!is_utf8("\xf8\x88\x80\x80\x80"));
  BOOST_TEST((first_bad_utf8("ok\n\u00e9x\xff") == std::pair(2, 4)));
  BOOST_TEST((first_bad_utf8("\xff") == std::pair(1, 1)));
  BOOST_TEST((first_bad_utf8("fine") == std::pair(0, 0)));
}

BOOST_AUTO_TEST_CASE(every_code_point_survives_decoding) {
  for (char32_t value = 0; value <= 0x10FFFF; ++value) {
    if (value >= 0xD800 && value <= 0xDFFF) continue;
    std::string bytes;
    append_utf8(bytes, value);
    const auto point = decode_utf8(bytes);
    BOOST_REQUIRE((point.valid && point.value == value && point.length == bytes.size()));
    BOOST_REQUIRE(!is_utf8(std::string_view(bytes).substr(1)) == (bytes.size() > 1));
  }
}

struct Meant {
  const char* word;
  const char* nearest;
};
std::ostream& operator<<(std::ostream& out, const Meant& row) {
  return out << row.word;
}
const Meant kMeant[] = {{"adress", "address"},
                        {"addres", "address"},
                        {"ADDRESS", "address"},
                        {"hsot", "host"},
                        {"timeuot", "timeout"},
                        {"prot", "port"},
                        {"address", "address"},
                        {"zzz", ""},
                        {"", ""},
                        {"x", ""},
                        {"expectation", ""},
                        {"tiemout_", "timeout"}};

BOOST_DATA_TEST_CASE(a_slip_of_the_pen_is_understood, data::make(kMeant), row) {
  BOOST_TEST(did_you_mean(row.word, {"address", "host", "port", "timeout", "expect"}) == row.nearest);
}

BOOST_AUTO_TEST_CASE(text_is_split_joined_and_trimmed) {
  BOOST_TEST(split("a,,b,", ',') == (std::vector<std::string>{"a", "", "b", ""}), boost::test_tools::per_element());
  BOOST_TEST(split("", ',') == (std::vector<std::string>{""}), boost::test_tools::per_element());
  BOOST_TEST(join({"a", "", "b"}, ", ") == "a, , b");
  BOOST_TEST(join({}, ",").empty());
  BOOST_TEST(trim(" \t\r\na b\n ") == "a b");
  BOOST_TEST(trim(" \n").empty());
}

const std::vector<std::string> kCommands[] = {{"echo", "plain", "a/b:c", "--x=y"},
                                              {"echo", "", "a b", "it's", "\"", "$HOME", "`id`", "\\", "*", "~", "!"},
                                              {"echo", "a\nb", "\t", ";", "|", "&", "#x", "{a,b}", "\xff\xfe"},
                                              {"echo", "'", "''", "'a'"},
                                              {"if", "x"},
                                              {"A=b", "c"},
                                              {"echo", "A=b"},
                                              {"time"},
                                              {"echo", "-n", "\u00e9"}};

BOOST_AUTO_TEST_CASE(a_shell_gets_the_same_arguments_back) {
  const auto folder = TempDir::make("/tmp", "mccoy-text-").value();
  for (const auto& argv : kCommands) {
    std::string expected;
    for (const auto& word : argv) expected += word + '\0';
    const std::string script = "printf '%s\\0' " + shell_quoted(argv) + " > " + folder.path() + "/out\n";
    BOOST_REQUIRE(write_atomically(folder.path() + "/script", script).ok());
    for (const auto* shell : {"sh ", "bash "}) {
      BOOST_REQUIRE(std::system((shell + folder.path() + "/script").c_str()) == 0);
      BOOST_TEST(*read_file(folder.path() + "/out", 4096) == expected);
    }
  }
  BOOST_TEST(shell_quoted({"if", "A=b"}) == "'if' A=b");
  BOOST_TEST(shell_quoted({"A=b"}) == "'A=b'");
  BOOST_TEST(shell_quoted({"ls", "-l", "it's"}) == "ls -l 'it'\\''s'");
}

BOOST_AUTO_TEST_CASE(bytes_are_written_as_hex_and_base64) {
  BOOST_TEST(hex(std::string("\0\x0f\xff", 3)) == "000fff");
  // RFC 4648, section 10
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"},
                                                         {"\xfb\xff", "+/8="}};
  for (const auto& [bytes, text] : vectors) BOOST_TEST(base64(bytes) == text);
}

BOOST_AUTO_TEST_SUITE_END()
