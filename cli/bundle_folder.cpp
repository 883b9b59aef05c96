#include "cli/bundle_folder.hpp"

#include <algorithm>
#include <filesystem>

#include "harness/base/clock.hpp"
#include "harness/base/file.hpp"
#include "harness/base/process.hpp"
#include "harness/base/random.hpp"
#include "harness/base/text.hpp"

namespace mccoy::cli {
std::string fresh_bundle() {
  std::string stamp = rfc3339(wall_ms());
  stamp.erase(stamp.find('.'));
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  return "mccoy-out/" + stamp + "Z-" + fresh_token(6);
}

std::vector<std::string> own_command_line() {
  const auto bytes = read_file("/proc/self/cmdline", 4 << 20);
  if (!bytes.ok()) return {};
  auto words = split(*bytes, '\0');
  if (!words.empty() && words.back().empty()) words.pop_back();
  return words;
}

std::jthread identify_ourselves() {
  return std::jthread([] { (void)identify_executable("/proc/self/exe"); });
}

bool is_taken(const std::string& folder) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder, ignored)) return false;
  return !std::filesystem::is_directory(folder, ignored) || !std::filesystem::is_empty(folder, ignored);
}
}  // namespace mccoy::cli
