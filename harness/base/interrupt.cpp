#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness/base/process.hpp"

namespace mccoy {
Interrupt::Interrupt() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  MCCOY_CHECK(fd_ >= 0);
}

Interrupt::~Interrupt() {
  ::close(fd_);
}

void Interrupt::raise() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);  // it fails only when it is raised very often
}

bool Interrupt::raised() const noexcept {
  pollfd readable{fd_, POLLIN, 0};
  return ::poll(&readable, 1, 0) > 0;
}

int Interrupt::fd() const noexcept {
  return fd_;
}
}  // namespace mccoy
