// Honest programs and lying ones that look like them, run for real: an honest one is never called mock or simulated, a
// lying one is never a real pass.
#include "tests/e2e/pairs.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "probes/chaos/fault.hpp"
#include "tests/e2e/mccoy.hpp"

namespace mccoy::e2e {
namespace fs = std::filesystem;
namespace data = boost::unit_test::data;

std::ostream& operator<<(std::ostream& out, const Pair& pair) {
  return out << pair.name;
}

namespace {
// ---- reading

class PairReader {
 public:
  explicit PairReader(std::vector<Pair>& pairs) : pairs_(pairs) {}

  void begin_file() {
    common_ = {};
    now_ = &common_;
    files_.clear();
  }
  void take(const std::string& line) {
    if (line.starts_with("== ")) return begin(line.substr(3));
    if (line.starts_with("-- ")) return open(line.substr(3));
    if (!files_.empty())
      for (std::string* file : files_) *file += line + "\n";
    else
      head(line);
  }

 private:
  void begin(const std::string& heading) {
    Pair pair = common_;
    pair.name = heading.substr(0, heading.find(": "));
    pair.title = heading.substr(heading.find(": ") + 2);
    pairs_.push_back(std::move(pair));
    now_ = &pairs_.back();
    files_.clear();
  }

  void head(const std::string& line) {
    const auto colon = line.find(": ");
    const std::string field = line.substr(0, colon), text = colon == std::string::npos ? "" : line.substr(colon + 2);
    if (field == "honest") expect(now_->honest, text);
    if (field == "lying") expect(now_->lying, text);
    if (field == "needs") now_->needs = split(text, ' ');
    if (field == "may lack") now_->may_lack = text;
  }

  static void expect(Program& program, const std::string& text) {
    const auto colon = text.find(": ");
    program.expected = text.substr(0, colon);
    if (colon != std::string::npos) program.says = text.substr(colon + 2);
  }

  void open(const std::string& name) {
    Pair& pair = *now_;
    files_.clear();
    const bool honest = name.starts_with("honest "), lying = name.starts_with("lying ");
    const std::string path = honest ? name.substr(7) : lying ? name.substr(6) : name;
    if (!lying) files_.push_back(&pair.honest.files[path]);
    if (!honest) files_.push_back(&pair.lying.files[path]);
  }

  std::vector<Pair>& pairs_;
  Pair common_;           ///< of all pairs of the file
  Pair* now_ = &common_;  ///< whom lines belong to
  std::vector<std::string*> files_;
};

// ---- running

void write_files(const Program& program, const std::string& folder) {
  for (const auto& [name, text] : program.files) {
    const fs::path path = fs::path(folder) / (name == "suite" ? "suite.yaml" : name);
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    fs::permissions(path, fs::perms(0755));
  }
}

Result answer_of(const std::string& bundle, const Captured& captured) {
  Result result{.answer = "no judgement",
                .reason = "exit " + std::to_string(captured.ended.code) + ": " + captured.err.text()};
  (void)evidence::read_journal(bundle + "/" + std::string(evidence::kJournalFile), [&](const evidence::Record& record) {
    if (record.type != "case" || !record.body["case"].as_string().ends_with("/claim")) return;
    const Value& judgement = record.body["judgement"];
    result.answer = judgement["outcome"].as_string();
    for (const std::string_view part : {"provenance", "rule"})
      if (const std::string& word = judgement[part].as_string(); !word.empty()) result.answer += " " + word;
    result.reason = judgement["reason"].as_string();
  });
  return result;
}

Result run_program(const Program& program) {
  auto folder = TempDir::make(fs::temp_directory_path().string(), "mccoy-pair-");
  if (!folder.ok()) return {.answer = "no folder", .reason = folder.error().what};
  write_files(program, folder->path());
  const Command command{.argv = {kMccoy, "run", "suite.yaml", "--out", folder->path() + "/bundle"},
                        .env = base_environment(),
                        .cwd = folder->path()};
  auto captured = run_command(command, Deadline::in(kPatience));
  if (!captured.ok()) return {.answer = "not run", .reason = captured.error().what};
  const Result result = answer_of(folder->path() + "/bundle", *captured);
  const Command verify{
      .argv = {kMccoy, "verify", folder->path() + "/bundle"}, .env = base_environment(), .cwd = folder->path()};
  auto verified = run_command(verify, Deadline::in(kPatience));
  if (!verified.ok() || verified->ended.code != captured->ended.code)
    return {.answer = "not verified", .reason = verified.ok() ? verified->out.text() : verified.error().what};
  return result;
}

bool can_run(const Pair& pair) {
  return std::ranges::all_of(pair.needs, [](const std::string& program) {
    if (program == "root") return ::geteuid() == 0;
    return !find_program(program, get_env(base_environment(), "PATH"), "/").empty() ||
           fs::exists("/usr/lib/" + program);
  });
}

const std::vector<Pair>& pairs() {
  static const std::vector<Pair> all = read_pairs(MCCOY_SOURCE_DIR "/tests/e2e/pairs");
  return all;
}

void print_table(const std::map<std::string, Results>& results) {
  std::map<std::string, int> honest, lying;
  for (const Pair& pair : pairs()) {
    const Results& got = results.at(pair.name);
    std::printf("  %-24s %-20s %-20s %s\n", pair.name.c_str(), got.honest.answer.c_str(), got.lying.answer.c_str(),
                pair.title.c_str());
    ++honest[got.honest.answer.substr(0, got.honest.answer.rfind(" R"))];
    ++lying[got.lying.answer.substr(0, got.lying.answer.rfind(" R"))];
  }
  for (const auto& [name, counts] : {std::pair("honest", honest), std::pair("lying", lying)})
    for (const auto& [answer, count] : counts) std::printf("  %s: %d %s\n", name, count, answer.c_str());
}

const Results& results_of(const Pair& pair) {
  static const std::map<std::string, Results> all = [] {
    auto results = run_pairs(pairs());
    print_table(results);
    return results;
  }();
  return all.at(pair.name);
}
}  // namespace

std::vector<Pair> read_pairs(const std::string& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".pairs") files.push_back(entry.path());
  std::ranges::sort(files);
  std::vector<Pair> pairs;
  PairReader reader(pairs);
  for (const fs::path& file : files) {
    std::ifstream in(file);
    reader.begin_file();
    for (std::string line; std::getline(in, line);) reader.take(line);
  }
  return pairs;
}

std::map<std::string, Results> run_pairs(const std::vector<Pair>& pairs) {
  std::map<std::string, Results> results;
  for (const Pair& pair : pairs) results[pair.name];
  std::atomic<std::size_t> next{0};
  auto work = [&] {
    for (std::size_t at = next++; at < 2 * pairs.size(); at = next++) {
      const Pair& pair = pairs[at / 2];
      if (!can_run(pair)) continue;
      Results& mine = results.at(pair.name);
      (at % 2 == 0 ? mine.honest : mine.lying) = run_program(at % 2 == 0 ? pair.honest : pair.lying);
    }
  };
  std::vector<std::thread> workers(std::max(2U, std::thread::hardware_concurrency()));
  for (std::thread& worker : workers) worker = std::thread(work);
  for (std::thread& worker : workers) worker.join();
  return results;
}

BOOST_AUTO_TEST_SUITE(honest_and_lying)

BOOST_AUTO_TEST_CASE(there_are_at_least_60_pairs_of_different_names) {
  std::map<std::string, int> names;
  for (const Pair& pair : pairs()) {
    BOOST_TEST(++names[pair.name] == 1, pair.name << " is there twice");
    BOOST_TEST((!pair.honest.expected.empty() && !pair.lying.expected.empty()), pair.name);
    BOOST_TEST((pair.honest.files.contains("suite") && pair.honest.files.at("suite") == pair.lying.files.at("suite")),
               pair.name << " has two suites");
  }
  BOOST_TEST(pairs().size() >= 60U);
}

BOOST_AUTO_TEST_CASE(every_kind_of_fault_is_met_once_and_once_not) {
  for (const chaos::FaultKind* kind : chaos::fault_kinds()) {
    const auto shows_it = [&](const Pair& pair) {
      return holds(pair.honest.files.at("suite"), "{ " + std::string(kind->name) + ": ") &&
             pair.honest.expected == "pass real R14" && pair.lying.says == "no effect";
    };
    BOOST_TEST(std::ranges::any_of(pairs(), shows_it), kind->name);
  }
}

BOOST_DATA_TEST_CASE(honest_is_never_accused_and_lying_is_never_real, data::make(pairs()), pair) {
  const Results& got = results_of(pair);
  if (got.honest.answer.empty()) return;
  if (!pair.may_lack.empty() && got.honest.answer.starts_with("not-run")) {
    BOOST_TEST(got.lying.answer == got.honest.answer);
    BOOST_TEST(holds(got.honest.reason, "cannot be done here"), got.honest.reason);
    return;
  }
  BOOST_TEST_CONTEXT("honest: " << got.honest.reason << "\nlying: " << got.lying.reason) {
    BOOST_TEST((!holds(got.honest.answer, "mock") && !holds(got.honest.answer, "simulated")));
    BOOST_TEST(!got.lying.answer.starts_with("pass real"));
    BOOST_TEST(got.honest.answer == pair.honest.expected);
    BOOST_TEST(got.lying.answer == pair.lying.expected);
    BOOST_TEST(holds(got.honest.reason, pair.honest.says));
    BOOST_TEST(holds(got.lying.reason, pair.lying.says));
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::e2e
