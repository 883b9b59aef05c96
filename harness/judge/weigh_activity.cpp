// What ran, how it ended, and which signals were sent.
#include "harness/judge/weigh_activity.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <vector>

#include "harness/base/text.hpp"
#include "harness/judge/programs.hpp"

namespace mccoy::judge {
namespace {
using evidence::Activity;
using evidence::SeenProgram;
constexpr int kShellSaysPipe = 128 + 13;  ///< its last command was ended by SIGPIPE

bool argv_matches(const Value& pattern, const std::vector<std::string>& argv) {
  if (pattern.is_null()) return true;
  const RE2 regex(pattern.as_string(), RE2::Quiet);
  const std::vector<std::string> words(argv.begin() + (argv.empty() ? 0 : 1), argv.end());
  return regex.ok() && RE2::PartialMatch(join(words, " "), regex);
}

/// Runs of the program that count, and why others do not.
struct Runs {
  std::vector<int> counted;
  std::vector<int> other_arguments, pretended;
};
Runs sorted_runs(const Question& question, const Activity& activity) {
  Runs runs;
  const Value& pattern = question.setting("argv");
  const bool modes_are_meant = !pattern.is_null() || question.claim == "plan";
  const bool about_tests = tests_are_claimed(question.claim, question.contract);
  for (const int run : runs_of(activity, question.obligation, "exe")) {
    const SeenProgram& program = program_at(activity, run);
    if (!argv_matches(pattern, program.process.argv))
      runs.other_arguments.push_back(run);
    else if (!modes_are_meant && only_pretends(program_at(activity, last_image(activity, run)), about_tests))
      runs.pretended.push_back(run);
    else
      runs.counted.push_back(run);
  }
  return runs;
}

Weight did_not_run(const Question& question, const Activity& activity, const Runs& runs) {
  if (!runs.pretended.empty())
    return unseen(fmt::format("it ran with {} only, which does no work",
                              mode_of(program_at(activity, last_image(activity, runs.pretended.front())))));
  if (!runs.other_arguments.empty()) return unseen("it ran with other arguments only");
  for (const SeenProgram& program : activity.programs)
    if (same_program(program.process, question.obligation, "exe") == Same::alike)
      return unseen(describe(program.process) + " ran, which has the name but is another file");
  if (!activity.programs_complete) return unseen("it was not seen to run, and not all programs could be seen");
  return broken(fmt::format("{} programs ran, and it was none of them", activity.programs.size()));
}

bool was_left_behind(const evidence::Facts& facts, const SeenProgram& program) {
  const std::string start = fmt::format("pid {} ", program.process.id.pid);
  return program.alive || std::any_of(facts.leftovers.begin(), facts.leftovers.end(),
                                      [&](const std::string& left) { return left.starts_with(start); });
}

/// It, or what it started, listened for others: work that has no end of its own.
bool is_server(const Activity& activity, int run) {
  return std::ranges::any_of(activity.listeners, [&](const evidence::SeenListener& listener) {
    return is_index(activity, listener.by) && descends(activity, listener.by, run);
  });
}

enum class End : std::uint8_t { good, bad, open };
/// A status that is stated is asked for to the letter. Else a server that was told to end or still runs has not failed,
/// nor has a program whose reader went away. Anything else that did not get to its end may not have done its work.
End end_of(const Question& question, const Activity& activity, int run, std::int64_t wanted) {
  const int last = last_image(activity, run);
  const SeenProgram& program = program_at(activity, last);
  if (program.exit_code == wanted) return End::good;
  const bool stated = question.setting("exit").is_int();
  const End cut_short = !stated && is_server(activity, run) ? End::good : End::open;
  if (was_left_behind(question.facts, program)) return cut_short;
  if (!program.exit_code && (program.signal.empty() || program.signal == "?")) return End::open;
  const bool lost_its_reader = program.signal == "PIPE" || program.exit_code == kShellSaysPipe;
  if (!stated && lost_its_reader) return End::good;
  return !stated && was_told_to_end(activity, last) ? cut_short : End::bad;
}

/// The run is the command of the case itself, whose status a check has looked at.
bool is_checked(const Question& question, const Activity& activity, int run) {
  return question.exit_checked && !question.setting("exit").is_int() && question.facts.root &&
         program_at(activity, run).process.id == question.facts.root->id;
}

/// A failure that no later run makes good.
std::optional<Weight> failure(const Question& question, const Activity& activity, const std::vector<int>& runs,
                              std::int64_t wanted) {
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    if (is_checked(question, activity, *run)) return std::nullopt;
    const End end = end_of(question, activity, *run, wanted);
    if (end == End::good) return std::nullopt;
    const std::string words = ended_words(program_at(activity, last_image(activity, *run)));
    return end == End::open ? unseen(words) : broken(fmt::format("{}, not {}", words, wanted), "R2");
  }
  return std::nullopt;
}
}  // namespace

const Activity* watched(const evidence::Facts& facts) {
  return facts.activity && !facts.activity->mechanism.empty() ? &*facts.activity : nullptr;
}

std::optional<Weight> exec_seen(const Question& question, std::optional<std::int64_t> wanted_exit) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr || question.setting("exe").is_null()) return std::nullopt;
  if (question.setting("resolved").as_list().empty())
    return unseen("the name leads to no file that could be recognised");
  const Runs runs = sorted_runs(question, *activity);
  if (runs.counted.empty()) return did_not_run(question, *activity, runs);
  if (wanted_exit)
    if (auto failed = failure(question, *activity, runs.counted, *wanted_exit)) return failed;
  const auto count = static_cast<std::int64_t>(runs.counted.size());
  if (const std::int64_t least = quantity(question.setting("min"), 1); count < least)
    return activity->programs_complete ? broken(fmt::format("it ran {} times, {} were wanted", count, least))
                                       : unseen(fmt::format("it was seen to run {} times", count));
  const SeenProgram& last = program_at(*activity, runs.counted.back());
  const std::string times = count > 1 ? fmt::format(", {} times", count) : "";
  return held(fmt::format("{}, {}{}", describe(last.process),
                          ended_words(program_at(*activity, last_image(*activity, runs.counted.back()))), times));
}

// ---- signals

namespace {
enum class After : std::uint8_t { gone, stopped, anything };
/// What must be true of a process that a signal reached. Those that programs use to speak to one another need nothing.
After after(std::string_view signal) {
  static constexpr std::array<std::string_view, 4> kNothing = {"HUP", "USR1", "USR2", "CONT"};
  if (signal == "KILL" || signal == "STOP") return After::stopped;  // neither can be refused
  return std::find(kNothing.begin(), kNothing.end(), signal) != kNothing.end() ? After::anything : After::gone;
}
}  // namespace

std::optional<Weight> signal_seen(const Question& question) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return std::nullopt;
  std::string name = question.setting("sig").as_string();
  if (name.starts_with("SIG")) name.erase(0, 3);
  const evidence::SeenService* service = find_service(question.facts, question.setting("to").as_string());
  if (service == nullptr || service->listeners.empty()) return unseen("it is not known which process that is");
  const bool sent = std::ranges::any_of(activity->signals, [&](const evidence::SeenSignal& signal) {
    return signal.signal == name && std::ranges::any_of(service->listeners, [&](const auto& process) {
             return process.id.pid == signal.pid || process.id.pid == -signal.pid;
           });
  });
  if (!sent) return unseen("no such signal was seen to be sent to it");
  if (after(name) == After::gone && service->alive)
    return unseen(fmt::format("SIG{} was sent to it, and it still runs", name));
  return held(fmt::format("SIG{} was sent to it", name));
}
}  // namespace mccoy::judge
