#include "harness/witness/file_log.hpp"

#include <algorithm>
#include <iterator>

#include "harness/base/digest.hpp"

namespace mccoy::witness {
namespace {
using evidence::SeenRead;
using evidence::SeenWrite;
using Change = SeenWrite::Change;
constexpr std::size_t kMostReads = 45'000, kMostWrites = 25'000, kMostReaders = 16;
constexpr std::size_t kLongestPath = 1024;
constexpr std::int64_t kMostDigestBytes = std::int64_t{1} << 30;  ///< of all files of one command together
constexpr std::int64_t kLargestDigest = std::int64_t{256} << 20;

void add_once(std::vector<int>& list, int item) {
  if (item != evidence::kNoProgram && list.size() < kMostReaders && std::ranges::find(list, item) == list.end())
    list.push_back(item);
}

/// Digests within one budget, each file once.
class Digests {
 public:
  std::string of(const std::string& path, std::int64_t size) {
    if (const auto known = known_.find(path); known != known_.end()) return known->second;
    std::string digest;
    if (size <= kLargestDigest && size <= left_) {
      left_ -= size;
      if (auto made = sha256_file(path); made.ok()) digest = *made;
    }
    return known_[path] = digest;
  }

 private:
  std::int64_t left_ = kMostDigestBytes;
  std::unordered_map<std::string, std::string> known_;
};

/// A file that one of the writers had read and that holds the same bytes.
std::string copied_from(const SeenWrite& write, const FileState& now, const std::vector<SeenRead>& reads,
                        const std::unordered_multimap<std::int64_t, std::size_t>& by_size, Digests& digests) {
  const auto [first, last] = by_size.equal_range(write.size);
  for (auto at = first; at != last; ++at) {
    const SeenRead& read = reads[at->second];
    const bool same_reader =
        std::ranges::any_of(write.by, [&](int writer) { return std::ranges::find(read.by, writer) != read.by.end(); });
    if (!same_reader || read.path == write.path || (read.device == now.device && read.inode == now.inode)) continue;
    if (digests.of(read.path, read.size) == write.sha256) return read.path;
  }
  return {};
}
}  // namespace

bool FileLog::known_read(std::string_view path, int by) const {
  const auto known = read_at_.find(path);
  if (known == read_at_.end()) return false;
  const auto& readers = reads_[known->second].by;
  return readers.size() >= kMostReaders || std::ranges::find(readers, by) != readers.end();
}

void FileLog::read(std::string_view path, const FileState& file, int by) {
  if (const auto known = read_at_.find(path); known != read_at_.end()) return add_once(reads_[known->second].by, by);
  if (reads_.size() >= kMostReads || path.size() > kLongestPath) {
    ++dropped_reads_;
    return;
  }
  SeenRead& seen = reads_.emplace_back();
  seen = {.path = std::string(path), .device = file.device, .inode = file.inode, .size = file.size};
  add_once(seen.by, by);
  read_at_.emplace(seen.path, static_cast<std::uint32_t>(reads_.size() - 1));
}

FileLog::Write* FileLog::note(std::string_view path, int by) {
  if (const auto known = write_at_.find(path); known != write_at_.end()) {
    Write& write = writes_[known->second];
    add_once(write.seen.by, by);
    return &write;
  }
  if (writes_.size() >= kMostWrites || path.size() > kLongestPath) {
    ++dropped_writes_;
    return nullptr;
  }
  Write& write = writes_.emplace_back();
  write.seen.path = path;
  write_at_.emplace(write.seen.path, static_cast<std::uint32_t>(writes_.size() - 1));
  write.before = state_of(write.seen.path);
  add_once(write.seen.by, by);
  return &write;
}

void FileLog::will_write(std::string_view path, int by) {
  if (Write* write = note(path, by)) write->removed = false;
}

void FileLog::will_change(PendingChange change) {
  if (change.kind != PendingChange::Kind::unlink && change.kind != PendingChange::Kind::make)
    note(change.second, evidence::kNoProgram);
  if (change.kind != PendingChange::Kind::link && change.kind != PendingChange::Kind::symlink)
    note(change.path, evidence::kNoProgram);
}

void FileLog::changed(const PendingChange& change) {
  using Kind = PendingChange::Kind;
  const auto at_path = state_of(change.path);
  if (change.kind == Kind::make) {
    if (!change.was && at_path) note(change.path, change.by);
    return;
  }
  if (change.kind == Kind::unlink) {
    Write* write = change.was && !at_path ? note(change.path, change.by) : nullptr;
    if (write != nullptr) write->removed = true;
    return;
  }
  const auto there = state_of(change.second);
  if (!there || (change.kind != Kind::symlink && (!change.was || !there->same_file(*change.was)))) return;
  Write* target = note(change.second, change.by);
  if (target == nullptr) return;
  target->removed = false;
  if (change.kind != Kind::rename) {
    target->seen.linked_from = change.path;
    return;
  }
  target->seen.renamed_from = change.path;
  if (const auto source = write_at_.find(change.path); source != write_at_.end()) {
    Write& from = writes_[source->second];
    from.removed = true;
    for (const int writer : from.seen.by) add_once(writes_[write_at_.find(change.second)->second].seen.by, writer);
  }
}

std::vector<SeenRead> FileLog::take_reads() {
  read_at_ = {};
  std::vector<SeenRead> reads(std::make_move_iterator(reads_.begin()), std::make_move_iterator(reads_.end()));
  reads_ = {};
  return reads;
}

std::vector<SeenWrite> FileLog::finish_writes(const std::vector<SeenRead>& reads, bool digest) {
  write_at_ = {};
  std::unordered_multimap<std::int64_t, std::size_t> by_size;
  for (std::size_t i = 0; digest && i < reads.size(); ++i) by_size.emplace(reads[i].size, i);
  Digests digests;
  std::vector<SeenWrite> result;
  for (Write& write : writes_) {
    SeenWrite& seen = write.seen;
    const auto now = state_of(seen.path);
    if (now && !write.before)
      seen.change = Change::created;
    else if (now)
      seen.change = now->untouched_since(*write.before) ? Change::none : Change::changed;
    else if (write.before)
      seen.change = Change::removed;
    else if (write.removed)
      seen.change = Change::passing;
    if (seen.change == Change::none && (!now || seen.by.empty())) continue;  // the call failed
    if (!now && seen.path.starts_with("/proc/")) continue;                   // gone with its process
    if (now) seen.size = now->size;
    const bool fresh = seen.change == Change::created || seen.change == Change::changed;
    if (digest && fresh && now->regular) {
      seen.sha256 = digests.of(seen.path, now->size);
      if (now->size > 0 && !seen.sha256.empty()) seen.same_as_read = copied_from(seen, *now, reads, by_size, digests);
    }
    result.push_back(std::move(seen));
  }
  return result;
}
}  // namespace mccoy::witness
