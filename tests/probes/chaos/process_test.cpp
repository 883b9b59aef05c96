// Faults that end or stop processes: the target measures the effect, and is healed.
#include <filesystem>

#include "harness/base/launch.hpp"
#include "tests/probes/chaos/arena.hpp"

using namespace mccoy;
using namespace mccoy::chaos;
using namespace mccoy::chaos::testing;
namespace fs = std::filesystem;

namespace {
const Value kNothing = Value::map();

/// A doer with a child that runs a copy of it called `worker`, which it keeps alive.
struct Kept {
  TempDir dir = TempDir::make("/tmp", "mccoy-kept-").value();
  std::string program = dir.path() + "/worker";
  Kept() {
    fs::copy_file(kDoer, program);
    ::chmod(dir.path().c_str(), 0755);
  }
};
}  // namespace

BOOST_AUTO_TEST_SUITE(process_faults)

BOOST_AUTO_TEST_CASE(a_killed_service_is_gone_and_is_started_again_when_healed) {
  Arena arena;
  arena.up();
  const pid_t before = arena.world().pid("db");
  const auto fault = arena.inject("kill", kNothing);
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(arena.ask("pid") == "");
  BOOST_TEST(heals(*fault));
  BOOST_TEST(arena.world().pid("db") != before);
  BOOST_TEST(arena.ask("pid").starts_with("ok"));
  const auto& course = fault->course();
  BOOST_TEST(course.before->value == 1);
  BOOST_TEST(course.during->value == 0);
  BOOST_TEST(course.inject_ns <= course.injected_ns);
  BOOST_TEST(course.effect_ns <= course.heal_ns);
  BOOST_TEST(course.healed_ns <= course.verified_ns);
}

BOOST_AUTO_TEST_CASE(a_killed_service_comes_back_by_itself_after_its_delay) {
  Arena arena;
  arena.up();
  const auto fault = arena.inject("kill", Value::map({{"restart_after", "150ms"}}));
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(comes_true([&] { return arena.world().records("started").size() == 2; }));
  BOOST_TEST(monotonic_ns() - fault->course().injected_ns >= 150'000'000);
  BOOST_TEST(comes_true([&] { return arena.world().unusable("db").empty(); }));
  BOOST_TEST(heals(*fault));
}

BOOST_AUTO_TEST_CASE(letting_go_of_a_fault_heals_it) {
  Arena arena;
  arena.up();
  { const auto fault = arena.inject("kill", kNothing); }
  BOOST_TEST(arena.world().unusable("db") == "");
  BOOST_TEST(arena.ask("pid").starts_with("ok"));
}

BOOST_AUTO_TEST_CASE(a_process_of_the_tree_is_killed_by_the_program_it_runs) {
  const Kept kept;
  Arena arena({doer("db", {"--keep", kept.program})});
  arena.up();
  BOOST_REQUIRE(comes_true([&] {
    return arena.make("kill", Value::map({{"process", "worker"}}))->measure()->value == 1;
  }));
  const std::string before = arena.ask("pid");
  const auto fault = arena.inject("kill", Value::map({{"process", "worker"}}));
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(heals(*fault));
  BOOST_TEST(arena.ask("pid") != before);  // its own supervisor started another
  BOOST_TEST(arena.world().records("died").empty());
}

BOOST_AUTO_TEST_CASE(a_program_of_that_name_elsewhere_is_never_hit) {
  const Kept kept;
  auto stranger = ProcessTree::start({.argv = {kept.program, "--wait"}, .env = base_environment()});
  BOOST_REQUIRE(stranger.ok());
  Arena arena;
  arena.up();
  const auto fault = arena.inject("kill", Value::map({{"process", "worker"}, {"which", "all"}}));
  BOOST_TEST(!has_effect(*fault, milliseconds(100)));
  BOOST_TEST(process_info(stranger->root().pid)->id.start_ticks == stranger->root().start_ticks);
}

BOOST_AUTO_TEST_CASE(a_service_that_ignores_the_signal_shows_no_effect) {
  Arena arena({target::testing::unruly("db", {"--ignore-term"})});
  arena.up();
  const auto fault = arena.inject("terminate", kNothing);
  BOOST_TEST(!has_effect(*fault, milliseconds(150)));
  BOOST_TEST(heals(*fault));
}

BOOST_AUTO_TEST_CASE(a_service_that_had_gone_before_shows_no_effect) {
  Arena arena;
  arena.up();
  ::kill(arena.world().pid("db"), SIGKILL);
  BOOST_REQUIRE(comes_true([&] { return !arena.world().unusable("db").empty(); }));
  const auto fault = arena.inject("kill", kNothing);
  BOOST_TEST(!has_effect(*fault, milliseconds(100)));
}

BOOST_AUTO_TEST_CASE(a_restart_ends_it_in_its_own_way_and_starts_it_again) {
  Arena arena;
  arena.up();
  const pid_t before = arena.world().pid("db");
  const auto fault = arena.inject("restart", Value::map({{"after", "50ms"}}));
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(heals(*fault));
  BOOST_TEST(arena.world().pid("db") != before);
}

BOOST_AUTO_TEST_CASE(a_crash_loop_ends_it_as_often_as_asked) {
  Arena arena;
  arena.up();
  const auto fault = arena.inject("crash_loop", Value::map({{"times", 3}, {"every", "20ms"}}));
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(comes_true([&] { return arena.world().records("died").size() == 3; }));
  BOOST_TEST(comes_true([&] { return arena.world().unusable("db").empty(); }));
  BOOST_TEST(heals(*fault));
  BOOST_TEST(arena.world().records("started").size() == 4u);
}

BOOST_AUTO_TEST_CASE(a_crash_loop_can_be_cut_short) {
  Arena arena;
  arena.up();
  const auto fault = arena.inject("crash_loop", Value::map({{"times", 1000}, {"every", "10ms"}}));
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(heals(*fault));
  const auto started = arena.world().records("started").size();
  BOOST_TEST(started < 1000u);
  BOOST_TEST(arena.ask("pid").starts_with("ok"));
}

BOOST_AUTO_TEST_CASE(a_paused_service_does_nothing_until_it_is_healed) {
  Arena arena;
  arena.up();
  const auto fault = arena.inject("pause", kNothing);
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(process_info(arena.world().pid("db"))->state == 'T');
  BOOST_TEST(heals(*fault));
  BOOST_TEST(arena.ask("pid").starts_with("ok"));
}

BOOST_AUTO_TEST_CASE(a_pause_lasts_as_long_as_asked) {
  Arena arena;
  arena.up();
  (void)arena.ask("gap");
  const auto fault = arena.inject("pause", Value::map({{"for", "300ms"}}));
  BOOST_TEST(has_effect(*fault));
  const auto over = fault->await_healed(Deadline::in(seconds(20)));
  BOOST_REQUIRE(over.ok());
  BOOST_TEST(*over);
  const auto paused_ms = static_cast<double>(fault->course().after->facts["paused_ns"].as_int()) / 1e6;
  BOOST_TEST(paused_ms >= 300);
  const double gap_ms = number_in(arena.ask("gap"));
  BOOST_TEST_MESSAGE("a pause of 300 ms: " << paused_ms << " ms by mccoy, " << gap_ms << " ms by the target");
  BOOST_TEST(gap_ms >= 295);
  BOOST_TEST(std::abs(gap_ms - paused_ms) < 150);
}

BOOST_AUTO_TEST_CASE(a_pause_that_nobody_heals_expires) {
  Arena arena;
  arena.expires_in = milliseconds(200);
  arena.up();
  const auto fault = arena.inject("pause", kNothing);
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(comes_true([&] { return process_info(arena.world().pid("db"))->state != 'T'; }));
  BOOST_TEST(fault->expired());
  BOOST_TEST(heals(*fault));
}

BOOST_AUTO_TEST_CASE(a_pause_of_a_program_the_service_does_not_run_shows_no_effect) {
  Arena arena;
  arena.up();
  const auto fault = arena.inject("pause", Value::map({{"process", "postgres"}}));
  BOOST_TEST(!has_effect(*fault, milliseconds(50)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(faults)

BOOST_AUTO_TEST_CASE(mistakes_in_a_fault_are_told) {
  Arena arena;
  arena.up();
  const auto told = [&](const char* kind, const Value& settings, const std::string& service = "db") {
    const auto made = arena.try_make(kind, settings, service);
    BOOST_REQUIRE(!made.ok());
    return made.error().what + " | " + made.error().hint;
  };
  BOOST_TEST(find_fault("explode") == nullptr);
  BOOST_TEST(holds(told("kill", Value::map({{"restart_afer", "1s"}})), "did you mean \"restart_after\""));
  BOOST_TEST(holds(told("kill", Value::map({{"restart_after", "soon"}})), "restart_after"));
  BOOST_TEST(holds(told("fail_calls", kNothing), "needs \"error\""));
  BOOST_TEST(holds(told("fail_calls", Value::map({{"error", "EIO"}, {"calls", "fsnyc"}})), "did you mean \"fsync\""));
  BOOST_TEST(holds(told("fail_calls", Value::map({{"error", "EIO"}, {"share", "1.5"}})), "at most 1"));
  BOOST_TEST(holds(told("kill", kNothing, "shop"), "no service \"shop\""));
}

BOOST_AUTO_TEST_CASE(a_service_that_was_only_attached_is_left_alone_without_leave) {
  Arena own;
  own.up();
  auto attached = doer("other");
  attached.run = {};
  attached.attach = target::testing::located("127.0.0.1:" + std::to_string(own.world().port("db")));
  Arena arena({attached});
  arena.up();
  const auto refused = arena.try_make("pause", kNothing, "other");
  BOOST_REQUIRE(!refused.ok());
  BOOST_TEST(holds(refused.error().what, "only attached to"));
  arena.beyond_suite = true;
  const auto fault = arena.inject("pause", kNothing, "other");
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(process_info(own.world().pid("db"))->state == 'T');
  BOOST_TEST(heals(*fault));
}

BOOST_AUTO_TEST_CASE(every_fault_says_what_it_does_and_what_it_needs) {
  std::set<std::string_view> names;
  for (const auto* kind : fault_kinds()) {
    BOOST_TEST(names.insert(kind->name).second);
    BOOST_TEST(!kind->summary.empty());
    for (const auto& field : kind->fields) BOOST_TEST(!field.help.empty(), kind->name << " " << field.name);
  }
}

BOOST_AUTO_TEST_SUITE_END()
