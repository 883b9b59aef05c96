// children, overlap and syscall: what ran at the same time, and which calls were made.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/harness/judge/bench.hpp"

namespace mccoy::judge {
namespace {
namespace data = boost::unit_test::data;
using namespace made;
using evidence::Activity;
using evidence::SeenProgram;
constexpr auto kHeld = ObligationStatus::held;
constexpr auto kBroken = ObligationStatus::broken;
constexpr auto kUnseen = ObligationStatus::unseen;
constexpr std::int64_t kMs = 1'000'000;

/// Times in milliseconds. `digest` says which program it is.
int add(Activity& seen, std::string_view digest, int parent, std::int64_t began, std::int64_t ended) {
  SeenProgram program;
  program.process = process("/srv/" + std::string(digest), digest, 0);
  program.process.id = {static_cast<int>(100 + seen.programs.size()), began / 10};
  program.parent = parent;
  program.began_ns = began * kMs;
  program.ended_ns = ended * kMs;
  program.cpu_ns = 20 * kMs;
  seen.programs.push_back(program);
  return static_cast<int>(seen.programs.size()) - 1;
}

/// 0 the driver, 1 to 3 workers at once, 4 a worker later, 5 a maker, 6 a taker that overlap for 30 ms.
Activity pool() {
  Activity seen;
  seen.mechanism = "seccomp-notify";
  seen.programs_complete = seen.counts_complete = true;
  add(seen, "d01e", evidence::kNoProgram, 1000, 2000);
  add(seen, "aa01", 0, 1100, 1200);
  add(seen, "aa01", 0, 1110, 1210);
  add(seen, "aa01", 0, 1120, 1190);
  add(seen, "aa01", 0, 1300, 1400);
  add(seen, "bb02", 0, 1500, 1600);
  add(seen, "cc03", 0, 1570, 1700);
  seen.counted = {"fsync"};
  seen.counts = {{.by = 1, .call = "fsync", .times = 2}, {.by = 5, .call = "fsync", .times = 1}};
  return seen;
}
Value named(std::string_view field, std::string_view digest) {
  return resolved(field, "./" + std::string(digest), file("/srv/" + std::string(digest), digest, 1));
}
Value workers(std::int64_t min) {
  return named("exe", "aa01").set("min", min);
}
Value both(std::string_view one, std::string_view other) {
  const Value with = named("with", other);
  return named("exe", one).set("with", with["with"]).set("resolved_with", with["resolved"]);
}
Value any(std::int64_t min) {
  return Value::map({{"min", min}});
}
Value calls(std::int64_t min) {
  return Value::map({{"call", "fsync"}, {"min", min}});
}
void forks(Activity& seen, std::size_t index, std::int64_t began) {
  seen.programs[index].forked = true;
  seen.programs[index].process.id.start_ticks = began / 10;
}

struct Row {
  std::string_view title, kind;
  Value settings;
  void (*change)(Activity& seen);
  ObligationStatus status;
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.kind << ": " << row.title;
}
void nothing(Activity&) {}

const Row kRows[] = {
    {"three at once", "children", workers(3), &nothing, kHeld},
    {"four ran, never at once", "children", workers(4), &nothing, kBroken},
    {"not all were seen", "children", workers(4), [](auto& a) { a.programs_complete = false; }, kUnseen},
    {"any program; the driver waits for them", "children", any(3), &nothing, kHeld},
    {"any program, and the driver does not count itself", "children", any(4), &nothing, kBroken},
    {"one begins when another ends", "children", workers(2),
     [](auto& a) {
       a.programs.erase(a.programs.begin() + 2, a.programs.end());
       add(a, "aa01", 0, 1200, 1300);
       a.counts.clear();
     },
     kBroken},
    {"a fork that showed itself late", "children", workers(4), [](auto& a) { forks(a, 4, 1150); }, kUnseen},
    {"one that works by its own child", "children", workers(4),
     [](auto& a) {
       a.programs[4].parent = 3;
       a.programs[4].began_ns = 1130 * kMs;
     },
     kBroken},
    {"each used its time", "children", workers(3).set("cpu", "20ms"), &nothing, kHeld},
    {"one slept only", "children", workers(3).set("cpu", "20ms"), [](auto& a) { a.programs[2].cpu_ns = 5; }, kBroken},
    {"the time of one is not known", "children", workers(3).set("cpu", "20ms"),
     [](auto& a) { a.programs[2].cpu_ns = -1; }, kUnseen},
    {"one still ran when the looking ended", "children", workers(2),
     [](auto& a) {
       a.programs[1].ended_ns = 0;
       a.programs.erase(a.programs.begin() + 2, a.programs.begin() + 4);
       a.counts.clear();
     },
     kHeld},
    {"an older record", "children", workers(1),
     [](auto& a) {
       for (auto& p : a.programs) p.began_ns = p.ended_ns = 0;
     },
     kUnseen},
    {"a name that leads nowhere", "children", resolved("exe", "x", Value()).set("min", 1), &nothing, kUnseen},
    {"nobody watched", "children", workers(3), [](auto& a) { a.mechanism.clear(); }, kUnseen},

    {"two programs at once", "overlap", both("bb02", "cc03"), &nothing, kHeld},
    {"long enough", "overlap", both("cc03", "bb02").set("min", "30ms"), &nothing, kHeld},
    {"not long enough", "overlap", both("bb02", "cc03").set("min", "31ms"), &nothing, kBroken},
    {"one after the other", "overlap", both("bb02", "aa01"), &nothing, kBroken},
    {"two of one program", "overlap", named("exe", "aa01"), &nothing, kHeld},
    {"one is not two", "overlap", named("exe", "bb02"), &nothing, kBroken},
    {"the same program twice is itself", "overlap", both("bb02", "bb02"), &nothing, kBroken},
    {"one did not run", "overlap", both("bb02", "dd04"), &nothing, kBroken},
    {"one was not seen to run", "overlap", both("bb02", "dd04"), [](auto& a) { a.programs_complete = false; }, kUnseen},

    {"called", "syscall", calls(3), &nothing, kHeld},
    {"too seldom", "syscall", calls(4), &nothing, kBroken},
    {"too seldom, and there is another way", "syscall", calls(4), [](auto& a) { a.counts_complete = false; }, kUnseen},
    {"by the program", "syscall", named("by", "aa01").set("call", "fsync").set("min", 2), &nothing, kHeld},
    {"by another", "syscall", named("by", "cc03").set("call", "fsync"), &nothing, kBroken},
    {"by what the program started", "syscall", named("by", "d01e").set("call", "fsync").set("min", 3), &nothing, kHeld},
    {"nobody counted", "syscall", Value::map({{"call", "msync"}}), &nothing, kUnseen},
    {"an error", "syscall", calls(1).set("errno", "EIO"), &nothing, kUnseen},
};
}  // namespace

BOOST_AUTO_TEST_SUITE(times)

BOOST_DATA_TEST_CASE(an_obligation_follows_the_lives_of_programs, data::make(kRows), row) {
  Terms terms;
  terms.kind = "exec";
  terms.contract = {obligation(row.kind, row.settings)};
  evidence::Facts seen;
  seen.activity = pool();
  row.change(*seen.activity);
  const auto results = weigh(terms, seen);
  BOOST_TEST_CONTEXT(results[0].why) BOOST_TEST(results[0].status == row.status);
}

BOOST_AUTO_TEST_CASE(many_lives_are_weighed_in_time) {
  Terms terms;
  terms.kind = "exec";
  terms.contract = {obligation("children", any(2)), obligation("overlap", named("exe", "aa01"))};
  evidence::Facts seen;
  seen.activity = pool();
  for (int i = 0; i < 30'000; ++i) add(*seen.activity, "aa01", 0, 3000 + i, 3002 + i);
  for (const auto& result : weigh(terms, seen)) BOOST_TEST(result.status == kHeld);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::judge
