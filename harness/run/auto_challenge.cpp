#include "harness/run/auto_challenge.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "harness/base/file.hpp"
#include "harness/base/random.hpp"

namespace mccoy::run {
namespace {
using evidence::Activity;
constexpr std::size_t kMostFiles = 3;

/// Neither "/" nor one of its folders: what lies there belongs to more than one piece of work.
bool is_narrow(std::string_view folder) {
  return std::ranges::count(folder, '/') >= 2;
}

bool is_below(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() + 1 && path.starts_with(folder) && path[folder.size()] == '/';
}

/// What ran is the claim itself; without it anything turns red.
bool is_program(const Activity& activity, const std::string& path) {
  return std::ranges::any_of(activity.programs, [&](const evidence::SeenProgram& program) {
    return program.process.exe == path || program.process.script == path;
  });
}

bool is_written(const Activity& activity, const std::string& path) {
  return std::ranges::find(activity.writes, path, &evidence::SeenWrite::path) != activity.writes.end();
}

bool is_regular(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

std::vector<std::string> files_used(const Activity& activity, const std::string& folder) {
  std::vector<std::string> files;
  for (const evidence::SeenRead& read : activity.reads)
    if (is_below(read.path, folder) && read.size > 0 && !is_program(activity, read.path) &&
        !is_written(activity, read.path) && is_regular(read.path))
      files.push_back(read.path);
  return files;
}

void shuffle(std::vector<std::string>& items, Random& random) {
  for (std::size_t left = items.size(); left > 1; --left) std::swap(items[left - 1], items[random.below(left)]);
}

/// A service whose process was at the other end of a connection, or to which the one that answered was connected.
bool was_used(const evidence::Facts& seen, const std::string& service) {
  if (seen.responder && seen.responder->service == service) return false;  // it answers; see ChallengeClass::liveness
  for (const evidence::SeenService& other : seen.services) {
    if (std::ranges::find(other.connected_to, service) != other.connected_to.end()) return true;
    if (other.name != service || !seen.activity) continue;
    for (const evidence::SeenConnection& connection : seen.activity->connections)
      for (const evidence::SeenProcess& peer : connection.peers)
        if (std::ranges::any_of(other.listeners, [&](const auto& listener) { return listener.id == peer.id; }))
          return connection.made > 0;
  }
  return false;
}

/// It spoke with somebody who is no service of the suite, and there is a way to keep it from that.
bool used_the_network(const Activity& activity) {
  return std::ranges::any_of(activity.connections, [](const evidence::SeenConnection& connection) {
    return connection.protocol == "tcp" && connection.bytes_in > 0 && connection.bytes_out > 0 &&
           connection.peer_programs.empty();
  });
}

suite::Challenge control(const suite::Case& which, std::string name) {
  suite::Challenge control;
  control.name = std::move(name);
  control.span = which.span;
  control.form = suite::Challenge::Form::control;
  control.automatic = true;
  return control;
}
}  // namespace

std::vector<suite::Challenge> automatic_controls(const suite::Case& which, const evidence::Facts& seen,
                                                 const std::vector<std::string>& services, const std::string& folder,
                                                 std::uint64_t seed) {
  std::vector<suite::Challenge> controls;
  for (const std::string& service : services) {
    if (!was_used(seen, service)) continue;
    controls.push_back(control(which, "auto: without service " + service));
    controls.back().stop = service;
  }
  if (::geteuid() == 0 && seen.activity && controls.empty() && used_the_network(*seen.activity)) {
    controls.push_back(control(which, "auto: without network"));
    controls.back().cut_network = true;
  }
  if (!seen.activity || !is_narrow(folder)) return controls;
  Random random(derive_seed(seed, which.id + " auto"));
  std::vector<std::string> files = files_used(*seen.activity, folder);
  shuffle(files, random);
  files.resize(std::min(files.size(), kMostFiles));
  for (std::string& file : files) {
    controls.push_back(control(which, "auto: without " + file));
    controls.back().file = std::move(file);
  }
  return controls;
}
}  // namespace mccoy::run
