// What lies on the judge's bench: one case with its evidence weighed, and the rules that look at it, in groups of one
// file each.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/judge/judge.hpp"

namespace mccoy::judge {
struct Bench {
  const CaseEvidence& evidence;
  const Trial& last;  ///< the attempt that counts
  Outcome outcome = Outcome::error;
  std::vector<ObligationResult> obligations;
  std::vector<ChallengeResult> challenges;  ///< planned ones without a record are void

  const evidence::Facts& facts() const { return last.facts; }
  /// The first that answers to the description, or null.
  template <class Like>
  const ObligationResult* obligation(Like like) const {
    for (const auto& item : obligations)
      if (like(item)) return &item;
    return nullptr;
  }
  template <class Like>
  const ChallengeResult* challenge(Like like) const {
    for (const auto& item : challenges)
      if (like(item)) return &item;
    return nullptr;
  }
  const ChallengeResult* challenge(ChallengeClass cls, ChallengeStatus status) const {
    return challenge([=](const ChallengeResult& item) { return item.cls == cls && item.status == status; });
  }
  const ObligationResult* accusation(std::string_view rule) const {
    return obligation(
        [=](const ObligationResult& item) { return item.status == ObligationStatus::broken && item.accuses == rule; });
  }
  /// One that somebody stated: what turns red when any file it loads is missing need not do what nobody stated.
  bool any_challenge_met() const {
    return challenge([](const ChallengeResult& item) {
             const bool tells = item.cls == ChallengeClass::control || item.cls == ChallengeClass::sensitivity;
             return tells && item.status == ChallengeStatus::met && !item.automatic;
           }) != nullptr;
  }
};

/// A rule fires with a judgement or says nothing; the first that fires decides.
using RuleFunction = std::optional<Judgement> (*)(const Bench& bench);
std::optional<Judgement> r1_failed(const Bench& bench);
std::optional<Judgement> r2_masked_failure(const Bench& bench);
std::optional<Judgement> r3_nothing_executed(const Bench& bench);
std::optional<Judgement> r4_impossible(const Bench& bench);
std::optional<Judgement> r5_dry_run(const Bench& bench);
std::optional<Judgement> r5_without_effect(const Bench& bench);
std::optional<Judgement> r6_wrong_responder(const Bench& bench);
std::optional<Judgement> r7_emulated(const Bench& bench);
std::optional<Judgement> r8_doubled(const Bench& bench);
std::optional<Judgement> r9_copied(const Bench& bench);
std::optional<Judgement> r10_insensitive(const Bench& bench);
std::optional<Judgement> r11_cannot_fail(const Bench& bench);
std::optional<Judgement> r12_untouched(const Bench& bench);
std::optional<Judgement> r12_not_seen(const Bench& bench);
std::optional<Judgement> r13_nothing_shown(const Bench& bench);
std::optional<Judgement> r14_real(const Bench& bench);

// ---- shared by them

Judgement ruling(const Bench& bench, std::string_view rule, Provenance provenance, std::string reason);
/// "dist/app.js was made in this run: held (it was written in this trial)"
std::string told(const ObligationResult& obligation);
/// "challenge \"db stopped\": met (stopped service db, and it turned red)"
std::string told(const ChallengeResult& challenge);
/// Work that was seen: an obligation that shows it, or the suite's own service in conversation with the probe. What a
/// kind of case brings by itself without the suite saying so shows that a command ran, not that it did the work; with a
/// challenge met it does.
bool work_seen(const Bench& bench);
/// Of a chaos trial: every fault had its effect, and what was asked has to do with it.
bool chaos_seen(const Trial& trial);
/// R2 and R3 for test runners that no obligation names, R6 for servers of the catalogue: parts of those rules.
std::optional<Judgement> r2_unnamed_runner(const Bench& bench);
std::optional<Judgement> r3_unnamed_runner(const Bench& bench);
std::optional<Judgement> r6_known_stub(const Bench& bench);
/// "libfaketime was in pid 7 /usr/bin/app (/usr/lib/…)": a fake clock that a program had loaded; "" = none.
std::string fake_clock_words(const Bench& bench);
/// Modes without work that the programs declared which had to do it.
std::vector<evidence::DeclaredMode> modes_of_work(const Bench& bench);
}  // namespace mccoy::judge
