// Files that the programs below a watched command opened, wrote, renamed, linked and removed. Paths are those of this
// machine. Used by the one thread that answers the calls.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "harness/evidence/activity.hpp"
#include "harness/witness/file_state.hpp"

namespace mccoy::witness {
/// A change of names that was let pass; whether it succeeded shows afterwards.
struct PendingChange {
  enum class Kind { rename, link, symlink, unlink, make } kind = Kind::unlink;
  std::string path = {}, second = {};  ///< second: the new name of rename, link and symlink
  std::optional<FileState> was = {};   ///< of path
  int by = evidence::kNoProgram;
};

class FileLog {
 public:
  /// The file exists and may be read.
  void read(std::string_view path, const FileState& file, int by);
  /// Cheaper: is there nothing to add when this program reads this path?
  bool known_read(std::string_view path, int by) const;
  /// Before the kernel opens, makes or cuts it.
  void will_write(std::string_view path, int by);
  void will_change(PendingChange change);
  /// After the kernel has done it, or refused.
  void changed(const PendingChange& change);

  std::vector<evidence::SeenRead> take_reads();
  /// Compares with how the files are now.
  ///   reads   of take_reads(), to find copies
  ///   digest  those that were made or changed are digested, and copies found
  std::vector<evidence::SeenWrite> finish_writes(const std::vector<evidence::SeenRead>& reads, bool digest);
  std::int64_t dropped_reads() const { return dropped_reads_; }
  std::int64_t dropped_writes() const { return dropped_writes_; }

 private:
  struct Write {
    evidence::SeenWrite seen;
    std::optional<FileState> before;  ///< as it was at the first call that named it
    bool removed = false;             ///< unlinked or renamed away since it was last made
  };
  using Index = std::unordered_map<std::string_view, std::uint32_t>;
  Write* note(std::string_view path, int by);

  std::deque<evidence::SeenRead> reads_;
  std::deque<Write> writes_;
  Index read_at_, write_at_;  ///< by paths that stand in the two above
  std::int64_t dropped_reads_ = 0, dropped_writes_ = 0;
};
}  // namespace mccoy::witness
