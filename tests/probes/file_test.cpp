// The file probe on real files.
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/digest.hpp"
#include "tests/probes/attempt.hpp"

namespace mccoy::test {
namespace {
struct WithFolder {
  Attempt attempt;
  std::string at(const std::string& name) { return attempt.trial.folder + "/" + name; }
  void put(const std::string& name, std::string_view bytes, mode_t mode = 0644) {
    BOOST_REQUIRE(make_dirs(dirname(at(name))).ok());
    BOOST_REQUIRE(write_atomically(at(name), bytes, mode).ok());
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(file, WithFolder)

BOOST_AUTO_TEST_CASE(a_file_is_described) {
  put("a.json", "{\"n\":1}");
  const auto seen = attempt.seen("file", "a.json");
  BOOST_TEST(seen.values["exists"].as_bool());
  BOOST_TEST(seen.values["type"].as_string() == "file");
  BOOST_TEST(seen.values["size"].as_int() == 7);
  BOOST_TEST(seen.values["sha256"].as_string() == sha256("{\"n\":1}"));
  BOOST_TEST(seen.values["mode"].as_string() == "0644");
  BOOST_TEST(seen.values["count"].as_int() == 1);
  BOOST_TEST(seen.values["age"].as_int() < std::int64_t{600} * 1'000'000'000);
  BOOST_TEST(seen.texts.at("content").text() == "{\"n\":1}");
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_an_answer) {
  for (const char* path : {"nothing", "no/such/folder/file"}) {
    const auto seen = attempt.seen("file", path);
    BOOST_TEST(seen.values["exists"].as_bool(true) == false);
    BOOST_TEST(seen.texts.empty());
  }
  put("plain", "x");
  BOOST_TEST(attempt.seen("file", "plain/below").values["exists"].as_bool(true) == false);
}

BOOST_AUTO_TEST_CASE(a_pattern_counts_and_describes_the_only_match) {
  put("d/a.js", "a");
  put("d/e/b.js", "b");
  BOOST_TEST(attempt.seen("file", "d/**/*.js").values["count"].as_int() == 2);
  BOOST_TEST(attempt.seen("file", "d/*.js").texts.at("content").text() == "a");
  const auto none = attempt.seen("file", "d/*.css");
  BOOST_TEST(none.values["count"].as_int() == 0);
  BOOST_TEST(none.values["exists"].as_bool(true) == false);
}

BOOST_AUTO_TEST_CASE(a_file_whose_name_looks_like_a_pattern_is_that_file) {
  put("a[1].txt", "brackets");
  BOOST_TEST(attempt.seen("file", "a[1].txt").texts.at("content").text() == "brackets");
}

BOOST_AUTO_TEST_CASE(folders_pipes_and_dangling_links_are_not_read) {
  BOOST_REQUIRE(make_dirs(at("folder")).ok());
  BOOST_REQUIRE(::mkfifo(at("pipe").c_str(), 0600) == 0);
  BOOST_REQUIRE(::symlink("nowhere", at("link").c_str()) == 0);
  for (const auto& [name, type] : {std::pair{"folder", "directory"}, {"pipe", "pipe"}, {"link", "link"}}) {
    const auto seen = attempt.seen("file", name);
    BOOST_TEST(seen.values["type"].as_string() == type);
    BOOST_TEST(seen.texts.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_large_file_is_digested_and_not_kept) {
  put("large", std::string(5 << 20, 'z'));
  const auto seen = attempt.seen("file", "large", Value::map({{"keep", 8}}));
  BOOST_TEST(seen.values["sha256"].as_string() == sha256(std::string(5 << 20, 'z')));
  BOOST_TEST(seen.texts.at("content").head == "zzzzzzzz");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_looked_at_is_an_error) {
  const auto error = attempt.refused("file", "/proc/self/mem");
  BOOST_TEST(contains(error.what, "/proc/self/mem"), error.what);
  BOOST_TEST(!attempt.observe("file", "").ok());
}
BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::test
