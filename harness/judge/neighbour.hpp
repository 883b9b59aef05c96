// A case that another one asked: the trial of it lies in the journal under the one that asked, and is judged with it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/evidence/facts.hpp"
#include "harness/judge/verdict.hpp"

namespace mccoy::judge {
struct Neighbour {
  std::string name, role;  ///< the case, and as what it was asked: "steady", "while", "ledger"
  std::int64_t attempt = 0;
  Outcome outcome = Outcome::not_run;
  Provenance provenance = Provenance::unproven;  ///< of this one answer, judged without challenges
  std::string rule, reason;                      ///< by which, and why
  std::vector<std::string> services;  ///< that were seen to take part: who answered, and who was asked in turn
};

/// The phase of such a trial: "baseline 1: steady healthy".
std::string neighbour_phase(std::string_view phase, std::int64_t attempt, std::string_view role, std::string_view name);
/// Role and name out of such a phase, when it belongs to this trial.
bool is_neighbour_of(std::string_view neighbour, std::string_view phase, std::int64_t attempt, std::string& role,
                     std::string& name);

/// Services of the suite that took part in a trial: the one that answered, those that the command talked to, and those
/// that they asked in turn. Sorted.
std::vector<std::string> services_in(const evidence::Facts& facts);
}  // namespace mccoy::judge
