#include "cli/app.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "cli/logging.hpp"
#include "harness/base/text.hpp"

namespace mccoy::cli {
namespace {
constexpr const char* kFooter =
    "Exit codes: 0 proven; 1 a claim is false; 2 something could not be found out; 3 passed but not proven;\n"
    "4 the evidence could not be kept or does not verify; 64 usage or suite error; 130 interrupted.";

int usage_error(const CLI::App& app, const std::string& what, const std::string& hint) {
  std::fprintf(stderr, "mccoy: error: %s\n", visible_line(what).c_str());
  if (!hint.empty()) std::fprintf(stderr, "  %s\n", hint.c_str());
  const auto used = app.get_subcommands();
  const std::string command = used.empty() ? "" : " " + used.front()->get_name();
  std::fprintf(stderr, "  mccoy%s --help lists what there is\n", command.c_str());
  return kUsage;
}

/// All long options of a command, or all commands.
std::vector<std::string> candidates(const CLI::App& app, bool options) {
  std::vector<std::string> names;
  if (options)
    for (const auto* option : app.get_options())
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  else
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
      names.push_back(command->get_name());
  return names;
}

std::string meant(const std::string& word, const CLI::App& app, bool options) {
  const auto names = candidates(app, options);
  const auto nearest = did_you_mean(word.substr(0, word.find('=')), {names.begin(), names.end()});
  return nearest.empty() ? "" : "did you mean \"" + std::string(nearest) + "\"?";
}

/// Words no command asked for: an unknown option, an unknown command.
int refuse_leftovers(const CLI::App& app) {
  const auto used = app.get_subcommands();
  const CLI::App& command = used.empty() ? app : *used.front();
  const auto left = app.remaining(true);
  if (left.empty()) return usage_error(app, "no command was given", "start with: mccoy run SUITE.yaml");
  const bool option = left.front().starts_with("-");
  const std::string kind = option ? "option" : used.empty() ? "command" : "argument";
  return usage_error(app, "there is no " + kind + " \"" + left.front() + "\"", meant(left.front(), command, option));
}

void add_commands(CLI::App& app, Action& chosen, const std::vector<std::string>& behind) {
  add_run(app, chosen);
  add_exec(app, chosen, behind);
  add_check(app, chosen);
  add_verify(app, chosen);
  add_report(app, chosen);
  add_probes(app, chosen);
  add_schema(app, chosen);
  add_undo(app, chosen);
  for (auto* command : app.get_subcommands([](const CLI::App*) { return true; })) command->allow_extras();
}

int parse_and_execute(CLI::App& app, int argc, char** argv, const std::vector<std::string>& behind) {
  Action chosen;
  std::string log_level;
  app.allow_extras();
  app.fallthrough();
  app.footer(kFooter);
  app.set_version_flag("--version", "mccoy " MCCOY_VERSION);
  app.add_option("--log-level", log_level, "diagnostics on stderr: trace, debug, info, warning, error, off")
      ->envname("MCCOY_LOG")
      ->default_val("warning")
      ->check(CLI::IsMember(log_levels()));
  add_commands(app, chosen, behind);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error.what(), "");
  }
  const auto used = app.get_subcommands();
  const bool takes_command = !used.empty() && used.front()->get_name() == "exec";
  if (!chosen || !app.remaining(true).empty()) return refuse_leftovers(app);
  if (!takes_command && !behind.empty())
    return usage_error(app, "there is no argument \"" + behind.front() + "\"", "only exec takes a command after --");
  start_logging(log_level);
  return chosen();
}
}  // namespace

int run_app(int argc, char** argv) {
  CLI::App app("mccoy finds out whether it really ran, or only says so", "mccoy");
  char** const end = argv + argc;
  char** const mark = std::find_if(argv, end, [](const char* word) { return std::string_view(word) == "--"; });
  const std::vector<std::string> behind(mark == end ? end : mark + 1, end);
  return parse_and_execute(app, static_cast<int>(mark - argv), argv, behind);
}
}  // namespace mccoy::cli
