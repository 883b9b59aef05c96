// Signals by name and number.
#include <signal.h>
#include <string.h>

#include <charconv>

#include "harness/base/process.hpp"

namespace mccoy {
std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? name : "SIG" + std::to_string(signal);
}

int signal_number(std::string_view name) {
  if (name.starts_with("SIG")) name.remove_prefix(3);
  int number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc() && end == name.data() + name.size()) return number > 0 && number < NSIG ? number : 0;
  for (number = 1; number < NSIG; ++number)
    if (signal_name(number) == name) return number;
  return 0;
}
}  // namespace mccoy
