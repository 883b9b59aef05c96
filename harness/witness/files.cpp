#include "harness/witness/files.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "harness/base/clock.hpp"
#include "harness/base/digest.hpp"
#include "harness/base/file.hpp"
#include "harness/witness/file_state.hpp"

namespace mccoy::witness {
namespace {
using evidence::SeenFile;
using Change = SeenFile::Change;
constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kTickNs = 10 * kNsPerMs;  ///< file times are as coarse as the kernel's tick

/// A file of the claim as it was before; its digest tells a rewriting from a mere touch.
struct Before {
  FileState state;
  std::string sha256;
};

std::string digest_of(const std::string& path, const FileState& state) {
  if (!state.regular) return {};
  auto digest = sha256_file(path);
  return digest.ok() ? std::move(*digest) : std::string();
}

/// Paths that match any of the patterns, each once; patterns that cannot be followed are kept.
std::set<std::string> matches(const std::vector<std::string>& globs, const std::string& folder,
                              std::set<std::string>& failed) {
  std::set<std::string> paths;
  for (const std::string& pattern : globs) {
    const auto found = glob(pattern, folder);
    if (!found.ok()) failed.insert(pattern + ": " + found.error().what);
    if (found.ok()) paths.insert(found->begin(), found->end());
  }
  return paths;
}

/// The same inode with the same bytes is the same file, whatever its times say: a touch writes nothing.
Change change_of(const Before* before, const FileState& now, const std::string& sha256) {
  if (before == nullptr) return Change::created;
  if (!before->state.same_file(now)) return Change::changed;
  const bool same_bytes = now.regular ? before->sha256 == sha256 && !sha256.empty() : true;
  return same_bytes ? Change::unchanged : Change::changed;
}
}  // namespace

struct FileWatch::State {
  std::vector<std::string> globs;
  std::string folder;
  std::int64_t began_ns = 0;
  std::map<std::string, Before> before;
  std::set<std::string> failed;
  OlderFiles older;

  State(std::vector<std::string> patterns, std::string where)
      : globs(std::move(patterns)), folder(std::move(where)), began_ns(file_clock_ns()), older(folder) {}

  SeenFile see(const std::string& path);
  void trace(const std::string& absolute_path, const FileState& now, SeenFile& seen);
};

FileWatch::FileWatch() = default;
FileWatch::FileWatch(FileWatch&&) noexcept = default;
FileWatch& FileWatch::operator=(FileWatch&&) noexcept = default;
FileWatch::~FileWatch() = default;

FileWatch FileWatch::begin(std::vector<std::string> globs, std::string folder) {
  FileWatch watch;
  watch.state_ = std::make_unique<State>(std::move(globs), std::move(folder));
  State& state = *watch.state_;
  for (const std::string& path : matches(state.globs, state.folder, state.failed)) {
    const std::string where = absolute(path, state.folder);
    if (auto found = state_of(where)) {
      std::string digest = digest_of(where, *found);
      state.before.emplace(path, Before{std::move(*found), std::move(digest)});
    }
  }
  return watch;
}

/// Where a file that was created or changed comes from, as far as state tells.
void FileWatch::State::trace(const std::string& absolute_path, const FileState& now, SeenFile& seen) {
  const auto earlier = before.find(seen.path);
  const bool in_place = earlier != before.end() && earlier->second.state.same_file(now);
  const bool older_inode = !in_place && now.born_ns != 0 && now.born_ns + kTickNs < began_ns;
  const bool older_target = !now.link_to.empty() && now.ctime_ns + kTickNs < began_ns;
  const std::string name = older.name_of(now);
  if (!name.empty() && !in_place)
    seen.linked_from = name;
  else if (name.empty() && (older_inode || older_target))
    seen.linked_from = now.link_to.empty() ? "an older file" : now.link_to;
  seen.same_bytes_as = older.with_bytes(seen.size, seen.sha256, absolute_path);
  if (seen.same_bytes_as.empty() && seen.size > 0 && earlier != before.end() && earlier->second.sha256 == seen.sha256)
    seen.same_bytes_as = seen.path;
}

SeenFile FileWatch::State::see(const std::string& path) {
  SeenFile seen{.path = path, .sha256 = {}, .same_bytes_as = {}, .linked_from = {}};
  const std::string where = absolute(path, folder);
  const auto now = state_of(where);
  if (!now) return seen;
  const auto earlier = before.find(path);
  const Before* known = earlier == before.end() ? nullptr : &earlier->second;
  seen.size = now->regular ? now->size : 0;
  seen.sha256 = known != nullptr && known->state.untouched_since(*now) ? known->sha256 : digest_of(where, *now);
  seen.change = change_of(known, *now, seen.sha256);
  if (now->regular && seen.change != Change::unchanged) trace(where, *now, seen);
  return seen;
}

std::vector<SeenFile> FileWatch::end(evidence::Coverage& coverage) {
  State& state = *state_;
  std::set<std::string> paths = matches(state.globs, state.folder, state.failed);
  for (const auto& [path, before] : state.before) paths.insert(path);
  coverage.observer = "files";
  for (const std::string& pattern : state.globs) coverage.watched.push_back("before and after: " + pattern);
  coverage.blind.emplace_back("who wrote them");
  if (!state.older.complete())
    coverage.blind.push_back("older copies beyond the first " + std::to_string(OlderFiles::kMost) + " files below " +
                             state.folder);
  coverage.blind.insert(coverage.blind.end(), state.failed.begin(), state.failed.end());
  coverage.complete = state.failed.empty();
  std::vector<SeenFile> seen;
  for (const std::string& path : paths) seen.push_back(state.see(path));
  return seen;
}

evidence::SeenFile look_at(const std::string& path, std::int64_t since_wall_ms) {
  SeenFile seen{.path = path, .sha256 = {}, .same_bytes_as = {}, .linked_from = {}};
  const auto now = state_of(path);
  if (!now) return seen;
  const std::int64_t since = since_wall_ms * kNsPerMs - kTickNs;
  seen.size = now->regular ? now->size : 0;
  seen.sha256 = digest_of(path, *now);
  seen.change = Change::unchanged;
  if (now->ctime_ns >= since) seen.change = now->born_ns >= since ? Change::created : Change::changed;
  if (!now->link_to.empty() && seen.change == Change::unchanged) seen.linked_from = now->link_to;
  return seen;
}
}  // namespace mccoy::witness
