#include "harness/witness/tool_names.hpp"

#include <limits.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <utility>

#include "harness/base/file.hpp"
#include "harness/base/process.hpp"

namespace mccoy::witness {
namespace {
std::string without_ending(const std::string& name) {
  for (const std::string_view ending : {".js", ".mjs", ".cjs", ".py", ".rb", ".phar", ".sh", ".exe"})
    if (name.size() > ending.size() && name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  return name;
}
/// What the file of this tool is called behind all links; "" while there is none. Thousands of cases may use the same
/// tool, so it is looked for until it is found, and then remembered.
std::string real_name(const std::string& tool, const std::string& path) {
  constexpr std::size_t kMost = 1000;
  static std::mutex mutex;
  static std::map<std::pair<std::string, std::string>, std::string> known;
  const std::pair key(tool, path);
  {
    const std::scoped_lock lock(mutex);
    if (const auto found = known.find(key); found != known.end()) return found->second;
  }
  const std::string file = find_program(tool, path, "/");
  std::array<char, PATH_MAX> real;
  if (file.empty() || ::realpath(file.c_str(), real.data()) == nullptr) return "";
  const std::scoped_lock lock(mutex);
  if (known.size() >= kMost) known.clear();
  return known[key] = basename(real.data());
}
}  // namespace

bool in_words(std::string_view words, std::string_view word) {
  if (word.empty() || word.find(' ') != std::string_view::npos) return false;
  for (auto at = words.find(word); at != std::string_view::npos; at = words.find(word, at + 1)) {
    const auto end = at + word.size();
    if (at > 0 && words[at - 1] == ' ' && end < words.size() && words[end] == ' ') return true;
  }
  return false;
}

bool is_any_of(std::string_view tools, const std::set<std::string>& names) {
  return std::ranges::any_of(names, [&](const std::string& name) { return in_words(tools, name); });
}

std::string without_version(std::string name) {
  const auto last = name.find_last_not_of("0123456789.-");
  if (last != std::string::npos && name.find_first_of("0123456789", last + 1) != std::string::npos)
    name.resize(last + 1);
  return name;
}

std::set<std::string> names_of(const std::string& tool, const std::vector<std::string>& env) {
  std::set<std::string> names;
  auto add = [&](const std::string& name) { names.insert({name, without_version(name), without_ending(name)}); };
  add(basename(tool));
  if (const std::string real = real_name(tool, get_env(env, "PATH")); !real.empty()) add(real);
  return names;
}
}  // namespace mccoy::witness
