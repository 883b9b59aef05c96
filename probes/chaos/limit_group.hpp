// A cgroup with a limit for the processes of one service, dissolved when it is let go. Where the service has a cgroup
// v2 of its own with the controller, the limit is set there; else its processes are moved into a new group of the v1
// hierarchy, below the one they are in. Memory that was allocated before stays accounted where it was (the kernel does
// not move it), so a limit of memory is one of what is allocated from then on.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/undo.hpp"
#include "probes/chaos/fault.hpp"

namespace mccoy::chaos {
/// A file of a cgroup and what is written into it.
struct LimitFile {
  std::string name;   ///< "memory.max"
  std::string value;  ///< without the end of the line
};

class LimitGroup {
 public:
  struct Want {
    std::string controller;         ///< "memory"
    std::vector<LimitFile> v2, v1;  ///< in the order in which they are written
  };
  /// Why there can be none on this machine; "" = there can.
  static std::string lacks(const FaultContext& context, const Want& want);
  /// errors  it cannot be made, or a value is refused; then nothing of it stays
  static Result<LimitGroup> make(const FaultContext& context, const Want& want);
  LimitGroup(LimitGroup&&) = default;
  LimitGroup& operator=(LimitGroup&&) = default;
  ~LimitGroup();

  /// Moves members that came since (children of those that were moved are in it by themselves).
  void gather();
  /// The number behind `key` in a file of the group, or the first number when `key` is ""; 0 when there is none.
  std::int64_t number(const std::string& file, const std::string& key = "") const;
  const std::string& through() const { return through_; }  ///< "cgroup v1", "cgroup v2"
  const std::string& path() const { return path_; }
  /// errors  what could not be put back
  Status heal();

 private:
  LimitGroup() = default;
  std::string path_, through_;
  bool v1_ = false;
  const FaultContext* context_ = nullptr;
  std::vector<Undo> undo_;  ///< kept in reverse order
};
}  // namespace mccoy::chaos
