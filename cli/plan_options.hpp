// The options that choose what of the suites is meant; the same for `run` and `check`.
#pragma once
#include <string>
#include <vector>

#include "harness/run/run.hpp"

namespace CLI {
class App;
}

namespace mccoy::cli {
struct PlanOptions {
  std::vector<std::string> suites, only, tags;
  std::string shard, require;
};
/// The options keep pointing at `into`, which must outlive the parsing.
void add_plan_options(CLI::App& command, PlanOptions& into);
run::RunOptions to_run_options(const PlanOptions& options);
}  // namespace mccoy::cli
