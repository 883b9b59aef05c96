// The folder a run leaves behind: journal.jsonl, blobs/, and, once the run has ended, seal.json over all of them.
//   seal.json: {"format": 1, "journal": {"records", "head", "root", "bytes", "sha256"}, "files": [{"path", "bytes",
//   "sha256"}, …]}
// "files" are the blobs, sorted by path. The seal is written atomically after the close record; a bundle without it is
// incomplete. Folders are 0700, files 0600 while they are written and 0400 afterwards. Nothing else belongs in the
// folder: a file that the seal does not name breaks it. A bundle that was not signed says so wherever it is shown.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/error.hpp"
#include "harness/evidence/blobs.hpp"
#include "harness/evidence/journal.hpp"

namespace mccoy::evidence {
constexpr std::string_view kJournalFile = "journal.jsonl";
constexpr std::string_view kSealFile = "seal.json";
constexpr std::string_view kBlobsFolder = "blobs";

class Bundle {
 public:
  /// Makes the folder (and its parents); it must not exist or be empty.
  static Result<Bundle> create(const std::string& folder);
  Bundle(Bundle&&) noexcept = default;
  Bundle& operator=(Bundle&&) noexcept = default;

  const std::string& folder() const { return folder_; }
  Journal& journal() { return *journal_; }
  Blobs& blobs() { return *blobs_; }
  /// Appends the close record, syncs, writes the seal; nothing can be appended afterwards.
  ///   errors  the evidence could not be kept
  Status seal(const Value& close_body);

 private:
  Bundle() = default;
  std::string folder_;
  std::unique_ptr<Journal> journal_;
  std::shared_ptr<Blobs> blobs_;  ///< with the journal, which makes them durable
};

/// Is this folder what its seal says? Reads every byte once; memory is one record and the list of files.
struct Integrity {
  /// incomplete: not sealed, a run that was cut off; what is there is unchanged as far as can be told
  enum class State { intact, incomplete, broken } state = State::broken;
  JournalReading journal;
  std::int64_t files = 0, bytes = 0;
  std::vector<std::string> problems;  ///< one sentence each, naming file and what is wrong
};
std::string_view to_text(Integrity::State state);
/// errors  not a bundle, or it cannot be read
Result<Integrity> check_integrity(const std::string& folder);

/// What seal.json says.
struct Seal {
  Journal::Extent journal;
  struct File {
    std::string path;  ///< relative to the bundle, "blobs/ab/abcdef…"
    std::int64_t bytes = 0;
    std::string sha256;
  };
  std::vector<File> files;
};
std::string seal_text(const Seal& seal);
/// Accepts exactly what seal_text() writes, byte for byte: no other spelling of the same seal is valid.
Result<Seal> parse_seal(std::string_view text);
/// errors  missing (cause ENOENT), not a plain file, not a seal
Result<Seal> read_seal(const std::string& folder);
}  // namespace mccoy::evidence
