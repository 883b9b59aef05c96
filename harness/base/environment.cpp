// What a target's environment starts from, and how it is edited.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "harness/base/process.hpp"

namespace mccoy {
namespace {
/// LC_* by name, not by prefix: ssh setups smuggle secrets through as LC_ANYTHING.
constexpr std::array kInherited{"PATH",           "HOME",
                                "USER",           "LOGNAME",
                                "SHELL",          "TERM",
                                "TMPDIR",         "TZ",
                                "LANG",           "LC_ALL",
                                "LC_ADDRESS",     "LC_COLLATE",
                                "LC_CTYPE",       "LC_IDENTIFICATION",
                                "LC_MEASUREMENT", "LC_MESSAGES",
                                "LC_MONETARY",    "LC_NAME",
                                "LC_NUMERIC",     "LC_PAPER",
                                "LC_TELEPHONE",   "LC_TIME"};

bool is_named(std::string_view entry, std::string_view name) {
  return entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=';
}
}  // namespace

std::vector<std::string> own_environment() {
  std::vector<std::string> env;
  for (char** entry = environ; *entry != nullptr; ++entry) env.emplace_back(*entry);
  return env;
}

std::vector<std::string> base_environment() {
  std::vector<std::string> env;
  for (const char* name : kInherited)
    if (const char* value = std::getenv(name)) set_env(env, name, value);
  return env;
}

void set_env(std::vector<std::string>& env, std::string_view name, std::string_view value) {
  std::string entry(name);
  entry.append("=").append(value);
  const auto old = std::ranges::find_if(env, [&](const std::string& other) { return is_named(other, name); });
  if (old == env.end())
    env.push_back(std::move(entry));
  else
    *old = std::move(entry);
}

std::string get_env(const std::vector<std::string>& env, std::string_view name) {
  const auto found = std::ranges::find_if(env, [&](const std::string& entry) { return is_named(entry, name); });
  return found == env.end() ? std::string() : found->substr(name.size() + 1);
}
}  // namespace mccoy
