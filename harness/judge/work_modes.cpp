// In which declared modes the work was done: those of the programs that had to do it, not of every program that ran.
#include <algorithm>

#include "harness/judge/bench.hpp"
#include "harness/judge/programs.hpp"
#include "harness/judge/weigh_activity.hpp"

namespace mccoy::judge {
namespace {
using evidence::Activity;
using evidence::DeclaredMode;
using Modes = std::vector<DeclaredMode>;

const Modes& modes_at(const Activity& activity, int run) {
  return program_at(activity, last_image(activity, run)).modes;
}

void add(Modes& modes, const Modes& more) {
  for (const DeclaredMode& mode : more)
    if (std::ranges::find(modes, mode.flag, &DeclaredMode::flag) == modes.end()) modes.push_back(mode);
}

/// Of one program the contract names, when no run of it was without a mode: a preview before the work is no pretence.
void add_if_all_pretend(const Activity& activity, const std::vector<int>& runs, Modes& modes) {
  const bool all =
      !runs.empty() && std::ranges::all_of(runs, [&](int run) { return !modes_at(activity, run).empty(); });
  if (!all) return;
  for (const int run : runs) add(modes, modes_at(activity, run));
}

/// The same program ran without any mode too.
bool was_a_preview(const Activity& activity, const DeclaredMode& mode) {
  auto is_same_file = [](const auto& a, const auto& b) {
    return a.process.inode == b.process.inode && a.process.device == b.process.device &&
           a.process.script_sha256 == b.process.script_sha256;
  };
  return std::ranges::any_of(activity.programs, [&](const evidence::SeenProgram& program) {
    const bool has_it = std::ranges::find(program.modes, mode.flag, &DeclaredMode::flag) != program.modes.end();
    return has_it && std::ranges::any_of(activity.programs, [&](const evidence::SeenProgram& other) {
             return !other.forked && !other.replaced && other.modes.empty() && is_same_file(program, other);
           });
  });
}
}  // namespace

Modes modes_of_work(const Bench& bench) {
  const Activity* activity = watched(bench.facts());
  Modes modes;
  if (activity != nullptr) {
    for (const suite::Obligation& obligation : bench.evidence.terms.contract) {
      if (obligation.stated && obligation.kind->name == "exec")
        add_if_all_pretend(*activity, runs_of(*activity, obligation, "exe"), modes);
      if (obligation.kind->name == "write" && !obligation.settings["by"].is_null())
        add_if_all_pretend(*activity, runs_of(*activity, obligation, "by"), modes);
    }
  }
  for (const DeclaredMode& mode : bench.facts().modes)
    if (activity == nullptr || !was_a_preview(*activity, mode)) add(modes, {mode});
  return modes;
}
}  // namespace mccoy::judge
