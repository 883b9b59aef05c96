#include "cli/plan_options.hpp"

#include <CLI/CLI.hpp>
#include <charconv>

namespace mccoy::cli {
namespace {
/// "2/5" -> 2, 5
bool read_shard(const std::string& text, int& shard, int& shards) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return false;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, shard),
             second = std::from_chars(text.data() + slash + 1, end, shards);
  return first.ec == std::errc{} && second.ec == std::errc{} && first.ptr == text.data() + slash && second.ptr == end &&
         shard >= 1 && shard <= shards;
}

std::string check_shard(const std::string& text) {
  int shard = 0, shards = 0;
  return read_shard(text, shard, shards) ? "" : "\"" + text + "\" is no shard; write i/n, for example 2/5";
}
}  // namespace

void add_plan_options(CLI::App& command, PlanOptions& into) {
  command.add_option("suites", into.suites, "suite files")->required()->type_name("SUITE");
  command.add_option("--only", into.only, "cases by name or suite/name, globs allowed; what they need is taken along")
      ->allow_extra_args(false)
      ->type_name("GLOB");
  command.add_option("--tag", into.tags, "cases with any of these tags")->allow_extra_args(false)->type_name("TAG");
  command.add_option("--shard", into.shard, "only part i of n of the plan")
      ->type_name("i/n")
      ->check(CLI::Validator([](std::string& text) { return check_shard(text); }, ""));
  command.add_option("--require", into.require, "what a pass must be to count, instead of what the suites say")
      ->check(CLI::IsMember({"real", "challenged", "none"}));
}

run::RunOptions to_run_options(const PlanOptions& options) {
  run::RunOptions run;
  run.only = options.only;
  run.tags = options.tags;
  if (!options.shard.empty()) read_shard(options.shard, run.shard, run.shards);
  if (options.require == "real") run.require = suite::Requirement::real;
  if (options.require == "challenged") run.require = suite::Requirement::challenged;
  if (options.require == "none") run.require = suite::Requirement::none;
  run.version = MCCOY_VERSION;
  return run;
}
}  // namespace mccoy::cli
