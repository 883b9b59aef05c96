// A descriptor that can be polled and is made readable from another thread.
#pragma once
#include <poll.h>
#include <sys/eventfd.h>

#include <cstdint>

#include "harness/base/clock.hpp"
#include "harness/base/owned.hpp"
#include "harness/base/process.hpp"

namespace mccoy::target {
class Wake {
 public:
  Wake() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  int fd() const noexcept { return fd_.get(); }
  void set() const noexcept {
    const std::uint64_t one = 1;
    (void)!::write(fd_.get(), &one, sizeof one);
  }
  void clear() const noexcept {
    std::uint64_t count = 0;
    (void)!::read(fd_.get(), &count, sizeof count);
  }

 private:
  UniqueFd fd_;
};

inline bool raised(const Interrupt* interrupt) {
  return interrupt != nullptr && interrupt->raised();
}

/// Until one of the descriptors (-1: none) is readable, the interrupt is raised or the deadline passed.
inline void wait_for_any(int first, int second, const Interrupt* interrupt, Deadline deadline) {
  pollfd waited[] = {{first, POLLIN, 0}, {second, POLLIN, 0}, {interrupt == nullptr ? -1 : interrupt->fd(), POLLIN, 0}};
  ::poll(waited, 3, deadline.poll_ms());
}
}  // namespace mccoy::target
