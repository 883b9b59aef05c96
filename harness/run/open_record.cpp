#include "harness/run/open_record.hpp"

#include <pwd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "harness/base/digest.hpp"
#include "harness/base/file.hpp"
#include "harness/base/text.hpp"

namespace mccoy::run {
namespace {
constexpr std::int64_t kSmallFile = 64 << 10;

/// What CI systems say of themselves: claimed by the environment, verified by nobody. Names only of harmless variables.
constexpr const char* kCiNames[] = {"CI",
                                    "GITHUB_ACTIONS",
                                    "GITHUB_RUN_ID",
                                    "GITHUB_RUN_ATTEMPT",
                                    "GITHUB_JOB",
                                    "GITHUB_WORKFLOW",
                                    "GITHUB_SHA",
                                    "GITHUB_REF",
                                    "GITHUB_ACTOR",
                                    "GITHUB_REPOSITORY",
                                    "GITLAB_CI",
                                    "CI_JOB_ID",
                                    "CI_PIPELINE_ID",
                                    "CI_COMMIT_SHA",
                                    "CI_PROJECT_PATH",
                                    "BUILD_ID",
                                    "BUILD_NUMBER",
                                    "JOB_NAME",
                                    "BUILDKITE_BUILD_ID",
                                    "CIRCLE_BUILD_NUM",
                                    "TF_BUILD",
                                    "BUILD_BUILDID"};

std::string first_line(const std::string& path) {
  auto text = read_file(path, kSmallFile);
  return text.ok() ? utf8_text(trim(std::string_view(*text).substr(0, text->find('\n')))) : "";
}

std::string distribution() {
  auto text = read_file("/etc/os-release", kSmallFile);
  if (!text.ok()) return "";
  for (const std::string& line : split(*text, '\n'))
    if (line.starts_with("PRETTY_NAME=")) {
      std::string name = line.substr(line.find('=') + 1);
      std::erase(name, '"');
      return utf8_text(name);
    }
  return "";
}

Value host() {
  utsname system{};
  ::uname(&system);
  const long pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGESIZE);
  return Value::map({{"name", utf8_text(system.nodename)},
                     {"kernel", std::string(system.sysname) + " " + system.release + " " + system.machine},
                     {"distribution", distribution()},
                     {"cpus", std::thread::hardware_concurrency()},
                     {"memory", static_cast<std::int64_t>(pages) * page},
                     {"boot_id", first_line("/proc/sys/kernel/random/boot_id")}});
}

Value user() {
  const passwd* entry = ::getpwuid(::getuid());
  return Value::map({{"uid", static_cast<std::int64_t>(::getuid())}, {"name", entry != nullptr ? entry->pw_name : ""}});
}

Value ci() {
  Value found = Value::map();
  for (const char* name : kCiNames)
    if (const char* value = std::getenv(name)) found.set(name, utf8_text(value));
  return found;
}

Value texts(const std::vector<std::string>& words) {
  Value list = Value::list();
  for (const std::string& word : words) list.push(utf8_text(word));
  return list;
}

Value options_body(const RunOptions& options) {
  Value body = Value::map({{"jobs", jobs_of(options)}});
  if (!options.only.empty()) body.set("only", texts(options.only));
  if (!options.tags.empty()) body.set("tags", texts(options.tags));
  if (options.shards > 1) body.set("shard", std::to_string(options.shard) + "/" + std::to_string(options.shards));
  if (options.strict) body.set("strict", true);
  if (options.fail_fast) body.set("fail_fast", true);
  if (options.dry_run) body.set("dry_run", true);
  if (options.beyond_suite) body.set("beyond_suite", true);
  return body;
}

std::string_view to_text(suite::Requirement require) {
  switch (require) {
    case suite::Requirement::none:
      return "none";
    case suite::Requirement::challenged:
      return "challenged";
    case suite::Requirement::real:
      break;
  }
  return "real";
}
}  // namespace

int jobs_of(const RunOptions& options) {
  return options.jobs > 0 ? options.jobs : static_cast<int>(std::thread::hardware_concurrency()) + 2;
}

Value open_body(const std::vector<suite::Suite>& suites, const RunOptions& options, const std::string& run_id,
                std::int64_t started_ms, std::uint64_t seed) {
  const auto self = identify_executable("/proc/self/exe");
  Value listed = Value::list();
  for (const suite::Suite& suite : suites)
    listed.push(Value::map({{"name", suite.name}, {"path", utf8_text(suite.path)}, {"sha256", suite.sha256}}));
  std::string cwd(4096, '\0');
  cwd = ::getcwd(cwd.data(), cwd.size()) != nullptr ? std::string(cwd.c_str()) : "";
  return Value::map({{"format", 1},
                     {"run", Value::map({{"id", run_id}, {"started_ms", started_ms}})},
                     {"mccoy", Value::map({{"version", options.version}, {"sha256", self.ok() ? self->sha256 : ""}})},
                     {"command_line", texts(options.command_line)},
                     {"seed", std::to_string(seed)},
                     {"cwd", utf8_text(cwd)},
                     {"user", user()},
                     {"host", host()},
                     {"ci", ci()},
                     {"options", options_body(options)},
                     {"suites", std::move(listed)},
                     {"signed", false}});
}

Value plan_entry(const Planned& planned, suite::Requirement require) {
  const suite::Case& which = *planned.which;
  Value entry = Value::map({{"id", which.id},
                            {"suite", planned.suite->name},
                            {"name", which.name},
                            {"kind", which.kind->name},
                            {"file", utf8_text(which.span.file)},
                            {"line", which.span.line},
                            {"require", to_text(require)}});
  if (which.level == suite::Level::soft) entry.set("soft", true);
  if (which.waiver) {
    entry.set("owner", which.waiver->owner);
    entry.set("expires", which.waiver->expires);
  }
  if (which.optional) entry.set("optional", true);
  if (!which.skip.empty()) entry.set("skip", which.skip);
  if (!which.tags.empty()) entry.set("tags", texts(which.tags));
  if (!which.covers.empty()) entry.set("covers", texts(which.covers));
  return entry;
}
}  // namespace mccoy::run
