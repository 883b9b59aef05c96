// What a fault could leave behind, as lines of text: a line that was not there before, and stays, is residue.
#pragma once
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "harness/base/file.hpp"
#include "harness/base/process.hpp"
#include "harness/base/text.hpp"

namespace mccoy::chaos::testing {
using Lines = std::set<std::string>;

inline std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}
inline std::string all_of(const Lines& lines) {
  return join({lines.begin(), lines.end()}, "\n  ");
}
inline Lines missing_from(const Lines& those, const Lines& lines) {
  Lines rest;
  std::ranges::set_difference(lines, those, std::inserter(rest, rest.end()));
  return rest;
}
inline Lines common(const Lines& a, const Lines& b) {
  Lines both;
  std::ranges::set_intersection(a, b, std::inserter(both, both.end()));
  return both;
}
inline void add_lines(Lines& lines, const std::string& head, const std::string& text) {
  for (const auto& line : split(text, '\n'))
    if (!line.empty()) lines.insert(head + ": " + line);
}

/// Rules of nft and queues of tc, in the network of the machine and (`own`) in a named one ("" = none).
inline void add_network(Lines& lines, Lines& own, const std::string& network) {
  std::string script = "nft list ruleset; tc qdisc show";
  if (!network.empty())
    script += "; echo; echo in " + network + "; ip netns exec " + network + " sh -c '" + script + "'";
  Command command{.argv = {"/bin/sh", "-c", script}, .env = base_environment()};
  set_env(command.env, "PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
  const auto ran = run_command(command, Deadline::in(std::chrono::seconds(20)));
  const auto text = ran.ok() ? ran->out.text() : "cannot be asked";
  const auto inside = network.empty() ? std::string::npos : text.find("\nin " + network);
  add_lines(lines, "network of the machine", text.substr(0, inside));
  if (inside != std::string::npos) add_lines(own, "network", text.substr(text.find('\n', inside + 1) + 1));
}

/// Names below a folder, without what a run keeps on purpose.
inline void add_files(Lines& lines, const std::string& folder, const std::string& without) {
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (at->path().filename() == without)
      at.disable_recursion_pending();
    else
      lines.insert("file " + at->path().string());
}

inline void add_file(Lines& lines, const std::string& path) {
  struct stat now {};
  if (::stat(path.c_str(), &now) != 0) return;
  std::ostringstream text;
  text << path << ": " << now.st_mode << ' ' << now.st_uid << ' ' << now.st_mtim.tv_sec << '.' << now.st_mtim.tv_nsec
       << ' ' << text_of(path);
  lines.insert(text.str());
}

/// Of a process that lives on. Is it stopped, what may it use, where is it?
inline void add_process(Lines& lines, pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  const auto now = process_info(pid);
  lines.insert(folder + (!now ? " has ended" : now->state == 'T' ? " is stopped" : " lives"));
  add_lines(lines, folder, text_of(folder + "/limits"));
  add_lines(lines, folder, text_of(folder + "/cgroup"));
  for (const auto& line : split(text_of(folder + "/mounts"), '\n'))
    if (line.find(" /etc/") != std::string::npos) lines.insert(folder + " mount " + line);
}

/// Cgroups, mounts and processes (stress-ng among them) that have to do with these folders, mounts over files of the
/// machine, named networks, memory that is shared.
inline void add_machine(Lines& lines, const std::vector<std::string>& folders) {
  namespace fs = std::filesystem;
  const auto is_ours = [&](const std::string& text) {
    return std::ranges::any_of(folders, [&](const auto& folder) { return text.find(folder) != std::string::npos; });
  };
  std::error_code error;
  for (fs::recursive_directory_iterator at("/sys/fs/cgroup", fs::directory_options::skip_permission_denied, error), end;
       !error && at != end; at.increment(error))
    if (at->path().filename().string().starts_with("mccoy-")) lines.insert("cgroup " + at->path().string());
  for (const auto& line : split(text_of("/proc/self/mounts"), '\n'))
    if (is_ours(line) || line.find(" /etc/") != std::string::npos) lines.insert("mount " + line);
  for (fs::directory_iterator at("/run/netns", error), end; !error && at != end; at.increment(error))
    lines.insert("network " + at->path().string());
  for (fs::directory_iterator at("/dev/shm", error), end; !error && at != end; at.increment(error))
    for (const char* ours : {"mccoy", "faketime", "stress-ng"})
      if (at->path().filename().string().find(ours) != std::string::npos) lines.insert("file " + at->path().string());
  for (const auto& process : process_table(true))
    if (const auto words = join(process.argv, " "); is_ours(words))
      lines.insert("process " + std::to_string(process.id.pid) + " " + words);
}

/// Listening sockets of these processes, as "socket:[INODE]".
inline Lines listening(const std::vector<pid_t>& pids) {
  Lines all, held;
  for (const char* table : {"tcp", "tcp6", "udp", "udp6"})
    for (const auto& line : split(text_of(std::string("/proc/net/") + table), '\n')) {
      std::istringstream words(line);
      std::string field, state, inode;
      for (int i = 0; i < 10 && words >> field; ++i) {
        if (i == 3) state = field;
        if (i == 9) inode = field;
      }
      if (state == "0A" || state == "07") all.insert("socket:[" + inode + "]");
    }
  for (const pid_t pid : pids) {
    std::error_code error;
    for (std::filesystem::directory_iterator at("/proc/" + std::to_string(pid) + "/fd", error), end;
         !error && at != end; at.increment(error)) {
      std::error_code gone;
      const auto leads_to = std::filesystem::read_symlink(at->path(), gone).string();
      if (all.contains(leads_to)) held.insert(leads_to);
    }
  }
  return pids.empty() ? all : held;
}
}  // namespace mccoy::chaos::testing
