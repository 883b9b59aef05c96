#include "probes/chaos/limit_group.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "harness/base/file.hpp"
#include "harness/base/random.hpp"
#include "harness/base/text.hpp"

namespace mccoy::chaos {
namespace {
bool has_controller(const std::string& list, const std::string& controller) {
  const auto names = split(list, ',');
  return std::ranges::find(names, controller) != names.end();
}

/// Of /proc/PID/cgroup, "ID:CONTROLLERS:PATH": where the process is in one hierarchy. v2: controller "".
std::string path_of(pid_t pid, const std::string& controller) {
  std::ifstream lines("/proc/" + std::to_string(pid) + "/cgroup");
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string list = line.substr(first + 1, second - first - 1);
    if (controller.empty() ? list.empty() && line.starts_with("0:") : has_controller(list, controller))
      return line.substr(second + 1);
  }
  return "";
}

struct Mount {
  std::string root, point;
};
/// Where the hierarchy is mounted; proc(5): "ID PARENT DEVICE ROOT POINT OPTIONS … - TYPE SOURCE SUPER".
std::optional<Mount> mount_of(const std::string& controller) {
  std::ifstream lines("/proc/self/mountinfo");
  for (std::string line; std::getline(lines, line);) {
    const auto fields = split(line, ' ');
    const auto dash = std::ranges::find(fields, "-");
    if (fields.size() < 5 || fields.end() - dash < 4) continue;
    const bool wanted =
        controller.empty() ? dash[1] == "cgroup2" : dash[1] == "cgroup" && has_controller(dash[3], controller);
    if (wanted) return Mount{fields[3], fields[4]};
  }
  return std::nullopt;
}

/// The folder of the group a process is in; "" when it cannot be reached.
std::string folder_of(pid_t pid, const std::string& controller) {
  const auto mount = mount_of(controller);
  std::string path = path_of(pid, controller);
  if (!mount || path.empty()) return "";
  if (mount->root != "/") {
    if (!path.starts_with(mount->root)) return "";
    path.erase(0, mount->root.size());
  }
  while (!path.empty() && path.back() == '/') path.pop_back();
  return mount->point + path;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Status write_limit(const std::string& path, const std::string& value) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return system_error("cannot open " + path, errno);
  if (::write(file.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size())) return {};
  return system_error("cannot write \"" + value + "\" into " + path, errno);
}

/// The service's own group of v2: only it may be changed, never one that others are in.
std::string own_v2(const FaultContext& context, const LimitGroup::Want& want) {
  const auto where = context.services->whereabouts(context.service);
  if (!where || where->keeper <= 0) return "";
  const std::string folder = folder_of(where->root.pid, "");
  const bool own = folder.ends_with("/mccoy-" + std::to_string(where->keeper));
  return own && ::access((folder + "/" + want.v2.front().name).c_str(), W_OK) == 0 ? folder : "";
}

std::string v1_parent(const FaultContext& context, const LimitGroup::Want& want) {
  const auto where = context.services->whereabouts(context.service);
  return where ? folder_of(where->root.pid, want.controller) : "";
}
}  // namespace

std::string LimitGroup::lacks(const FaultContext& context, const Want& want) {
  if (!want.v2.empty() && !own_v2(context, want).empty()) return "";
  const std::string parent = v1_parent(context, want);
  if (parent.empty() || want.v1.empty())
    return "this machine offers no cgroup controller \"" + want.controller +
           "\" for services (v2 not delegated, v1 not mounted)";
  if (::access(parent.c_str(), W_OK) != 0) return "cgroups below " + parent + " may not be made by this user";
  return "";
}

Result<LimitGroup> LimitGroup::make(const FaultContext& context, const Want& want) {
  LimitGroup group;
  group.context_ = &context;
  UndoOrder order{.expires_boot_us = expiry_in(context.expires_in),
                  .because = context.service + " has a limit of " + want.controller};
  const std::string own = want.v2.empty() ? "" : own_v2(context, want);
  if (!own.empty()) {
    group.path_ = own;
    group.through_ = "cgroup v2";
    order.what = Undo::What::write;
    for (const auto& limit : want.v2) {
      order.to = own + "/" + limit.name;
      order.bytes = text_of(order.to);
      MCCOY_TRY(undo, Undo::promise(order));
      group.undo_.push_back(std::move(undo));
      MCCOY_DO(write_limit(order.to, limit.value));
    }
    return group;
  }
  const std::string parent = v1_parent(context, want);
  if (parent.empty()) return Error{.what = lacks(context, want)};
  group.v1_ = true;
  group.through_ = "cgroup v1";
  group.path_ = parent + (parent.ends_with('/') ? "" : "/") + "mccoy-fault-" + fresh_token(8);
  order.what = Undo::What::cgroup;
  order.from = group.path_;
  order.to = parent;
  MCCOY_TRY(undo, Undo::promise(order));
  group.undo_.push_back(std::move(undo));
  if (::mkdir(group.path_.c_str(), 0755) != 0) return system_error("cannot make the cgroup " + group.path_, errno);
  for (const auto& limit : want.v1) MCCOY_DO(write_limit(group.path_ + "/" + limit.name, limit.value));
  group.gather();
  return group;
}

LimitGroup::~LimitGroup() {
  (void)heal();
}

void LimitGroup::gather() {
  constexpr int kRounds = 20;
  for (int round = 0, moved = 1; v1_ && round < kRounds && moved > 0; ++round) {
    moved = 0;
    const auto inside = split(text_of(path_ + "/cgroup.procs"), '\n');
    const auto where = context_->services->whereabouts(context_->service);
    if (!where) return;
    for (const pid_t pid : where->members) {
      if (std::ranges::find(inside, std::to_string(pid)) != inside.end()) continue;
      moved += write_limit(path_ + "/cgroup.procs", std::to_string(pid)).ok() ? 1 : 0;
    }
  }
}

std::int64_t LimitGroup::number(const std::string& file, const std::string& key) const {
  std::istringstream text(text_of(path_ + "/" + file));
  if (key.empty()) {
    std::int64_t value = 0;
    text >> value;
    return value;
  }
  for (std::string line; std::getline(text, line);)
    if (const auto words = split(trim(line), ' '); words.size() > 1 && words.front() == key)
      return std::strtoll(words.back().c_str(), nullptr, 10);
  return 0;
}

Status LimitGroup::heal() {
  Status first;
  while (!undo_.empty()) {
    Status done = undo_.back().fulfil();
    if (!done.ok() && first.ok()) first = std::move(done);
    if (!first.ok()) undo_.back().leave_to_guardian();
    undo_.pop_back();
  }
  return first;
}
}  // namespace mccoy::chaos
