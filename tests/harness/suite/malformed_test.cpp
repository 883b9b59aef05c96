// Every malformed suite gives the approved messages: file:line:column, the line, a caret, a hint.
// MCCOY_APPROVE=1 writes them again; the difference is reviewed like code.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "harness/base/file.hpp"
#include "harness/suite/suite.hpp"
#include "tests/harness/suite/sample_kinds.hpp"

namespace data = boost::unit_test::data;
namespace fs = std::filesystem;
using namespace mccoy;

namespace {
constexpr std::string_view kToday = "2026-11-21";
constexpr std::int64_t kLimit = 1 << 20;

/// Relative to the project, so that messages are the same on every machine.
std::vector<std::string> suites_in(const std::string& folder) {
  fs::current_path(MCCOY_SOURCE_DIR);
  std::vector<std::string> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path().string());
  }
  std::ranges::sort(paths);
  return paths;
}

std::string rendered(const std::variant<suite::Suite, suite::ReadErrors>& read) {
  std::string out;
  if (const auto* errors = std::get_if<suite::ReadErrors>(&read)) {
    for (const Error& error : errors->errors) out += render(error);
  }
  return out;
}

auto read(const std::string& path) {
  return suite::read_suite(path, suite::sample::kinds(), kToday);
}
}  // namespace

BOOST_AUTO_TEST_SUITE(malformed_suites)

BOOST_DATA_TEST_CASE(a_malformed_suite_gives_its_approved_messages, data::make(suites_in("tests/golden/malformed")),
                     path) {
  const auto result = read(path);
  BOOST_REQUIRE_MESSAGE(std::holds_alternative<suite::ReadErrors>(result), path << " was accepted");
  const std::string message = rendered(result);
  const std::string approved = fs::path(path).replace_extension(".expected").string();
  if (std::getenv("MCCOY_APPROVE") != nullptr) BOOST_REQUIRE(write_atomically(approved, message).ok());
  const auto expected = read_file(approved, kLimit);
  BOOST_REQUIRE_MESSAGE(expected.ok(), approved << " is missing; write it with MCCOY_APPROVE=1");
  BOOST_TEST(message == *expected);
}

BOOST_DATA_TEST_CASE(a_mistake_names_its_line_and_what_to_do, data::make(suites_in("tests/golden/malformed")), path) {
  const auto result = read(path);
  const auto* errors = std::get_if<suite::ReadErrors>(&result);
  BOOST_REQUIRE(errors != nullptr);
  BOOST_TEST(!errors->errors.empty());
  BOOST_TEST(errors->errors.size() <= 20u);
  for (const Error& error : errors->errors) {
    BOOST_TEST(error.where.file == path);
    BOOST_TEST(error.where.line >= 1);
    BOOST_TEST(error.where.column >= 1);
    BOOST_TEST(!error.hint.empty());
  }
}

BOOST_DATA_TEST_CASE(a_valid_suite_is_read_without_complaint, data::make(suites_in("tests/golden/valid")), path) {
  const auto result = read(path);
  BOOST_TEST(rendered(result) == "");
  BOOST_TEST(std::holds_alternative<suite::Suite>(result));
}

BOOST_AUTO_TEST_CASE(there_are_enough_of_both) {
  BOOST_TEST(suites_in("tests/golden/malformed").size() >= 70u);
  BOOST_TEST(suites_in("tests/golden/valid").size() >= 10u);
}

BOOST_AUTO_TEST_CASE(a_file_of_100_MiB_is_refused_before_it_is_read) {
  auto folder = TempDir::make(fs::temp_directory_path().string(), "mccoy-suite-");
  BOOST_REQUIRE(folder.ok());
  const std::string path = folder->path() + "/large.yaml";
  std::ofstream(path) << "suite: large\n";
  fs::resize_file(path, std::uintmax_t{100} << 20);
  const auto started = std::chrono::steady_clock::now();
  const auto result = read(path);
  const auto took = std::chrono::steady_clock::now() - started;
  const auto* errors = std::get_if<suite::ReadErrors>(&result);
  BOOST_REQUIRE(errors != nullptr);
  BOOST_TEST(errors->errors.front().what == "a suite may have 32 MiB; this file has 100 MiB");
  BOOST_TEST((took < std::chrono::seconds(2)));  // reading it takes longer only on a very slow disk
}

const std::string kOpenings[] = {"[", "{", "- ", "? ", "a: [", "{a: ", "[[1],", "\"a\": {", "!a &b [", "[{"};
BOOST_DATA_TEST_CASE(a_million_levels_do_not_use_up_the_stack, data::make(kOpenings), opening) {
  std::string text = "suite: deep\nvars: ";
  if (opening == "- " || opening == "? ") text += "\n";
  while (text.size() < 1'000'000 * opening.size()) text += opening;
  const auto result = suite::read_suite_text(text, "deep.yaml", suite::sample::kinds(), kToday);
  BOOST_TEST(std::holds_alternative<suite::ReadErrors>(result));
}

BOOST_AUTO_TEST_CASE(a_folder_and_a_missing_file_are_said_to_be_that) {
  const auto folder = rendered(read("tests/golden"));
  BOOST_TEST(folder.find("this is a folder") != std::string::npos);
  const auto missing = rendered(read("tests/golden/nowhere.yaml"));
  BOOST_TEST(missing.find("No such file or directory") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
