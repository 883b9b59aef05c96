// The wall clock of one service, through libfaketime (Debian: libfaketime): preloaded at its start, it reads the offset
// from a file at every look at the clock. Clocks that count from the start of the machine are left alone. Programs that
// use no C library for that (Go, static ones) are not reached; who has it loaded is seen in /proc/PID/maps.
#pragma once
#include <string>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/base/error.hpp"

namespace mccoy::target {
/// Path of the library; "" when it is not installed.
std::string clock_library();
/// Makes the file, with no offset. returns its path
Result<std::string> make_clock_file(const std::string& path);
/// What stands in the file for an offset: always of the same length.
std::string clock_offset(Duration offset);
void set_clock_environment(std::vector<std::string>& env, const std::string& file);
}  // namespace mccoy::target
