#include "probes/load/machine.hpp"

#include <sched.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace mccoy::load {
int processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? std::max(1, CPU_COUNT(&set)) : 1;
}

std::uint64_t ephemeral_ports() {
  std::ifstream range("/proc/sys/net/ipv4/ip_local_port_range");
  std::uint64_t first = 0, last = 0;
  return range >> first >> last && first <= last ? last - first + 1 : 0;
}

std::uint64_t open_files() {
  std::error_code ignored;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", ignored), end; at != end; at.increment(ignored)) ++count;
  return count;
}

MoreFiles::MoreFiles(std::uint64_t wanted) {
  if (::getrlimit(RLIMIT_NOFILE, &before_) != 0) return;
  limit_ = before_.rlim_cur;
  if (before_.rlim_cur == RLIM_INFINITY || before_.rlim_cur >= wanted) return;
  rlimit more = before_;
  more.rlim_cur = std::min<rlim_t>(wanted, before_.rlim_max);
  raised_ = ::setrlimit(RLIMIT_NOFILE, &more) == 0;
  if (raised_) limit_ = more.rlim_cur;
}

MoreFiles::~MoreFiles() {
  if (raised_) ::setrlimit(RLIMIT_NOFILE, &before_);
}
}  // namespace mccoy::load
