// Obligations about the command itself: exec, duration, cpu, tests.
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "harness/base/clock.hpp"
#include "harness/base/text.hpp"
#include "harness/judge/paths.hpp"
#include "harness/judge/programs.hpp"
#include "harness/judge/shorten.hpp"
#include "harness/judge/weigh.hpp"
#include "harness/judge/weigh_activity.hpp"

namespace mccoy::judge {
namespace {
using evidence::Facts;

std::string human(std::int64_t ns) {
  return human_duration(Duration(ns));
}

// ---- exec

bool descendants_watched(const Facts& facts) {
  return std::any_of(facts.coverage.begin(), facts.coverage.end(), [](const evidence::Coverage& coverage) {
    const auto& watched = coverage.watched;
    return coverage.complete && std::find(watched.begin(), watched.end(), kWatchesPrograms) != watched.end();
  });
}

std::string how_it_ended(const Facts& facts) {
  if (facts.exit_code) return fmt::format("it ended with status {}", *facts.exit_code);
  return facts.signal.empty() ? "how it ended was not seen" : "it was ended by signal " + facts.signal;
}

Weight wrong_program(const Question& question, Same same) {
  const std::string seen = describe(*question.facts.root);
  if (same == Same::alike) return unseen(seen + " ran, which has the name but is another file");
  if (descendants_watched(question.facts)) return broken(seen + " ran, and this program did not");
  return unseen(fmt::format("{} ran; it may have started this program as a child, but children are not watched: {}",
                            seen, kNeedsWitness));
}

bool argv_matches(const Question& question) {
  const Value& pattern = question.setting("argv");
  if (pattern.is_null()) return true;
  std::vector<std::string> words = question.facts.root->argv;
  if (!words.empty()) words.erase(words.begin());
  const RE2 regex(pattern.as_string(), RE2::Quiet);
  return regex.ok() && RE2::PartialMatch(join(words, " "), regex);
}

/// Status that the program must have ended with; none when the suite leaves it open.
std::optional<std::int64_t> wanted_exit(const Question& question) {
  if (const Value& exit = question.setting("exit"); exit.is_int()) return exit.as_int();
  if (!question.obligation.stated) return std::nullopt;
  return 0;
}

Weight exec(const Question& question) {
  const Facts& facts = question.facts;
  if (auto seen = exec_seen(question, wanted_exit(question))) return *std::move(seen);
  if (!facts.root_exec_seen || !facts.root) return unseen("no program was seen to start");
  if (!question.setting("exe").is_null()) {
    const Same same = same_program(*facts.root, question.obligation, "exe");
    if (same == Same::unresolved) return unseen("the name leads to no file that could be recognised");
    if (same != Same::yes) return wrong_program(question, same);
  }
  if (!argv_matches(question))
    return unseen("it ran with other arguments: " + shorten(shell_quoted(facts.root->argv), 200));
  const bool is_checked = question.exit_checked && !question.setting("exit").is_int();
  if (const auto wanted = wanted_exit(question); wanted && !is_checked && facts.exit_code != *wanted) {
    const bool known = facts.exit_code || !facts.signal.empty();
    return known ? broken(fmt::format("{}, not {}", how_it_ended(facts), *wanted), "R2") : unseen(how_it_ended(facts));
  }
  if (quantity(question.setting("min"), 1) > 1) return unseen(fmt::format("how often it ran: {}", kNeedsWitness));
  return held(fmt::format("{}, {}", describe(*facts.root), how_it_ended(facts)));
}
std::string exec_text(const Value& settings) {
  return settings["exe"].is_null() ? "the program ran" : fmt::format("{} ran", settings["exe"].as_string());
}

// ---- duration, cpu

Weight duration(const Question& question) {
  const std::int64_t wanted = quantity(question.setting("min"), -1), seen = question.facts.wall_ns;
  if (wanted < 0 || seen <= 0) return unseen("how long it took was not measured");
  if (seen < wanted) return broken(fmt::format("it took {}, less than {}", human(seen), human(wanted)), "R4");
  return held(fmt::format("it took {}", human(seen)));
}
std::string duration_text(const Value& settings) {
  return "it took at least " + human(quantity(settings["min"], 0));
}

/// Only a complete measurement contradicts: processes that were left behind or work that was handed on used time we did
/// not count.
Weight cpu(const Question& question) {
  const Facts& facts = question.facts;
  const std::int64_t wanted = quantity(question.setting("min"), -1), seen = facts.cpu_ns;
  if (wanted < 0 || seen < 0) return unseen("processor time was not measured");
  if (seen >= wanted) return held(fmt::format("it used {} of processor time", human(seen)));
  if (!facts.leftovers.empty()) return unseen("processes were left behind, and what they used was not counted");
  return broken(fmt::format("it used {} of processor time, less than {}", human(seen), human(wanted)), "R4");
}
std::string cpu_text(const Value& settings) {
  return "it used at least " + human(quantity(settings["min"], 0)) + " of processor time";
}

// ---- tests: what a runner says of itself, so it can lower a result and never raise one

/// The report is the word of somebody else than the programs that had to run the tests.
std::optional<Weight> written_by_another(const Question& question) {
  const evidence::Activity* activity = watched(question.facts);
  if (activity == nullptr) return std::nullopt;
  const std::vector<int> runners = performers(*activity, question.contract);
  const std::string& report = question.setting("report").as_string();
  for (const evidence::SeenWrite& write : activity->writes) {
    if (!is_meant(report, write.path, question.facts.folder)) continue;
    if (!write.same_as_read.empty()) return unseen(fmt::format("{} is a copy of {}", write.path, write.same_as_read));
    const bool by_runner = std::any_of(write.by.begin(), write.by.end(),
                                       [&](int by) { return performs(*activity, runners, last_image(*activity, by)); });
    if (!by_runner && !write.by.empty())
      return unseen(fmt::format("{} wrote the report, which is none of the programs that had to run the tests",
                                describe(program_at(*activity, write.by.front()).process)));
  }
  return std::nullopt;
}

Weight tests(const Question& question) {
  if (!question.facts.tests || !question.facts.tests->seen) return unseen("no report of the test runner was found");
  const evidence::TestCounts& tests = *question.facts.tests;
  const std::int64_t wanted = quantity(question.setting("min_executed"), 1);
  if (!tests.written_in_trial) return broken(fmt::format("{} was not written in this trial", tests.report));
  if (tests.failed > 0) return broken(fmt::format("its report counts {} failed", tests.failed));
  if (tests.executed < wanted) return broken(fmt::format("{} were executed, {} were wanted", tests.executed, wanted));
  if (auto another = written_by_another(question)) return *std::move(another);
  return held(fmt::format("{} were executed, by the runner's own report", tests.executed));
}
std::string tests_text(const Value& settings) {
  return fmt::format("at least {} tests were executed", quantity(settings["min_executed"], 1));
}

constexpr std::array<ObligationRow, 4> kRows = {{{"exec", &exec, &exec_text, true},
                                                 {"duration", &duration, &duration_text, false},
                                                 {"cpu", &cpu, &cpu_text, false},
                                                 {"tests", &tests, &tests_text, false}}};
}  // namespace

std::span<const ObligationRow> process_obligations() {
  return kRows;
}
}  // namespace mccoy::judge
