#include "harness/run/identities.hpp"

#include <sys/stat.h>

#include <array>

#include "harness/base/file.hpp"
#include "harness/witness/test_report.hpp"

namespace mccoy::run {
namespace {
/// Where distributions put engines that are not in PATH; `*` stands for a version. A name leads to files, files decide.
struct EnginePlace {
  std::string_view engine, glob;
};
constexpr EnginePlace kEnginePlaces[] = {
    {"postgres", "/usr/lib/postgresql/*/bin/postgres"},
    {"postgresql", "/usr/lib/postgresql/*/bin/postgres"},
    {"redis", "/usr/bin/redis-server"},
    {"mysql", "/usr/sbin/mysqld"},
    {"mariadb", "/usr/sbin/mariadbd"},
    {"nginx", "/usr/sbin/nginx"},
    {"apache", "/usr/sbin/apache2"},
    {"haproxy", "/usr/sbin/haproxy"},
    {"memcached", "/usr/bin/memcached"},
    {"rabbitmq", "/usr/lib/erlang/erts-*/bin/beam.smp"},
};

Value identity(const std::string& path) {
  const auto found = identify_executable(path);
  if (!found.ok()) return {};
  return Value::map({{"path", found->path},
                     {"device", std::to_string(found->device)},
                     {"inode", std::to_string(found->inode)},
                     {"sha256", found->sha256}});
}

std::vector<std::string> files_named(const std::string& name, bool engine, const std::vector<std::string>& env,
                                     const std::string& folder) {
  std::vector<std::string> files;
  if (const std::string found = find_program(name, get_env(env, "PATH"), folder); !found.empty())
    files.push_back(found);
  if (!engine) return files;
  for (const EnginePlace& place : kEnginePlaces)
    if (place.engine == name)
      if (const auto found = glob(std::string(place.glob), "/"); found.ok())
        files.insert(files.end(), found->begin(), found->end());
  return files;
}

struct NamedField {
  std::string_view obligation, field;
  bool engine;
};
constexpr NamedField kNamedFields[] = {
    {"exec", "exe", false},     {"write", "by", false},      {"connect", "peer_exe", false},
    {"listener", "exe", false}, {"delegate", "exec", false}, {"engine", "kind", true},
};
}  // namespace

void resolve_identities(suite::Obligation& obligation, const std::vector<std::string>& env, const std::string& folder) {
  for (const NamedField& named : kNamedFields) {
    if (obligation.kind->name != named.obligation || !obligation.settings[named.field].is_string()) continue;
    Value candidates = Value::list();
    for (const std::string& file : files_named(obligation.settings[named.field].as_string(), named.engine, env, folder))
      if (Value found = identity(file); !found.is_null()) candidates.push(std::move(found));
    obligation.settings.set("resolved", std::move(candidates));
  }
}

void count_tests(const judge::Terms& terms, const std::string& folder, std::int64_t since_ms, evidence::Facts& facts) {
  for (const suite::Obligation& obligation : terms.contract) {
    const std::string& report = obligation.settings["report"].as_string();
    if (obligation.kind->name != "tests" || report.empty()) continue;
    const std::string path = absolute(report, folder);
    auto counts = witness::read_junit_counts(path);
    if (!counts.ok()) return;
    struct stat now {};
    counts->written_in_trial = ::stat(path.c_str(), &now) == 0 &&
                               std::int64_t{now.st_ctim.tv_sec} * 1000 + now.st_ctim.tv_nsec / 1000000 >= since_ms;
    facts.tests = std::move(counts).value();
    return;
  }
}
}  // namespace mccoy::run
