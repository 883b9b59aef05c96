// Whom a service runs as; declared in service_plan.hpp.
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "harness/target/service_plan.hpp"

namespace mccoy::target {
namespace {
constexpr id_t kNobody = 65534;

std::string group_name(gid_t gid) {
  char buffer[4096];
  group entry{};
  group* found = nullptr;
  return ::getgrgid_r(gid, &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr ? found->gr_name : "";
}

std::optional<RunAs> look_up(const std::string& name) {
  char buffer[16384];
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwnam_r(name.c_str(), &entry, buffer, sizeof buffer, &found) != 0 || found == nullptr) return std::nullopt;
  return RunAs{found->pw_uid, found->pw_gid, name, group_name(found->pw_gid)};
}
}  // namespace

Result<RunAs> find_user(const std::string& user, Span span) {
  const bool root = ::geteuid() == 0;
  if (user.empty() || (user == "unprivileged" && !root)) return RunAs{};
  if (user == "unprivileged") return look_up("nobody").value_or(RunAs{kNobody, kNobody, "nobody", "nogroup"});
  auto found = look_up(user);
  if (!found) return Error{.where = span, .what = "there is no user \"" + user + "\" on this machine"};
  if (found->uid == ::geteuid()) return RunAs{};
  if (!root) {
    return Error{.where = span,
                 .what = "only root can start a service as user \"" + user + "\"",
                 .hint = "use `user: unprivileged`, which means ourselves when mccoy is not root"};
  }
  return *found;
}
}  // namespace mccoy::target
