// Processes that end slowly, not at all, or more often than there is time for: what is taken for an effect, and what is
// left behind for the cases that follow.
#include <filesystem>

#include "tests/probes/chaos/arena.hpp"

using namespace mccoy;
using namespace mccoy::chaos;
using namespace mccoy::chaos::testing;
namespace fs = std::filesystem;

namespace {
const Value kNothing = Value::map();

/// A shell script that is ready once it has said so.
suite::Service script(const std::string& text) {
  auto service = target::testing::unruly("db");
  service.run = target::testing::argv({"/bin/sh", "-c", text});
  service.ready = target::testing::ready_by(suite::Ready::How::log, "listening");
  service.ready.within = seconds(20);
  return service;
}

/// Takes so long to end after SIGTERM.
suite::Service draining(const std::string& span) {
  return script("trap 'sleep " + span + "; exit 0' TERM; echo listening; while :; do sleep 0.02; done");
}

bool usable(Arena& arena) {
  return arena.world().unusable("db").empty();
}
}  // namespace

BOOST_AUTO_TEST_SUITE(endings)

BOOST_AUTO_TEST_CASE(a_restart_waits_for_the_end_and_not_for_the_healing) {
  Arena arena({draining("0.7")});
  arena.up();
  const pid_t before = arena.world().pid("db");
  const auto fault = arena.inject("restart", kNothing);
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(comes_true([&] { return arena.world().pid("db") != before && usable(arena); }));
  BOOST_TEST(fault->course().heal_ns == 0);
  BOOST_TEST(heals(*fault));
}

BOOST_AUTO_TEST_CASE(who_is_told_to_end_has_ended_when_it_is_healed) {
  Arena arena({draining("1")});
  arena.up();
  const pid_t before = arena.world().pid("db");
  const auto fault = arena.inject("terminate", kNothing);
  BOOST_TEST(!has_effect(*fault, milliseconds(50)));
  BOOST_TEST(heals(*fault));
  BOOST_TEST(arena.world().pid("db") != before);
  BOOST_TEST(usable(arena));
}

BOOST_AUTO_TEST_CASE(one_of_all_that_goes_on_is_no_effect) {
  Arena arena({script("(trap '' TERM; exec sleep 600) & sleep 600 & echo listening; wait")});
  arena.up();
  BOOST_REQUIRE(comes_true([&] {
    return arena.make("terminate", Value::map({{"process", "sleep"}, {"which", "all"}}))->measure()->value == 2;
  }));
  const auto fault = arena.inject("terminate", Value::map({{"process", "sleep"}, {"which", "all"}}));
  BOOST_TEST(!has_effect(*fault, milliseconds(300)));
  BOOST_TEST(fault->course().during->value == 1);
  BOOST_TEST(heals(*fault));
}

BOOST_AUTO_TEST_CASE(a_crash_loop_that_had_no_time_for_all_says_so) {
  Arena arena;
  arena.up();
  const auto fault = arena.inject("crash_loop", Value::map({{"times", 50}, {"every", "100ms"}}));
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(heals(*fault));
  BOOST_TEST(holds(fault->fell_short(), "of 50 times"), fault->fell_short());
  BOOST_TEST(usable(arena));
}

BOOST_AUTO_TEST_CASE(a_crash_loop_that_is_healed_while_it_kills_leaves_nobody_dead) {
  Arena arena;
  arena.up();
  for (int i = 0; i < 8; ++i) {
    const auto fault = arena.inject("crash_loop", Value::map({{"times", 1000}, {"every", "1ms"}}));
    BOOST_TEST(has_effect(*fault));
    std::this_thread::sleep_for(milliseconds(13 * i));
    BOOST_TEST(heals(*fault));
    BOOST_TEST(arena.ask("pid").starts_with("ok"));
    BOOST_REQUIRE(usable(arena));
  }
}

BOOST_AUTO_TEST_CASE(who_starts_slowly_again_may_take_as_long_as_the_recovery) {
  auto slow = script("test -e started && sleep 1; touch started; echo listening; sleep 600");
  slow.ready.within = milliseconds(500);
  slow.cwd = target::testing::located("${dir}");
  Arena arena({slow});
  arena.up();
  auto context = arena.context();
  context.recovers_within = seconds(30);
  auto fault = make_fault(*find_fault("kill"), context, *typed_settings(*find_fault("kill"), kNothing));
  BOOST_REQUIRE(fault.ok());
  auto active = ActiveFault::inject(std::move(*fault), context);
  BOOST_REQUIRE(active.ok());
  BOOST_TEST(has_effect(**active));
  BOOST_TEST(heals(**active));
  BOOST_TEST(usable(arena));
}

BOOST_AUTO_TEST_CASE(what_a_supervisor_starts_again_later_is_not_left_of_the_fault) {
  const TempDir dir = TempDir::make("/tmp", "mccoy-slow-").value();
  const std::string worker = dir.path() + "/worker";
  fs::copy_file(kDoer, worker);
  ::chmod(dir.path().c_str(), 0755);
  Arena arena({script("echo listening; " + worker + " --wait; exec sleep 600")});
  arena.up();
  const Value settings = Value::map({{"process", "worker"}, {"which", "all"}});
  BOOST_REQUIRE(comes_true([&] { return arena.make("kill", settings)->measure()->value == 1; }));
  const auto fault = arena.inject("kill", settings);
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(heals(*fault));
}

BOOST_AUTO_TEST_CASE(a_pause_that_somebody_ends_fell_short) {
  Arena arena;
  arena.up();
  const auto fault = arena.inject("pause", kNothing);
  BOOST_TEST(has_effect(*fault));
  ::kill(arena.world().pid("db"), SIGCONT);
  BOOST_TEST(comes_true([&] { return process_info(arena.world().pid("db"))->state != 'T'; }));
  BOOST_TEST(heals(*fault));
  BOOST_TEST(holds(fault->fell_short(), "somebody woke them"));
}

BOOST_AUTO_TEST_SUITE_END()
