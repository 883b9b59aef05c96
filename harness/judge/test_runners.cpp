#include "harness/judge/test_runners.hpp"

#include <algorithm>
#include <iterator>
#include <span>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/judge/programs.hpp"

namespace mccoy::judge {
namespace {
using evidence::Activity;
using evidence::SeenProgram;
constexpr int kShellSaysPipe = 128 + 13;

/// Words between blanks.
struct Runner {
  std::string_view tools;
  std::string_view first = {};     ///< the first operand is one of these
  std::string_view anywhere = {};  ///< or any operand is
  std::string_view flag = {};      ///< or this is among the options
  int ran_none = 0;                ///< documented status for "no tests"; 0: it has none
};
constexpr Runner kRunners[] = {
    {.tools = " pytest py.test ", .ran_none = 5},  // ExitCode.NO_TESTS_COLLECTED
    {.tools = " unittest ", .ran_none = 5},        // since Python 3.12
    {.tools = " nose2 nosetests tox nox behave robot stestr trial "},
    {.tools = " jest vitest mocha _mocha ava jasmine "},
    {.tools = " playwright ", .first = " test "},
    {.tools = " cypress codecept ", .first = " run "},
    {.tools = " node nodejs ", .flag = "--test"},
    {.tools = " npm pnpm yarn ", .first = " test t "},
    {.tools = " go dotnet cargo deno bun swift bazel ", .first = " test "},
    {.tools = " ctest rspec cucumber cucumber-js phpunit pest prove bats "},
    {.tools = " mvn mvnw ", .anywhere = " test verify install package integration-test "},
    {.tools = " gradle gradlew ", .anywhere = " test check build "},
    {.tools = " make gmake ninja meson rake ", .anywhere = " test check tests "},
};

bool in_words(std::string_view words, std::string_view word) {
  return !word.empty() && words.find(" " + std::string(word) + " ") != std::string_view::npos;
}

std::string without_ending(std::string name) {
  for (const std::string_view ending : {".js", ".mjs", ".cjs", ".py", ".rb", ".phar"})
    if (name.size() > ending.size() && name.ends_with(ending)) name.resize(name.size() - ending.size());
  return name;
}
std::string without_version(std::string name) {
  name.resize(name.find_last_not_of("0123456789.-") + 1);
  return name;
}

/// What a process was called upon to be, and the words behind that.
struct Call {
  std::string tool;
  std::span<const std::string> words;
};
Call behind(const std::vector<std::string>& argv, std::size_t at, std::string tool) {
  return {std::move(tool), std::span(argv).subspan(std::min(at, argv.size()))};
}
/// `python -m pytest`, a script of an interpreter, or the program itself.
Call call_of(const evidence::SeenProcess& process) {
  const auto& argv = process.argv;
  const std::string image = without_version(basename(process.exe));
  if (image == "python" || image == "pypy") {
    const auto module = std::ranges::find(argv, "-m");
    const auto at = static_cast<std::size_t>(module - argv.begin());
    if (process.script.empty() && at + 1 < argv.size()) return behind(argv, at + 2, argv[at + 1]);
  }
  const bool tests_of_node = image == "node" && argv.size() > 1 && argv[1] == "--test";
  if (process.script.empty() || tests_of_node) return behind(argv, 1, image);
  const std::string script = basename(process.script);
  const auto named = std::ranges::find_if(argv, [&](const std::string& word) { return basename(word) == script; });
  const std::size_t at = named == argv.end() ? 1 : static_cast<std::size_t>(named - argv.begin()) + 1;
  return behind(argv, at, without_ending(script));
}

std::vector<std::string> operands(const Call& call) {
  std::vector<std::string> found;
  for (const std::string& word : call.words)
    if (!word.starts_with('-') && !word.starts_with('+')) found.push_back(word);
  return found;
}

bool is_run_of(const Runner& runner, const Call& call, const std::vector<std::string>& operands) {
  if (!in_words(runner.tools, call.tool)) return false;
  if (!runner.flag.empty()) return std::ranges::find(call.words, runner.flag) != call.words.end();
  if (!runner.first.empty()) return !operands.empty() && in_words(runner.first, operands.front());
  return runner.anywhere.empty() ||
         std::ranges::any_of(operands, [&](const std::string& word) { return in_words(runner.anywhere, word); });
}

const Runner* runner_of(const SeenProgram& program) {
  if (program.forked) return nullptr;
  const Call call = call_of(program.process);
  const auto words = operands(call);
  const auto* found =
      std::ranges::find_if(kRunners, [&](const Runner& runner) { return is_run_of(runner, call, words); });
  return found == std::end(kRunners) ? nullptr : found;
}

/// Is one of the programs it descends from, or was before, in the list?
bool is_below_one(const Activity& activity, int index, const std::vector<int>& runners) {
  return std::ranges::any_of(runners, [&](int runner) { return descends(activity, index, runner); });
}

bool says_nothing(const Activity& activity, int last) {
  const SeenProgram& program = program_at(activity, last);
  if (program.alive || only_pretends(program, true) || was_told_to_end(activity, last)) return true;
  if (program.exit_code) return program.exit_code == kShellSaysPipe;
  return program.signal.empty() || program.signal == "?" || program.signal == "PIPE";
}
}  // namespace

std::vector<RunnerRun> runner_runs(const Activity& activity) {
  std::vector<RunnerRun> runs;
  std::vector<int> outermost;
  const int count = static_cast<int>(activity.programs.size());
  for (int index = 0; index < count; ++index) {
    const Runner* runner = runner_of(program_at(activity, index));
    if (runner == nullptr || is_below_one(activity, index, outermost)) continue;
    outermost.push_back(index);
    const int last = last_image(activity, index);
    if (says_nothing(activity, last)) continue;
    const SeenProgram& end = program_at(activity, last);
    const Call call = call_of(program_at(activity, index).process);
    const bool ran_none = runner->ran_none != 0 && end.exit_code == runner->ran_none;
    runs.push_back({.program = index,
                    .what = join({call.tool, join(operands(call), " ")}, " "),
                    .failed = !ran_none && end.exit_code != 0,
                    .ran_none = ran_none});
  }
  return runs;
}
}  // namespace mccoy::judge
