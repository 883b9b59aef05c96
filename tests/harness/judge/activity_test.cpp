// Obligations and rules by what the system-call witness saw, one branch each.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "harness/judge/paths.hpp"
#include "harness/judge/programs.hpp"
#include "tests/harness/judge/bench.hpp"

namespace mccoy::judge {
namespace {
namespace data = boost::unit_test::data;
using namespace made;
using evidence::Activity;
using evidence::SeenProgram;
using evidence::SeenWrite;
using Mode = evidence::DeclaredMode;
constexpr auto kHeld = ObligationStatus::held;
constexpr auto kBroken = ObligationStatus::broken;
constexpr auto kUnseen = ObligationStatus::unseen;
constexpr std::string_view kWorkerDigest = "ff66";

/// 0: the shell that is the command; 1: a fork of it that became 2, the worker; 3: another child of the shell.
Activity honest() {
  Activity seen;
  seen.mechanism = "seccomp-notify";
  seen.programs_complete = seen.reads_complete = seen.writes_complete = seen.sockets_complete = true;
  auto add = [&](std::string exe, std::string_view digest, std::uint64_t inode, std::uint32_t pid, int parent) {
    SeenProgram program;
    program.process = process(std::move(exe), digest, inode);
    program.process.id = {static_cast<int>(pid), 5};
    program.parent = parent;
    program.exit_code = 0;
    seen.programs.push_back(std::move(program));
  };
  add("/bin/sh", "5e11", 1, 100, evidence::kNoProgram);
  add("/bin/sh", "5e11", 1, 101, 0);
  add("/srv/worker", kWorkerDigest, 66, 101, 1);
  add("/bin/cp", "c0c0", 3, 102, 0);
  seen.programs[1].forked = seen.programs[1].replaced = true;
  seen.programs[1].exit_code.reset();
  return seen;
}
evidence::SeenWrite wrote(std::vector<int> by, std::string path = "/srv/out/app") {
  SeenWrite write;
  write.path = std::move(path);
  write.change = SeenWrite::Change::created;
  write.by = std::move(by);
  write.size = 3;
  return write;
}
evidence::SeenConnection talked(int by, std::int64_t out, std::int64_t in) {
  evidence::SeenConnection connection;
  connection.by = by;
  connection.to = "127.0.0.1:5432";
  connection.protocol = "tcp";
  connection.tried = connection.made = 1;
  connection.bytes_out = out;
  connection.bytes_in = in;
  connection.bytes_complete = true;
  return connection;
}

evidence::Facts facts_with(Activity activity) {
  evidence::Facts seen;
  seen.folder = "/srv";
  seen.root = activity.programs[0].process;
  seen.root_exec_seen = true;
  seen.exit_code = 0;
  seen.activity = std::move(activity);
  seen.coverage = {{.observer = "files", .watched = {}, .blind = {}, .complete = true}};
  evidence::SeenFile file;
  file.path = "out/app";
  file.change = evidence::SeenFile::Change::created;
  file.size = 3;
  file.sha256 = "ab";
  seen.files = {file};
  return seen;
}

Value worker(std::string_view field = "exe") {
  return resolved(field, "./worker", file("/srv/worker", kWorkerDigest, 66));
}
Value with(Value settings, std::string_view name, Value value) {
  settings.set(name, std::move(value));
  return settings;
}
Value app_by_worker() {
  return with(worker("by"), "path", "out/app");
}
Value app_derived() {
  return Value::map({{"path", "out/app"}, {"derived", true}});
}
Value database() {
  return Value::map({{"to", "127.0.0.1:5432"}});
}

struct Row {
  std::string_view title, kind;
  Value settings;
  void (*change)(evidence::Facts& facts, Activity& seen);
  ObligationStatus status;
  std::string_view accuses = {};
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.kind << ": " << row.title;
}
void nothing(evidence::Facts&, Activity&) {}

const Row kRows[] = {
    {"below a shell", "exec", worker(), &nothing, kHeld},
    {"none of the programs", "exec", resolved("exe", "cc", file("/usr/bin/cc", "9999", 9)), &nothing, kBroken},
    {"none of those that were seen", "exec", resolved("exe", "cc", file("/usr/bin/cc", "9999", 9)), [](auto&, auto& a) { a.programs_complete = false; }, kUnseen},
    {"another file of the name", "exec", resolved("exe", "worker", file("/opt/worker", "9999", 9)), &nothing, kUnseen},
    {"a masked failure", "exec", worker(), [](auto&, auto& a) { a.programs[2].exit_code = 3; }, kBroken, "R2"},
    {"ended by a signal", "exec", worker(), [](auto&, auto& a) { a.programs[2].exit_code.reset(); a.programs[2].signal = "SEGV"; }, kBroken, "R2"},
    {"its reader went away", "exec", worker(), [](auto&, auto& a) { a.programs[2].exit_code.reset(); a.programs[2].signal = "PIPE"; }, kHeld},
    {"a server that was stopped by the one who started it", "exec", worker(), [](auto&, auto& a) { a.programs[2].exit_code.reset(); a.programs[2].signal = "TERM"; a.signals = {{.by = 0, .signal = "TERM", .pid = 101, .to = 2}}; a.listeners = {{.by = 2, .at = "127.0.0.1:80", .accepted = 1}}; }, kHeld},
    {"work that was stopped before its end", "exec", worker(), [](auto&, auto& a) { a.programs[2].exit_code.reset(); a.programs[2].signal = "TERM"; a.signals = {{.by = 0, .signal = "TERM", .pid = 101, .to = 2}}; }, kUnseen},
    {"stopped by a time limit", "exec", worker(), [](auto&, auto& a) { a.programs[2].exit_code.reset(); a.programs[2].signal = "TERM"; a.programs[3].process.exe = "/usr/bin/timeout"; a.signals = {{.by = 3, .signal = "TERM", .pid = 101, .to = 2}}; }, kBroken, "R2"},
    {"asked only whether it is there", "exec", worker(), [](auto&, auto& a) { a.programs[2].exit_code = 1; a.signals = {{.by = 0, .signal = "0", .pid = 101, .to = 2}}; }, kBroken, "R2"},
    {"a later run succeeded", "exec", worker(), [](auto&, auto& a) { a.programs[2].exit_code = 1; a.programs.push_back(a.programs[2]); a.programs[4].process.id = {104, 5}; a.programs[4].parent = 0; a.programs[4].exit_code = 0; }, kHeld},
    {"a server that was left behind and killed by the harness", "exec", worker(), [](auto& f, auto& a) { a.programs[2].exit_code.reset(); a.programs[2].signal = "KILL"; f.leftovers = {"pid 101 /srv/worker"}; a.listeners = {{.by = 2, .at = "127.0.0.1:80", .accepted = 1}}; }, kHeld},
    {"work that was left behind", "exec", worker(), [](auto& f, auto& a) { a.programs[2].exit_code.reset(); a.programs[2].signal = "KILL"; f.leftovers = {"pid 101 /srv/worker"}; }, kUnseen},
    {"how it ended was not seen", "exec", worker(), [](auto&, auto& a) { a.programs[2].exit_code.reset(); a.programs[2].signal = "?"; }, kUnseen},
    {"the stated status", "exec", with(worker(), "exit", 3), [](auto&, auto& a) { a.programs[2].exit_code = 3; }, kHeld},
    {"only with --version", "exec", worker(), [](auto&, auto& a) { a.programs[2].modes = {{.kind = Mode::Kind::version, .flag = "--version", .where = "argv"}}; }, kUnseen},
    {"often enough", "exec", with(worker(), "min", 2), &nothing, kBroken},
    {"a script that reaches its interpreter through env ran once", "exec", with(worker(), "min", 2), [](auto&, auto& a) { a.programs[2].replaced = true; a.programs.push_back(a.programs[2]); a.programs[4].parent = 2; a.programs[4].replaced = false; }, kBroken},
    {"other arguments", "exec", with(worker(), "argv", "--full"), &nothing, kUnseen},

    {"opened", "read", Value::map({{"path", "in.csv"}}), [](auto&, auto& a) { a.reads = {{.path = "/srv/in.csv", .size = 4, .by = {2}}}; }, kHeld},
    {"one of that name elsewhere", "read", Value::map({{"path", "in.csv"}}), [](auto&, auto& a) { a.reads = {{.path = "/srv/old/in.csv", .size = 4, .by = {2}}}; }, kBroken},
    {"too small", "read", Value::map({{"path", "in.csv"}, {"min_bytes", 10}}), [](auto&, auto& a) { a.reads = {{.path = "/srv/in.csv", .size = 4, .by = {2}}}; }, kBroken},
    {"not all was seen", "read", Value::map({{"path", "in.csv"}}), [](auto&, auto& a) { a.reads_complete = false; }, kUnseen},

    {"by the program", "write", app_by_worker(), [](auto&, auto& a) { a.writes = {wrote({2})}; }, kHeld},
    {"by a fork that became it", "write", app_by_worker(), [](auto&, auto& a) { a.writes = {wrote({1})}; }, kHeld},
    {"by another", "write", app_by_worker(), [](auto&, auto& a) { a.writes = {wrote({3})}; }, kBroken},
    {"by its parent, which may have handed it on", "write", app_by_worker(), [](auto&, auto& a) { a.writes = {wrote({0})}; }, kUnseen},
    {"by another as well", "write", app_by_worker(), [](auto&, auto& a) { a.writes = {wrote({2, 3})}; }, kUnseen},
    {"given its name by another", "write", app_by_worker(), [](auto&, auto& a) { a.writes = {wrote({3, 2})}; a.writes[0].renamed_from = "/srv/tmp"; }, kHeld},
    {"by nobody below the command", "write", app_by_worker(), &nothing, kUnseen},
    {"a copy of what the writer read", "write", app_derived(), [](auto&, auto& a) { a.writes = {wrote({3})}; a.writes[0].same_as_read = "/srv/golden"; }, kBroken, "R9"},
    {"same bytes, and its writer read no other", "write", app_derived(), [](auto& f, auto& a) { f.files[0].same_bytes_as = "golden"; a.writes = {wrote({2})}; a.reads = {{.path = "/srv/golden", .size = 3, .by = {3}}}; }, kHeld},
    {"same bytes, and its writer read the older file", "write", app_derived(), [](auto& f, auto& a) { f.files[0].same_bytes_as = "golden"; a.writes = {wrote({2})}; a.reads = {{.path = "/srv/golden", .size = 3, .by = {2}}}; }, kUnseen},
    {"same bytes, and not all reads were seen", "write", app_derived(), [](auto& f, auto& a) { f.files[0].same_bytes_as = "golden"; a.writes = {wrote({2})}; a.reads_complete = false; }, kUnseen},

    {"elsewhere", "nowrite", Value::map({{"path", "src"}}), [](auto& f, auto& a) { f.files.clear(); a.writes = {wrote({2})}; }, kHeld},
    {"there", "nowrite", Value::map({{"path", "out"}}), [](auto& f, auto& a) { f.files.clear(); a.writes = {wrote({2})}; }, kBroken},
    {"a scratch file that is gone again", "nowrite", Value::map({{"path", "out"}}), [](auto& f, auto& a) { f.files.clear(); a.writes = {wrote({2})}; a.writes[0].change = SeenWrite::Change::passing; }, kHeld},
    {"not all was seen", "nowrite", Value::map({{"path", "src"}}), [](auto&, auto& a) { a.writes_complete = false; }, kUnseen},

    {"bytes both ways", "connect", database(), [](auto&, auto& a) { a.connections = {talked(2, 10, 20)}; }, kHeld},
    {"nobody", "connect", database(), &nothing, kBroken},
    {"nobody, and not all was seen", "connect", database(), [](auto&, auto& a) { a.sockets_complete = false; }, kUnseen},
    {"nothing was said", "connect", database(), [](auto&, auto& a) { a.connections = {talked(2, 0, 0)}; }, kBroken},
    {"nothing was counted", "connect", database(), [](auto&, auto& a) { a.connections = {talked(2, 0, 0)}; a.connections[0].bytes_complete = false; }, kUnseen},
    {"too little came back", "connect", with(database(), "min_bytes_in", 100), [](auto&, auto& a) { a.connections = {talked(2, 10, 20)}; }, kBroken},
    {"fewer bytes than requests", "connect", with(database(), "min_requests", 300), [](auto&, auto& a) { a.connections = {talked(2, 10, 20)}; }, kBroken, "R4"},
    {"requests are not counted", "connect", with(database(), "min_requests", 3), [](auto&, auto& a) { a.connections = {talked(2, 10, 20)}; }, kUnseen},
    {"through the server's local socket", "connect", database(), [](auto&, auto& a) { a.connections = {talked(2, 0, 0)}; a.connections[0].to = "unix:/tmp/.s.PGSQL.5432"; a.connections[0].protocol = "unix"; }, kUnseen},
    {"a name that may be that address", "connect", Value::map({{"to", "db.example.com:5432"}}), [](auto&, auto& a) { a.connections = {talked(2, 10, 20)}; }, kUnseen},
    {"a service whose sockets are not known", "connect", Value::map({{"to", "db"}}), [](auto& f, auto&) { f.services = {{.name = "db", .alive = true, .started_by_us = false, .listeners = {}, .connected_to = {}}}; }, kUnseen},
    {"nobody was at the door of a name service", "connect", Value::map({{"to", "db"}}), [](auto& f, auto& a) { f.services = {{.name = "db", .alive = true, .started_by_us = true, .listeners = {process("/usr/bin/pg", "ee", 7)}, .connected_to = {}}}; a.connections = {talked(2, 0, 0)}; a.connections[0].to = "unix:/var/run/nscd/socket"; a.connections[0].protocol = "unix"; a.connections[0].made = 0; }, kBroken},
    {"nobody was at another door", "connect", Value::map({{"to", "db"}}), [](auto& f, auto& a) { f.services = {{.name = "db", .alive = true, .started_by_us = true, .listeners = {process("/usr/bin/pg", "ee", 7)}, .connected_to = {}}}; a.connections = {talked(2, 0, 0)}; a.connections[0].to = "unix:/tmp/.s.PGSQL.5432"; a.connections[0].protocol = "unix"; a.connections[0].made = 0; }, kBroken},
    {"somebody unknown was at another door", "connect", Value::map({{"to", "db"}}), [](auto& f, auto& a) { f.services = {{.name = "db", .alive = true, .started_by_us = true, .listeners = {process("/usr/bin/pg", "ee", 7)}, .connected_to = {}}}; a.connections = {talked(2, 0, 0)}; a.connections[0].to = "unix:/tmp/.s.PGSQL.5432"; a.connections[0].protocol = "unix"; }, kUnseen},
    {"a service", "connect", Value::map({{"to", "db"}}), [](auto& f, auto& a) { f.services = {{.name = "db", .alive = true, .started_by_us = true, .listeners = {process("/usr/bin/pg", "ee", 7)}, .connected_to = {}}}; a.connections = {talked(2, 1, 1)}; a.connections[0].peers = {process("/usr/bin/pg", "ee", 7)}; }, kHeld},
    {"to the resident process", "delegate", Value::map({{"to", "/run/b.sock"}}), [](auto&, auto& a) { a.connections = {talked(2, 0, 0)}; a.connections[0].to = "unix:/run/b.sock"; a.connections[0].protocol = "unix"; a.connections[0].bytes_complete = false; }, kHeld},
    {"handed to nobody", "delegate", Value::map({{"to", "/run/b.sock"}}), &nothing, kBroken},

    {"sent to the service", "signal", Value::map({{"sig", "KILL"}, {"to", "db"}}), [](auto& f, auto& a) { f.services = {{.name = "db", .alive = false, .started_by_us = true, .listeners = {process("/usr/bin/pg", "ee", 7)}, .connected_to = {}}}; a.signals = {{.by = 2, .signal = "KILL", .pid = 312}}; }, kHeld},
    {"signal 0", "signal", Value::map({{"sig", "KILL"}, {"to", "db"}}), [](auto& f, auto& a) { f.services = {{.name = "db", .alive = false, .started_by_us = true, .listeners = {process("/usr/bin/pg", "ee", 7)}, .connected_to = {}}}; a.signals = {{.by = 2, .signal = "0", .pid = 312}}; }, kUnseen},
    {"sent, and it still runs", "signal", Value::map({{"sig", "SIGTERM"}, {"to", "db"}}), [](auto& f, auto& a) { f.services = {{.name = "db", .alive = true, .started_by_us = true, .listeners = {process("/usr/bin/pg", "ee", 7)}, .connected_to = {}}}; a.signals = {{.by = 2, .signal = "TERM", .pid = 312}}; }, kUnseen},
    {"to another process", "signal", Value::map({{"sig", "KILL"}, {"to", "db"}}), [](auto& f, auto& a) { f.services = {{.name = "db", .alive = false, .started_by_us = true, .listeners = {process("/usr/bin/pg", "ee", 7)}, .connected_to = {}}}; a.signals = {{.by = 2, .signal = "KILL", .pid = 9}}; }, kUnseen},
};

/// The worker passed, with a mock in it, and nobody talked to the database.
CaseEvidence doubled(suite::Fingerprint::Kind kind, suite::Fingerprint::Implies implies, int loaded_by) {
  CaseEvidence made = stating(command(), {obligation("exec", worker()), obligation("connect", database())});
  facts(made) = facts_with(honest());
  facts(made).activity->reads = {{.path = "/usr/lib/doubles/double.py", .size = 9, .by = {loaded_by}}};
  suite::Fingerprint fingerprint;
  fingerprint.id = "our.double";
  fingerprint.kind = kind;
  fingerprint.implies = implies;
  fingerprint.files = {"**/doubles/**"};
  made.terms.fingerprints = {fingerprint};
  return made;
}
constexpr auto kDouble = suite::Fingerprint::Kind::test_double;
constexpr auto kEmulator = suite::Fingerprint::Kind::emulator;
constexpr auto kMocks = suite::Fingerprint::Implies::mock;
constexpr auto kSimulates = suite::Fingerprint::Implies::simulated;
}  // namespace

BOOST_AUTO_TEST_SUITE(watched_commands)

BOOST_DATA_TEST_CASE(an_obligation_follows_what_was_seen, data::make(kRows), row) {
  Terms terms;
  terms.kind = "exec";
  terms.contract = {obligation(row.kind, row.settings)};
  evidence::Facts seen = facts_with(honest());
  row.change(seen, *seen.activity);
  const auto results = weigh(terms, seen);
  BOOST_TEST_CONTEXT(results[0].why) {
    BOOST_TEST(results[0].status == row.status);
    BOOST_TEST(results[0].accuses == row.accuses);
  }
  const evidence::Facts again = evidence::facts_from_value(evidence::to_value(seen));
  BOOST_TEST(weigh(terms, again)[0].why == results[0].why);
}

BOOST_AUTO_TEST_CASE(a_double_and_no_contact_is_mock_and_either_alone_is_not) {
  BOOST_TEST(judge(doubled(kDouble, kMocks, 2)).rule == "R8");
  BOOST_TEST(judge(doubled(kDouble, kMocks, 2)).provenance == Provenance::mock);
  BOOST_TEST(judge(doubled(kEmulator, kSimulates, 2)).rule == "R7");
  CaseEvidence contact = doubled(kDouble, kMocks, 2);
  facts(contact).activity->connections = {talked(2, 5, 5)};
  BOOST_TEST(judge(contact).provenance == Provenance::real);
  CaseEvidence no_double = doubled(kDouble, kMocks, 2);
  facts(no_double).activity->reads.clear();
  BOOST_TEST(judge(no_double).provenance == Provenance::unproven);
}

BOOST_AUTO_TEST_CASE(a_double_accuses_nobody_else) {
  BOOST_TEST(judge(doubled(kDouble, kMocks, 3)).rule == "R12");  // loaded by a program that had not to do the work
  CaseEvidence unit = doubled(kDouble, kMocks, 2);
  unit.terms.claim = "unit";
  BOOST_TEST(judge(unit).rule == "R12");
  CaseEvidence proxy = doubled(kDouble, kMocks, 2);
  facts(proxy).activity->connections = {talked(2, 5, 5)};
  facts(proxy).activity->connections[0].to = "127.0.0.1:3128";
  BOOST_TEST(judge(proxy).rule == "R12");
  CaseEvidence blind = doubled(kDouble, kMocks, 2);
  facts(blind).activity->sockets_complete = false;
  BOOST_TEST(judge(blind).rule == "R12");
  CaseEvidence other = doubled(kEmulator, kSimulates, 2);
  other.terms.fingerprints[0].stands_for = {"redis"};
  other.terms.contract.push_back(obligation("engine", Value::map({{"kind", "postgresql"}, {"at", "127.0.0.1:5432"}})));
  BOOST_TEST(judge(other).rule == "R12");
  other.terms.fingerprints[0].stands_for = {"postgres"};
  BOOST_TEST(judge(other).rule == "R7");
}

BOOST_AUTO_TEST_CASE(what_runners_load_in_every_run_accuses_nobody) {
  CaseEvidence made = doubled(kDouble, kMocks, 2);
  suite::Fingerprint runner;
  runner.id = "our.runner";
  runner.kind = suite::Fingerprint::Kind::runner;
  runner.files = {"**/runner/**"};
  made.terms.fingerprints[0].always_loaded_by = {"our.runner"};
  made.terms.fingerprints.push_back(runner);
  BOOST_TEST(judge(made).rule == "R8");
  facts(made).activity->reads.push_back({.path = "/usr/lib/runner/main.py", .size = 9, .by = {2}});
  BOOST_TEST(judge(made).rule == "R12");
}

BOOST_AUTO_TEST_CASE(a_contact_of_somebody_else_is_not_the_worker_s) {
  CaseEvidence made = stating(command(), {obligation("exec", worker()), obligation("connect", database())});
  facts(made) = facts_with(honest());
  facts(made).activity->connections = {talked(3, 5, 5)};
  BOOST_TEST(judge(made).provenance == Provenance::unproven);
}

BOOST_AUTO_TEST_CASE(a_preview_before_the_work_is_no_pretence) {
  CaseEvidence made = stating(command(), {obligation("exec", worker()), obligation("write", app_by_worker())});
  facts(made) = facts_with(honest());
  facts(made).files[0].change = evidence::SeenFile::Change::missing;
  auto& programs = facts(made).activity->programs;
  programs[2].modes = {{.kind = Mode::Kind::dry_run, .flag = "--dry-run", .where = "argv"}};
  BOOST_TEST(judge(made).rule == "R5");
  programs.push_back(programs[2]);
  programs[4].process.id = {104, 5};
  programs[4].modes.clear();
  BOOST_TEST(judge(made).rule == "R12");
}

BOOST_AUTO_TEST_CASE(fingerprints_are_kept_with_the_terms) {
  const CaseEvidence made = doubled(kEmulator, kSimulates, 2);
  const auto again = terms_from_value(from_json(to_json(to_value(made.terms))).value());
  BOOST_REQUIRE(again.ok());
  CaseEvidence same = made;
  same.terms = *again;
  BOOST_TEST(judge(same).rule == "R7");
  BOOST_TEST(to_json(to_value(judge(same))) == to_json(to_value(judge(made))));
}

BOOST_AUTO_TEST_CASE(a_pattern_means_the_folder_of_the_trial) {
  BOOST_TEST(is_meant("data/in.csv", "/srv/data/in.csv", "/srv"));
  BOOST_TEST(!is_meant("data/in.csv", "/srv/old/data/in.csv", "/srv"));
  BOOST_TEST(is_meant("*.csv", "/srv/.run/in.csv", "/srv/.run"));
  BOOST_TEST(is_meant("../in.csv", "/srv/in.csv", "/srv/run"));
  BOOST_TEST(is_meant("data/in.csv", "/anywhere/data/in.csv"));
  BOOST_TEST(is_below("src", "/srv/src/a.c", "/srv"));
  BOOST_TEST(!is_below("src", "/srv/old/src/a.c", "/srv"));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::judge
