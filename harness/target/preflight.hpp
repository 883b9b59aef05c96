// What must be true of the machine before anything runs. Each check is done for real: a tool is run and its version
// read.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "harness/base/process.hpp"
#include "harness/suite/scope.hpp"
#include "harness/suite/suite.hpp"

namespace mccoy::target {
struct PreflightResult {
  const suite::Preflight* asked = nullptr;      ///< never null in a result of run_preflight()
  std::shared_ptr<const suite::Preflight> own;  ///< holds `asked` where the suite does not: a service's fixed port
  bool ok = false;
  std::string name;   ///< "tool postgres", "port 8080", "address db.example:5432"
  std::string found;  ///< "15.18 at /usr/lib/postgresql/15/bin/postgres (sha256 12ab…)"
  std::string
      why;  ///< "postgres 15.18 is not >= 16", "port 8080 is held by pid 812 /usr/bin/node since 2026-11-21T10:02:11Z"
  std::string hint;
};
/// All of them, also after a failure; then the fixed ports of the services that mccoy is to start.
std::vector<PreflightResult> run_preflight(const suite::Suite& suite, const suite::Scope& scope,
                                           const std::vector<std::string>& env, const Interrupt* interrupt);
Value to_value(const PreflightResult& result, std::string_view suite);
/// ">= 13", "< 20", "15.2", ">= 13, < 16" against "15.18 (Debian 15.18-0+deb12u1)": numeric parts compared one by one,
/// missing ones as 0. A bare version and "=" look only at the parts they name: 15.18 is "15". A rule that cannot be
/// read is false.
bool version_satisfies(std::string_view version, std::string_view wanted);
bool is_version_rule(std::string_view wanted);
}  // namespace mccoy::target
