// A suite that is wrong is refused as a whole: the place, the line, a caret and a hint on stderr, exit code 64, nothing
// run and nothing written.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <regex>

#include "tests/e2e/mccoy.hpp"
#include "tests/sanitized.hpp"

using namespace mccoy;
using e2e::holds;
using e2e::Place;
namespace fs = std::filesystem;

namespace {
std::vector<std::string> malformed_suites() {
  std::vector<std::string> paths;
  const fs::path folder = fs::path(MCCOY_SOURCE_DIR) / "tests/golden/malformed";
  if (fs::exists(folder))
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".yaml") paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::size_t files_in(const std::string& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::recursive_directory_iterator(folder), fs::recursive_directory_iterator()));
}

bool has_raw_control(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
  });
}
}  // namespace

BOOST_AUTO_TEST_SUITE(malformed)

BOOST_AUTO_TEST_CASE(there_are_at_least_sixty) {
  BOOST_TEST(malformed_suites().size() >= 60U);
}

BOOST_DATA_TEST_CASE(a_malformed_suite_runs_and_writes_nothing, boost::unit_test::data::make(malformed_suites()),
                     path) {
  const Place place;
  const auto ran = place.mccoy({"run", path});
  BOOST_TEST(ran.code == 64, ran.out << ran.err);
  BOOST_TEST(ran.out.empty());
  BOOST_TEST(files_in(place.folder()) == 0U);
  static const std::regex kPlace(R"re((^|\n)[^\n]*\.yaml(:[0-9]+:[0-9]+)?: error: )re");
  BOOST_TEST(std::regex_search(ran.err, kPlace), ran.err);
  BOOST_TEST(!has_raw_control(ran.err));
}

BOOST_AUTO_TEST_CASE(the_place_the_line_a_caret_and_a_hint_are_shown) {
  const Place place;
  const auto ran = place.suite("suite: s\ncases:\n  a:\n    exec: [echo, x]\n    expcet: { stdout: x }\n");
  BOOST_TEST(ran.code == 64);
  for (const char* part : {"suite.yaml:5:5: error:", "    expcet: { stdout: x }", "^~~~~~", "did you mean \"expect\"?"})
    BOOST_TEST(holds(ran.err, part), part << " in " << ran.err);
  BOOST_TEST(!fs::exists(place.out()));
}

BOOST_AUTO_TEST_CASE(a_mistake_in_the_second_suite_keeps_the_first_from_running) {
  const Place place;
  const auto good = place.write("good.yaml", "suite: good\ncases:\n  a: { exec: [touch, ran], expect: { exit: 0 } }\n");
  const auto bad = place.write("bad.yaml", "suite: bad\ncases: 7\n");
  BOOST_TEST(place.mccoy({"run", good, bad, "--out", place.out()}).code == 64);
  BOOST_TEST(!fs::exists(place.path("ran")));
  BOOST_TEST(!fs::exists(place.out()));
}

BOOST_AUTO_TEST_CASE(a_suite_of_100_MiB_is_refused_without_being_read) {
  const Place place;
  const auto path = place.write("huge.yaml", "suite: huge\n");
  fs::resize_file(path, 100 << 20);
  const auto ran = place.mccoy({"run", path});
  BOOST_TEST(ran.code == 64);
  BOOST_TEST((kSanitized || ran.max_rss_kib < 64 * 1024), ran.max_rss_kib << " KiB");
}

BOOST_AUTO_TEST_SUITE_END()
