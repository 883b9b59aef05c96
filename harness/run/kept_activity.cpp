#include "harness/run/kept_activity.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <unordered_set>

#include "harness/base/file.hpp"
#include "harness/judge/fingerprints.hpp"
#include "harness/judge/paths.hpp"

namespace mccoy::run {
namespace {
constexpr std::size_t kFirstReads = 200, kFirstReadsOfShape = 20'000, kFirstWrites = 1'000, kFirstPrograms = 2'000,
                      kMostWords = 8;

/// Every path that an obligation names.
std::vector<std::string> places_in(const judge::Terms& terms) {
  static constexpr std::string_view kFields[] = {"path", "read", "write", "nowrite", "report"};
  std::vector<std::string> places;
  for (const suite::Obligation& obligation : terms.contract)
    for (const std::string_view field : kFields) {
      const Value& place = obligation.settings[field];
      if (place.is_string()) places.push_back(place.as_string());
      for (const Value& item : place.as_list()) places.push_back(item.as_string());
    }
  return places;
}

/// Takes out what is not wanted, beyond the first few.
template <class Seen, class Wanted>
std::int64_t leave_out(std::vector<Seen>& list, std::size_t first, Wanted wanted) {
  if (list.size() <= first) return 0;
  const auto before = list.size();
  const auto kept = std::remove_if(list.begin() + static_cast<std::ptrdiff_t>(first), list.end(),
                                   [&](const Seen& seen) { return !wanted(seen); });
  list.erase(kept, list.end());
  return static_cast<std::int64_t>(before - list.size());
}
std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// What the suite says of its services and of this case.
std::string words_of(const suite::Suite& suite, const suite::Case& which) {
  std::string words = which.id + " " + to_json(which.head.value);
  for (const auto& [name, setting] : which.settings) words += " " + to_json(setting.value);
  for (const suite::Obligation& obligation : which.contract) words += " " + to_json(obligation.settings);
  for (const suite::Service& service : suite.services)
    words += " " + service.name + " " + to_json(service.run.value) + " " + to_json(service.attach.value);
  return words;
}
}  // namespace

void note_named_stand_ins(judge::Terms& terms, const suite::Suite& suite, const suite::Case& which) {
  if (terms.fingerprints.empty()) return;
  const std::string words = lower(words_of(suite, which));
  for (const suite::Fingerprint& entry : terms.fingerprints) {
    const std::string name = lower(entry.id.substr(entry.id.rfind('.') + 1)), library = lower(entry.library);
    const bool named =
        words.find(name) != std::string::npos || (!library.empty() && words.find(library) != std::string::npos);
    if (named) terms.stand_ins.push_back(entry.id);
  }
}

namespace {
using Named = std::function<bool(const std::string& path)>;

/// Of a service nobody asks what else it read, and its own files are many.
void trim(evidence::SeenService& service, const Named& is_named) {
  constexpr std::size_t kFirstFiles = 20, kFirstOthers = 100;
  if (!service.activity) return;
  evidence::Activity& activity = *service.activity;
  activity.reads_left_out +=
      leave_out(activity.reads, kFirstFiles, [&](const auto& read) { return is_named(read.path); });
  activity.writes_left_out +=
      leave_out(activity.writes, kFirstFiles, [&](const auto& write) { return is_named(write.path); });
  activity.signals.clear();
  if (activity.connections.size() > kFirstOthers)
    leave_out(activity.connections, kFirstOthers, [](const auto& connection) { return !connection.peers.empty(); });
  for (std::size_t i = kFirstOthers; i < activity.programs.size(); ++i) {
    activity.programs[i].cwd.clear();
    if (activity.programs[i].process.argv.size() > kMostWords) activity.programs[i].process.argv.resize(kMostWords);
  }
}
}  // namespace

namespace {
/// Own ends of connections tell which one of a proxy's it was, and nothing else.
void keep_ends(std::optional<evidence::Activity>& activity, const std::vector<evidence::SeenVia>& vias) {
  if (!activity) return;
  for (evidence::SeenConnection& connection : activity->connections)
    if (std::ranges::find(vias, connection.to, &evidence::SeenVia::at) == vias.end()) connection.locals.clear();
}
}  // namespace

void keep_what_matters(evidence::Facts& facts, judge::Terms& terms, const std::vector<suite::Fingerprint>& additions,
                       bool shape) {
  const std::vector<std::string> places = places_in(terms);
  const Named is_named = [&](const std::string& path) {
    return std::ranges::any_of(places, [&](const std::string& place) {
      return judge::is_meant(place, path, facts.folder) || judge::is_below(place, path, facts.folder);
    });
  };
  std::optional<judge::Catalogue> extended;
  if (!additions.empty()) extended.emplace(judge::catalogue_with(additions));
  const judge::Catalogue& catalogue = extended ? *extended : judge::catalogue();
  terms.fingerprints = judge::entries_in(catalogue, facts);
  for (evidence::SeenService& service : facts.services) trim(service, is_named);
  for (evidence::SeenService& service : facts.services) keep_ends(service.activity, facts.vias);
  keep_ends(facts.activity, facts.vias);
  if (!facts.activity) return;
  evidence::Activity& activity = *facts.activity;
  for (std::size_t i = kFirstPrograms; i < activity.programs.size(); ++i) {  // who and how it ended is kept of all
    evidence::SeenProgram& program = activity.programs[i];
    program.cwd.clear();
    program.process.started_wall_ms = 0;
    if (program.process.argv.size() > kMostWords) program.process.argv.resize(kMostWords);
  }
  activity.writes_left_out +=
      leave_out(activity.writes, kFirstWrites, [&](const evidence::SeenWrite& write) { return is_named(write.path); });
  std::unordered_set<std::string> older;  // what a written file may be a copy of
  for (const auto& write : activity.writes) older.insert(write.equal_reads.begin(), write.equal_reads.end());
  for (const auto& write : activity.writes) older.insert(write.same_as_read);
  for (const auto& file : facts.files) older.insert(absolute(file.same_bytes_as, facts.folder));
  activity.reads_left_out +=
      leave_out(activity.reads, shape ? kFirstReadsOfShape : kFirstReads, [&](const evidence::SeenRead& read) {
        return older.contains(read.path) || is_named(read.path) || !catalogue.by_file(read.path).empty();
      });
}
}  // namespace mccoy::run
