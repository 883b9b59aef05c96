// R7 and R8: a known substitute was loaded where the work was done, and what the claim names was not touched. One half
// alone says nothing: runners load doubles in every run, and a broken contact may have many reasons.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/judge/bench.hpp"
#include "harness/judge/engine_names.hpp"
#include "harness/judge/fingerprints.hpp"
#include "harness/judge/paths.hpp"
#include "harness/judge/programs.hpp"
#include "harness/judge/weigh_activity.hpp"

namespace mccoy::judge {
namespace {
using evidence::Activity;
using Kind = Fingerprint::Kind;
using Implies = Fingerprint::Implies;

/// Which missing contact a kind of substitute explains.
bool explains(Kind kind, std::string_view obligation) {
  switch (kind) {
    case Kind::test_double:
    case Kind::service_virtualisation:
    case Kind::emulator:
    case Kind::recorder:
      return obligation == "connect" || obligation == "engine" || obligation == "delegate";
    case Kind::fake_fs:
      return obligation == "write";
    default:  // others stand in for time or faults, which other rules look at
      return false;
  }
}

// ---- what the claim names, in words, for substitutes that stand for certain engines only

void add_names(const evidence::Facts& facts, const Value& settings, std::vector<std::string>& names) {
  for (const std::string_view field : {"kind", "to", "at", "peer_exe"})
    if (settings[field].is_string()) names.push_back(basename(settings[field].as_string()));
  for (const std::string_view field : {"to", "at"})
    if (const auto* service = find_service(facts, settings[field].as_string()))
      for (const auto& process : service->listeners) names.push_back(basename(process.exe));
}
bool fits(const Fingerprint& what, const Bench& bench) {
  if (what.stands_for.empty()) return true;
  std::vector<std::string> names;
  for (const suite::Obligation& obligation : bench.evidence.terms.contract)
    if (obligation.stated) add_names(bench.facts(), obligation.settings, names);
  return std::ranges::any_of(names, [&](const std::string& name) { return stands_for(what, name); });
}

// ---- somebody in between

bool is_stated(const Bench& bench, const evidence::SeenConnection& connection) {
  return std::ranges::any_of(bench.evidence.terms.contract, [&](const suite::Obligation& obligation) {
    for (const std::string_view field : {"to", "at"}) {
      const std::string& name = obligation.settings[field].as_string();
      const auto* service = find_service(bench.facts(), name);
      const bool at_service =
          service != nullptr && std::ranges::any_of(connection.peers, [&](const auto& peer) {
            return std::ranges::any_of(service->listeners, [&](const auto& own) { return own.id == peer.id; });
          });
      if (at_service || same_endpoint(connection.to, name) || connection.to == "unix:" + name) return true;
    }
    return false;
  });
}
/// A conversation with somebody whom the claim does not name and who may have handed it on (a proxy, a resident
/// helper): then it is not certain that what the claim names was not reached.
bool may_have_gone_by_another(const Bench& bench, const Activity& activity) {
  return std::ranges::any_of(activity.connections, [&](const evidence::SeenConnection& connection) {
    const bool exchanged = connection.protocol == "tcp" ? connection.bytes_in > 0 && connection.bytes_out > 0
                                                        : connection.made > 0 && !is_system_socket(connection.to);
    return exchanged && connection.peer_programs.empty() && !is_stated(bench, connection);
  });
}

std::string loaded_words(const Match& match, const Activity& activity) {
  const std::string& name = match.what->library.empty() ? match.what->id : match.what->library;
  return fmt::format("{} was in {} ({})", name, describe(program_at(activity, match.program).process), match.path);
}

/// A file that stayed, other than what Python keeps for itself.
bool was_left(const evidence::SeenWrite& write) {
  using Change = evidence::SeenWrite::Change;
  return (write.change == Change::created || write.change == Change::changed) &&
         write.path.find("/__pycache__") == std::string::npos;
}
/// Those who work left no file behind: all their output stayed in memory.
bool wrote_nothing(const Activity& activity, const std::vector<int>& workers) {
  return activity.writes_complete && activity.writes_left_out == 0 &&
         std::ranges::none_of(activity.writes, [&](const evidence::SeenWrite& write) {
           return was_left(write) &&
                  std::ranges::any_of(write.by, [&](int by) { return performs(activity, workers, by); });
         });
}

const ObligationResult* untouched_by(const Bench& bench, Kind kind, bool no_file_was_written) {
  return bench.obligation([&](const ObligationResult& item) {
    if (!item.stated || !explains(kind, item.kind)) return false;
    if (item.kind != "write") return item.untouched;
    return no_file_was_written && item.status == ObligationStatus::broken && item.accuses.empty();
  });
}

std::optional<Judgement> stood_in(const Bench& bench, std::string_view rule, Implies implies, Provenance provenance,
                                  std::string_view reason) {
  const Activity* activity = watched(bench.facts());
  const Terms& terms = bench.evidence.terms;
  if (activity == nullptr || terms.claim == "unit" || terms.fingerprints.empty()) return std::nullopt;
  if (may_have_gone_by_another(bench, *activity)) return std::nullopt;
  const Catalogue known(terms.fingerprints);
  const std::vector<int> workers = performers(*activity, terms.contract);
  const bool nothing_on_disk = wrote_nothing(*activity, workers);
  for (const Match& match : judge::match(known, *activity)) {
    if (match.what->implies != implies || match.always_loaded() || !fits(*match.what, bench)) continue;
    const ObligationResult* missing = untouched_by(bench, match.what->kind, nothing_on_disk);
    if (missing == nullptr || !performs(*activity, workers, match.program)) continue;
    Judgement judgement = ruling(bench, rule, provenance, fmt::format("{}: {}.", reason, missing->why));
    judgement.facts = {loaded_words(match, *activity), told(*missing)};
    judgement.missing.push_back(
        fmt::format("to see {}, or `claim: unit` if the logic alone is claimed", missing->text));
    return judgement;
  }
  return std::nullopt;
}
}  // namespace

std::string fake_clock_words(const Bench& bench) {
  const Activity* activity = watched(bench.facts());
  if (activity == nullptr || bench.evidence.terms.fingerprints.empty()) return {};
  const Catalogue known(bench.evidence.terms.fingerprints);
  for (const Match& match : judge::match(known, *activity))
    if (match.what->kind == Kind::fake_clock && !match.always_loaded()) return loaded_words(match, *activity);
  return {};
}

std::optional<Judgement> r7_emulated(const Bench& bench) {
  return stood_in(bench, "R7", Implies::simulated, Provenance::simulated,
                  "An emulator did the work in place of what the claim names");
}
std::optional<Judgement> r8_doubled(const Bench& bench) {
  return stood_in(bench, "R8", Implies::mock, Provenance::mock,
                  "A test double or recorder answered in place of what the claim names");
}
}  // namespace mccoy::judge
