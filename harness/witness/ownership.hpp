// Whose process is this? Answered by whoever holds the process trees (services and trials).
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace mccoy::witness {
struct Owner {
  enum class Who {
    stranger,
    service,
    harness
  } who = Who::stranger;  ///< harness: mccoy itself or a command of one of its cases
  std::string service;
};
class Ownership {
 public:
  virtual ~Ownership() = default;
  virtual Owner owner_of(pid_t pid) const = 0;
  /// Processes worth looking at first when a socket's owner is searched: those of the services.
  virtual std::vector<pid_t> likely() const = 0;
};
}  // namespace mccoy::witness
