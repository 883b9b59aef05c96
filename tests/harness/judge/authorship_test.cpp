// Whose bytes are in a file that programs were given by others: `worker > file` in all its forms.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/harness/judge/bench.hpp"

namespace mccoy::judge {
namespace {
namespace data = boost::unit_test::data;
using namespace made;
using evidence::Activity;
using evidence::SeenHolder;
using evidence::SeenProgram;
using evidence::SeenWrite;
constexpr auto kHeld = ObligationStatus::held;
constexpr auto kBroken = ObligationStatus::broken;
constexpr auto kUnseen = ObligationStatus::unseen;

SeenProgram ran(std::string exe, std::string_view digest, int pid, int parent, std::int64_t began, std::int64_t ended) {
  SeenProgram program;
  program.process = process(std::move(exe), digest, 0);
  program.process.id = {pid, 5};
  program.parent = parent;
  program.began_ns = began;
  program.ended_ns = ended;
  program.exit_code = 0;
  return program;
}

/// `./worker > out/app; cat golden`: 0 the shell; 1 its fork, which opened the file and became 2, the worker; 3 a fork
/// that became 4, cat.
evidence::Facts redirected() {
  Activity seen;
  seen.mechanism = "seccomp-notify";
  seen.programs_complete = seen.reads_complete = seen.writes_complete = seen.descriptors_complete = true;
  seen.programs = {ran("/bin/sh", "5e11", 100, evidence::kNoProgram, 10, 90), ran("/bin/sh", "5e11", 101, 0, 20, 30),
                   ran("/srv/worker", "ff66", 101, 1, 30, 40), ran("/bin/sh", "5e11", 102, 0, 50, 60),
                   ran("/bin/cat", "ca7", 102, 3, 60, 70)};
  for (const std::size_t fork : {1, 3}) seen.programs[fork].forked = seen.programs[fork].replaced = true;
  SeenWrite write;
  write.path = "/srv/out/app";
  write.change = SeenWrite::Change::created;
  write.by = {1};
  write.held_by = {{.by = 2, .clean = true, .alone = true, .grew = 10}};
  write.size = 10;
  write.left_alone = true;
  seen.writes = {write};
  evidence::Facts facts;
  facts.folder = "/srv";
  facts.root = seen.programs[0].process;
  facts.root_exec_seen = true;
  facts.exit_code = 0;
  facts.activity = std::move(seen);
  evidence::SeenFile file;
  file.path = "out/app";
  file.change = evidence::SeenFile::Change::created;
  file.size = 10;
  file.sha256 = "ab";
  facts.files = {file};
  return facts;
}

Value by_worker() {
  return resolved("by", "./worker", file("/srv/worker", "ff66", 66)).set("path", "out/app");
}
Value derived() {
  return Value::map({{"path", "out/app"}, {"derived", true}});
}
void same_as_golden(evidence::Facts& facts, std::vector<int> readers) {
  facts.files[0].same_bytes_as = "golden";
  facts.activity->reads = {{.path = "/srv/golden", .size = 10, .by = std::move(readers)}};
}
void copied_by(evidence::Facts& facts, int writer) {
  same_as_golden(facts, {writer});
  facts.activity->writes[0].same_as_read = "/srv/golden";
}
void rewritten(evidence::Facts& facts, bool emptied) {
  facts.files[0].change = evidence::SeenFile::Change::unchanged;
  facts.activity->writes[0].change = SeenWrite::Change::changed;
  facts.activity->writes[0].before = facts.activity->writes[0].after = {.device = 8, .inode = 9};
  facts.activity->writes[0].emptied = emptied;
}

struct Row {
  std::string_view title;
  Value settings;
  void (*change)(evidence::Facts& facts, SeenWrite& write);
  ObligationStatus status;
  std::string_view accuses = {};
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.title;
}

const Row kRows[] = {
    {"worker > app", by_worker(), [](auto&, auto&) {}, kHeld},
    {"the shell itself becomes the worker", by_worker(),
     [](auto& f, auto& w) {
       w.by = {0};
       f.activity->programs[1].process.id = f.activity->programs[2].process.id = {100, 5};
       f.activity->programs[2].parent = 0;
       f.activity->programs[0].replaced = true;
       f.activity->programs.resize(3);
     },
     kHeld},
    {"the fork wrote into it before it became the worker", by_worker(),
     [](auto&, auto& w) {
       w.held_by[0].clean = false;
       w.size = 15;
     },
     kUnseen},
    {"somebody added to it after the worker had ended", by_worker(), [](auto&, auto& w) { w.left_alone = false; },
     kUnseen},
    {"the fork made another child before", by_worker(),
     [](auto& f, auto&) {
       f.activity->programs.push_back(ran("/bin/sh", "5e11", 103, 1, 25, 60));
       f.activity->programs.back().forked = true;
     },
     kUnseen},
    {"a child that had ended before the worker began", by_worker(),
     [](auto& f, auto&) {
       f.activity->programs.push_back(ran("/bin/sh", "5e11", 103, 1, 25, 28));
       f.activity->programs.back().forked = true;
     },
     kHeld},
    {"the shell had it open and wrote nothing meanwhile", by_worker(), [](auto&, auto& w) { w.by = {0}; }, kHeld},
    {"the shell had it open and wrote something somewhere", by_worker(),
     [](auto&, auto& w) {
       w.by = {0};
       w.held_by[0].alone = false;
     },
     kUnseen},
    {"the shell added to it afterwards", by_worker(),
     [](auto&, auto& w) {
       w.by = {1, 0};
       w.left_alone = false;
       w.size = 15;
     },
     kUnseen},
    {"another had it and it did not grow", by_worker(),
     [](auto&, auto& w) { w.held_by.push_back({.by = 4, .clean = false, .grew = 0}); }, kHeld},
    {"another had it and it grew", by_worker(),
     [](auto&, auto& w) { w.held_by.push_back({.by = 4, .clean = false, .grew = 3}); }, kUnseen},
    {"another had it and nobody knows", by_worker(),
     [](auto&, auto& w) { w.held_by.push_back({.by = 4, .clean = false, .grew = -1}); }, kUnseen},
    {"no shell opened it and lived on: it may have written through its memory", by_worker(),
     [](auto& f, auto& w) {
       f.activity->programs[0].process.exe = "/srv/driver";
       w.by = {0};
     },
     kUnseen},
    {"env worker > app", by_worker(),
     [](auto& f, auto& w) {
       f.activity->programs[1].forked = false;
       w.by = {1};
       w.held_by.insert(w.held_by.begin(), {.by = 1, .clean = true, .alone = true, .grew = 0});
     },
     kHeld},
    {"the worker gave its name to what another wrote", by_worker(),
     [](auto&, auto& w) {
       w.held_by.clear();
       w.by = {2, 4};
       w.renamed_from = "/srv/other";
     },
     kUnseen},
    {"another gave its name to what the worker wrote", by_worker(),
     [](auto&, auto& w) {
       w.held_by.clear();
       w.by = {4, 2};
       w.renamed_from = "/srv/other";
     },
     kHeld},
    {"the worker put nothing into it", by_worker(),
     [](auto&, auto& w) {
       w.held_by[0].grew = 0;
       w.size = 0;
     },
     kUnseen},
    {"the worker ran and was never given it", by_worker(),
     [](auto&, auto& w) {
       w.by = {0};
       w.held_by.clear();
     },
     kBroken},
    {"the worker was not given it, by an older record", by_worker(),
     [](auto& f, auto& w) {
       w.by = {0};
       w.held_by.clear();
       f.activity->descriptors_complete = false;
     },
     kUnseen},
    {"a fork that became the worker, by an older record", by_worker(),
     [](auto& f, auto& w) {
       w.held_by.clear();
       f.activity->descriptors_complete = false;
     },
     kHeld},
    {"the worker may have been sent it over a socket", by_worker(),
     [](auto& f, auto& w) {
       w.by = {0};
       w.held_by.clear();
       f.activity->programs[2].given_socket = true;
     },
     kUnseen},
    {"the process that became the worker closed it before", by_worker(), [](auto&, auto& w) { w.held_by.clear(); },
     kBroken},

    {"cat golden > app", derived(),
     [](auto& f, auto& w) {
       w.held_by = {{.by = 4, .clean = true, .alone = true, .grew = 10}};
       w.by = {3};
       copied_by(f, 4);
     },
     kBroken, "R9"},
    {"same bytes, and who read the golden file came later", derived(), [](auto& f, auto&) { same_as_golden(f, {4}); },
     kHeld},
    {"cat golden > app by a shell that opens for its programs", derived(),
     [](auto& f, auto& w) {
       w.held_by = {{.by = 4, .clean = true, .alone = true, .grew = 10}};
       w.by = {0};
       copied_by(f, 4);
     },
     kBroken, "R9"},
    {"same bytes, read beside the worker by another child of the shell that opened for it", derived(),
     [](auto& f, auto& w) {
       w.by = {0};
       same_as_golden(f, {4});
     },
     kHeld},
    {"same bytes, and the shell may have carried them", derived(),
     [](auto& f, auto& w) {
       w.by = {0};
       w.held_by[0].clean = false;
       same_as_golden(f, {4});
     },
     kUnseen},
    {"same bytes, and who read the golden file could feed the worker", derived(),
     [](auto& f, auto&) {
       same_as_golden(f, {4});
       f.activity->programs[2].fed = true;
       f.activity->programs[4].began_ns = 25;
     },
     kUnseen},
    {"fed, and who read the golden file came later", derived(),
     [](auto& f, auto&) {
       same_as_golden(f, {4});
       f.activity->programs[2].fed = true;
     },
     kHeld},
    {"fed, and when it ended is not known", derived(),
     [](auto& f, auto&) {
       same_as_golden(f, {4});
       f.activity->programs[2].fed = true;
       f.activity->programs[2].ended_ns = 0;
     },
     kUnseen},
    {"over a connection", derived(),
     [](auto& f, auto&) {
       same_as_golden(f, {4});
       f.activity->programs[4].began_ns = 25;
       f.activity->connections = {{.by = 2, .to = "127.0.0.1:80", .protocol = "tcp", .tried = 1, .made = 1}};
     },
     kUnseen},

    {"the same bytes written again", Value::map({{"path", "out/app"}}), [](auto& f, auto&) { rewritten(f, true); },
     kHeld},
    {"the same bytes, only opened", Value::map({{"path", "out/app"}}), [](auto& f, auto&) { rewritten(f, false); },
     kBroken},
    {"the same bytes in a new file", Value::map({{"path", "out/app"}}),
     [](auto& f, auto& w) {
       rewritten(f, false);
       w.after.inode = 10;
     },
     kHeld},
    {"the same bytes written again by the worker", by_worker(), [](auto& f, auto&) { rewritten(f, true); }, kHeld},
    {"made again with the same bytes", derived(), [](auto& f, auto&) { rewritten(f, true); }, kHeld},
    {"read by its writer and written again", derived(),
     [](auto& f, auto&) {
       rewritten(f, true);
       f.activity->reads = {{.path = "/srv/out/app", .size = 10, .by = {2}}};
     },
     kUnseen},
};
}  // namespace

BOOST_AUTO_TEST_SUITE(authorship)

BOOST_DATA_TEST_CASE(whose_bytes_are_in_a_file_follows_who_had_it, data::make(kRows), row) {
  Terms terms;
  terms.kind = "exec";
  terms.contract = {obligation("write", row.settings)};
  evidence::Facts seen = redirected();
  row.change(seen, seen.activity->writes[0]);
  const auto results = weigh(terms, seen);
  BOOST_TEST_CONTEXT(results[0].why) {
    BOOST_TEST(results[0].status == row.status);
    BOOST_TEST(results[0].accuses == row.accuses);
  }
  const evidence::Facts again = evidence::facts_from_value(evidence::to_value(seen));
  BOOST_TEST(weigh(terms, again)[0].why == results[0].why);
}

BOOST_AUTO_TEST_CASE(a_result_equal_to_an_input_that_the_suite_states_accuses_nobody) {
  Terms terms;
  terms.kind = "exec";
  terms.contract = {obligation("write", derived()), obligation("read", Value::map({{"path", "golden"}}))};
  evidence::Facts seen = redirected();
  copied_by(seen, 2);
  BOOST_TEST(weigh(terms, seen)[0].status == kUnseen);
  terms.contract.pop_back();
  BOOST_TEST(weigh(terms, seen)[0].status == kBroken);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::judge
