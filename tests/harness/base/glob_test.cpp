#include <sys/resource.h>
#include <unistd.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "harness/base/clock.hpp"
#include "harness/base/file.hpp"
#include "harness/base/random.hpp"

using namespace mccoy;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(glob_suite)

struct Row {
  const char* pattern;
  const char* path;
  bool matches;
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.pattern << " on " << row.path;
}
const Row kRows[] = {
    {"a", "a", true},
    {"a", "b", false},
    {"a", "ab", false},
    {"*", "abc", true},
    {"*", "a/b", false},
    {"*", ".a", false},
    {".*", ".a", true},
    {"*.txt", "a.txt", true},
    {"*.txt", ".txt", false},
    {"*.txt", "a.b.txt", true},
    {"a*", "a", true},
    {"a*b*c", "axxbyyc", true},
    {"a*b*c", "axxbyy", false},
    {"?", "a", true},
    {"?", "", false},
    {"?", "/", false},
    {"?", ".", false},
    {"?", "\u00e9", true},
    {"??", "\u00e9", false},
    {"?", "\U0001F600", true},
    {"?", "\xff", true},
    {"\xff", "\xff", true},
    {"\xff", "\u00ff", false},
    {"[a-c]", "b", true},
    {"[a-c]", "d", false},
    {"[!a-c]", "d", true},
    {"[^a-c]", "b", false},
    {"[!a]", "/", false},
    {"[!a]", ".", false},
    {"x[!a]", "x.", true},
    {"[]a]", "]", true},
    {"[a-]", "-", true},
    {"[\\]]", "]", true},
    {"[\u00e0-\u00ef]", "\u00e9", true},
    {"{a,b}", "a", true},
    {"{a,b}", "b", true},
    {"{a,b}", "c", false},
    {"{a,b}", "a,b", false},
    {"x{,y}z", "xz", true},
    {"x{,y}z", "xyz", true},
    {"{a,b{c,d}}e", "bde", true},
    {"{a,b{c,d}}e", "be", false},
    {"*.{cpp,hpp}", "x.hpp", true},
    {"{a/b,c}/d", "a/b/d", true},
    {"{a/b,c}/d", "c/d", true},
    {"{.git,src}/x", ".git/x", true},
    {"{*,.*}", ".x", true},
    {"a,b}", "a,b}", true},
    {"**", "a", true},
    {"**", "a/b/c", true},
    {"**", "a/.b/c", false},
    {"**/c", "c", true},
    {"**/c", "a/b/c", true},
    {"**/c", ".a/c", false},
    {"a/**", "a", false},
    {"a/**", "a/b", true},
    {"a/**", "a/b/c", true},
    {"a/**", "ab/c", false},
    {"a/**/z", "a/z", true},
    {"a/**/z", "a/b/c/z", true},
    {"a/**/z", "az", false},
    {"a/**/z", "a/bz", false},
    {"**/*.txt", "a/b.txt", true},
    {"**/*.txt", "b.txt", true},
    {"**/.env", "a/b/.env", true},
    {"**/a/**/b", "x/a/y/z/b", true},
    {"**/a/**/b", "x/y/b", false},
    {"/**/x", "/a/b/x", true},
    {"/**/x", "a/x", false},
    {"{**/x,y}/z", "a/b/x/z", true},
    {"{a/**,b}", "a/b/c", true},
    {"a**b", "axxb", true},
    {"a**b", "a/b", false},
    {"***", "ab", true},
    {"***", "a/b", false},
    {"\\*", "*", true},
    {"\\*", "a", false},
    {"\\{a\\}", "{a}", true},
    {"\\.x", ".x", true},
    {"*\\.x", ".x", false},
    {"a//b", "a/b", false},
    {"", "", false},
    {"[a", "[a", false},
    {"[", "[", false},
    {"{a", "{a", false},
    {"{a,b", "a", false},
    {"a\\", "a\\", false},
    {"[z-a]", "m", false},
    {"a/", "a/", false},
};

BOOST_DATA_TEST_CASE(patterns_match_as_documented, data::make(kRows), row) {
  BOOST_TEST(glob_matches(row.pattern, row.path) == row.matches);
}

/// What "*", "?" and letters mean, said as plainly as can be; slow.
bool plainly_matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*') {
    return plainly_matches(pattern.substr(1), name) || (!name.empty() && plainly_matches(pattern, name.substr(1)));
  }
  return !name.empty() && (pattern[0] == '?' || pattern[0] == name[0]) &&
         plainly_matches(pattern.substr(1), name.substr(1));
}

BOOST_AUTO_TEST_CASE(random_patterns_agree_with_a_plain_matcher) {
  Random random(99);
  const auto text = [&random](std::string_view letters, std::uint64_t length_max) {
    std::string out;
    for (auto left = 1 + random.below(length_max); left > 0; --left) out += letters[random.below(letters.size())];
    return out;
  };
  int matched = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string pattern = text("ab*?", 6);
    if (pattern.find("**") != std::string::npos) continue;
    const std::string name = text("ab", 7);
    const bool expected = plainly_matches(pattern, name);
    matched += expected ? 1 : 0;
    BOOST_REQUIRE_MESSAGE(glob_matches(pattern, name) == expected, pattern << " on " << name);
  }
  BOOST_TEST(matched > 1'000);
}

BOOST_AUTO_TEST_CASE(no_pattern_blows_up) {
  std::string stars, braces, folders;
  for (int i = 0; i < 500; ++i) {
    stars += "a*";
    braces += "{a,aa,}";
    folders += "**/";
  }
  BOOST_TEST(!glob_matches(stars + 'b', std::string(2'000, 'a')));
  BOOST_TEST(!glob_matches(braces + 'b', std::string(1'000, 'a')));
  std::string path;
  for (int i = 0; i < 500; ++i) path += "a/";
  BOOST_TEST(!glob_matches(folders + 'b', path + 'a'));
  BOOST_TEST(!glob_matches(std::string(100'000, '{'), "a"));
}

struct Folder {
  TempDir dir = TempDir::make("/tmp", "mccoy-glob-").value();
  explicit Folder(std::initializer_list<std::string> files) {
    for (const auto& file : files) {
      BOOST_REQUIRE(make_dirs(dirname(dir.path() + '/' + file)).ok());
      std::ofstream(dir.path() + '/' + file) << "x";
    }
  }
  std::vector<std::string> find(const std::string& pattern) const {
    auto found = glob(pattern, dir.path());
    BOOST_REQUIRE(found.ok());
    return *found;
  }
};
using Names = std::vector<std::string>;

BOOST_AUTO_TEST_CASE(files_and_folders_are_found_sorted_and_once) {
  const Folder folder{"b.txt", "a.txt", "sub/c.txt", "sub/deep/d.txt", ".hidden/e.txt", "sub/.f.txt"};
  BOOST_TEST(folder.find("*.txt") == (Names{"a.txt", "b.txt"}), boost::test_tools::per_element());
  BOOST_TEST(folder.find("**/*.txt") == (Names{"a.txt", "b.txt", "sub/c.txt", "sub/deep/d.txt"}),
             boost::test_tools::per_element());
  BOOST_TEST(folder.find("**") == (Names{"a.txt", "b.txt", "sub", "sub/c.txt", "sub/deep", "sub/deep/d.txt"}),
             boost::test_tools::per_element());
  BOOST_TEST(folder.find("{a,*,b}.txt") == (Names{"a.txt", "b.txt"}), boost::test_tools::per_element());
  BOOST_TEST(folder.find("sub/.*") == (Names{"sub/.f.txt"}), boost::test_tools::per_element());
  BOOST_TEST(folder.find(".hidden/*") == (Names{".hidden/e.txt"}), boost::test_tools::per_element());
  BOOST_TEST(folder.find("./sub/*.txt") == (Names{"./sub/c.txt"}), boost::test_tools::per_element());
  BOOST_TEST(folder.find("sub/../*.txt") == (Names{"sub/../a.txt", "sub/../b.txt"}), boost::test_tools::per_element());
  BOOST_TEST(folder.find(folder.dir.path() + "/a*") == (Names{folder.dir.path() + "/a.txt"}),
             boost::test_tools::per_element());
  BOOST_TEST(folder.find("a.txt") == (Names{"a.txt"}), boost::test_tools::per_element());
  BOOST_TEST(folder.find("absent").empty());
  BOOST_TEST(folder.find("absent/*").empty());
  BOOST_TEST(folder.find("a.txt/*").empty());
}

BOOST_AUTO_TEST_CASE(every_file_found_matches_and_every_match_is_found) {
  const Folder folder{"a", "b", ".c", "d/a", "d/.e/f", "d/g/h", "d/g/.i", "j.k/l.m", "\u00e9/\xff"};
  Names all = folder.find("{**,**/.*,**/.*/**}");
  BOOST_TEST(all.size() == 14U);
  for (const auto* pattern :
       {"*", "**", "?", "**/?", "d/**", "*/*", "{a,d/*}", "**/.*", "[!a]", "*.*/**", "**/h", "d/*/[a-h]"}) {
    Names expected;
    for (const auto& path : all) {
      if (glob_matches(pattern, path)) expected.push_back(path);
    }
    BOOST_TEST_CONTEXT(pattern) {
      BOOST_TEST(folder.find(pattern) == expected, boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(links_are_not_followed_into_folders) {
  const Folder folder{"real/file"};
  BOOST_REQUIRE(::symlink("real", (folder.dir.path() + "/link").c_str()) == 0);
  BOOST_REQUIRE(::symlink("..", (folder.dir.path() + "/real/loop").c_str()) == 0);
  BOOST_TEST(folder.find("**/file") == (Names{"real/file"}), boost::test_tools::per_element());
  BOOST_TEST(folder.find("*/file") == (Names{"real/file"}), boost::test_tools::per_element());
  BOOST_TEST(folder.find("*") == (Names{"link", "real"}), boost::test_tools::per_element());
  BOOST_TEST(folder.find("link/*") == (Names{"link/file", "link/loop"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(too_many_matches_are_an_error) {
  const Folder folder{"a", "b", "c"};
  BOOST_TEST(glob("*", folder.dir.path(), 3).ok());
  BOOST_TEST(!glob("*", folder.dir.path(), 2).ok());
}

const char* const kMalformed[] = {"", "[a", "[", "[!", "[a-", "{a", "{a,{b}", "a\\", "[z-a]", "a/"};
BOOST_DATA_TEST_CASE(a_malformed_pattern_is_an_error, data::make(kMalformed), pattern) {
  const auto found = glob(pattern, "/tmp");
  BOOST_REQUIRE(!found.ok());
  BOOST_TEST(!found.error().hint.empty());
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_read_is_an_error_not_a_miss) {
  if (::geteuid() == 0) {
    BOOST_TEST_MESSAGE("skipped: root may read every folder");
    return;
  }
  const Folder folder{"closed/file"};
  BOOST_REQUIRE(::chmod((folder.dir.path() + "/closed").c_str(), 0) == 0);
  BOOST_TEST(!glob("*/file", folder.dir.path()).ok());
}

BOOST_AUTO_TEST_SUITE_END()
