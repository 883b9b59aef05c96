// The wall clock of one service, through libfaketime (Debian: libfaketime): preloaded at its start, it reads the offset
// from a file at every look at the clock. Clocks that count from the start of the machine are left alone. Programs that
// use no C library for that (Go, static ones) are not reached; who has it loaded is seen in /proc/PID/maps.
#pragma once
#include <string>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/base/error.hpp"
#include "harness/base/undo.hpp"

namespace mccoy::target {
/// Path of the library; "" when it is not installed.
std::string clock_library();
/// The file, and the memory that the library shares between the processes of the service: a process that is killed
/// leaves memory of its own behind in /dev/shm, so it is given some. Removed with its owner, or by the guardian.
class FakeClock {
 public:
  /// With no offset.
  static Result<FakeClock> make(const std::string& path);
  FakeClock() = default;
  FakeClock(FakeClock&&) noexcept = default;
  FakeClock& operator=(FakeClock&&) noexcept = default;
  ~FakeClock();
  const std::string& file() const { return file_; }  ///< "": none was made

 private:
  std::string file_;
  Undo semaphore_, memory_;
};
/// What stands in the file for an offset: always of the same length.
std::string clock_offset(Duration offset);
void set_clock_environment(std::vector<std::string>& env, const std::string& file);
}  // namespace mccoy::target
