// Limits on what a target may use: the target says what it got, the kernel counts that the limit was met.
#include <fstream>

#include "tests/probes/chaos/arena.hpp"

using namespace mccoy;
using namespace mccoy::chaos;
using namespace mccoy::chaos::testing;

namespace {
/// Which cgroups a process is in.
std::string groups_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/cgroup");
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Skips, with the reason, where the machine lacks what it needs.
bool lacking(Arena& arena, const std::string& fault, const Value& settings) {
  const auto why = arena.lacks(fault, settings);
  if (!why.empty()) BOOST_TEST_MESSAGE(fault << " cannot be done here: " << why);
  return !why.empty();
}

suite::Service nobodys(const std::string& name) {
  auto service = doer(name);
  service.user = "unprivileged";
  return service;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(resource_faults)

BOOST_AUTO_TEST_CASE(a_quota_takes_processor_time_and_is_taken_back) {
  Arena arena;
  arena.up();
  const Value settings = Value::map({{"quota", "0.02"}});
  if (lacking(arena, "cpu", settings)) return;
  const std::string before = groups_of(arena.world().pid("db"));
  const auto fault = arena.inject("cpu", settings);
  const double used_ms = number_in(arena.ask("spin 600"));
  BOOST_TEST(used_ms < 300);  // a fiftieth of 600, and something for the edges
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(heals(*fault));
  BOOST_TEST(groups_of(arena.world().pid("db")) == before);
  BOOST_TEST_MESSAGE("at a fiftieth of a processor: " << used_ms << " ms in 600; healed: " << arena.ask("spin 300"));
}

BOOST_AUTO_TEST_CASE(a_quota_that_nobody_needs_shows_no_effect) {
  Arena arena;
  arena.up();
  const Value settings = Value::map({{"quota", "64"}});
  if (lacking(arena, "cpu", settings)) return;
  const auto fault = arena.inject("cpu", settings);
  (void)arena.ask("spin 100");
  BOOST_TEST(!has_effect(*fault, milliseconds(100)));
  BOOST_TEST(heals(*fault));
}

BOOST_AUTO_TEST_CASE(a_limit_of_memory_kills_who_needs_more) {
  Arena arena;
  arena.up();
  const Value settings = Value::map({{"limit", "24MiB"}, {"expect", "kill"}});
  if (lacking(arena, "memory", settings)) return;
  const auto fault = arena.inject("memory", settings);
  BOOST_TEST(arena.ask("memory 4") == "ok");
  BOOST_TEST(!has_effect(*fault, milliseconds(50)));
  BOOST_TEST(arena.ask("memory 200") == "");
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(heals(*fault));
  BOOST_TEST(comes_true([&] { return !arena.world().unusable("db").empty(); }));
}

BOOST_AUTO_TEST_CASE(a_limit_of_processes_stops_forks) {
  Arena arena;
  arena.up();
  const Value settings = Value::map({{"limit", 12}});
  if (lacking(arena, "pids", settings)) return;
  const auto fault = arena.inject("pids", settings);
  BOOST_TEST(!has_effect(*fault, milliseconds(50)));
  BOOST_TEST(arena.ask("fork 30").starts_with("EAGAIN"));
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(heals(*fault));
  BOOST_TEST(arena.ask("fork 30") == "ok 30");
}

BOOST_AUTO_TEST_CASE(a_slow_disk_lets_through_what_was_asked) {
  Arena arena;
  arena.up();
  const Value settings = Value::map({{"write", "2MiB"}});
  if (lacking(arena, "io", settings)) return;
  const auto fault = arena.inject("io", settings);
  const auto begun = Clock::now();
  for (int i = 0; i < 8; ++i) BOOST_TEST(arena.ask("write f 524288") == "ok");
  const double span_s = std::chrono::duration<double>(Clock::now() - begun).count();
  BOOST_TEST_MESSAGE("4 MiB at 2 MiB/s: " << span_s << " s");
  BOOST_TEST(has_effect(*fault, milliseconds(100)));
  BOOST_TEST(heals(*fault));
}

BOOST_AUTO_TEST_CASE(a_limit_of_open_files_is_met_and_taken_back) {
  Arena arena;
  arena.up();
  const auto fault = arena.inject("limit", Value::map({{"resource", "open_files"}, {"to", 40}}));
  BOOST_TEST(!has_effect(*fault, milliseconds(50)));
  std::string said;
  std::thread asking([&] { said = arena.ask("open 100 400"); });
  BOOST_TEST(has_effect(*fault));
  asking.join();
  BOOST_TEST(said.starts_with("EMFILE"), said);
  BOOST_TEST(heals(*fault));
  BOOST_TEST(arena.ask("open 100") == "ok 100");
}

BOOST_AUTO_TEST_CASE(use_that_was_there_before_a_limit_is_no_effect) {
  Arena arena;
  arena.up();
  const auto before = static_cast<std::int64_t>(
      arena.make("limit", Value::map({{"resource", "open_files"}, {"to", 1000}}))->measure()->value);
  const auto fault = arena.inject("limit", Value::map({{"resource", "open_files"}, {"to", before - 1}}));
  BOOST_TEST(!has_effect(*fault, milliseconds(100)));
  BOOST_TEST(heals(*fault));
}

BOOST_AUTO_TEST_CASE(a_limit_above_what_is_used_shows_no_effect) {
  Arena arena;
  arena.up();
  const auto fault = arena.inject("limit", Value::map({{"resource", "open_files"}, {"to", 1000}}));
  BOOST_TEST(arena.ask("open 100 50") == "ok 100");
  BOOST_TEST(!has_effect(*fault, milliseconds(50)));
  BOOST_TEST(heals(*fault));
}

BOOST_AUTO_TEST_CASE(a_limit_of_memory_without_cgroups_refuses_what_is_too_much) {
  Arena arena;
  arena.up();
  const auto peak = arena.make("limit", Value::map({{"resource", "address_space"}, {"to", "1GiB"}}))->measure()->value;
  const auto limit = static_cast<std::int64_t>(peak) + (std::int64_t{1} << 30);
  const auto fault = arena.inject("limit", Value::map({{"resource", "address_space"}, {"to", limit}}));
  BOOST_TEST(arena.ask("memory 8000") == "mmap ENOMEM");
  BOOST_TEST(heals(*fault));
  BOOST_TEST(arena.ask("memory 100") == "ok");
}

BOOST_AUTO_TEST_CASE(a_limit_of_processes_binds_users_but_not_root) {
  Arena arena({nobodys("db")});
  arena.up();
  const Value settings = Value::map({{"resource", "processes"}, {"to", 1}});
  if (lacking(arena, "limit", settings)) return;
  const auto fault = arena.inject("limit", settings);
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(arena.ask("fork 3").starts_with("EAGAIN"));
  BOOST_TEST(heals(*fault));
  Arena root;
  root.up();
  if (::geteuid() == 0) BOOST_TEST(holds(root.lacks("limit", settings), "runs as root"));
}

BOOST_AUTO_TEST_CASE(a_limit_that_nobody_takes_back_expires) {
  Arena arena;
  arena.expires_in = milliseconds(150);
  arena.up();
  const auto fault = arena.inject("limit", Value::map({{"resource", "open_files"}, {"to", 40}}));
  BOOST_TEST(comes_true([&] { return arena.ask("open 100") == "ok 100"; }));
}

BOOST_AUTO_TEST_CASE(hogs_use_what_they_are_told_to_and_go) {
  Arena arena;
  arena.up();
  for (const char* what : {"cpu", "memory", "disk"}) {
    const Value settings = Value::map({{"what", what}, {"size", "32MiB"}});
    if (lacking(arena, "hog", settings)) return;
    const auto fault = arena.inject("hog", settings);
    BOOST_TEST(has_effect(*fault), what);
    BOOST_TEST(heals(*fault), what);
  }
}

BOOST_AUTO_TEST_SUITE_END()
