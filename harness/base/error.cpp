#include "harness/base/error.hpp"

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>

namespace mccoy {
std::string_view intern(std::string_view name) {
  static std::mutex mutex;
  static auto& names = *new std::set<std::string, std::less<>>;  // never freed: spans outlive static objects
  const std::lock_guard lock(mutex);
  const auto found = names.find(name);
  return found != names.end() ? *found : *names.emplace(name).first;
}

Error system_error(std::string what, int errno_value) {
  const std::error_code cause(errno_value, std::generic_category());
  return Error{.what = std::move(what) + ": " + cause.message(), .cause = cause};
}

void broken_invariant(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: mccoy broke its own rule: %s\n", file, line, condition);
  std::abort();
}
}  // namespace mccoy
