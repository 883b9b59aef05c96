// R6 for servers of the catalogue: a stub or an emulator answered where the claim is about the real thing. A suite that
// names the stub itself says what it is about. A stub that may hand requests on accuses nobody.
#include <fmt/format.h>

#include <algorithm>

#include "harness/judge/bench.hpp"
#include "harness/judge/engine_names.hpp"
#include "harness/judge/fingerprints.hpp"
#include "harness/judge/programs.hpp"
#include "harness/judge/weigh_activity.hpp"

namespace mccoy::judge {
namespace {
using evidence::SeenProcess;
using Kind = Fingerprint::Kind;

bool is_server(Kind kind) {
  return kind == Kind::service_virtualisation || kind == Kind::emulator || kind == Kind::recorder;
}

/// Who answered in one place, and what is known of whether they answered by themselves.
struct Place {
  std::string at;
  std::vector<SeenProcess> processes;
  bool by_itself = false;  ///< it ran below the command, and was seen to ask nobody in turn
  const suite::Obligation* engine = nullptr;
};

struct Stub {
  const Fingerprint* what = nullptr;
  SeenProcess process;
};

std::optional<Stub> program_among(const Catalogue& known, const std::vector<SeenProcess>& processes) {
  for (const SeenProcess& process : processes)
    for (const auto entry : known.by_program(process)) {
      const Fingerprint& what = known.entries()[entry];
      if (is_server(what.kind) && what.implies != Fingerprint::Implies::nothing) return Stub{&what, process};
    }
  return std::nullopt;
}

/// One of the processes had loaded an emulator of this very engine.
std::optional<Stub> emulator_in(const Catalogue& known, const Bench& bench, const Place& place) {
  const evidence::Activity* activity = watched(bench.facts());
  if (activity == nullptr || place.engine == nullptr) return std::nullopt;
  const std::string& engine = place.engine->settings["kind"].as_string();
  for (const Match& match : judge::match(known, *activity)) {
    const auto& process = activity->programs[static_cast<std::size_t>(match.program)].process;
    const bool answers = std::ranges::any_of(place.processes, [&](const auto& one) { return one.id == process.id; });
    if (answers && match.what->kind == Kind::emulator && !match.always_loaded() && stands_for(*match.what, engine))
      return Stub{match.what, process};
  }
  return std::nullopt;
}

std::string_view port_of(std::string_view at) {
  const auto colon = at.rfind(':');
  return colon == std::string_view::npos ? std::string_view() : at.substr(colon + 1);
}

/// Whoever was at the other end was gone before it could be looked at; but a program below the command listened there.
void add_own_listeners(const evidence::Activity& activity, Place& place) {
  const std::string_view port = port_of(place.at);
  for (const evidence::SeenListener& listener : activity.listeners) {
    if (port.empty() || port_of(listener.at) != port || !is_index(activity, listener.by)) continue;
    place.processes.push_back(program_at(activity, listener.by).process);
    place.by_itself = activity.sockets_complete && std::ranges::none_of(activity.connections, [&](const auto& other) {
                        return other.made > 0 && descends(activity, other.by, listener.by);
                      });
  }
}

std::vector<Place> places_of(const Bench& bench) {
  std::vector<Place> places;
  const evidence::Facts& facts = bench.facts();
  const auto& responder = facts.responder;
  if (responder && responder->how != evidence::Responder::How::unseen)
    places.push_back({.at = responder->peer, .processes = responder->processes});
  const evidence::Activity* activity = watched(facts);
  for (const suite::Obligation& obligation : bench.evidence.terms.contract) {
    const bool engine = obligation.kind->name == "engine";
    if (!obligation.stated || (!engine && obligation.kind->name != "connect")) continue;
    const std::string& at = obligation.settings[engine ? "at" : "to"].as_string();
    const Answering answering = who_answers({.obligation = obligation, .facts = facts}, at);
    Place place{.at = at, .processes = answering.processes};
    place.by_itself = answering.own && !answering.asks_others && activity != nullptr && activity->sockets_complete;
    if (engine) place.engine = &obligation;
    if (activity != nullptr && place.processes.empty()) add_own_listeners(*activity, place);
    if (const auto* service = find_service(facts, at); service != nullptr && place.processes.empty())
      place.processes = service->listeners;
    places.push_back(std::move(place));
  }
  return places;
}

bool is_named_by_suite(const Bench& bench, const Fingerprint& what) {
  return std::ranges::find(bench.evidence.terms.stand_ins, what.id) != bench.evidence.terms.stand_ins.end();
}

Judgement answered_by(const Bench& bench, const Stub& stub, const Place& place, Provenance provenance,
                      std::string_view words) {
  const std::string& name = stub.what->library.empty() ? stub.what->id : stub.what->library;
  Judgement judgement = ruling(bench, "R6", provenance, fmt::format("{} answered at {}, {}.", name, place.at, words));
  judgement.facts.push_back(
      fmt::format("{} answered, which is {} ({})", describe(stub.process), name, suite::to_text(stub.what->kind)));
  return judgement;
}

/// The claim names an engine, and it was another program that answered.
std::optional<Judgement> in_place_of_engine(const Bench& bench, const Catalogue& known, const Place& place) {
  if (same_program(place.processes, *place.engine, "kind") == Same::yes) return std::nullopt;
  const std::string& engine = place.engine->settings["kind"].as_string();
  const auto program = program_among(known, place.processes);
  const auto stub = program ? program : emulator_in(known, bench, place);
  if (!stub) return std::nullopt;
  const std::string words = fmt::format("which only stands in for {}", engine);
  const bool emulator = stub->what->kind == Kind::emulator && stands_for(*stub->what, engine);
  const bool decisive = emulator || (stub->what->kind != Kind::emulator && place.by_itself);
  auto judgement =
      answered_by(bench, *stub, place,
                  !decisive ? Provenance::unproven : (emulator ? Provenance::simulated : Provenance::mock), words);
  judgement.missing.push_back(fmt::format("an answer of {} itself", engine));
  return judgement;
}

/// Nothing is said of a stub, and the claim reaches beyond one unit.
std::optional<Judgement> in_place_of_service(const Bench& bench, const Catalogue& known, const Place& place) {
  const std::string& claim = bench.evidence.terms.claim;
  if (claim == "unit" || claim == "plan" || claim == "liveness") return std::nullopt;
  const auto stub = program_among(known, place.processes);
  if (!stub || is_named_by_suite(bench, *stub->what)) return std::nullopt;
  const bool emulator = stub->what->kind == Kind::emulator;
  const bool decisive = !claim.empty() && (emulator || place.by_itself);
  auto judgement = answered_by(
      bench, *stub, place, !decisive ? Provenance::unproven : (emulator ? Provenance::simulated : Provenance::mock),
      fmt::format("a known {}, and the suite does not say that it is meant", suite::to_text(stub->what->kind)));
  judgement.missing.emplace_back(
      "an answer of the real service; if the stub itself is meant, its name in `services:` or under `evidence:`");
  return judgement;
}
}  // namespace

std::optional<Judgement> r6_known_stub(const Bench& bench) {
  if (bench.evidence.terms.fingerprints.empty()) return std::nullopt;
  const Catalogue known(bench.evidence.terms.fingerprints);
  const std::vector<Place> places = places_of(bench);
  for (const Place& place : places)  // what names an engine says more than what names a place
    if (place.engine != nullptr)
      if (auto judgement = in_place_of_engine(bench, known, place)) return judgement;
  for (const Place& place : places)
    if (place.engine == nullptr)
      if (auto judgement = in_place_of_service(bench, known, place)) return judgement;
  return std::nullopt;
}
}  // namespace mccoy::judge
