#include "harness/target/preflight.hpp"

#include <fmt/format.h>
#include <re2/re2.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "harness/base/digest.hpp"
#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/suite/settings.hpp"
#include "harness/target/describe.hpp"
#include "harness/target/machine_memory.hpp"
#include "harness/target/port_hold.hpp"
#include "harness/target/reach.hpp"
#include "harness/witness/responder.hpp"

namespace mccoy::target {
namespace {
using What = suite::Preflight::What;
constexpr std::size_t kKeepOutput = 64 << 10;
/// A version as programs print it; a number without a dot only right behind the word "version" or a "v".
constexpr const char* kDottedVersion = R"(([0-9]+(?:\.[0-9]+)+))";
constexpr const char* kWholeVersion = R"((?i)\bv(?:ersion)?[ :=]*([0-9]+)\b)";

/// What one check works with.
struct Check {
  const suite::Preflight& asked;
  const suite::Suite& suite;
  const suite::Scope& scope;
  const std::vector<std::string>& env;
  const Interrupt* interrupt;
  std::string subject;  ///< expanded
  PreflightResult& result;

  void fail(std::string why, std::string hint = "") const {
    result.ok = false;
    result.why = std::move(why);
    result.hint = std::move(hint);
  }
  void hold(std::string found) const {
    result.ok = true;
    result.found = std::move(found);
  }
};

std::string short_digest(const std::string& sha256) {
  return sha256.substr(0, 12);
}

// ---- tools
std::optional<std::string> version_in(const std::string& text, const std::string& pattern) {
  const auto first_group = [&](const char* regex) -> std::optional<std::string> {
    std::string found;
    const RE2 compiled(regex, RE2::Quiet);
    if (compiled.ok() && RE2::PartialMatch(text, compiled, &found)) return found;
    return std::nullopt;
  };
  if (!pattern.empty()) return first_group(pattern.c_str());
  if (auto dotted = first_group(kDottedVersion)) return dotted;
  return first_group(kWholeVersion);
}

Result<Command> tool_command(const Check& check) {
  Command command{.argv = {check.subject, "--version"}, .env = check.env, .cwd = check.suite.folder, .input = {}};
  if (!check.asked.argv.empty()) command.argv.clear();
  for (const auto& word : check.asked.argv) {
    MCCOY_TRY(text, check.scope.expand_text(word, check.asked.span));
    command.argv.push_back(std::move(text));
  }
  return command;
}

void judge_tool(const Check& check, const Captured& ran) {
  const auto output = ran.out.text() + "\n" + ran.err.text();
  const auto& tool = check.subject;
  const auto said = last_line(output);
  const auto where = fmt::format("{} (sha256 {}…)", ran.executable.path, short_digest(ran.executable.sha256));
  const auto version = version_in(output, check.asked.pattern);
  const auto words = said.empty() ? std::string("it said nothing") : "it said: " + said;
  if (ran.interrupted) return check.fail("interrupted");
  if (ran.deadline_passed)
    return check.fail(fmt::format("{} did not answer within {}", tool, human_duration(check.asked.within)));
  if (!ran.ended.exited)
    return check.fail(fmt::format("{} was ended by signal {}; {}", tool, signal_name(ran.ended.code), words));
  if (ran.ended.code != 0) {
    return check.fail(fmt::format("{} exited with status {}; {}", tool, ran.ended.code, words),
                      "state the argv that makes it tell its version, and `pattern` if it is hard to find");
  }
  if (!version) {
    return check.fail(fmt::format("{} at {} tells no version; {}", tool, ran.executable.path, words),
                      "a program of that name is no proof: state its argv and `pattern`, or look what this program is");
  }
  check.result.found = fmt::format("{} at {}", *version, where);
  if (check.asked.version.empty() || version_satisfies(*version, check.asked.version))
    return check.hold(check.result.found);
  if (!is_version_rule(check.asked.version)) {
    return check.fail(fmt::format("\"{}\" is no rule for a version", check.asked.version),
                      "write it like \">= 13\" or \">= 13, < 16\"");
  }
  check.fail(fmt::format("{} {} is not {}", tool, *version, check.asked.version), "found at " + ran.executable.path);
}

void check_tool(const Check& check) {
  check.result.name = "tool " + check.subject;
  const auto command = tool_command(check);
  if (!command.ok()) return check.fail(command.error().what, command.error().hint);
  const auto path = get_env(check.env, "PATH");
  const auto& program = command->argv.front();
  if (find_program(program, path, check.suite.folder).empty()) {
    const bool named = program.find('/') != std::string::npos;
    return check.fail(named ? fmt::format("{} is not there or cannot be executed", program)
                            : fmt::format("{} is not in PATH ({})", program, path),
                      "install it, or give its whole path");
  }
  const auto ran = run_command(*command, Deadline::in(check.asked.within), kKeepOutput, check.interrupt);
  if (!ran.ok()) return check.fail(ran.error().what, ran.error().hint);
  judge_tool(check, *ran);
}

// ---- ports
void check_port(const Check& check) {
  check.result.name = fmt::format("port {}", check.asked.port);
  const auto owners = witness::listeners_on(check.asked.port, {});
  if (!owners.empty()) {
    return check.fail(fmt::format("port {} is held by {}", check.asked.port, describe(owners)),
                      "end it, or leave `port` out so that mccoy chooses a free one");
  }
  const auto hold = PortHold::take(check.asked.port);
  if (hold.ok()) return check.hold("free");
  check.fail(fmt::format("port {} cannot be taken: {}", check.asked.port, hold.error().cause.message()));
}

// ---- disk, memory, files
void check_disk(const Check& check) {
  const auto path = absolute(check.subject, check.suite.folder);
  check.result.name = "disk " + check.subject;
  struct statvfs status {};
  if (::statvfs(path.c_str(), &status) != 0) return check.fail(fmt::format("{}: {}", path, std::strerror(errno)));
  const auto free_bytes = static_cast<std::int64_t>(status.f_bavail) * static_cast<std::int64_t>(status.f_frsize);
  const auto found = fmt::format("{} free at {}", human_size(free_bytes), path);
  check.result.found = found;
  if (free_bytes < check.asked.bytes)
    return check.fail(fmt::format("{}, but {} are needed", found, human_size(check.asked.bytes)));
  if (status.f_files > 0 && status.f_favail == 0)
    return check.fail(path + " has no inodes left: no file can be made there");
  check.hold(found);
}

void check_memory(const Check& check) {
  check.result.name = "memory";
  const auto left = memory_left();
  if (!left.ok()) return check.fail(left.error().what);
  check.result.found = fmt::format("{} available, bounded by {}", human_size(left->bytes), left->limit);
  if (left->bytes >= check.asked.bytes) return check.hold(check.result.found);
  check.fail(fmt::format("{}, but {} are needed", check.result.found, human_size(check.asked.bytes)));
}

void check_file(const Check& check) {
  check.result.name = "file " + check.subject;
  const auto path = absolute(check.subject, check.suite.folder);
  if (::access(path.c_str(), R_OK) != 0) return check.fail(fmt::format("{}: {}", path, std::strerror(errno)));
  const auto digest = sha256_file(path);
  check.hold(digest.ok() ? fmt::format("{} (sha256 {}…)", path, short_digest(*digest)) : path);
}

// ---- addresses
void check_address(const Check& check) {
  check.result.name = "address " + check.subject;
  const bool url = check.subject.find("://") != std::string::npos;
  const auto address = parse_host_port(check.subject);
  if (!url && address.port == 0) return check.fail(fmt::format("\"{}\" is neither host:port nor a URL", check.subject));
  const auto deadline = Deadline::in(check.asked.within);
  const auto reached = reach({.url = url ? check.subject : "tcp://" + to_text(address),
                              .only_connect = true,
                              .deadline = deadline,
                              .interrupt = check.interrupt});
  if (reached.ok()) return check.hold("reachable");
  const auto limit =
      reached.how == Reached::How::timed_out ? fmt::format(" ({})", human_duration(check.asked.within)) : "";
  check.fail(fmt::format("{}: {}{}", check.subject, reached.why, limit));
}

struct Way {
  What what;
  std::string_view word;
  void (*run)(const Check& check);
};
constexpr Way kWays[] = {{What::tool, "tool", check_tool}, {What::port, "port", check_port},
                         {What::disk, "disk", check_disk}, {What::memory, "memory", check_memory},
                         {What::file, "file", check_file}, {What::address, "address", check_address}};

void run_one(const suite::Preflight& asked, const suite::Suite& suite, const suite::Scope& scope,
             const std::vector<std::string>& env, const Interrupt* interrupt, PreflightResult& result) {
  Check check{asked, suite, scope, env, interrupt, asked.name, result};
  if (!asked.subject.value.is_null()) {
    auto subject = scope.expand(asked.subject.value, asked.subject.span);
    result.name = asked.name;
    if (!subject.ok()) return check.fail(subject.error().what, subject.error().hint);
    check.subject = suite::scalar_text(*subject);
  }
  for (const auto& way : kWays)
    if (way.what == asked.what) way.run(check);
}

std::vector<std::shared_ptr<const suite::Preflight>> fixed_ports(const suite::Suite& suite) {
  std::vector<std::shared_ptr<const suite::Preflight>> checks;
  for (const auto& service : suite.services) {
    if (service.fixed_port == 0 || !service.attach.value.is_null()) continue;
    auto check = std::make_shared<suite::Preflight>();
    check->what = What::port;
    check->span = service.span;
    check->name = fmt::format("{} of service {}", service.fixed_port, service.name);
    check->port = service.fixed_port;
    checks.push_back(std::move(check));
  }
  return checks;
}
}  // namespace

std::vector<PreflightResult> run_preflight(const suite::Suite& suite, const suite::Scope& scope,
                                           const std::vector<std::string>& env, const Interrupt* interrupt) {
  std::vector<PreflightResult> results;
  for (const auto& asked : suite.preflight) {
    auto& result = results.emplace_back();
    result.asked = &asked;
    run_one(asked, suite, scope, env, interrupt, result);
  }
  for (const auto& asked : fixed_ports(suite)) {
    auto& result = results.emplace_back();
    result.own = asked;
    result.asked = asked.get();
    run_one(*asked, suite, scope, env, interrupt, result);
  }
  return results;
}

Value to_value(const PreflightResult& result, std::string_view suite) {
  Value body = Value::map({{"suite", suite}, {"name", result.name}, {"ok", result.ok}, {"found", result.found}});
  for (const auto& way : kWays)
    if (result.asked != nullptr && way.what == result.asked->what) body.set("what", way.word);
  if (result.asked != nullptr) body.set("line", result.asked->span.line);
  if (!result.ok) body.set("why", result.why);
  if (!result.hint.empty()) body.set("hint", result.hint);
  return body;
}
}  // namespace mccoy::target
