#include "probes/chaos/victims.hpp"

#include <algorithm>

#include "harness/base/file.hpp"
#include "harness/base/random.hpp"
#include "harness/base/text.hpp"
#include "harness/base/undo_record.hpp"

namespace mccoy::chaos {
namespace {
bool runs(const ProcessInfo& process, const std::string& executable) {
  constexpr std::string_view kReplaced = " (deleted)";
  std::string_view path = process.exe;
  if (path.ends_with(kReplaced)) path.remove_suffix(kReplaced.size());
  return executable.empty() || basename(std::string(path)) == executable;
}
}  // namespace

std::vector<ProcessId> choose_victims(const FaultContext& context, const std::string& executable, Choice choice) {
  const auto where = context.services->whereabouts(context.service);
  std::vector<ProcessId> found;
  if (!where) return found;
  for (const pid_t pid : where->members) {
    const auto process = process_info(pid);
    if (!process || process->state == 'Z' || !runs(*process, executable)) continue;
    if (choice != Choice::root || process->id == where->root) found.push_back(process->id);
  }
  std::ranges::sort(found, [](const ProcessId& a, const ProcessId& b) {
    return a.start_ticks != b.start_ticks ? a.start_ticks < b.start_ticks : a.pid < b.pid;
  });
  if (choice != Choice::one || found.empty()) return found;
  return {found[Random(derive_seed(context.seed, "victim")).below(found.size())]};
}

std::size_t alive(const std::vector<ProcessId>& processes) {
  return static_cast<std::size_t>(std::ranges::count_if(processes, [](const ProcessId& one) { return lives(one); }));
}

Status send_signal(const ProcessId& process, int signal) {
  return carry_out({.what = UndoOrder::What::signal, .process = process, .number = signal});
}

std::string pids_of(const std::vector<ProcessId>& processes) {
  std::vector<std::string> pids;
  for (const auto& process : processes) pids.push_back(std::to_string(process.pid));
  return join(pids, ", ");
}
}  // namespace mccoy::chaos
