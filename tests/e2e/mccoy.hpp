// Runs the real binary on small suites in a folder of its own, and reads what it left behind. Used by tests/cli and
// tests/e2e.
#pragma once
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "harness/base/file.hpp"
#include "harness/base/process.hpp"
#include "harness/evidence/bundle.hpp"
#include "harness/evidence/journal.hpp"

namespace mccoy::e2e {
struct Ran {
  int code = -1;  ///< exit code; -1: ended by a signal
  std::string out, err;
  std::int64_t max_rss_kib = 0;
  Duration wall{};
  std::vector<ProcessInfo> leftovers;  ///< what was still alive below it when it had ended
};

inline const std::string kMccoy = std::string(MCCOY_BINARY_DIR) + "/mccoy";
inline const std::string kFixtures = std::string(MCCOY_BINARY_DIR) + "/fixtures";
constexpr auto kPatience = std::chrono::seconds(120);

/// A private folder, and mccoy run in it.
class Place {
 public:
  Place() : dir_(std::move(TempDir::make(std::filesystem::temp_directory_path().string(), "mccoy-e2e-")).value()) {
    env_ = base_environment();
    set_env(env_, "MCCOY_FIXTURES", kFixtures);
  }

  const std::string& folder() const { return dir_.path(); }
  std::string path(const std::string& name) const { return dir_.path() + "/" + name; }
  std::string out() const { return path("out"); }
  void set(std::string_view name, std::string_view value) { set_env(env_, name, value); }

  std::string write(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

  Command command(std::vector<std::string> argv) const {
    return {.argv = std::move(argv), .env = env_, .cwd = folder(), .input = {}};
  }

  Ran run(std::vector<std::string> argv) const {
    auto captured = run_command(command(std::move(argv)), Deadline::in(kPatience));
    BOOST_REQUIRE_MESSAGE(captured.ok(), (captured.ok() ? "" : captured.error().what));
    BOOST_TEST(!captured->deadline_passed, "it did not end");
    return {.code = captured->ended.exited ? captured->ended.code : -1,
            .out = captured->out.text(),
            .err = captured->err.text(),
            .max_rss_kib = captured->ended.max_rss_kib,
            .wall = captured->ended.wall,
            .leftovers = captured->leftovers};
  }
  /// mccoy with these arguments
  Ran mccoy(std::vector<std::string> args) const {
    args.insert(args.begin(), kMccoy);
    return run(std::move(args));
  }
  /// `mccoy run` of this suite text, evidence in out()
  Ran suite(std::string_view text, const std::vector<std::string>& more = {}) const {
    std::filesystem::remove_all(out());
    std::vector<std::string> args = {"run", write("suite.yaml", text), "--out", out()};
    args.insert(args.end(), more.begin(), more.end());
    return mccoy(std::move(args));
  }

  std::vector<evidence::Record> records(const std::string& bundle = "") const {
    std::vector<evidence::Record> all;
    const auto read =
        evidence::read_journal((bundle.empty() ? out() : bundle) + "/" + std::string(evidence::kJournalFile),
                               [&](const evidence::Record& record) { all.push_back(record); });
    BOOST_REQUIRE_MESSAGE(read.ok(), "the journal can be read");
    return all;
  }
  /// Bodies of the "case" records by case id.
  std::map<std::string, Value> cases() const {
    std::map<std::string, Value> found;
    for (const auto& record : records())
      if (record.type == "case") found[record.body["case"].as_string()] = record.body;
    return found;
  }
  /// "pass real", "fail real", "not-run unproven" … of a case, from the journal
  std::string result_of(const std::string& id) const {
    const auto all = cases();
    const auto found = all.find(id);
    if (found == all.end()) return "no record";
    const Value& judgement = found->second["judgement"];
    const std::string provenance = judgement["provenance"].as_string();
    return judgement["outcome"].as_string() + (provenance.empty() ? "" : " " + provenance);
  }

 private:
  TempDir dir_;
  std::vector<std::string> env_;
};

/// Programs other than mccoy's own (guardian and keepers, about to go) that outlived it. A process without a program
/// has given its memory back already and only waits to be reaped.
inline std::string strangers(const Ran& ran) {
  std::string names;
  for (const auto& process : ran.leftovers)
    if (!process.exe.empty() && !process.exe.ends_with("/mccoy")) names += process.exe + " ";
  return names;
}

inline bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}
}  // namespace mccoy::e2e
