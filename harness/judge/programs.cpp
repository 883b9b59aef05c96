#include "harness/judge/programs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/base/file.hpp"

namespace mccoy::judge {
namespace {
using evidence::Activity;
using evidence::SeenProgram;

/// The program was this process before it called execve.
bool became(const Activity& activity, int before, int after) {
  const SeenProgram& next = program_at(activity, after);
  return next.parent == before && !next.forked && is_same_process(activity, before, after);
}
}  // namespace

bool is_index(const Activity& activity, int index) {
  return index >= 0 && static_cast<std::size_t>(index) < activity.programs.size();
}
const SeenProgram& program_at(const Activity& activity, int index) {
  return activity.programs[static_cast<std::size_t>(index)];
}

bool is_same_process(const Activity& activity, int a, int b) {
  return program_at(activity, a).process.id == program_at(activity, b).process.id;
}

int last_image(const Activity& activity, int index) {
  const int count = static_cast<int>(activity.programs.size());
  for (int next = index + 1; next < count && program_at(activity, index).replaced; ++next)
    if (became(activity, index, next)) index = next;
  return index;
}

/// Parents come before their children, so the way up ends.
bool descends(const Activity& activity, int index, int ancestor) {
  while (index > ancestor && is_index(activity, index)) {
    const int parent = program_at(activity, index).parent;
    if (parent >= index) return false;
    index = parent;
  }
  return index == ancestor;
}

std::vector<int> runs_of(const Activity& activity, const suite::Obligation& obligation, std::string_view field) {
  std::vector<int> runs;
  const int count = static_cast<int>(activity.programs.size());
  for (int index = 0; index < count; ++index) {
    const SeenProgram& program = program_at(activity, index);
    if (program.forked || same_program(program.process, obligation, field) != Same::yes) continue;
    const bool goes_on = !runs.empty() && is_index(activity, program.parent) &&
                         std::ranges::find(runs, program.parent) != runs.end() &&
                         became(activity, program.parent, index);
    if (!goes_on) runs.push_back(index);
  }
  return runs;
}

std::vector<int> performers(const Activity& activity, std::span<const suite::Obligation> contract) {
  std::vector<int> all;
  for (const suite::Obligation& obligation : contract) {
    if (!obligation.stated || obligation.kind->name != "exec") continue;
    const auto runs = runs_of(activity, obligation, "exe");
    all.insert(all.end(), runs.begin(), runs.end());
  }
  return all;
}

bool performs(const Activity& activity, const std::vector<int>& performers, int index) {
  return performers.empty() ||
         std::ranges::any_of(performers, [&](int performer) { return descends(activity, index, performer); });
}

bool was_told_to_end(const Activity& activity, int index) {
  static constexpr std::array<std::string_view, 5> kOrders = {"TERM", "INT", "KILL", "HUP", "QUIT"};
  const std::int64_t pid = program_at(activity, index).process.id.pid;
  return std::ranges::any_of(activity.signals, [&](const evidence::SeenSignal& signal) {
    const bool meant = signal.to == index || signal.pid == pid || signal.pid == -pid || signal.pid == 0;
    if (!meant || std::ranges::find(kOrders, signal.signal) == kOrders.end()) return false;
    if (!is_index(activity, signal.by) || is_same_process(activity, signal.by, index)) return false;
    return basename(program_at(activity, signal.by).process.exe) != "timeout";
  });
}

bool is_pretence(const evidence::DeclaredMode& mode, bool tests_are_claimed) {
  return tests_are_claimed || mode.kind != evidence::DeclaredMode::Kind::no_tests;
}
bool only_pretends(const SeenProgram& program, bool tests_are_claimed) {
  return std::ranges::any_of(program.modes,
                             [=](const evidence::DeclaredMode& mode) { return is_pretence(mode, tests_are_claimed); });
}
bool tests_are_claimed(std::string_view claim, std::span<const suite::Obligation> contract) {
  return claim == "unit" || claim == "integration" || claim == "end-to-end" ||
         std::ranges::any_of(contract, [](const suite::Obligation& obligation) {
           return obligation.stated && obligation.kind->name == "tests";
         });
}
std::string mode_of(const SeenProgram& program) {
  return program.modes.empty() ? "" : program.modes.front().flag;
}

std::string ended_words(const SeenProgram& program) {
  if (program.exit_code) return fmt::format("it ended with status {}", *program.exit_code);
  if (program.alive) return "it was still running";
  if (program.signal.empty()) return "how it ended was not seen";
  return program.signal == "?" ? "it was killed" : fmt::format("it was ended by signal {}", program.signal);
}
}  // namespace mccoy::judge
