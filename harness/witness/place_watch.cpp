#include "harness/witness/place_watch.hpp"

#include <set>

#include "harness/base/digest.hpp"
#include "harness/base/file.hpp"

namespace mccoy::witness {
namespace {
using evidence::SeenFile;
constexpr std::int64_t kSmall = 16 << 20;  ///< bytes
constexpr std::size_t kMostFiles = 2'000;

std::string digest_of(const std::string& path, const FileState& state) {
  if (!state.regular || state.size > kSmall) return {};
  auto digest = sha256_file(path);
  return digest.ok() ? std::move(*digest) : std::string();
}

std::set<std::string> matches(const std::vector<std::string>& globs) {
  std::set<std::string> paths;
  for (const std::string& pattern : globs) {
    const auto found = glob(pattern, "/");
    if (!found.ok()) continue;
    for (const std::string& path : *found)
      if (paths.size() < kMostFiles) paths.insert(absolute(path, "/"));
  }
  return paths;
}
}  // namespace

PlaceWatch::PlaceWatch(std::vector<std::string> globs) : globs_(std::move(globs)) {
  for (const std::string& path : matches(globs_))
    if (auto found = state_of(path)) {
      std::string digest = digest_of(path, *found);
      before_.emplace(path, Before{std::move(*found), std::move(digest)});
    }
}

std::vector<SeenFile> PlaceWatch::end() {
  std::set<std::string> paths = matches(globs_);
  for (const auto& [path, before] : before_) paths.insert(path);
  std::vector<SeenFile> seen;
  for (const std::string& path : paths) {
    SeenFile& file = seen.emplace_back();
    file.path = path;
    const auto now = state_of(path);
    if (!now) continue;
    file.size = now->regular ? now->size : 0;
    const auto known = before_.find(path);
    if (known == before_.end()) {
      file.change = SeenFile::Change::created;
      continue;
    }
    const Before& before = known->second;
    file.sha256 = digest_of(path, *now);
    const bool same_bytes = !file.sha256.empty() && file.sha256 == before.sha256 && now->same_file(before.state);
    const bool same_times =
        now->same_file(before.state) && now->size == before.state.size && now->mtime_ns == before.state.mtime_ns;
    const bool unchanged = same_times && (same_bytes || file.sha256.empty());
    file.change = unchanged || !now->regular ? SeenFile::Change::unchanged : SeenFile::Change::changed;
    if (same_bytes && !same_times) file.same_bytes_as = path;
  }
  return seen;
}
}  // namespace mccoy::witness
