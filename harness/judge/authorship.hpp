// Whose bytes are in a file that programs opened, or were given by those who opened it, and where those can have had
// them from.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "harness/judge/weigh.hpp"

namespace mccoy::judge {
/// Held: the programs that the obligation names under `by`, and what they started, put in all that was put in.
Weight authorship(const evidence::Activity& activity, const evidence::SeenWrite& write,
                  const suite::Obligation& obligation);
/// "pid 312 /bin/cp", the first of them
std::string first_of(const evidence::Activity& activity, const std::vector<int>& programs);

/// Where the bytes of a file can have come from. The activity must outlive it.
class Origins {
 public:
  Origins(const evidence::Activity& activity, const evidence::SeenWrite& write);
  /// One of those that read this may have written the file, or handed the bytes to one that did, in time.
  bool include(const evidence::SeenRead& read) const;

 private:
  bool include(int reader) const;
  bool is_filled_by_holders(const evidence::SeenWrite& write) const;
  bool wrote(int program) const;
  void add(int index);

  const evidence::Activity& activity_;
  std::vector<int> sources_;
  bool fed_ = false;        ///< one of them could get bytes from others: by a pipe, a socket, a connection
  bool open_end_ = false;   ///< when one of them ended is not known
  std::int64_t until_ = 0;  ///< when the last of them ended
};
}  // namespace mccoy::judge
