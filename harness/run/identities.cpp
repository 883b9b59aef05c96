#include "harness/run/identities.hpp"

#include <sys/stat.h>

#include <array>
#include <span>

#include "harness/base/file.hpp"
#include "harness/witness/test_report.hpp"

namespace mccoy::run {
namespace {
/// Where distributions put programs that are not in PATH; `*` stands for a version. A name leads to files, files
/// decide.
struct KnownPlace {
  std::string_view name, glob;
};
constexpr KnownPlace kEnginePlaces[] = {
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
/// The program behind a wrapper in PATH that starts it.
constexpr KnownPlace kWorkerPlaces[] = {
    {"cc1", "/usr/lib/gcc/*/*/cc1"},
    {"cc1plus", "/usr/lib/gcc/*/*/cc1plus"},
    {"collect2", "/usr/lib/gcc/*/*/collect2"},
    {"lto1", "/usr/lib/gcc/*/*/lto1"},
    {"postgres", "/usr/lib/postgresql/*/bin/postgres"},
    {"psql", "/usr/lib/postgresql/*/bin/psql"},
    {"pg_dump", "/usr/lib/postgresql/*/bin/pg_dump"},
    {"pg_restore", "/usr/lib/postgresql/*/bin/pg_restore"},
    {"initdb", "/usr/lib/postgresql/*/bin/initdb"},
    {"pg_ctl", "/usr/lib/postgresql/*/bin/pg_ctl"},
    {"git-remote-http", "/usr/lib/git-core/git-remote-http"},
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
  for (const KnownPlace& place : engine ? std::span<const KnownPlace>(kEnginePlaces) : kWorkerPlaces)
    if (place.name == name)
      if (const auto found = glob(std::string(place.glob), "/"); found.ok())
        files.insert(files.end(), found->begin(), found->end());
  return files;
}

std::vector<std::string> texts(const Value& names) {
  std::vector<std::string> list;
  if (names.is_string()) list.push_back(names.as_string());
  for (const Value& name : names.as_list()) list.push_back(name.as_string());
  return list;
}

struct NamedField {
  std::string_view obligation, field;
  bool engine = false;
  std::string_view into = "resolved";
};
constexpr NamedField kNamedFields[] = {
    {"exec", "exe"},     {"write", "by"},      {"connect", "peer_exe"},
    {"listener", "exe"}, {"delegate", "exec"}, {"engine", "kind", true},
    {"children", "exe"}, {"overlap", "exe"},   {"overlap", "with", false, "resolved_with"},
    {"syscall", "by"},
};
}  // namespace

void resolve_identities(suite::Obligation& obligation, const std::vector<std::string>& env, const std::string& folder) {
  for (const NamedField& named : kNamedFields) {
    const Value& names = obligation.settings[named.field];
    if (obligation.kind->name != named.obligation || (!names.is_string() && !names.is_list())) continue;
    Value candidates = Value::list();
    for (const std::string& name : texts(names))
      for (const std::string& file : files_named(name, named.engine, env, folder))
        if (Value found = identity(file); !found.is_null()) candidates.push(std::move(found));
    obligation.settings.set(named.into, std::move(candidates));
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
