// What is asked of a chaos case beyond its checks: a dry run only pretends, and a fault in something that nobody uses
// says nothing of whoever was asked.
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/judge/bench.hpp"

namespace mccoy::judge {
namespace {
/// Faulted services that no trial was seen to use.
std::vector<std::string> unused(const Trial& trial) {
  std::vector<std::string> left;
  for (const std::string& service : trial.chaos->services) {
    const bool used = std::ranges::any_of(trial.neighbours, [&](const Neighbour& asked) {
      return std::ranges::find(asked.services, service) != asked.services.end();
    });
    if (!used && std::ranges::find(left, service) == left.end()) left.push_back(service);
  }
  return left;
}
}  // namespace

std::optional<Judgement> r5_dry_run(const Bench& bench) {
  if (!bench.last.chaos || !bench.last.chaos->dry_run) return std::nullopt;
  Judgement judgement =
      ruling(bench, "R5", Provenance::simulated, "It was a dry run: the faults were planned and not injected.");
  judgement.missing.emplace_back("a run without --dry-run");
  return judgement;
}

std::optional<Judgement> r12_untouched(const Bench& bench) {
  if (!bench.last.chaos || bench.last.chaos->changed) return std::nullopt;
  const std::vector<std::string> nobody = unused(bench.last);
  if (nobody.empty()) return std::nullopt;
  const std::string names = join(nobody, ", ");
  Judgement judgement = ruling(
      bench, "R12", Provenance::unproven,
      fmt::format(
          "Nothing that was asked is seen to use {}: no conversation led there, and nothing went wrong while the "
          "fault was there.",
          names));
  judgement.facts = bench.last.chaos->told;
  judgement.missing.push_back(fmt::format(
      "a case in steady_state or while that uses {}, or one that has to fail during the fault (expect_during)", names));
  return judgement;
}

/// The fault was measured there and gone again, and what was asked has to do with it.
bool chaos_seen(const Trial& trial) {
  return trial.chaos && trial.chaos->effect && (trial.chaos->changed || unused(trial).empty());
}
}  // namespace mccoy::judge
