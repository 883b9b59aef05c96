#include "harness/witness/file_log.hpp"

#include <algorithm>
#include <iterator>

#include "harness/base/digest.hpp"
#include "harness/witness/tracee.hpp"

namespace mccoy::witness {
namespace {
using evidence::SeenRead;
using evidence::SeenWrite;
using Change = SeenWrite::Change;
constexpr std::size_t kMostReads = 45'000, kMostWrites = 25'000, kMostReaders = 16, kMostHolders = 64, kMostEqual = 64;
constexpr std::size_t kLastWrites = 64;  ///< among which a file is looked for that has another name than was opened
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

/// It filled the file: opened it, or began with it and saw it grow by all that it holds now.
bool may_have_filled(const SeenWrite& write, int program) {
  return std::ranges::find(write.by, program) != write.by.end() ||
         std::ranges::any_of(write.held_by, [&](const evidence::SeenHolder& holder) {
           return holder.by == program && holder.grew == write.size;
         });
}

/// Files of the same bytes that were read: by anybody, and by one who filled this one. What could not be digested may
/// hold them as well.
void find_equal(SeenWrite& write, const std::vector<SeenRead>& reads,
                const std::unordered_multimap<std::int64_t, std::size_t>& by_size, Digests& digests,
                const std::function<bool(std::size_t read)>& came_too_late) {
  const auto [first, last] = by_size.equal_range(write.size);
  for (auto at = first; at != last && write.equal_reads.size() < kMostEqual; ++at) {
    const SeenRead& read = reads[at->second];
    const bool is_itself =
        read.path == write.path || (read.device == write.after.device && read.inode == write.after.inode);
    if (is_itself || came_too_late(at->second)) continue;
    const std::string digest = digests.of(read.path, read.size);
    if (!digest.empty() && digest != write.sha256) continue;
    write.equal_reads.push_back(read.path);
    const bool same_reader = std::ranges::any_of(read.by, [&](int reader) { return may_have_filled(write, reader); });
    if (same_reader && !digest.empty() && write.same_as_read.empty()) write.same_as_read = read.path;
  }
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
  note_finished(reads_.size() - 1);
  add_once(seen.by, by);
  read_at_.emplace(seen.path, static_cast<std::uint32_t>(reads_.size() - 1));
}

/// What is as large as a file that is opened only now may be whole already, and then it is no copy of that.
void FileLog::note_finished(std::size_t read) {
  constexpr std::size_t kMostReadsLooked = 5'000;
  if (read >= kMostReadsLooked || reads_[read].size == 0) return;
  const std::size_t first = writes_.size() - std::min(writes_.size(), kLastWrites);
  for (std::size_t at = first; at < writes_.size(); ++at) {
    const auto now = state_of(writes_[at].seen.path);
    if (now && now->regular && now->size == reads_[read].size)
      finished_.push_back({.read = read, .write = at, .mtime_ns = now->mtime_ns});
  }
}

bool FileLog::was_finished(std::size_t read, std::size_t write, const FileState& now) const {
  return std::ranges::any_of(finished_, [&](const Finished& one) {
    return one.read == read && one.write == write && one.mtime_ns == now.mtime_ns;
  });
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
  if (write.before) write.left = {write.before->size, write.before->mtime_ns};
  add_once(write.seen.by, by);
  return &write;
}

/// What they wrote is gone; whoever removed a file has not written the one that is made in its place.
void FileLog::forget_writers(Write& write, int by) {
  write.seen.by.clear();
  add_once(write.seen.by, by);
  write.seen.held_by.clear();
  write.holders_alive = 0;
  for (auto& [program, holdings] : holdings_)
    std::erase_if(holdings, [&](const Holding& holding) { return &writes_[holding.write] == &write; });
}

void FileLog::will_write(std::string_view path, int by, bool empties) {
  Write* write = note(path, by);
  if (write == nullptr) return;
  if (empties || write->removed) {
    write->seen.emptied = true;
    write->left = {};
  }
  if (write->removed) forget_writers(*write, by);
  write->removed = false;
  const auto holder = holdings_.find(by);
  const auto is_this = [&](const Holding& holding) { return &writes_[holding.write] == write; };
  const bool had_it = holder != holdings_.end() && std::ranges::any_of(holder->second, is_this);
  if (!had_it) write->opened_at = ++moment_;
}

/// The kernel names the file without links in its path, whoever opened it may not.
FileLog::Write* FileLog::write_of(const GivenDescriptor& file) {
  if (const auto known = write_at_.find(file.path); known != write_at_.end()) return &writes_[known->second];
  const std::size_t first = writes_.size() - std::min(writes_.size(), kLastWrites);
  for (std::size_t at = writes_.size(); at > first; --at) {
    const auto now = state_of(writes_[at - 1].seen.path);
    if (now && now->device == file.device && now->inode == file.inode) return &writes_[at - 1];
  }
  return note(file.path, evidence::kNoProgram);
}

std::optional<std::vector<int>> FileLog::openers(const GivenDescriptor& file) {
  const Write* write = write_of(file);
  if (write == nullptr || write->seen.by.empty() || write->seen.by.size() >= kMostReaders) return std::nullopt;
  return write->seen.by;
}

void FileLog::holds(const GivenDescriptor& file, int by) {
  const bool has_name = file.path.starts_with('/') && !file.path.ends_with(" (deleted)");
  if (!has_name) return;
  if (file.reads) read(file.path, {.device = file.device, .inode = file.inode, .size = file.size, .link_to = {}}, by);
  Write* write = file.writes ? write_of(file) : nullptr;
  if (write == nullptr) return;
  auto& holders = write->seen.held_by;
  if (std::ranges::find(holders, by, &evidence::SeenHolder::by) != holders.end()) return;
  if (holders.size() >= kMostHolders) {
    ++dropped_holders_;
    return;
  }
  const bool same_time = write->left.mtime_ns == 0 || file.mtime_ns == write->left.mtime_ns;
  const bool as_left = file.size == write->left.size && (same_time || file.size == 0);
  holders.push_back({.by = by, .clean = as_left || write->holders_alive > 0});
  write->given_at = std::max(write->given_at, file.moment);
  ++write->holders_alive;
  const auto at = write_at_.find(write->seen.path);
  holdings_[by].push_back({.write = at->second, .holder = holders.size() - 1, .file = file});
}

void FileLog::lets_go(int by) {
  const auto found = holdings_.empty() ? holdings_.end() : holdings_.find(by);
  if (found == holdings_.end()) return;
  for (Holding& holding : found->second) {
    Write& write = writes_[holding.write];
    evidence::SeenHolder& holder = write.seen.held_by[holding.holder];
    const GivenDescriptor& file = holding.file;
    const auto now = state_of(file.path);
    if (!std::exchange(holding.over, true)) --write.holders_alive;
    holder.grew = -1;
    holder.alone = std::ranges::all_of(file.openers, [](const GivenDescriptor::Opener& opener) {
      return opener.wrote >= 0 && tracee::written_by(opener.pid) == opener.wrote;
    });
    if (!now || now->device != file.device || now->inode != file.inode) continue;
    write.left = {now->size, now->mtime_ns};
    const bool in_place = now->size == file.size && now->mtime_ns != file.mtime_ns;
    if (!in_place && now->size >= file.size) holder.grew = now->size - file.size;
  }
}

bool FileLog::was_left_alone(const Write& write, const FileState& now) {
  return !write.seen.held_by.empty() && write.holders_alive == 0 && write.opened_at <= write.given_at &&
         now.size == write.left.size && now.mtime_ns == write.left.mtime_ns;
}

void FileLog::will_change(const PendingChange& change) {
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
  forget_writers(*target, change.by);
  if (const auto source = write_at_.find(change.path); source != write_at_.end()) {
    Write& from = writes_[source->second];
    from.removed = true;
    for (const int writer : from.seen.by) add_once(target->seen.by, writer);
    target->seen.held_by = from.seen.held_by;
    target->left = from.left;
    target->opened_at = from.opened_at;
    target->given_at = from.given_at;
    target->holders_alive = from.holders_alive;
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
  for (std::size_t at = 0; at < writes_.size(); ++at) {
    Write& write = writes_[at];
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
    if (seen.change == Change::none && (!now || (seen.by.empty() && seen.held_by.empty())))
      continue;                                             // the call failed
    if (!now && seen.path.starts_with("/proc/")) continue;  // gone with its process
    if (now) seen.size = now->size;
    if (now) seen.after = {now->device, now->inode};
    if (write.before) seen.before = {write.before->device, write.before->inode};
    seen.left_alone = now && was_left_alone(write, *now);
    seen.emptied = seen.emptied && write.before && write.before->size > 0;
    const bool fresh = seen.change == Change::created || seen.change == Change::changed;
    if (digest && fresh && now->regular) {
      seen.sha256 = digests.of(seen.path, now->size);
      const auto came_too_late = [&](std::size_t read) { return was_finished(read, at, *now); };
      if (now->size > 0 && !seen.sha256.empty()) find_equal(seen, reads, by_size, digests, came_too_late);
    }
    result.push_back(std::move(seen));
  }
  return result;
}
}  // namespace mccoy::witness
