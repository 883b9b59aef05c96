// Processes as /proc shows them.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_map>
#include <unordered_set>

#include "harness/base/clock.hpp"
#include "harness/base/owned.hpp"
#include "harness/base/process.hpp"

namespace mccoy {
namespace {
using Folder = Owned<DIR*, nullptr, ::closedir>;

/// Files of /proc have no size: read until the end. Empty when the process is gone.
std::string read_proc(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  if (!file) return text;
  std::array<char, 4096> part;
  for (ssize_t n = 0; (n = ::read(file.get(), part.data(), part.size())) > 0;)
    text.append(part.data(), static_cast<std::size_t>(n));
  return text;
}

std::string folder_of(pid_t pid) {
  return "/proc/" + std::to_string(pid);
}

template <class T>
T number(std::string_view text) {
  T value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Field n (1-based, n >= 3) of /proc/PID/stat, given what follows the name. The name itself may hold spaces and ")".
std::string_view field(std::string_view after_name, int n) {
  for (int skipped = 3; skipped < n; ++skipped) {
    const auto space = after_name.find(' ');
    if (space == std::string_view::npos) return {};
    after_name.remove_prefix(space + 1);
  }
  return after_name.substr(0, after_name.find(' '));
}

std::optional<ProcessInfo> without_names(pid_t pid) {
  const std::string stat = read_proc(folder_of(pid) + "/stat");
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= stat.size()) return std::nullopt;
  const std::string_view fields = std::string_view(stat).substr(name_end + 2);
  ProcessInfo info;
  info.id = {pid, number<std::int64_t>(field(fields, 22))};
  info.state = fields[0];
  info.parent = number<pid_t>(field(fields, 4));
  static const std::int64_t ticks_per_second = ::sysconf(_SC_CLK_TCK);
  const std::int64_t booted_ms = wall_ms() - boot_us() / 1000;
  info.started_wall_ms = booted_ms + info.id.start_ticks * 1000 / ticks_per_second;
  return info;
}

void add_names(ProcessInfo& info) {
  const std::string folder = folder_of(info.id.pid);
  std::array<char, 4096> target;
  const ssize_t length = ::readlink((folder + "/exe").c_str(), target.data(), target.size());
  if (length > 0) info.exe.assign(target.data(), static_cast<std::size_t>(length));
  const std::string line = read_proc(folder + "/cmdline");
  for (std::size_t start = 0; start < line.size();) {
    const auto end = std::min(line.find('\0', start), line.size());
    info.argv.emplace_back(line, start, end - start);
    start = end + 1;
  }
}

/// The names in a folder that are numbers: processes of /proc, threads of a task folder.
std::vector<pid_t> numbers_in(const std::string& path) {
  std::vector<pid_t> found;
  const Folder folder(::opendir(path.c_str()));
  if (!folder) return found;
  while (const dirent* entry = ::readdir(folder.get()))
    if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9') found.push_back(number<pid_t>(entry->d_name));
  return found;
}

void append_numbers(std::string_view text, std::vector<pid_t>& into) {
  for (std::size_t start = 0; start < text.size();) {
    const auto end = std::min(text.find(' ', start), text.size());
    if (const auto pid = number<pid_t>(text.substr(start, end - start)); pid > 0) into.push_back(pid);
    start = end + 1;
  }
}

/// Children are listed under the thread that forked them.
void append_children(pid_t pid, std::vector<pid_t>& into) {
  const std::string tasks = folder_of(pid) + "/task";
  for (const pid_t thread : numbers_in(tasks))
    append_numbers(read_proc(tasks + "/" + std::to_string(thread) + "/children"), into);
}

/// Needs CONFIG_PROC_CHILDREN.
bool kernel_lists_children() {
  static const bool lists = ::access("/proc/thread-self/children", R_OK) == 0;
  return lists;
}

std::vector<pid_t> descendants_by_lists(pid_t root) {
  std::vector<pid_t> found;
  append_children(root, found);
  for (std::size_t next = 0; next < found.size(); ++next) append_children(found[next], found);
  return found;
}

std::vector<pid_t> children_by_table(pid_t parent) {
  std::vector<pid_t> found;
  for (const auto& info : process_table(false))
    if (info.parent == parent) found.push_back(info.id.pid);
  return found;
}

std::vector<pid_t> descendants_by_table(pid_t root) {
  std::unordered_multimap<pid_t, pid_t> children;
  for (const auto& info : process_table(false)) children.emplace(info.parent, info.id.pid);
  std::vector<pid_t> found{root};
  for (std::size_t next = 0; next < found.size(); ++next) {
    const auto [first, last] = children.equal_range(found[next]);
    for (auto child = first; child != last; ++child) found.push_back(child->second);
  }
  found.erase(found.begin());
  return found;
}
}  // namespace

std::optional<ProcessInfo> process_info(pid_t pid) {
  auto info = without_names(pid);
  if (info) add_names(*info);
  return info;
}

std::vector<ProcessInfo> process_table(bool with_names) {
  std::vector<ProcessInfo> table;
  for (const pid_t pid : numbers_in("/proc")) {
    if (auto info = with_names ? process_info(pid) : without_names(pid)) table.push_back(std::move(*info));
  }
  return table;
}

std::optional<ProcessId> identify_process(pid_t pid) {
  const auto info = without_names(pid);
  return info ? std::optional(info->id) : std::nullopt;
}

std::vector<pid_t> children_of(pid_t parent) {
  if (!kernel_lists_children()) return children_by_table(parent);
  std::vector<pid_t> found;
  append_children(parent, found);
  return found;
}

std::vector<pid_t> descendants_of(pid_t root) {
  auto found = kernel_lists_children() ? descendants_by_lists(root) : descendants_by_table(root);
  // A process that moves to a new parent while the lists are read may be met twice.
  std::unordered_set<pid_t> seen;
  std::erase_if(found, [&](pid_t pid) { return !seen.insert(pid).second; });
  return found;
}
}  // namespace mccoy
