// R10 to R14: does the result depend on the work, and was the work seen?
#include <fmt/format.h>

#include <algorithm>

#include "harness/judge/bench.hpp"
#include "harness/judge/chain.hpp"
#include "harness/judge/weigh.hpp"

namespace mccoy::judge {
namespace {
bool is_unmet_control(const ChallengeResult& item) {
  return item.cls == ChallengeClass::control && item.status == ChallengeStatus::unmet;
}

Judgement stayed_green(const Bench& bench, const ChallengeResult& control, Provenance provenance, std::string reason) {
  Judgement judgement = ruling(bench, "R11", provenance, std::move(reason));
  judgement.facts.push_back(told(control));
  judgement.missing.push_back(fmt::format("a check that turns red under \"{}\"", control.name));
  return judgement;
}

/// Another control of the same kind turned red: it is known which one is expected.
const ChallengeResult* known_canary(const Bench& bench, const ChallengeResult& unmet) {
  return bench.challenge([&](const ChallengeResult& other) {
    return other.cls == ChallengeClass::control && other.status == ChallengeStatus::met && !unmet.group.empty() &&
           other.group == unmet.group;
  });
}

// ---- R12

std::string first_doubt(const Bench& bench) {
  auto with = [&](ObligationStatus status) {
    return bench.obligation([=](const auto& item) { return item.status == status; });
  };
  if (const auto* item = with(ObligationStatus::broken)) return fmt::format("{}: {}", item->text, item->why);
  if (const auto* item = bench.challenge([](const auto& c) { return c.status == ChallengeStatus::unmet; }))
    return fmt::format("challenge \"{}\" was not met: {}", item->name, item->why);
  if (const auto* item = with(ObligationStatus::unseen))
    return fmt::format("{} was not seen: {}", item->text, item->why);
  if (const auto* item = bench.challenge([](const auto& c) { return c.status == ChallengeStatus::void_; }))
    return fmt::format("challenge \"{}\" says nothing: {}", item->name, item->why);
  return {};
}

void list_doubts(const Bench& bench, Judgement& judgement) {
  for (const auto& item : bench.obligations)
    if (item.status != ObligationStatus::held)
      judgement.missing.push_back(fmt::format("to see that {} ({})", item.text, item.why));
  for (const auto& item : bench.challenges)
    if (item.status != ChallengeStatus::met)
      judgement.missing.push_back(fmt::format("challenge \"{}\" to be met ({})", item.name, item.why));
}

void list_facts(const Bench& bench, Judgement& judgement) {
  if (bench.facts().responder && bench.facts().responder->how != evidence::Responder::How::unseen)
    judgement.facts.push_back(describe(*bench.facts().responder) + " answered" +
                              chain_words(bench.facts(), bench.facts().responder->service));
  if (bench.last.chaos)
    judgement.facts.insert(judgement.facts.end(), bench.last.chaos->told.begin(), bench.last.chaos->told.end());
  for (const auto& item : bench.obligations) judgement.facts.push_back(told(item));
  for (const auto& item : bench.challenges) judgement.facts.push_back(told(item));
}

// ---- R13, R14

std::string how_to_show(const Bench& bench) {
  const std::string& kind = bench.evidence.terms.kind;
  if (kind == "exec")
    return "state what must be seen under `evidence:` (for a command: `exec`, `write`), or add a `control` or a `vary`";
  if (kind == "http" || kind == "tcp")
    return "name the server as a service of the suite, or state under `evidence:` who must answer (`listener`, "
           "`connect`)";
  return "state what must be seen under `evidence:`, or add a `control` or a `vary`";
}
constexpr std::string_view kAddControl = "to be called challenged: a `control`, something broken that must turn it red";
constexpr std::string_view kAddSensitivity =
    "to be called challenged: a `vary` or an oracle, an input whose change the answer must follow";

std::string missing_control(const Bench& bench) {
  if (bench.challenge(ChallengeClass::liveness, ChallengeStatus::met) == nullptr) return std::string(kAddControl);
  const auto& responder = *bench.facts().responder;
  return fmt::format(
      "{}; break what stands behind {} (a service it needs, a file it reads) and not the program that "
      "answers, or state `claim: liveness` if no more is claimed",
      kAddControl, responder.service.empty() ? responder.expected_service : responder.service);
}
}  // namespace

std::optional<Judgement> r10_insensitive(const Bench& bench) {
  const ChallengeResult* unmet = bench.challenge([](const ChallengeResult& item) {
    return item.cls == ChallengeClass::sensitivity && item.status == ChallengeStatus::unmet && item.decisive;
  });
  if (unmet == nullptr) return std::nullopt;
  Judgement judgement =
      ruling(bench, "R10", Provenance::mock, fmt::format("The answer does not follow from the input: {}.", unmet->why));
  judgement.facts.push_back(told(*unmet));
  judgement.missing.push_back("an answer that is worked out from the input of each trial");
  return judgement;
}

std::optional<Judgement> r11_cannot_fail(const Bench& bench) {
  const ChallengeResult* unmet = bench.challenge(&is_unmet_control);
  if (unmet == nullptr) return std::nullopt;
  const ObligationResult* broken = bench.obligation(
      [](const ObligationResult& item) { return item.shows_work && item.status == ObligationStatus::broken; });
  if (broken != nullptr) {
    Judgement judgement =
        stayed_green(bench, *unmet, Provenance::mock,
                     fmt::format("It stays green whatever happens, and the work is missing: {}.", broken->why));
    judgement.facts.push_back(told(*broken));
    return judgement;
  }
  for (const auto& item : bench.challenges) {
    const ChallengeResult* met = is_unmet_control(item) ? known_canary(bench, item) : nullptr;
    if (met == nullptr) continue;
    Judgement judgement = stayed_green(
        bench, item, Provenance::mock,
        fmt::format(
            "It turns red for one control of this kind and not for another, so it knows which one to expect: {}.",
            item.why));
    judgement.facts.push_back(told(*met));
    return judgement;
  }
  return stayed_green(bench, *unmet, Provenance::unproven, fmt::format("The check cannot fail: {}.", unmet->why));
}

std::optional<Judgement> r12_not_seen(const Bench& bench) {
  const std::string doubt = first_doubt(bench);
  if (doubt.empty()) return std::nullopt;
  Judgement judgement = ruling(bench, "R12", Provenance::unproven, fmt::format("Not enough was seen: {}.", doubt));
  list_facts(bench, judgement);
  list_doubts(bench, judgement);
  return judgement;
}

std::optional<Judgement> r13_nothing_shown(const Bench& bench) {
  if (work_seen(bench)) return std::nullopt;
  Judgement judgement =
      ruling(bench, "R13", Provenance::unproven, "It passed, but nothing that was seen shows that the work was done.");
  list_facts(bench, judgement);
  judgement.missing.push_back(how_to_show(bench));
  return judgement;
}

std::optional<Judgement> r14_real(const Bench& bench) {
  const bool control = bench.challenge(ChallengeClass::control, ChallengeStatus::met) != nullptr;
  const bool sensitivity = bench.challenge(ChallengeClass::sensitivity, ChallengeStatus::met) != nullptr;
  Judgement judgement = ruling(bench, "R14", Provenance::real, "All that had to be seen was seen.");
  if (control && sensitivity) {
    judgement.strength = Strength::challenged;
    judgement.reason =
        "All that had to be seen was seen; it follows its input, and it turns red when something is broken.";
  } else if (control) {
    judgement.reason = "All that had to be seen was seen, and it turns red when something is broken.";
  } else if (sensitivity) {
    judgement.reason = "All that had to be seen was seen, and the answer follows its input.";
  }
  list_facts(bench, judgement);
  if (!control) judgement.missing.push_back(missing_control(bench));
  if (!sensitivity) judgement.missing.emplace_back(kAddSensitivity);
  return judgement;
}
}  // namespace mccoy::judge
