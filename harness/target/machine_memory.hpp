// How much memory a new process could still get: of the machine, and of the control groups we are in.
#pragma once
#include <cstdint>
#include <string>

#include "harness/base/error.hpp"

namespace mccoy::target {
struct MemoryLeft {
  std::int64_t bytes = 0;
  std::string limit;  ///< what bounds it: "the machine", "cgroup /ci/job7"
};
/// errors: /proc cannot be read
Result<MemoryLeft> memory_left();
}  // namespace mccoy::target
