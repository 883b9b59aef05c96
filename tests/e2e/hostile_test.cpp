// What a target prints never reaches a terminal or a log raw: neither in plain lines, nor in live ones, nor in events.
#include <algorithm>
#include <regex>

#include "harness/base/text.hpp"
#include "harness/base/value.hpp"
#include "tests/e2e/mccoy.hpp"

using namespace mccoy;
using e2e::holds;
using e2e::Place;

namespace {
/// A suite with one failing case for each vector: it prints the vector on both streams.
int write_suite(const Place& place) {
  const auto text = read_file(std::string(MCCOY_SOURCE_DIR) + "/tests/golden/vectors/hostile-output.json", 1 << 20);
  const auto vectors = from_json(text.value());
  std::string suite = "suite: hostile\ncases:\n";
  int count = 0;
  for (const auto& vector : vectors->as_map().size() > 0 ? (*vectors)["cases"].as_list() : Value::List{}) {
    const std::string hex = vector["bytes_hex"].as_string(), name = "v" + std::to_string(count++);
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
      bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    place.write(name, bytes);
    suite += "  " + name + ":\n    shell: 'cat " + name + "; cat " + name +
             " >&2; exit 3'\n    expect: { stdout: { equals: nothing } }\n";
  }
  place.write("suite.yaml", suite);
  return count;
}

/// Control bytes but TAB and LF, DEL, C1 controls and marks that turn the reading direction.
bool is_harmless(const std::string& text) {
  for (const char c : text)
    if (const auto byte = static_cast<unsigned char>(c); (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f)
      return false;
  for (const char* mark : {"\xe2\x80\xae", "\xe2\x80\xad", "\xe2\x81\xa6", "\xe2\x81\xa7"})
    if (holds(text, mark)) return false;
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    if (text[i] == '\xc2' && static_cast<unsigned char>(text[i + 1]) < 0xa0) return false;
  return is_utf8(text);
}

/// No line that a CI system takes for a command of its own.
bool is_mute(const std::string& text) {
  for (const char* prefix : {"\n::", "##vso[", "##[", "##teamcity[", "\nsection_start:", "\nsection_end:"})
    if (holds(text, prefix)) return false;
  return true;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(hostile)

BOOST_AUTO_TEST_CASE(plain_lines_are_harmless) {
  const Place place;
  BOOST_TEST(write_suite(place) >= 30);
  const auto ran = place.mccoy({"run", "suite.yaml", "--out", place.out(), "--progress", "plain"});
  BOOST_TEST(ran.code == 1, ran.err);
  BOOST_TEST(is_harmless(ran.out));
  BOOST_TEST(is_mute(ran.out));
  BOOST_TEST(is_harmless(ran.err));
}

BOOST_AUTO_TEST_CASE(events_are_harmless_and_each_line_is_json) {
  const Place place;
  write_suite(place);
  const auto ran = place.mccoy({"run", "suite.yaml", "--out", place.out(), "--progress", "json"});
  BOOST_TEST(is_harmless(ran.out));
  BOOST_TEST(is_mute(ran.out));
  int events = 0;
  for (const auto& line : split(ran.out, '\n')) {
    if (line.empty()) continue;
    BOOST_TEST(from_json(line).ok(), line);
    ++events;
  }
  BOOST_TEST(events > 60);
}

BOOST_AUTO_TEST_CASE(a_terminal_gets_only_our_own_control_sequences) {
  Place place;
  place.set("TERM", "xterm");
  place.set("NO_COLOR", "1");
  write_suite(place);
  const auto ran = place.run(
      {"script", "-qec", "stty -onlcr; " + e2e::kMccoy + " run suite.yaml --out out --progress live", "/dev/null"});
  BOOST_TEST(holds(ran.out, "FAIL"), ran.out);
  static const std::regex kOurs("\x1b\\[[0-9]+A\r\x1b\\[J");
  BOOST_TEST(is_harmless(std::regex_replace(ran.out, kOurs, "")));
}

BOOST_AUTO_TEST_CASE(reports_are_well_formed) {
  const Place place;
  write_suite(place);
  const auto ran = place.mccoy({"run", "suite.yaml", "--out", place.out(), "--junit", "j.xml", "--json", "r.json"});
  BOOST_TEST(ran.code == 1, ran.err);
  BOOST_TEST(place.run({"xmllint", "--noout", "j.xml"}).code == 0);
  const auto json = read_file(place.path("r.json"), 64 << 20);
  BOOST_REQUIRE(json.ok());
  BOOST_TEST(from_json(*json).ok());
}

BOOST_AUTO_TEST_SUITE_END()
