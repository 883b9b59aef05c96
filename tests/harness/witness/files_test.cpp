// What the state of files before and after shows, and what it does not claim.
#include "harness/witness/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "harness/base/clock.hpp"
#include "harness/base/digest.hpp"
#include "harness/base/file.hpp"

namespace mccoy::test {
namespace {
using evidence::SeenFile;
using Change = SeenFile::Change;
namespace fs = std::filesystem;

struct Folder {
  TempDir temporary = TempDir::make("/tmp", "mccoy-files-").value();
  std::string at(const std::string& name) const { return temporary.path() + "/" + name; }
  void put(const std::string& name, std::string_view bytes) {
    fs::create_directories(fs::path(at(name)).parent_path());
    BOOST_REQUIRE(write_atomically(at(name), bytes).ok());
  }
  /// In place: the inode stays.
  void rewrite(const std::string& name, std::string_view bytes) {
    const UniqueFd file(::open(at(name).c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    BOOST_REQUIRE(write_all(file.get(), bytes).ok());
  }
  void watch(std::vector<std::string> globs) {
    watch_.emplace(witness::FileWatch::begin(std::move(globs), temporary.path()));
  }
  std::vector<SeenFile> seen() { return watch_->end(coverage); }
  SeenFile one() {
    auto files = seen();
    BOOST_REQUIRE(files.size() == 1U);
    return files[0];
  }
  /// File times are as coarse as the kernel's tick; what is "older" must be older than that.
  static void let_a_tick_pass() { ::usleep(30'000); }
  std::optional<witness::FileWatch> watch_;
  evidence::Coverage coverage;
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(files, Folder)

BOOST_AUTO_TEST_CASE(a_new_file_is_created) {
  watch({"out/*.txt"});
  put("out/a.txt", "fresh");
  const auto file = one();
  BOOST_TEST((file.change == Change::created));
  BOOST_TEST(file.path == "out/a.txt");
  BOOST_TEST(file.size == 5);
  BOOST_TEST(file.sha256 == sha256("fresh"));
  BOOST_TEST(file.same_bytes_as.empty());
  BOOST_TEST(file.linked_from.empty());
}

BOOST_AUTO_TEST_CASE(a_file_that_nobody_touched_is_unchanged) {
  put("a", "old");
  watch({"a"});
  BOOST_TEST((one().change == Change::unchanged));
}

BOOST_AUTO_TEST_CASE(other_bytes_in_place_are_a_change) {
  put("a", "old");
  watch({"a"});
  rewrite("a", "new");
  BOOST_TEST((one().change == Change::changed));
}

BOOST_AUTO_TEST_CASE(other_bytes_with_the_old_times_are_a_change) {
  put("a", "old");
  const auto times = fs::last_write_time(at("a"));
  watch({"a"});
  rewrite("a", "new");
  fs::last_write_time(at("a"), times);
  BOOST_TEST((one().change == Change::changed));
}

BOOST_AUTO_TEST_CASE(a_touch_is_no_change) {
  put("a", "old");
  watch({"a"});
  let_a_tick_pass();
  BOOST_REQUIRE(::utimensat(AT_FDCWD, at("a").c_str(), nullptr, 0) == 0);
  BOOST_TEST((one().change == Change::unchanged));
}

BOOST_AUTO_TEST_CASE(the_same_bytes_in_a_new_file_are_a_change_that_shows_it) {
  put("a", "same");
  watch({"a"});
  put("a", "same");  // a new inode under the old name
  const auto file = one();
  BOOST_TEST((file.change == Change::changed));
  BOOST_TEST(file.same_bytes_as == "a");
}

BOOST_AUTO_TEST_CASE(a_copy_of_an_older_file_is_recognised_by_its_bytes) {
  put("golden/a", "the same bytes");
  put("golden/b", "not the same b");
  watch({"out"});
  fs::copy_file(at("golden/a"), at("out"));
  const auto file = one();
  BOOST_TEST((file.change == Change::created));
  BOOST_TEST(file.same_bytes_as == at("golden/a"));
  BOOST_TEST(file.linked_from.empty());
}

BOOST_AUTO_TEST_CASE(a_hard_link_and_a_rename_are_the_older_file) {
  put("golden/a", "linked");
  put("golden/b", "renamed");
  watch({"out/*"});
  fs::create_directories(at("out"));
  fs::create_hard_link(at("golden/a"), at("out/a"));
  fs::rename(at("golden/b"), at("out/b"));
  const auto files = seen();
  BOOST_REQUIRE(files.size() == 2U);
  BOOST_TEST((files[0].change == Change::created));
  BOOST_TEST(files[0].linked_from == at("golden/a"));
  BOOST_TEST(files[1].linked_from == at("golden/b"));
}

BOOST_AUTO_TEST_CASE(a_symbolic_link_to_an_older_file_is_that_file) {
  put("golden/a", "linked");
  watch({"out"});
  fs::create_symlink("golden/a", at("out"));
  const auto file = one();
  BOOST_TEST((file.change == Change::created));
  BOOST_TEST(file.linked_from == at("golden/a"));
}

BOOST_AUTO_TEST_CASE(a_symbolic_link_to_a_new_file_is_not) {
  watch({"current"});
  put("release-2", "fresh");
  fs::create_symlink("release-2", at("current"));
  const auto file = one();
  BOOST_TEST((file.change == Change::created));
  BOOST_TEST(file.linked_from.empty());
}

BOOST_AUTO_TEST_CASE(a_file_renamed_from_outside_the_folder_is_older_where_the_system_tells) {
  const auto elsewhere = TempDir::make("/tmp", "mccoy-elsewhere-").value();
  BOOST_REQUIRE(write_atomically(elsewhere.path() + "/golden", "brought in").ok());
  let_a_tick_pass();
  watch({"out"});
  fs::rename(elsewhere.path() + "/golden", at("out"));
  struct statx born {};
  ::statx(AT_FDCWD, at("out").c_str(), 0, STATX_BTIME, &born);
  const auto file = one();
  BOOST_TEST((file.change == Change::created));
  BOOST_TEST(file.linked_from.empty() == ((born.stx_mask & STATX_BTIME) == 0));
}

BOOST_AUTO_TEST_CASE(a_file_that_went_away_is_missing) {
  put("a", "old");
  watch({"*"});
  fs::remove(at("a"));
  const auto file = one();
  BOOST_TEST((file.change == Change::missing));
  BOOST_TEST(file.path == "a");
}

BOOST_AUTO_TEST_CASE(a_pattern_without_a_match_gives_nothing) {
  watch({"nothing/*", "never"});
  BOOST_TEST(seen().empty());
  BOOST_TEST(coverage.complete);
  BOOST_TEST(coverage.observer == "files");
}

BOOST_AUTO_TEST_CASE(empty_files_are_no_copies) {
  put("empty", "");
  watch({"out"});
  put("out", "");
  BOOST_TEST(one().same_bytes_as.empty());
}

BOOST_AUTO_TEST_CASE(an_older_file_that_was_rewritten_meanwhile_is_no_original) {
  put("was", "12345");
  watch({"out"});
  rewrite("was", "67890");
  put("out", "67890");
  BOOST_TEST(one().same_bytes_as.empty());
}

BOOST_AUTO_TEST_CASE(absolute_patterns_are_followed) {
  watch({at("*.log")});
  put("a.log", "x");
  BOOST_TEST(one().path == at("a.log"));
}

BOOST_AUTO_TEST_CASE(a_malformed_pattern_makes_the_coverage_incomplete) {
  watch({"a[", "ok"});
  put("ok", "x");
  BOOST_TEST(seen().size() == 1U);
  BOOST_TEST(!coverage.complete);
}

BOOST_AUTO_TEST_CASE(looking_at_one_file_compares_with_a_moment) {
  put("a", "x");
  BOOST_TEST((witness::look_at(at("a"), wall_ms() + 60'000).change == Change::unchanged));
  BOOST_TEST((witness::look_at(at("a"), wall_ms() - 60'000).change != Change::unchanged));
  BOOST_TEST((witness::look_at(at("none"), 0).change == Change::missing));
  fs::last_write_time(at("a"), fs::file_time_type::clock::now() - std::chrono::hours(48));
  BOOST_TEST((witness::look_at(at("a"), wall_ms() - 60'000).change != Change::unchanged));  // ctime is not for sale
}
BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::test
