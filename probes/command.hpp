// What `exec` and `shell` share: the fields around a command, running it, and what is seen of it afterwards.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "harness/probe.hpp"

namespace mccoy::probes {
std::span<const suite::Field> command_fields();
std::span<const suite::ExpectField> command_expects();
std::span<const std::string_view> command_sources();

/// A command as a case states it, before it is known where it will run.
struct CommandPlan {
  std::vector<std::string> argv;
  std::vector<std::string> inherit;  ///< names taken from mccoy's own environment
  Value env;                         ///< name -> value; null takes the name out
  std::string input, cwd, umask;
  std::size_t keep = kKeepOutput;  ///< bytes of head and of tail kept of each stream
  Span span;
};

/// Everything but argv. errors: a name that is never handed on, an umask that is none.
Result<CommandPlan> plan_command(const suite::Settings& settings);
/// The command in one trial: its folder, and its environment as base, inherited and own names, in that order.
Command placed(const CommandPlan& plan, const Trial& trial);
/// Runs it, tells the watch, and hands back exit or signal, wall, cpu and both streams.
///   errors  cannot be started; still running at the deadline (timed_out); the run is being ended (interrupted)
Result<evidence::Observation> run_and_observe(const CommandPlan& plan, const Trial& trial);
}  // namespace mccoy::probes
