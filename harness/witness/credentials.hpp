// As whom a thread opens files, and whether it may.
#pragma once
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace mccoy::witness {
struct Credentials {
  uid_t user = 0;  ///< of the file system's checks, see setfsuid(2)
  gid_t group = 0;
  std::vector<gid_t> groups = {};
  bool overrides = true;  ///< it may open what its user may not (CAP_DAC_OVERRIDE)
};
/// Of one thread. nullopt: it is gone.
std::optional<Credentials> credentials_of(pid_t thread);

/// Would access to this file be granted to them? Takes their place for that moment, which only root can; otherwise
/// they are taken to be ours.
///   mode  R_OK, W_OK, X_OK
bool may_access(const std::string& path, int mode, const Credentials& who);
}  // namespace mccoy::witness
