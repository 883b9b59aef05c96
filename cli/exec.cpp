// mccoy exec -- COMMAND…: one command without a suite, run as from a shell, and what it really did told after it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "cli/app.hpp"
#include "cli/bundle_folder.hpp"
#include "cli/report_options.hpp"
#include "cli/signals.hpp"
#include "cli/suites.hpp"
#include "cli/tell_activity.hpp"
#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/run/run_view.hpp"
#include "probes/catalogue.hpp"

namespace mccoy::cli {
namespace {
constexpr int kSignalBase = 128;                   ///< a shell's status of a command that a signal ended
constexpr int kNotFound = 127, kNotStarted = 126;  ///< as a shell says it
constexpr const char* kForever = "8760h";

struct Options {
  std::vector<std::string> command;
  std::vector<std::string> runs, reads, writes, connects;
  std::string out, colour = "auto", within = kForever;
  bool judge = false, quiet = false, challenge = false;
  ReportOptions reports;
};

/// Nothing is shown while the command has the terminal.
class Silence final : public run::Progress {
 public:
  void planned(std::int64_t, std::string_view) override {}
  void preflight(const Value&) override {}
  void service(const Value&) override {}
  void started(const suite::Case&) override {}
  void phase(const suite::Case&, std::string_view) override {}
  void ended(const run::CaseEnd&) override {}
  void note(std::string_view) override {}
};

Value texts(const std::vector<std::string>& words) {
  Value list = Value::list();
  for (const std::string& word : words) list.push(word);
  return list;
}

/// A folder as a glob that means just that folder.
std::string plain_text(std::string_view folder) {
  std::string glob;
  for (const char c : folder) {
    if (std::string_view("*?[]{}\\").find(c) != std::string_view::npos) glob += '\\';
    glob += c;
  }
  return glob;
}

/// "${" begins a variable in a suite and nothing on a command line.
std::string literal(std::string word) {
  for (std::size_t at = 0; (at = word.find("${", at)) != std::string::npos; at += 3) word.insert(at, 1, '$');
  return word;
}

/// Stated obligations as a suite would write them; paths are those of the current folder.
Value contract_of(const Options& options, const std::string& folder) {
  Value contract = Value::map();
  const auto add = [&](const char* kind, const char* field, const std::vector<std::string>& texts) {
    Value list = Value::list();
    for (const std::string& text : texts) list.push(Value::map({{field, literal(text)}}));
    if (!texts.empty()) contract.set(kind, std::move(list));
  };
  const auto here = [&](std::vector<std::string> globs) {
    for (std::string& glob : globs) glob = absolute(glob, plain_text(folder));
    return globs;
  };
  std::vector<std::string> programs = options.runs;
  for (std::string& program : programs)
    if (program.find('/') != std::string::npos) program = absolute(program, folder);
  add("exec", "exe", programs);
  add("read", "path", here(options.reads));
  add("write", "path", here(options.writes));
  add("connect", "to", options.connects);
  return contract;
}

/// The suite somebody would have written; JSON is YAML.
std::string suite_text(const Options& options, const std::string& folder) {
  std::vector<std::string> words;
  for (const std::string& word : options.command) words.push_back(literal(word));
  Value command = Value::map({{"exec", texts(words)},
                              {"cwd", literal(folder)},
                              {"within", options.within},
                              {"expect", Value::map({{"exit", 0}})}});
  if (Value contract = contract_of(options, folder); !contract.as_map().empty())
    command.set("evidence", std::move(contract));
  return to_json(Value::map({{"suite", "exec"}, {"cases", Value::map({{"command", std::move(command)}})}}));
}

int status_of(const run::CaseView& command) {
  const evidence::Facts& facts = command.facts;
  if (facts.exit_code) return *facts.exit_code;
  if (!facts.signal.empty()) return kSignalBase + signal_number(facts.signal);
  return command.error.find("not found") != std::string::npos ? kNotFound : kNotStarted;
}

void print(const Lines& lines) {
  for (const std::string& line : lines) std::fprintf(stderr, "%s\n", line.c_str());
}

Lines tell_judgement(const run::CaseView& command, const Paint& paint) {
  const judge::Judgement& judgement = command.judgement;
  Lines lines;
  lines.push_back(paint(judgement.provenance == judge::Provenance::real ? Tone::good : Tone::unsure,
                        std::string(judge::to_text(judgement.outcome)) + ", " + provenance_words(judgement)) +
                  " (" + judgement.rule + "): " + visible_line(judgement.reason));
  for (const std::string& missing : judgement.missing) lines.push_back("  needs: " + visible_line(missing));
  return lines;
}

Lines tell_challenges(const run::CaseView& command, const Paint& paint) {
  Lines lines;
  for (const judge::ChallengeResult& challenge : command.challenges) {
    const bool met = challenge.status == judge::ChallengeStatus::met;
    lines.push_back(paint(met ? Tone::good : Tone::quiet, met ? "turned red" : "not red") + "  " +
                    visible_line(challenge.name) + ": " + visible_line(challenge.why));
  }
  return lines;
}

int tell_all(const Options& options, const run::RunResult& result, bool interrupted) {
  auto view = run::read_run(result.bundle);
  if (!view.ok() || view->cases.size() != 1) {
    tell(view.ok() ? Error{.what = "the evidence does not hold the command"} : view.error());
    return kEvidenceLost;
  }
  const run::CaseView& command = view->cases.front();
  if (!command.error.empty()) std::fprintf(stderr, "mccoy: %s\n", visible_line(command.error).c_str());
  if (!options.quiet) {
    const Paint paint(want_colours(options.colour, STDERR_FILENO));
    std::fprintf(stderr, "%s\n", paint(Tone::quiet, "--- mccoy exec").c_str());
    print(tell_activity(command.facts, paint));
    if (!interrupted) print(tell_challenges(command, paint));
    print(tell_judgement(command, paint));
    if (!options.out.empty()) std::fprintf(stderr, "evidence: %s\n", visible_line(result.bundle).c_str());
  }
  const bool kept = write_reports(result.bundle, options.reports) && !result.evidence_lost;
  if (!kept) return kEvidenceLost;
  const bool cut_off = interrupted && command.error.empty();  // after the command, while it was challenged
  return options.judge || cut_off ? judge::exit_code(result.summary.verdict) : status_of(command);
}

bool is_text(const Options& options, const std::string& folder) {
  bool all = is_utf8(folder);
  for (const auto* words : {&options.command, &options.runs, &options.reads, &options.writes, &options.connects})
    all = all && std::ranges::all_of(*words, [](const std::string& word) { return is_utf8(word); });
  return all;
}

int run_in(const Options& options, const std::string& scratch) {
  std::error_code failed;
  const std::string folder = std::filesystem::current_path(failed).string();
  if (failed) {
    tell({.what = "the current folder cannot be used: " + failed.message(), .hint = {}});
    return kUsage;
  }
  if (!is_text(options, folder)) {
    tell({.what = "a word of the command or the current folder is not UTF-8",
          .hint = "mccoy keeps commands as text; a script can name such files"});
    return kUsage;
  }
  const std::string path = scratch + "/exec.yaml";
  if (auto written = write_atomically(path, suite_text(options, folder)); !written.ok()) {
    tell(written.error());
    return kEvidenceLost;
  }
  const auto suites = load_suites({path});
  if (!suites) return kUsage;
  run::RunOptions run;
  run.version = MCCOY_VERSION;
  run.jobs = 1;
  run.attached = true;
  run.auto_challenge = options.challenge;
  if (!options.judge) run.require = suite::Requirement::none;
  run.out = options.out.empty() ? scratch + "/evidence" : options.out;
  run.command_line = own_command_line();
  Interrupt interrupt;
  const SignalWatch signals(interrupt);
  Silence silence;
  auto result = run::run_suites(*suites, run, &probes::find_kind, silence, interrupt);
  if (!result.ok()) {
    tell(result.error());
    return kEvidenceLost;
  }
  if (result->evidence_lost) tell(*result->evidence_lost);
  return tell_all(options, *result, interrupt.raised());
}

int run_command(Options& options) {
  if (options.command.empty()) {
    tell({.what = "there is no command to run", .hint = "it comes after --, for example: mccoy exec -- make test"});
    return kUsage;
  }
  if (!options.out.empty() && is_taken(options.out)) {
    tell({.what = options.out + " exists and is not an empty folder", .hint = "evidence is never overwritten"});
    return kUsage;
  }
  const auto ourselves = identify_ourselves();
  std::error_code no_folder;
  auto scratch = TempDir::make(std::filesystem::temp_directory_path(no_folder).string(), "mccoy-exec-");
  if (!scratch.ok()) {
    tell(scratch.error());
    return kEvidenceLost;
  }
  return run_in(options, scratch->path());
}

void add_options(CLI::App& command, Options& options) {
  command.add_option("--runs", options.runs, "a program that must run for the result to be real")->type_name("PROGRAM");
  command.add_option("--reads", options.reads, "a file, or a glob, that must be read")->type_name("GLOB");
  command.add_option("--writes", options.writes, "a file, or a glob, that must be written")->type_name("GLOB");
  command.add_option("--connects", options.connects, "host:port or socket it must talk to")->type_name("ADDRESS");
  command.add_option("--within", options.within, "stopped after that long")->type_name("DURATION");
  command
      .add_option_function<std::string>(
          "--challenge", [&options](const std::string& word) { options.challenge = word == "auto"; },
          "auto: it is run again without what it used: files of the folder, one after another, and the network")
      ->check(CLI::IsMember({"auto", "none"}));
  command.add_flag("--judge", options.judge, "exit with mccoy's verdict instead of the command's status");
  command.add_flag("-q,--quiet", options.quiet, "say nothing after the command");
  command.add_option("--out", options.out, "keep the evidence in this folder")->type_name("FOLDER");
  command.add_option("--color", options.colour, "coloured words")->check(CLI::IsMember({"auto", "always", "never"}));
  add_report_options(command, options.reports);
}
}  // namespace

void add_exec(CLI::App& app, Action& chosen, const std::vector<std::string>& behind) {
  auto* command = app.add_subcommand("exec", "runs one command and tells what it really did");
  const auto options = std::make_shared<Options>();
  add_options(*command, *options);
  command->footer("The command and its words come last, after --.");
  options->command = behind;
  command->callback([&chosen, options] { chosen = [options] { return run_command(*options); }; });
}
}  // namespace mccoy::cli
