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
#include "harness/witness/descriptors.hpp"
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
  ///   empties  its bytes will be cut off
  void will_write(std::string_view path, int by, bool empties);
  /// Goes on with every opening: what was seen at one moment came after all openings before it.
  std::int64_t moment() const { return moment_; }
  /// Programs that have opened the file for writing so far; nullopt: not all of them are known.
  std::optional<std::vector<int>> openers(const GivenDescriptor& file);
  /// A program has begun with a descriptor of a regular file.
  void holds(const GivenDescriptor& file, int by);
  /// It is about to end, or to become another program, and has written all that it will write.
  void lets_go(int by);
  void will_change(const PendingChange& change);
  /// After the kernel has done it, or refused.
  void changed(const PendingChange& change);

  std::vector<evidence::SeenRead> take_reads();
  /// Compares with how the files are now.
  ///   reads   of take_reads(), to find copies
  ///   digest  those that were made or changed are digested, and copies found
  std::vector<evidence::SeenWrite> finish_writes(const std::vector<evidence::SeenRead>& reads, bool digest);
  std::int64_t dropped_reads() const { return dropped_reads_; }
  std::int64_t dropped_writes() const { return dropped_writes_; }
  bool all_holders() const { return dropped_holders_ == 0; }

 private:
  struct Write {
    evidence::SeenWrite seen;
    std::optional<FileState> before;  ///< as it was at the first call that named it
    bool removed = false;             ///< unlinked or renamed away since it was last made
    /// As it was when the last that had been given it ended, or when it was opened; mtime 0: it was emptied.
    struct Left {
      std::int64_t size = 0, mtime_ns = 0;
    } left = {};
    std::int64_t opened_at = 0, given_at = 0;  ///< moments of the last time
    int holders_alive = 0;
  };
  /// Of a program that lives: an entry of held_by, and the file as it was at its beginning.
  struct Holding {
    std::uint32_t write = 0;
    std::size_t holder = 0;
    GivenDescriptor file;
    bool over = false;
  };
  using Index = std::unordered_map<std::string_view, std::uint32_t>;
  Write* note(std::string_view path, int by);
  void forget_writers(Write& write, int by);
  void note_finished(std::size_t read);
  bool was_finished(std::size_t read, std::size_t write, const FileState& now) const;
  static bool was_left_alone(const Write& write, const FileState& now);
  Write* write_of(const GivenDescriptor& file);

  std::deque<evidence::SeenRead> reads_;
  std::deque<Write> writes_;
  Index read_at_, write_at_;                                ///< by paths that stand in the two above
  std::unordered_map<int, std::vector<Holding>> holdings_;  ///< by program
  /// A file that was written was as large as another when that was first opened to be read.
  struct Finished {
    std::size_t read = 0, write = 0;
    std::int64_t mtime_ns = 0;
  };
  std::vector<Finished> finished_;
  std::int64_t moment_ = 1;
  std::int64_t dropped_reads_ = 0, dropped_writes_ = 0, dropped_holders_ = 0;
};
}  // namespace mccoy::witness
