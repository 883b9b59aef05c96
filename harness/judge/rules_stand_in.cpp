// R4 to R6 and R9: signs of a stand-in. Each needs two things: the sign, and the work missing.
#include <fmt/format.h>

#include <algorithm>

#include "harness/judge/bench.hpp"
#include "harness/judge/weigh.hpp"

namespace mccoy::judge {
namespace {
using evidence::DeclaredMode;
using evidence::Responder;

// ---- R4

std::optional<Judgement> impossible(const Bench& bench, std::optional<ChallengeClass> cls, std::string_view kind,
                                    Provenance provenance, std::string_view reason) {
  const ChallengeResult* bound = cls ? bench.challenge(*cls, ChallengeStatus::unmet) : nullptr;
  const ObligationResult* stated = bench.obligation([&](const ObligationResult& item) {
    return item.kind == kind && item.status == ObligationStatus::broken && item.accuses == "R4";
  });
  if (bound == nullptr && stated == nullptr) return std::nullopt;
  Judgement judgement =
      ruling(bench, "R4", provenance, fmt::format("{}: {}.", reason, stated != nullptr ? stated->why : bound->why));
  if (stated != nullptr) judgement.facts.push_back(told(*stated));
  if (bound != nullptr) judgement.facts.push_back(told(*bound));
  if (const std::string clock = fake_clock_words(bench); kind == "duration" && !clock.empty())
    judgement.facts.push_back(clock + ", which turns the clock");
  return judgement;
}

// ---- R5

bool is_without_effect(const DeclaredMode& mode) {
  return mode.kind == DeclaredMode::Kind::dry_run || mode.kind == DeclaredMode::Kind::syntax_only;
}
std::string mode_words(const DeclaredMode& mode) {
  return fmt::format("{} in the {}", mode.flag, mode.where == "argv" ? "command line" : mode.where);
}

const ObligationResult* effect(const Bench& bench, ObligationStatus status) {
  return bench.obligation(
      [=](const ObligationResult& item) { return item.effect && item.shows_work && item.status == status; });
}

Judgement only_pretended(const Bench& bench, const DeclaredMode& mode, std::string missing_effect) {
  Judgement judgement =
      ruling(bench, "R5", Provenance::simulated,
             fmt::format("It ran in a mode that only pretends ({}), and the effect is missing.", mode_words(mode)));
  judgement.facts = {mode_words(mode), std::move(missing_effect)};
  judgement.missing.push_back(
      fmt::format("a run without {}, or `claim: plan` if the plan is what it claims", mode.flag));
  return judgement;
}

// ---- R6

/// The service whose answer the suite wanted, when the run had to start it.
bool own_service_was_asked(const evidence::Facts& facts) {
  if (!facts.responder || facts.responder->expected_service.empty()) return false;
  if (facts.responder->how == Responder::How::unseen) return false;
  const evidence::SeenService* service = find_service(facts, facts.responder->expected_service);
  return service == nullptr || service->started_by_us;
}

Judgement answered_by(const Bench& bench, Provenance provenance, std::string reason) {
  const Responder& responder = *bench.facts().responder;
  Judgement judgement = ruling(bench, "R6", provenance, std::move(reason));
  for (const auto& process : responder.processes)
    judgement.facts.push_back(fmt::format("{} answered at {}", describe(process), responder.peer));
  judgement.missing.push_back(fmt::format("an answer of the {} that this run started", responder.expected_service));
  return judgement;
}

std::optional<Judgement> wrong_service(const Bench& bench) {
  if (!own_service_was_asked(bench.facts())) return std::nullopt;
  const Responder& responder = *bench.facts().responder;
  const std::string& wanted = responder.expected_service;
  if (responder.who == Responder::Who::harness)
    return answered_by(bench, Provenance::mock,
                       fmt::format("The answer came from this run itself and not from service {}.", wanted));
  if (responder.started_before_run)
    return answered_by(
        bench, Provenance::unproven,
        fmt::format("The server that answered was running before this run started, so it is not the {} that "
                    "this run started.",
                    wanted));
  const bool other = responder.who == Responder::Who::service && responder.service != wanted;
  if (!other && responder.who != Responder::Who::stranger && responder.who != Responder::Who::remote)
    return std::nullopt;
  return answered_by(bench, Provenance::unproven,
                     fmt::format("Not service {} answered, but {}.", wanted, describe(responder)));
}

std::optional<Judgement> wrong_engine(const Bench& bench) {
  const ObligationResult* engine = bench.accusation("R6");
  if (engine == nullptr) return std::nullopt;
  const ChallengeResult* works = bench.challenge(ChallengeClass::sensitivity, ChallengeStatus::met);
  Judgement judgement = works != nullptr ? ruling(bench, "R6", Provenance::simulated,
                                                  "A working stand-in answered in place of the engine the claim names.")
                                         : ruling(bench, "R6", Provenance::mock,
                                                  "Another program answered in place of the engine the claim names.");
  judgement.facts.push_back(told(*engine));
  if (works != nullptr) judgement.facts.push_back(told(*works));
  return judgement;
}
}  // namespace

std::optional<Judgement> r4_impossible(const Bench& bench) {
  if (auto judgement = impossible(bench, ChallengeClass::bound_wall, "duration", Provenance::simulated,
                                  "It was over sooner than the work can be"))
    return judgement;
  if (auto judgement = impossible(bench, ChallengeClass::bound_cpu, "cpu", Provenance::mock,
                                  "It used less processor time than the work needs, so its figures are made up"))
    return judgement;
  return impossible(bench, std::nullopt, "connect", Provenance::mock,
                    "Less was exchanged than the work needs, so its figures are made up");
}

std::optional<Judgement> r5_without_effect(const Bench& bench) {
  const auto modes = modes_of_work(bench);
  const auto mode = std::find_if(modes.begin(), modes.end(), &is_without_effect);
  if (mode == modes.end() || bench.evidence.terms.claim == "plan") return std::nullopt;
  if (const auto* missing = effect(bench, ObligationStatus::broken))
    return only_pretended(bench, *mode, told(*missing));
  if (const auto* unmet = bench.challenge(ChallengeClass::sensitivity, ChallengeStatus::unmet))
    return only_pretended(bench, *mode, told(*unmet));
  if (effect(bench, ObligationStatus::held) != nullptr) return std::nullopt;
  Judgement judgement =
      ruling(bench, "R5", Provenance::unproven,
             fmt::format("It ran in a dry-run mode ({}), and nothing shows that it had an effect.", mode_words(*mode)));
  judgement.facts = {mode_words(*mode)};
  judgement.missing.push_back(
      "the effect stated under `evidence:` (`write`, `service`), or `claim: plan` if the plan is what it claims");
  return judgement;
}

std::optional<Judgement> r6_wrong_responder(const Bench& bench) {
  if (auto judgement = wrong_service(bench)) return judgement;
  if (auto judgement = r6_known_stub(bench)) return judgement;
  return wrong_engine(bench);
}

std::optional<Judgement> r9_copied(const Bench& bench) {
  const ObligationResult* copy = bench.accusation("R9");
  if (copy == nullptr) return std::nullopt;
  Judgement judgement =
      ruling(bench, "R9", Provenance::mock,
             fmt::format("A file that had to be computed was only given another name: {}.", copy->why));
  judgement.facts.push_back(told(*copy));
  return judgement;
}
}  // namespace mccoy::judge
