// Everything about one service that is settled before it starts: ports, folder, user, and its variables.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/process.hpp"
#include "harness/suite/scope.hpp"
#include "harness/suite/suite.hpp"
#include "harness/target/port_hold.hpp"
#include "harness/target/reach.hpp"

namespace mccoy::target {
/// Who a service runs as. Without uid: as ourselves.
struct RunAs {
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  std::string name, group;
};
/// `user` of a service: "" ourselves; "unprivileged" is nobody when mccoy is root and else ourselves; any other name.
///   errors  unknown user; not root and not ourselves
Result<RunAs> find_user(const std::string& user, Span span);

struct ServicePlan {
  const suite::Service* asked = nullptr;
  std::string suite_folder;
  std::string dir;  ///< ${dir}; "" when attached
  RunAs user;
  HostPort address;  ///< where it answers; host of others when attached
  PortHold port;
  std::map<std::string, PortHold> named_ports;
  bool uses_port = false;     ///< it is told its port, so it must listen there
  bool reads_matter = false;  ///< a case claims that it reads a file

  std::vector<int> ports() const;
  bool attached() const { return !asked->attach.value.is_null(); }
};
/// Chooses ports and makes the folder, owned by the service's user.
///   errors  no port, no folder, unknown user, attach address not understood
Result<ServicePlan> plan_service(const suite::Service& service, const suite::Suite& suite, const suite::Scope& scope,
                                 const std::string& scratch);
/// Somebody who listens on a port of the service before it starts: "port 8080 is held by pid …"; "" if nobody does.
std::string port_taken_by(const ServicePlan& plan, std::int64_t run_started_ms);

/// ${port}, ${port.NAME}, ${dir} of this service in front of a scope that knows the others.
suite::Scope own_scope(const ServicePlan& plan, const suite::Scope& scope);
Result<std::string> url_of(const ServicePlan& plan, const suite::Scope& own);
/// The service's command, expanded. A relative argv[0] with a slash is a file of the suite's folder. It starts in `cwd`
/// if stated, in ${dir} if it has a `user`, else in the suite's folder; HOME is ${dir}.
Result<Command> command_of(const ServicePlan& plan, const suite::Scope& own, const std::vector<std::string>& env);
/// A further command of the service (before, readiness): same user and environment, in `cwd` or ${dir}.
Result<Command> side_command(const ServicePlan& plan, const suite::Located& argv, const suite::Scope& own,
                             const std::vector<std::string>& env);
}  // namespace mccoy::target
