// Were these files written in this trial, and are they copies of something older? Compares the state before and after
// by device, inode, size, times and digest. It sees state, not writers: who wrote a file needs the system-call witness.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "harness/evidence/facts.hpp"

namespace mccoy::witness {
class FileWatch {
 public:
  /// Takes the picture of before.
  ///   globs   files of the claim, relative to folder or absolute
  ///   folder  where older copies are looked for (all files below it, at most 50,000; more: said in the coverage)
  static FileWatch begin(std::vector<std::string> globs, std::string folder);
  FileWatch(FileWatch&&) noexcept;
  FileWatch& operator=(FileWatch&&) noexcept;
  ~FileWatch();
  /// One SeenFile for each path that matches now or matched before; a glob without any match gives nothing.
  std::vector<evidence::SeenFile> end(evidence::Coverage& coverage);

 private:
  struct State;
  FileWatch();
  std::unique_ptr<State> state_;
};
/// The state of one file against the start of the run, for probes that only look: changed when its ctime is younger.
evidence::SeenFile look_at(const std::string& path, std::int64_t since_wall_ms);
}  // namespace mccoy::witness
