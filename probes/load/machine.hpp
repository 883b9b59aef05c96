// What this machine allows a generator of load: processors, descriptors, ports.
#pragma once
#include <sys/resource.h>

#include <cstdint>
#include <utility>

namespace mccoy::load {
int processors();                 ///< this process may run on; at least 1
std::uint64_t ephemeral_ports();  ///< for connections to one address; 0: unknown
std::uint64_t open_files();       ///< descriptors of this process

/// More descriptors while it lives, as far as the hard limit goes.
class MoreFiles {
 public:
  explicit MoreFiles(std::uint64_t wanted);
  ~MoreFiles();
  MoreFiles(const MoreFiles&) = delete;
  MoreFiles& operator=(const MoreFiles&) = delete;
  std::uint64_t limit() const { return limit_; }

 private:
  rlimit before_ = {};
  std::uint64_t limit_ = 0;
  bool raised_ = false;
};
}  // namespace mccoy::load
