// The two answers every result has, and how many of them become one exit code.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/value.hpp"
#include "harness/suite/suite.hpp"

namespace mccoy::judge {
enum class Outcome : std::uint8_t { not_run, pass, fail, error, skip };
enum class Provenance : std::uint8_t { unproven, mock, simulated, real };
enum class Strength : std::uint8_t { none, observed, challenged };
constexpr int kOutcomes = 5, kProvenances = 4;
std::string_view to_text(Outcome outcome);        ///< "not-run"
std::string_view to_text(Provenance provenance);  ///< "unproven"
std::string_view to_text(Strength strength);
bool from_text(std::string_view text, Outcome& outcome);
bool from_text(std::string_view text, Provenance& provenance);
bool from_text(std::string_view text, Strength& strength);

struct Judgement {
  Outcome outcome = Outcome::not_run;
  Provenance provenance = Provenance::unproven;
  Strength strength = Strength::none;
  bool flaky = false;
  std::string rule;                  ///< "R14"; empty for skip and not-run
  std::string reason;                ///< one sentence a newcomer understands
  std::vector<std::string> facts;    ///< used by the rule
  std::vector<std::string> missing;  ///< "to become real this needs …"
};
Value to_value(const Judgement& judgement);
Judgement judgement_from_value(const Value& value);

/// Does this pass count under the requirement of its case?
bool meets(const Judgement& judgement, suite::Requirement requirement);

/// What is needed of a case to weigh it in the whole.
struct Weighed {
  Judgement judgement;
  suite::Requirement require = suite::Requirement::real;
  bool soft = false;      ///< level: soft with a valid waiver
  bool optional = false;  ///< not-run does not count
};
struct Totals {
  std::array<std::array<std::int64_t, kProvenances>, kOutcomes> matrix{};  ///< [outcome][provenance]
  std::int64_t planned = 0, flaky = 0, waived = 0, proven = 0;
  std::int64_t of(Outcome outcome) const;
};
enum class Verdict { proven = 0, failed = 1, unknown = 2, not_proven = 3, evidence_lost = 4, interrupted = 130 };
struct Summary {
  Totals totals;
  Verdict verdict = Verdict::unknown;  ///< of 4, 1, 2, 3 the first that applies
  std::string sentence;                ///< "NOT PROVEN: 3 of 11 planned cases are real passes; 1 failed, 7 not run"
};
/// Nothing planned is never proven: it is `unknown`. strict: a flaky pass counts as failed.
/// problems: things beside the cases (records.hpp) that make no claim false and keep the run from being proven.
Summary summarise(const std::vector<Weighed>& cases, bool strict, bool interrupted, bool evidence_lost,
                  std::size_t problems = 0);
int exit_code(Verdict verdict);
std::string_view to_text(
    Verdict verdict);  ///< "proven", "failed", "unknown", "not-proven", "evidence-lost", "interrupted"
/// For the close record: {"summary": {planned, proven, pass, fail, error, skip, not_run, flaky, waived, matrix},
/// "verdict", "sentence"}; matrix: {"pass": {"real": 3}, …} without zeros.
Value to_value(const Summary& summary);
/// As the close record of a journal holds it: counts, verdict, sentence.
Value to_value(const Summary& summary);
std::string_view to_text(
    Verdict verdict);  ///< "proven", "failed", "unknown", "not-proven", "evidence-lost", "interrupted"
}  // namespace mccoy::judge
