// Places of a claim, before and after: what was created or changed there meanwhile. Cheap enough for files of any size:
// digests are taken of small files only, larger ones have changed when their times have.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "harness/evidence/facts.hpp"
#include "harness/witness/file_state.hpp"

namespace mccoy::witness {
class PlaceWatch {
 public:
  /// Takes the picture of before.
  ///   globs  absolute
  explicit PlaceWatch(std::vector<std::string> globs);
  /// One entry for each path that matches now or matched before. Changed with same_bytes_as its own path: its times
  /// moved and its bytes are those of before.
  std::vector<evidence::SeenFile> end();

 private:
  struct Before {
    FileState state;
    std::string sha256;  ///< "" of large files, and of what is no file
  };
  std::vector<std::string> globs_;
  std::map<std::string, Before> before_;
};
}  // namespace mccoy::witness
