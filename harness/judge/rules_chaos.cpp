// What is asked of a chaos case beyond its checks: a dry run only pretends, a steady state that proves nothing carries
// nothing, and a fault in something that nobody uses says nothing of whoever was asked.
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/judge/bench.hpp"

namespace mccoy::judge {
namespace {
using Names = std::vector<std::string>;

bool holds(const Names& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

void add(Names& names, const Names& more) {
  for (const std::string& name : more)
    if (!holds(names, name)) names.push_back(name);
}

/// Services that were seen to take part when these were asked and passed (or whatever the outcome, if that is asked).
Names services_of(const Trial& trial, std::string_view role, const std::string& name, bool passed = true) {
  Names services;
  for (const Neighbour& asked : trial.neighbours)
    if (asked.role == role && (name.empty() || asked.name == name) && (!passed || asked.outcome == Outcome::pass))
      add(services, asked.services);
  return services;
}

bool have_common(const Names& some, const Names& others) {
  return std::ranges::any_of(some, [&](const std::string& name) { return holds(others, name); });
}

/// Whom the load, or the commands that write, talked to.
Names services_of_traffic(const Trial& trial) {
  Names services = services_in(trial.facts);
  add(services, services_of(trial, "ledger", "write"));
  return services;
}

/// The steady state uses the service, or noticed the fault, or uses whoever noticed it.
bool reaches(const Trial& trial, const ChaosFault& fault) {
  const Names steady = services_of(trial, "steady", "");
  if (holds(steady, fault.service) || !fault.signs.steady.empty()) return true;
  if (fault.signs.traffic && have_common(services_of_traffic(trial), steady)) return true;
  return std::ranges::any_of(fault.signs.cases, [&](const std::string& name) {
    return have_common(services_of(trial, "while", name, false), steady);
  });
}

/// Faulted services that the steady state has nothing to do with, as far as was seen.
Names unreached(const Trial& trial) {
  Names left;
  for (const ChaosFault& fault : trial.chaos->faults) {
    const bool reached = std::ranges::any_of(trial.chaos->faults, [&](const ChaosFault& other) {
      return other.service == fault.service && reaches(trial, other);
    });
    if (!reached && !holds(left, fault.service)) left.push_back(fault.service);
  }
  return left;
}

/// Of a case of the steady state, an answer before the faults or after them.
struct Look {
  const Neighbour* real = nullptr;  ///< one that is real
  const Neighbour* any = nullptr;   ///< a pass, whatever it is worth
};

Look look_at(const Trial& trial, const std::string& name, bool before) {
  Look look;
  for (const Asked& asked : trial.chaos->asked) {
    const bool then = before ? asked.end() <= trial.chaos->begun : asked.at >= trial.chaos->healed;
    if (asked.role != "steady" || asked.name != name || !asked.passed() || !then) continue;
    const auto found = std::ranges::find_if(trial.neighbours, [&](const Neighbour& one) {
      return one.role == asked.role && one.name == name && one.attempt == asked.attempt;
    });
    if (found == trial.neighbours.end()) continue;
    look.any = &*found;
    if (found->provenance == Provenance::real) look.real = &*found;
  }
  return look;
}

/// Why the steady state carries no claim: of each case a pass before the faults and one after them must be real.
std::string weakness(const Trial& trial) {
  for (const std::string& name : trial.chaos->steady_state)
    for (const bool before : {true, false}) {
      const Look look = look_at(trial, name, before);
      if (look.real != nullptr) continue;
      const char* when = before ? "before" : "after";
      if (look.any == nullptr) return fmt::format("of {} there is no trial {} the faults", name, when);
      return fmt::format("{} was {} {} the faults ({}: {})", name, to_text(look.any->provenance), when, look.any->rule,
                         look.any->reason);
    }
  return {};
}

std::string untied(const Trial& trial) {
  if (!trial.chaos->ledger) return {};
  if (services_of_traffic(trial).empty()) return "the writes were not seen to go to a service of the suite";
  if (services_of(trial, "ledger", "read_back", false).empty())
    return "what was read back was not seen to come from a service of the suite";
  return {};
}

std::string unopened(const Trial& trial) {
  for (const ChaosFault& fault : trial.chaos->faults)
    if (!fault.seen_by_its_use && !fault.signs.any())
      return fmt::format("nobody was seen to open the file that was broken in {}, and nothing went wrong",
                         fault.service);
  return {};
}

Judgement not_shown(const Bench& bench, std::string reason, std::string missing) {
  Judgement judgement = ruling(bench, "R12", Provenance::unproven, std::move(reason));
  judgement.facts = bench.last.chaos->told;
  judgement.missing.push_back(std::move(missing));
  return judgement;
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
  if (!bench.last.chaos) return std::nullopt;
  const Trial& trial = bench.last;
  if (const Names nobody = unreached(trial); !nobody.empty()) {
    const std::string names = join(nobody, ", ");
    return not_shown(bench,
                     fmt::format("The steady state is not seen to use {}: no conversation led there, and nothing that "
                                 "was well before went wrong while the fault was there alone.",
                                 names),
                     fmt::format("a case in steady_state that uses {}", names));
  }
  if (const std::string why = weakness(trial); !why.empty())
    return not_shown(bench, fmt::format("The steady state proves nothing: {}.", why),
                     "a steady state whose cases are real by themselves");
  if (const std::string why = unopened(trial); !why.empty())
    return not_shown(bench, fmt::format("The fault may have hit what nobody uses: {}.", why),
                     "must_be_opened: true, or something that goes wrong");
  if (const std::string why = untied(trial); !why.empty())
    return not_shown(bench, fmt::format("The ledger may be about something else: {}.", why),
                     "write and read_back that talk to the service whose writes are counted");
  return std::nullopt;
}

/// The fault was measured there and gone again, and what was asked has to do with it.
bool chaos_seen(const Trial& trial) {
  return trial.chaos && trial.chaos->effect && unreached(trial).empty() && untied(trial).empty();
}
}  // namespace mccoy::judge
