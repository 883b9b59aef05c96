// Doubles from Debian and npm, installed into a private folder and loaded for real: each must be recognised by the
// files its process was seen to open. Takes a minute and the package archives, so only `./dev test --nightly` does it.
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "harness/base/file.hpp"
#include "harness/base/process.hpp"
#include "harness/judge/fingerprints.hpp"

namespace mccoy::judge {
namespace {
namespace utf = boost::unit_test;
constexpr auto kPatience = std::chrono::minutes(8);
constexpr std::size_t kKeepBytes = 16 << 20;

boost::test_tools::assertion_result nightly(utf::test_unit_id) {
  boost::test_tools::assertion_result result(std::getenv("MCCOY_NIGHTLY") != nullptr);
  result.message() << "only with MCCOY_NIGHTLY";
  return result;
}

/// {"loaded": {id: [path, …]}, "missing": {id: reason}}
Value loaded_doubles(const std::string& folder) {
  std::vector<std::string> env;
  for (char** variable = environ; *variable != nullptr; ++variable) env.emplace_back(*variable);
  const Command command{
      .argv = {"python3", MCCOY_SOURCE_DIR "/tests/nightly/load_doubles.py", folder}, .env = env, .cwd = folder};
  const auto ran = run_command(command, Deadline::in(kPatience), kKeepBytes);
  BOOST_REQUIRE(ran.ok());
  BOOST_REQUIRE_MESSAGE(ran->ended.exited && ran->ended.code == 0, ran->err.text());
  auto printed = from_json(ran->out.text());
  BOOST_REQUIRE(printed.ok());
  return std::move(printed).value();
}

evidence::Activity one_program_reading(const Value& paths) {
  evidence::Activity activity;
  activity.programs.emplace_back();
  for (const Value& path : paths.as_list()) {
    evidence::SeenRead read;
    read.path = path.as_string();
    read.by = {0};
    activity.reads.push_back(std::move(read));
  }
  return activity;
}

/// What a run of pytest had in it although nothing was asked for.
void check_that_pytest_excuses_its_plug_ins(const std::vector<Match>& matches) {
  std::set<std::string> excused;
  for (const Match& one : matches) {
    if (one.what->kind == Fingerprint::Kind::runner || one.what->id == "python.sqlite3") continue;
    if (one.what->implies == Fingerprint::Implies::nothing) continue;
    BOOST_TEST(one.always_loaded(), "pytest loaded " << one.what->id << " by " << one.path);
    excused.insert(one.what->id);
  }
  for (const char* id : {"python.monkeypatch", "python.pytest-mock", "python.unittest.mock"})
    BOOST_TEST(excused.contains(id), id);
}
}  // namespace

BOOST_AUTO_TEST_SUITE(real_doubles, *utf::precondition(nightly))

BOOST_AUTO_TEST_CASE(a_double_that_was_loaded_is_recognised) {
  const auto folder = TempDir::make(std::filesystem::temp_directory_path().string(), "mccoy-doubles-");
  BOOST_REQUIRE(folder.ok());
  const Value result = loaded_doubles(folder->path());
  for (const auto& [id, reason] : result["missing"].as_map()) BOOST_TEST(false, id << ": " << reason.as_string());
  BOOST_TEST(result["loaded"].as_map().size() > 60U);
  for (const auto& [id, paths] : result["loaded"].as_map()) {
    const auto matches = match(catalogue(), one_program_reading(paths));
    const auto* expected = catalogue().find(id);
    BOOST_TEST(std::ranges::count(matches, expected, &Match::what) == 1, id << " was loaded and not recognised");
    if (id == "runner.pytest") check_that_pytest_excuses_its_plug_ins(matches);
    for (const Match& one : matches) BOOST_TEST_MESSAGE(id << ": " << one.what->id << " " << one.path);
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::judge
