// What stat says of a file at one moment, and the older files of a folder, found again by inode or by content.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mccoy::witness {
struct FileState {
  std::uint64_t device = 0, inode = 0;
  std::int64_t size = 0, mtime_ns = 0, ctime_ns = 0;
  std::int64_t born_ns = 0;  ///< 0: the file system does not say
  bool regular = false;
  std::string link_to;  ///< of a symbolic link: what it names
  bool same_file(const FileState& other) const { return device == other.device && inode == other.inode; }
  bool untouched_since(const FileState& other) const {
    return same_file(other) && size == other.size && mtime_ns == other.mtime_ns && ctime_ns == other.ctime_ns;
  }
};
/// Of the file itself, or of what a link leads to (link_to set then). Nothing when there is none.
std::optional<FileState> state_of(const std::string& path);
/// The clock that stamps files: seconds and a tick behind the other clocks.
std::int64_t file_clock_ns();

/// All files that were below a folder. Symbolic links and other file systems are not entered.
class OlderFiles {
 public:
  static constexpr std::size_t kMost = 50000;
  explicit OlderFiles(const std::string& folder);
  bool complete() const { return complete_; }
  /// A name this file had; "" when it was not there.
  std::string name_of(const FileState& file) const;
  /// An older file with these bytes that still is as it was; "" if there is none. Files without content are like no
  /// other.
  ///   not_this  the path itself
  std::string with_bytes(std::int64_t size, const std::string& sha256, const std::string& not_this);

 private:
  struct Known {
    std::string path, sha256;
    FileState state;
  };
  void walk(const std::string& folder, std::uint64_t device);
  std::vector<Known> files_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::size_t> by_inode_;
  std::multimap<std::int64_t, std::size_t> by_size_;
  bool complete_ = true;
};
}  // namespace mccoy::witness
