// A handle the kernel lent us, given back exactly once, when its owner goes away.
// Movable, not copyable; used by one thread at a time.
#pragma once
#include <unistd.h>

#include <utility>

namespace mccoy {
template <class T, T kNone, auto give_back>
class Owned {
 public:
  Owned() = default;
  explicit Owned(T handle) noexcept : handle_(handle) {}
  Owned(Owned&& other) noexcept : handle_(other.release()) {}
  Owned& operator=(Owned other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Owned() {
    if (handle_ != kNone) give_back(handle_);
  }

  T get() const noexcept { return handle_; }
  T release() noexcept { return std::exchange(handle_, kNone); }
  void reset() noexcept { *this = Owned{}; }
  explicit operator bool() const noexcept { return handle_ != kNone; }

 private:
  T handle_ = kNone;
};

/// Closed once and never retried: on Linux the number is free even when close(2) reports EINTR.
using UniqueFd = Owned<int, -1, ::close>;
}  // namespace mccoy
