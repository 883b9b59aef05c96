#include "cli/suites.hpp"

#include <cstdio>

#include "cli/logging.hpp"
#include "harness/base/clock.hpp"
#include "probes/catalogue.hpp"

namespace mccoy::cli {
void tell(const Error& error) {
  std::fputs(render(error).c_str(), stderr);
}

std::optional<std::vector<suite::Suite>> load_suites(const std::vector<std::string>& paths) {
  std::vector<suite::Suite> suites;
  std::vector<Error> errors;
  const std::string today = date_utc(wall_ms());
  for (const auto& path : paths) {
    auto read = suite::read_suite(path, probes::kind_schemas(), today);
    if (auto* mistakes = std::get_if<suite::ReadErrors>(&read))
      errors.insert(errors.end(), mistakes->errors.begin(), mistakes->errors.end());
    else
      suites.push_back(std::get<suite::Suite>(std::move(read)));
    log_debug("read " + path);
  }
  for (const auto& error : errors) tell(error);
  if (!errors.empty()) return std::nullopt;
  return suites;
}

std::optional<std::vector<run::Planned>> load_plan(const std::vector<suite::Suite>& suites,
                                                   const run::RunOptions& options) {
  auto plan = run::plan_of(suites, options, &probes::find_kind);
  if (plan.ok()) return std::move(plan).value();
  tell(plan.error());
  return std::nullopt;
}
}  // namespace mccoy::cli
