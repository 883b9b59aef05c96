// mccoy check SUITE…: what a run would do and what it would take to believe it. Reads, plans and does the preflight;
// runs no case and starts no service.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "cli/app.hpp"
#include "cli/plan_options.hpp"
#include "cli/suites.hpp"
#include "cli/telling.hpp"
#include "harness/base/text.hpp"
#include "harness/judge/weigh.hpp"
#include "harness/run/context.hpp"
#include "harness/target/preflight.hpp"
#include "probes/catalogue.hpp"

namespace mccoy::cli {
namespace {
/// An obligation, or a part of it, that stays unseen.
struct Unseen {
  std::string_view kind, part;  ///< part "": the obligation as a whole
  bool of_commands;             ///< also below a command, which the system-call witness watches
};
constexpr Unseen kUnseenParts[] = {
    {"syscall", "errno", true}, {"service", "read", true}, {"service", "write", true}, {"read", "", false},
    {"delegate", "", false},    {"signal", "", false},     {"nowrite", "", false},     {"write", "by", false},
    {"exec", "min", false},     {"syscall", "", false},    {"children", "", false},    {"overlap", "", false},
};
constexpr std::string_view kUnseen = "  [not watched: stays unseen]";

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
}

std::string_view word_of(suite::Requirement require) {
  if (require == suite::Requirement::none) return "none";
  return require == suite::Requirement::real ? "real" : "real, challenged";
}

bool is_watched(const suite::Case& which, const suite::Obligation& obligation) {
  const bool is_command = which.kind->name == "exec" || which.kind->name == "shell";
  return std::ranges::none_of(kUnseenParts, [&](const Unseen& unseen) {
    return unseen.kind == obligation.kind->name && (unseen.of_commands || !is_command) &&
           (unseen.part.empty() || obligation.settings.find(unseen.part) != nullptr);
  });
}

void show_contract(const run::Planned& planned) {
  judge::Terms terms;
  terms.contract = planned.contract;
  const auto results = judge::weigh(terms, evidence::Facts{});
  for (std::size_t i = 0; i < results.size(); ++i)
    say("       evidence   " + visible_line(results[i].text) +
        std::string(is_watched(*planned.which, planned.contract[i]) ? "" : kUnseen));
  say("       evidence   by default: " + std::string(planned.which->kind->default_contract));
}

std::string perturbation(const suite::Challenge& challenge) {
  if (!challenge.stop.empty()) return "with service " + challenge.stop + " stopped";
  if (!challenge.file.empty()) return "with " + challenge.file + " " + challenge.file_how;
  if (challenge.vary)
    return "for " + std::to_string(challenge.vary->count()) + " inputs, compared by " + challenge.vary->of.text();
  if (challenge.passage) return "a nonce goes in here";
  std::vector<std::string> parts;
  for (const auto& [name, value] : challenge.env) parts.push_back(name);
  if (!parts.empty()) return "with other " + join(parts, ", ");
  if (!challenge.argv.empty()) return "with another command line";
  return challenge.before.empty() ? "unchanged" : "after its own set-up";
}

std::string expectation(const suite::Challenge& challenge) {
  if (challenge.vary) return "the results must follow";
  if (challenge.passage) return "it must come out by " + challenge.passage->out;
  if (challenge.expected == suite::Expected::fail) return "must not pass";
  return challenge.expected == suite::Expected::pass ? "must still pass" : "may pass or not";
}

void show_challenges(const suite::Case& which) {
  for (const auto& challenge : which.challenges) {
    say("       challenge  " + visible_line(challenge.name + ": " + perturbation(challenge)) + ": " +
        expectation(challenge) + (challenge.oracle.empty() ? "" : ", an oracle decides"));
    for (const auto& trace : challenge.same) say("         same " + visible_line(trace));
  }
}

void show_case(int number, const run::Planned& planned) {
  const suite::Case& which = *planned.which;
  say(padded(std::to_string(number) + ".", 6) + " " + visible_line(which.id) + "  (" + std::string(which.kind->name) +
      ", " + visible_line(which.span.file) + ":" + std::to_string(which.span.line) +
      ", required: " + std::string(word_of(which.require)) + ")");
  if (!which.needs.empty()) say("       needs      " + visible_line(join(which.needs, ", ")));
  if (!which.skip.empty()) say("       skipped    " + visible_line(which.skip));
  for (const auto& check : which.checks)
    say("       claims     " +
        visible_line(check.subject.text() + " " + std::string(suite::to_text(check.op)) + " " + to_json(check.operand),
                     200));
  show_contract(planned);
  show_challenges(which);
}

/// False when something a suite asks of the machine is not so.
bool preflight(const suite::Suite& suite) {
  const auto scope = run::suite_scope(suite);
  if (!scope.ok()) {
    tell(scope.error());
    return false;
  }
  bool all_well = true;
  const Paint paint(want_colours("auto", STDOUT_FILENO));
  for (const auto& result : target::run_preflight(suite, *scope, base_environment(), nullptr)) {
    for (const auto& line : tell_preflight(target::to_value(result, suite.name), paint)) say(line);
    if (!result.ok && !result.hint.empty()) say("           " + visible_line(result.hint));
    all_well = all_well && result.ok;
  }
  return all_well;
}

int check_command(const PlanOptions& options) {
  const auto suites = load_suites(options.suites);
  if (!suites) return kUsage;
  const auto plan = load_plan(*suites, to_run_options(options));
  if (!plan) return kUsage;
  bool all_well = true;
  for (const auto& suite : *suites) all_well = preflight(suite) && all_well;
  int number = 0;
  for (const auto& planned : *plan) show_case(++number, planned);
  say(std::to_string(number) + (number == 1 ? " case is" : " cases are") + " planned; nothing was run");
  return all_well ? 0 : kUnknown;
}
}  // namespace

void add_check(CLI::App& app, Action& chosen) {
  auto* command = app.add_subcommand("check", "reads suites, does the preflight and shows the plan; runs nothing");
  const auto options = std::make_shared<PlanOptions>();
  add_plan_options(*command, *options);
  command->callback([&chosen, options] { chosen = [options] { return check_command(*options); }; });
}
}  // namespace mccoy::cli
