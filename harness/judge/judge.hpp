// Evidence -> provenance, by rules R0 to R14 of docs/evidence.md. Pure: the same evidence gives the same judgement
// today, in `mccoy verify` and in ten years. No rule knows a fixture, a latency, a log word or a library by itself.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "harness/evidence/facts.hpp"
#include "harness/judge/chaos.hpp"
#include "harness/judge/checks.hpp"
#include "harness/judge/neighbour.hpp"
#include "harness/judge/verdict.hpp"
#include "harness/suite/contract.hpp"
#include "harness/suite/fingerprint.hpp"

namespace mccoy::judge {
/// What the case claims and of what kind it is: everything of the suite that the judge needs, as journalled.
struct Terms {
  std::string case_id;
  std::string kind;   ///< "exec", "http", …
  std::string claim;  ///< unit | integration | end-to-end | plan | liveness | ""
  /// Stated ones and the kind's defaults, expanded. The judge sees no machine, so whoever fills this in resolves names
  /// first:
  ///   settings["resolved"]  for `exe`, `by`, `peer_exe`, `exec`, `kind` (engine): the files the names lead to,
  ///                         [{path, device, inode, sha256}, …], numbers as decimal text; empty: they lead nowhere, and
  ///                         nothing is recognised by them
  ///   settings["resolved_with"]  the same for `with` of `overlap`
  ///   settings["expected"]  true for a `write` that comes from `expect: wrote`: the suite claims that the file was
  ///                         made in this run, not that it was computed, so a renamed file is unproven and not a mock
  std::vector<suite::Obligation> contract;
  std::vector<std::string> challenges;  ///< names of all planned ones; one without a record is void
  /// Of the catalogue and of the suite, those that mark a program or a file which was seen: kept with the evidence, so
  /// that it is judged the same when the catalogue has changed.
  std::vector<suite::Fingerprint> fingerprints = {};
  /// Ids of those that the suite itself names, as a service or in the case: it says that they are meant.
  std::vector<std::string> stand_ins = {};
};
Value to_value(const Terms& terms);
Result<Terms> terms_from_value(const Value& value);

/// One attempt at the claim: what was asked, what came back, what was seen.
struct Trial {
  std::vector<CheckResult> checks;
  std::string error;  ///< why the target could not be asked; "" = it was
  bool timed_out = false;
  evidence::Facts facts;
  std::optional<ChaosFacts> chaos = {};    ///< of a chaos case
  std::vector<Neighbour> neighbours = {};  ///< cases it asked
  /// not_run when it lacks what it needs here and did nothing, error when `error` is set, else outcome_of(checks)
  Outcome outcome() const;
};

enum class ChallengeStatus : std::uint8_t { void_, met, unmet };
/// liveness: what was stopped is the program that answers, so that it turned red shows that it answers and no more.
enum class ChallengeClass : std::uint8_t { control, sensitivity, bound_wall, bound_cpu, equivalent, liveness };

/// A perturbation as it was carried out. The judge concludes; the runner only records.
struct ChallengeRecord {
  std::string name;
  ChallengeClass cls = ChallengeClass::control;
  std::string group;       ///< for R11b
  bool automatic = false;  ///< chosen by the harness: it counts when it is met, and says nothing when it is not
  suite::Expected expected = suite::Expected::fail;
  std::string broke;    ///< in words: "stopped service db", "moved ./data aside"
  std::string stopped;  ///< the service that was stopped; "" = none
  bool perturbation_seen =
      false;                  ///< it was witnessed: service really dead, file really gone, command of `before` exited 0
  bool repeat_green = false;  ///< unperturbed again, afterwards, the case gave its baseline outcome
  std::string repeat_why;     ///< when not
  std::vector<Outcome> outcomes;          ///< of the perturbed trial(s)
  std::vector<std::string> outcome_whys;  ///< first failed check or error of each
  // vary
  std::optional<suite::Relation> relation;
  std::vector<Value> inputs, outputs;  ///< same length
  std::string of;  ///< what the outputs are, as a suite would write it: "stdout number"; "" = not kept
  // nonce: in by this case, out by another
  std::string out;                            ///< the other case; "" = not asked
  Outcome out_of_it = Outcome::not_run;       ///< what it gave for the nonce that went in
  Outcome out_of_nothing = Outcome::not_run;  ///< … and for one that was never sent
  std::string out_why;                        ///< first failed check or error, of the former
  // oracle
  std::optional<bool> oracle_agrees;
  // bounds, nanoseconds; 0 = none stated
  std::int64_t wall_at_least = 0, cpu_at_least = 0, wall = 0, cpu = -1;
  // same
  std::vector<std::string> same;     ///< what had to be as in an undisturbed run: "files-opened"
  std::vector<std::string> unseen;   ///< what of it could not be compared, and why
  std::vector<std::string> changed;  ///< what of it was otherwise, and how
};
/// Fills in `unseen` and `changed` from the runs: the case before, its repeat afterwards, the disturbed ones.
void compare_shapes(ChallengeRecord& record, const evidence::Facts& before, const evidence::Facts& after,
                    const std::vector<const evidence::Facts*>& disturbed);
Value to_value(const ChallengeRecord& record);
ChallengeRecord challenge_from_value(const Value& value);
struct ChallengeResult {
  std::string name;
  ChallengeClass cls = ChallengeClass::control;
  ChallengeStatus status = ChallengeStatus::void_;
  std::string why;
  std::string group;
  bool automatic = false;  ///< see ChallengeRecord
  bool decisive = false;   ///< unmet in a way only something that does not depend on its input can be (R10)
};
/// void unless the perturbation was seen, the repeat was green and the expected value was computed by the harness.
ChallengeResult conclude(const ChallengeRecord& record);
/// The same, knowing the case: stopping the very service that answers shows nothing of what is behind it, unless
/// `claim: liveness` claims no more. Then the class is liveness and not control.
///   undisturbed  facts of the attempt that counts
ChallengeResult conclude(const ChallengeRecord& record, const Terms& terms, const evidence::Facts& undisturbed);

enum class ObligationStatus : std::uint8_t { unseen, held, broken };
struct ObligationResult {
  std::string text;  ///< "service orders answered"
  bool performing = false, effect = false, stated = true;
  ObligationStatus status = ObligationStatus::unseen;
  std::string why;
  std::string kind;  ///< "service"
  bool shows_work =
      false;  ///< held, it is evidence of the work; a figure the target gives of itself or passing time is not
  std::string accuses;     ///< the rule a contradiction belongs to ("R9"); "" = R12
  bool untouched = false;  ///< broken, and it is certain that nothing was exchanged with what it names
};
std::vector<ObligationResult> weigh(const Terms& terms, const evidence::Facts& facts);
/// The same, knowing what the case's checks found: a case that checks the exit status has said which one it expects.
std::vector<ObligationResult> weigh(const Terms& terms, const Trial& trial);
/// By this word in Coverage::watched an observer says that every program run below a command was seen.
constexpr std::string_view kWatchesPrograms = "programs";

struct CaseEvidence {
  Terms terms;
  std::vector<Trial> attempts;  ///< baseline attempts in order; the last one counts, earlier ones make it flaky
  bool waited = false;          ///< attempts belong to `until`: earlier ones are waiting, not flakiness
  std::vector<ChallengeRecord> challenges;
  bool interrupted = false;
};
Judgement judge(const CaseEvidence& evidence);
/// One answer of a case that another one asked, judged by itself. Its controls were not carried out for it, so it is
/// worth what it is without them.
///   asked  name, role and attempt
Neighbour judged(Neighbour asked, Terms terms, const Trial& trial);

/// The rules as data, for docs, `mccoy probes --rules` and the reports.
struct Rule {
  std::string_view id;        ///< "R10"
  std::string_view sentence;  ///< what it says, in one line
  std::string_view gives;     ///< "mock"
};
const std::vector<Rule>& rules();
std::string_view to_text(ObligationStatus status);
std::string_view to_text(ChallengeStatus status);
std::string_view to_text(ChallengeClass cls);
}  // namespace mccoy::judge
