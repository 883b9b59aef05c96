// The append-only record of a run: one JSON object per line, each bound to the one before by its hash.
//   {"seq":3,"t_wall":1795259983123,"t_mono":12345678,"type":"trial","prev":"<hash of record 2>","body":{…},"hash":"…"}
// `hash` is the SHA-256 of all bytes of the line before `,"hash"`; `prev` of the first record is 64 zeros.
// seq counts from 1, so it is the line number; t_wall is milliseconds since 1970 UTC, t_mono microseconds of
// CLOCK_MONOTONIC. Readable with grep, checkable with sha256sum. Any thread may append; records are ordered by seq.
// After the first failed write or fdatasync every call fails.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/error.hpp"
#include "harness/base/value.hpp"

namespace mccoy::evidence {
/// When a record is on the disk: whenever the kernel likes; soon, on a thread of the journal's own, and a failure is
/// returned by the next call; before append() returns. Several callers share one fdatasync.
enum class Durable { no, soon, yes };

class Journal {
 public:
  /// O_EXCL: never writes into an existing journal.
  static Result<Journal> create(const std::string& path);
  Journal();
  Journal(Journal&&) noexcept;
  Journal& operator=(Journal&&) noexcept;
  ~Journal();
  /// errors  the evidence could not be kept; the run must end (exit code 4)
  Status append(std::string_view type, const Value& body, Durable durable);
  std::int64_t records() const;
  std::string head() const;  ///< hash of the last record, 64 zeros before the first
  bool failed() const;
  /// Called before every fdatasync: makes durable what records refer to. Its error is a failure of the journal.
  void before_sync(std::function<Status()> action);
  /// Of all bytes written so far; for the seal.
  struct Extent {
    std::int64_t records = 0, bytes = 0;
    std::string head = {}, root = {}, sha256 = {};
  };
  Extent extent() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct Record {
  std::int64_t seq = 0, wall_ms = 0, mono_us = 0;
  std::string type;
  Value body;
};

enum class JournalState {
  complete,    ///< a valid chain that ends with a "close" record
  incomplete,  ///< a valid chain without "close": the run was cut off
  torn,        ///< a valid prefix, then a tail without newline or of NULs: a crash while writing
  corrupt,     ///< something else is wrong: the file was changed
};
std::string_view to_text(JournalState state);

struct JournalReading {
  JournalState state = JournalState::incomplete;
  std::int64_t records = 0;  ///< of the valid prefix
  std::string head;          ///< hash of its last record, 64 zeros when there is none
  std::string root;          ///< RFC 6962 Merkle root over its lines (without newline)
  std::int64_t valid_bytes = 0, file_bytes = 0;
  std::string sha256;  ///< of the valid prefix: of the file, when that is all of it
  std::string why;     ///< for torn and corrupt: what is wrong, with the line number
};
/// No record is larger; a longer line is refused by writer and reader alike.
constexpr std::size_t kRecordBytesMax = std::size_t{64} << 20;

/// Streams the valid prefix through `each` (may be empty); memory is one record.
///   errors  the file cannot be read
Result<JournalReading> read_journal(const std::string& path, const std::function<void(const Record&)>& each);
/// The same of bytes in memory.
JournalReading read_journal_bytes(std::string_view bytes, const std::function<void(const Record&)>& each);

/// RFC 6962 Merkle tree hash, fed leaf by leaf.
class MerkleRoot {
 public:
  void add(std::string_view leaf);
  std::string hex() const;

 private:
  std::vector<std::string> peaks_;  ///< raw digests of complete subtrees, largest first
  std::uint64_t size_ = 0;
};
}  // namespace mccoy::evidence
