// mccoy run SUITE…: everything from reading the suites to the exit code.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cli/app.hpp"
#include "cli/bundle_folder.hpp"
#include "cli/logging.hpp"
#include "cli/plan_options.hpp"
#include "cli/report_options.hpp"
#include "cli/signals.hpp"
#include "cli/suites.hpp"
#include "cli/terminal.hpp"
#include "probes/catalogue.hpp"

namespace mccoy::cli {
namespace {
struct Options {
  PlanOptions plan;
  ReportOptions reports;
  run::RunOptions run;  ///< what `plan` does not say
  std::string progress = "auto", colour = "auto";
  bool plain_exit = false;
};

run::RunOptions run_options(const Options& options) {
  run::RunOptions run = to_run_options(options.plan);
  run.jobs = options.run.jobs;
  run.strict = options.run.strict;
  run.auto_challenge = options.run.auto_challenge;
  run.baseline = options.run.baseline;
  run.fail_fast = options.run.fail_fast;
  run.dry_run = options.run.dry_run;
  run.beyond_suite = options.run.beyond_suite;
  run.seed = options.run.seed;
  run.out = options.run.out.empty() ? fresh_bundle() : options.run.out;
  run.command_line = own_command_line();
  return run;
}

int execute(const Options& options, const run::RunOptions& run, const std::vector<suite::Suite>& suites) {
  Interrupt interrupt;
  const SignalWatch signals(interrupt);
  const auto terminal = make_terminal({.progress = options.progress,
                                       .paint = Paint(want_colours(options.colour, STDOUT_FILENO)),
                                       .fd = STDOUT_FILENO,
                                       .require = run.require});
  auto result = run::run_suites(suites, run, &probes::find_kind, *terminal, interrupt);
  if (!result.ok()) {
    result.error().what = "nothing was run, no evidence can be kept in " + run.out + ": " + result.error().what;
    tell(result.error());
    return kEvidenceLost;
  }
  terminal->finished(*result);
  if (result->evidence_lost) tell(*result->evidence_lost);
  const bool kept = write_reports(result->bundle, options.reports) && !result->evidence_lost;
  log_info("run " + result->run_id + " ended: " + result->summary.sentence);
  return kept ? judge::exit_code(result->summary.verdict) : kEvidenceLost;
}

int run_command(const Options& options) {
  const auto ourselves = identify_ourselves();
  const auto suites = load_suites(options.plan.suites);
  if (!suites) return kUsage;
  const run::RunOptions run = run_options(options);
  if (!load_plan(*suites, run)) return kUsage;
  if (is_taken(run.out)) {
    tell({.what = run.out + " exists and is not an empty folder",
          .hint = "choose another --out; evidence is never overwritten"});
    return kUsage;
  }
  const int code = execute(options, run, *suites);
  return options.plain_exit ? std::min(code, 1) : code;
}

void add_run_options(CLI::App& command, Options& options) {
  add_plan_options(command, options.plan);
  command.add_option("-j,--jobs", options.run.jobs, "cases at the same time; default: number of processors + 2")
      ->check(CLI::Range(1, 4096));
  command
      .add_option_function<std::string>(
          "--challenge", [&options](const std::string& word) { options.run.auto_challenge = word == "auto"; },
          "auto: what a pass was seen to use (services, files, the network) is broken as well, and put back")
      ->check(CLI::IsMember({"auto", "stated"}));
  command.add_flag("--strict", options.run.strict, "a flaky pass is a failure");
  command
      .add_option("--baseline", options.run.baseline,
                  "the bundle of an earlier run, with which gates are compared; instead of what the suites say")
      ->type_name("BUNDLE")
      ->check(CLI::ExistingDirectory);
  command.add_flag("--fail-fast", options.run.fail_fast, "the first case that does not pass ends the run");
  command.add_flag("--dry-run", options.run.dry_run,
                   "faults of chaos cases are planned and told, and not injected; such a pass is simulated");
  command.add_flag(
      "--beyond-suite", options.run.beyond_suite,
      "faults may touch what is not the suite's own: services it attached to, the network of this machine");
  command.add_option("--seed", options.run.seed, "of every random choice; default: a fresh one, kept in the evidence");
  command.add_option("--out", options.run.out, "folder of the evidence; default: mccoy-out/<time>-<id>")
      ->type_name("FOLDER");
  command.add_flag("--plain-exit", options.plain_exit, "every exit code but 0 becomes 1");
  command.add_option("--progress", options.progress, "how the run is shown")
      ->check(CLI::IsMember({"auto", "plain", "live", "json"}));
  command.add_option("--color", options.colour, "coloured words")->check(CLI::IsMember({"auto", "always", "never"}));
  add_report_options(command, options.reports);
}
}  // namespace

void add_run(CLI::App& app, Action& chosen) {
  auto* command = app.add_subcommand("run", "runs suites and keeps the evidence");
  const auto options = std::make_shared<Options>();
  add_run_options(*command, *options);
  command->callback([&chosen, options] { chosen = [options] { return run_command(*options); }; });
}
}  // namespace mccoy::cli
