#include "harness/judge/fingerprints.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "harness/base/text.hpp"
#include "harness/judge/fingerprint_table.hpp"

namespace mccoy::judge {
namespace {
/// "--replay" is said by "--replay" and by "--replay=FILE".
bool says(const std::vector<std::string>& argv, const std::string& wanted) {
  return std::ranges::any_of(argv, [&](const std::string& word) {
    return word.starts_with(wanted) && (word.size() == wanted.size() || word[wanted.size()] == '=');
  });
}

/// Finds matches program by program. The key orders them as the caller gets them.
class Matching {
 public:
  Matching(const Catalogue& catalogue, const evidence::Activity& activity)
      : catalogue_(catalogue), programs_(activity.programs) {
    for (std::size_t i = 0; i < programs_.size(); ++i) add_program(static_cast<int>(i));
    for (const auto& read : activity.reads) add_read(read);
    for (std::size_t i = 0; i < programs_.size(); ++i) inherit(static_cast<int>(i));
  }

  std::vector<Match> take() {
    std::vector<Match> matches;
    matches.reserve(found_.size());
    for (auto& [key, match] : found_) {
      match.loaded_by = loader_of(*match.what, key.first);
      matches.push_back(match);
    }
    return matches;
  }

 private:
  using Key = std::pair<int, std::size_t>;  ///< program, entry

  void add(int program, std::size_t entry, Match::By by, const std::string& path) {
    found_.try_emplace({program, entry}, Match{&catalogue_.entries()[entry], program, by, path, nullptr});
  }

  void add_program(int index) {
    const auto& process = programs_[static_cast<std::size_t>(index)].process;
    for (const auto entry : catalogue_.by_program(process))
      add(index, entry, Match::By::program, process.script.empty() ? process.exe : process.script);
  }

  void add_read(const evidence::SeenRead& read) {
    for (const auto entry : catalogue_.by_file(read.path))
      for (const int program : read.by) add(program, entry, Match::By::file, read.path);
  }

  /// A child that goes on in its parent's image has what the parent had loaded. Parents come before their children.
  void inherit(int index) {
    const auto& child = programs_[static_cast<std::size_t>(index)];
    if (!child.forked || child.replaced || child.parent < 0 || child.parent >= index) return;
    const auto begin = found_.lower_bound({child.parent, 0}), end = found_.lower_bound({child.parent + 1, 0});
    const std::vector<std::pair<Key, Match>> inherited(begin, end);
    for (const auto& [key, match] : inherited) add(index, key.second, Match::By::inherited, match.path);
  }

  const Fingerprint* loader_of(const Fingerprint& entry, int program) const {
    for (const auto& id : entry.always_loaded_by) {
      const Fingerprint* loader = catalogue_.find(id);
      if (loader == nullptr) continue;
      const auto index = static_cast<std::size_t>(loader - catalogue_.entries().data());
      if (found_.contains({program, index})) return loader;
    }
    return nullptr;
  }

  const Catalogue& catalogue_;
  const std::vector<evidence::SeenProgram>& programs_;
  std::map<Key, Match> found_;
};

std::vector<std::string> lines(std::string_view list) {
  return list.empty() ? std::vector<std::string>() : split(list, '\n');
}

Fingerprint entry_of(const FingerprintRow& row) {
  return {.id = std::string(row.id),
          .ecosystem = std::string(row.ecosystem),
          .library = std::string(row.library),
          .kind = row.kind,
          .implies = row.implies,
          .stands_for = lines(row.stands_for),
          .files = lines(row.files),
          .programs = lines(row.programs),
          .with = lines(row.with),
          .env = lines(row.env),
          .symbols = lines(row.symbols),
          .headers = lines(row.headers),
          .always_loaded_by = lines(row.always_loaded_by),
          .examples = lines(row.examples),
          .verified = std::string(row.verified),
          .note = std::string(row.note),
          .span = {}};
}

std::vector<Fingerprint> built_in() {
  std::vector<Fingerprint> entries;
  for (const FingerprintRow& row : fingerprint_rows()) entries.push_back(entry_of(row));
  return entries;
}
}  // namespace

Catalogue::Catalogue(std::vector<Fingerprint> entries) : entries_(std::move(entries)) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    for (const auto& glob : entries_[i].files) files_.add(glob, i);
    for (const auto& glob : entries_[i].programs) programs_.add(glob, i);
  }
}

const Fingerprint* Catalogue::find(std::string_view id) const {
  const auto found = std::ranges::find(entries_, id, &Fingerprint::id);
  return found == entries_.end() ? nullptr : &*found;
}

std::vector<std::size_t> Catalogue::by_program(const evidence::SeenProcess& process) const {
  std::vector<std::size_t> found = programs_.match(process.exe);
  for (const auto entry : programs_.match(process.script))
    if (std::ranges::find(found, entry) == found.end()) found.push_back(entry);
  std::erase_if(found, [&](std::size_t entry) {
    const auto& with = entries_[entry].with;
    return !with.empty() && std::ranges::none_of(with, [&](const auto& word) { return says(process.argv, word); });
  });
  return found;
}

const Catalogue& catalogue() {
  static const Catalogue kBuiltIn(built_in());
  return kBuiltIn;
}

Catalogue catalogue_with(std::span<const Fingerprint> additions) {
  std::vector<Fingerprint> entries(catalogue().entries().begin(), catalogue().entries().end());
  for (const Fingerprint& addition : additions) {
    const auto same = std::ranges::find(entries, addition.id, &Fingerprint::id);
    if (same == entries.end())
      entries.push_back(addition);
    else
      *same = addition;
  }
  return Catalogue(std::move(entries));
}

std::vector<Match> match(const Catalogue& catalogue, const evidence::Activity& activity) {
  return Matching(catalogue, activity).take();
}

namespace {
/// Those who answered somebody, on this machine.
std::vector<const evidence::SeenProcess*> servers_in(const evidence::Facts& facts) {
  std::vector<const evidence::SeenProcess*> servers;
  auto add = [&](const std::vector<evidence::SeenProcess>& processes) {
    for (const auto& process : processes) servers.push_back(&process);
  };
  if (facts.responder) add(facts.responder->processes);
  for (const auto& service : facts.services) add(service.listeners);
  if (facts.activity)
    for (const auto& connection : facts.activity->connections) add(connection.peers);
  return servers;
}
}  // namespace

std::vector<Fingerprint> entries_in(const Catalogue& catalogue, const evidence::Facts& facts) {
  std::set<const Fingerprint*> marked;
  if (facts.activity)
    for (const Match& one : match(catalogue, *facts.activity)) marked.insert(one.what);
  for (const auto* server : servers_in(facts))
    for (const auto entry : catalogue.by_program(*server)) marked.insert(&catalogue.entries()[entry]);
  std::vector<Fingerprint> entries;
  for (const Fingerprint* entry : marked) entries.push_back(*entry);
  return entries;
}
}  // namespace mccoy::judge
