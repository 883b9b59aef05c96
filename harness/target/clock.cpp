#include "harness/target/clock.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "harness/base/file.hpp"
#include "harness/base/process.hpp"

namespace mccoy::target {
std::string clock_library() {
  const auto found = glob("/usr/lib/*/faketime/libfaketimeMT.so.1", "/", 16);
  return found.ok() && !found->empty() ? found->front() : "";
}

Result<std::string> make_clock_file(const std::string& path) {
  MCCOY_DO(write_atomically(path, clock_offset({}), 0644));
  return path;
}

std::string clock_offset(Duration offset) {
  return fmt::format("{:+018.3f}\n", std::chrono::duration<double>(offset).count());
}

void set_clock_environment(std::vector<std::string>& env, const std::string& file) {
  const std::string before = get_env(env, "LD_PRELOAD");
  set_env(env, "LD_PRELOAD", clock_library() + (before.empty() ? "" : ":" + before));
  set_env(env, "FAKETIME_TIMESTAMP_FILE", file);
  set_env(env, "FAKETIME_NO_CACHE", "1");
  set_env(env, "FAKETIME_DONT_FAKE_MONOTONIC", "1");
  set_env(env, "DONT_FAKE_MONOTONIC", "1");  // what versions before 0.9.10 call it
}
}  // namespace mccoy::target
