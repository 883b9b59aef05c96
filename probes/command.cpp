#include "probes/command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"

namespace mccoy::probes {
namespace {
using suite::FieldType;
using suite::Match;

constexpr suite::Field kFields[] = {
    {.name = "stdin",
     .type = FieldType::text,
     .help = "What the command reads from its standard input; nothing without it."},
    {.name = "env",
     .type = FieldType::names,
     .help = "Variables the command gets besides the base environment; null takes a name out.",
     .example = "{ LANG: C, HOME: null }"},
    {.name = "inherit",
     .type = FieldType::texts,
     .help = "Names of variables handed on from mccoy's own environment.",
     .example = "[SSH_AUTH_SOCK]"},
    {.name = "cwd",
     .type = FieldType::path,
     .help = "Where the command runs; the workspace or the suite's folder without it.",
     .example = "build"},
    {.name = "umask",
     .type = FieldType::text,
     .help = "Octal umask of the command.",
     .fallback = "022",
     .example = "\"077\""},
    {.name = "keep",
     .type = FieldType::size,
     .help = "How much of the head and of the tail of each stream is kept; all of it is counted and digested.",
     .fallback = "1MiB"},
};

constexpr suite::ExpectField kExpects[] = {
    {"exit", Match::number, "exit", "Exit status; 0 is expected when neither exit nor signal is stated.", "0",
     "signal"},
    {"signal", Match::word, "signal", "The signal that ended it: KILL, TERM, SEGV."},
    {"stdout", Match::text, "stdout", "What it wrote to standard output."},
    {"stderr", Match::text, "stderr", "What it wrote to standard error."},
    {"json", Match::json, "stdout", "Members of standard output read as JSON."},
    {"json_match", Match::matcher, "stdout",
     "Members of standard output read as JSON, each matched by pattern or number."},
    {"wrote", Match::globs, "wrote", "Files that must be created or changed in this trial."},
    {"wall", Match::duration, "wall", "Time from start to end."},
    {"cpu", Match::duration, "cpu", "Processor time of all its processes that ended."},
};

constexpr std::string_view kSources[] = {"stdout", "stderr", "exit", "signal", "wrote", "wall", "cpu"};

/// Names that would let the surroundings of a run reach into a target without a trace in its suite.
bool never_handed_on(std::string_view name) {
  static constexpr std::string_view kBegins[] = {"LD_", "GIT_", "MCCOY_"};
  static constexpr std::string_view kEnds[] = {"_TOKEN", "_KEY", "_SECRET", "_PASSWORD"};
  return std::ranges::any_of(kBegins, [&](auto begin) { return name.starts_with(begin); }) ||
         std::ranges::any_of(kEnds, [&](auto end) { return name.ends_with(end); });
}

Status check_inherited(const std::vector<std::string>& names, Span span) {
  for (const std::string& name : names) {
    if (name.empty() || name.find('=') != std::string::npos)
      return Error{.where = span, .what = fmt::format("\"{}\" is no name of a variable", visible_line(name))};
    if (never_handed_on(name))
      return Error{.where = span,
                   .what = name + " is never handed on by name alone",
                   .hint = fmt::format("say what the command gets: env: {{ {0}: \"${{env.{0}}}\" }}", name)};
  }
  return {};
}

bool is_octal_mode(std::string_view text) {
  return !text.empty() && text.size() <= 4 && text.find_first_not_of("01234567") == std::string_view::npos;
}

void remove_env(std::vector<std::string>& env, const std::string& name) {
  std::erase_if(env, [&](const std::string& entry) { return entry.starts_with(name + "="); });
}

Error not_started(const CommandPlan& plan, Error error) {
  error.where = plan.span;
  if (error.hint.empty() && error.cause == std::errc::no_such_file_or_directory)
    error.hint = plan.argv[0].find('/') == std::string::npos
                     ? "it is looked for in PATH; is it installed?"
                     : "a relative path starts in the folder the command runs in";
  return error;
}

Error cut_short(const CommandPlan& plan, const Captured& captured, Duration allowed) {
  const std::string shown = visible_line(plan.argv[0], 80);
  const bool started = captured.root.pid != 0;
  const std::string_view fate = !started            ? ""
                                : captured.end_seen ? "; killed with all it had started"
                                                    : "; it is stuck in the kernel, not even SIGKILL ends it";
  const std::string_view end = !started ? "not started" : captured.end_seen ? "ended" : "given up";
  if (captured.interrupted)
    return {
        .where = plan.span,
        .what = fmt::format("{} was {} because the run was interrupted{}", shown, end, captured.end_seen ? "" : fate),
        .cause = std::make_error_code(std::errc::interrupted)};
  return {.where = plan.span,
          .what = fmt::format("{} was {} after {}{}", shown, started ? "still running" : "not even started",
                              human_duration(allowed), fate),
          .hint = "give it more time with `within:`, or find out what it waits for",
          .cause = std::make_error_code(std::errc::timed_out)};
}

evidence::Observation observed(const Captured& captured) {
  evidence::Observation seen;
  if (captured.ended.exited)
    seen.values.set("exit", captured.ended.code);
  else
    seen.values.set("signal", signal_name(captured.ended.code));
  seen.values.set("wall", captured.ended.wall.count());
  seen.values.set("cpu", (captured.ended.user_cpu + captured.ended.system_cpu).count());
  seen.texts = {{"stdout", captured.out}, {"stderr", captured.err}};
  return seen;
}
}  // namespace

std::span<const suite::Field> command_fields() {
  return kFields;
}
std::span<const suite::ExpectField> command_expects() {
  return kExpects;
}
std::span<const std::string_view> command_sources() {
  return kSources;
}

Result<CommandPlan> plan_command(const suite::Settings& settings) {
  CommandPlan plan{.argv = {},
                   .inherit = settings.texts("inherit"),
                   .env = settings.value("env"),
                   .input = settings.text("stdin"),
                   .cwd = settings.text("cwd"),
                   .umask = settings.text("umask"),
                   .span = settings.head_span()};
  MCCOY_DO(check_inherited(plan.inherit, settings.span("inherit")));
  if (!plan.umask.empty() && !is_octal_mode(plan.umask))
    return Error{.where = settings.span("umask"),
                 .what = fmt::format("\"{}\" is no umask", visible_line(plan.umask)),
                 .hint = "octal digits, in quotes: \"027\""};
  if (settings.has("keep")) plan.keep = static_cast<std::size_t>(std::max<std::int64_t>(settings.integer("keep"), 0));
  return plan;
}

Command placed(const CommandPlan& plan, const Trial& trial) {
  Command command{.argv = plan.argv,
                  .env = trial.env,
                  .cwd = plan.cwd.empty() ? trial.folder : absolute(plan.cwd, trial.folder),
                  .input = plan.input,
                  .umask = plan.umask,
                  .uid = {},
                  .gid = {}};
  command.attached = trial.attached;
  for (const std::string& name : plan.inherit)
    if (const char* value = std::getenv(name.c_str())) set_env(command.env, name, value);
  for (const auto& [name, value] : plan.env.as_map()) {
    if (value.is_null())
      remove_env(command.env, name);
    else
      set_env(command.env, name, suite::scalar_text(value));
  }
  return command;
}

Result<evidence::Observation> run_and_observe(const CommandPlan& plan, const Trial& trial) {
  Command command = placed(plan, trial);
  const Duration allowed = trial.deadline.never() ? Duration::zero() : trial.deadline.left();
  trial.watch->starting(command);
  auto captured = run_command(command, trial.deadline, plan.keep, trial.interrupt);
  if (!captured.ok()) return not_started(plan, std::move(captured).error());
  if (captured->end_seen) trial.watch->ran(command, *captured);
  if (captured->deadline_passed || captured->interrupted) return cut_short(plan, *captured, allowed);
  return observed(*captured);
}
}  // namespace mccoy::probes
