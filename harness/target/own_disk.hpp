// A small file system in memory for the folder of one service, so that it can be filled up or made read-only without
// touching anybody else's. Needs root. Unmounted when it is let go of, and by the guardian should mccoy be killed.
#pragma once
#include <cstdint>
#include <string>

#include "harness/base/undo.hpp"

namespace mccoy::target {
class OwnDisk {
 public:
  OwnDisk() = default;
  /// Over an empty folder; owner and mode stay as they are. When it cannot be had, why_not() says so.
  static OwnDisk make(const std::string& folder, std::int64_t bytes);
  OwnDisk(OwnDisk&&) noexcept = default;
  OwnDisk& operator=(OwnDisk&&) noexcept = default;
  ~OwnDisk();
  const std::string& source() const { return source_; }  ///< as /proc/mounts shows it; "" when there is none
  const std::string& why_not() const { return why_not_; }

 private:
  std::string source_, why_not_;
  Undo undo_;
};
}  // namespace mccoy::target
