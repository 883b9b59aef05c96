// System calls of a target that fail or take longer: the target itself says what it got.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "tests/probes/chaos/arena.hpp"

using namespace mccoy;
using namespace mccoy::chaos;
using namespace mccoy::chaos::testing;

namespace {
struct Sample {
  const char* error;
  const char* deed;
  const char* answer;  ///< begins so while the fault is there
};
std::ostream& operator<<(std::ostream& out, const Sample& sample) {
  return out << sample.error;
}
const Sample kSamples[] = {
    {"ENOSPC", "write f 100", "write ENOSPC"},      {"EIO", "write f 100", "write EIO"},
    {"EACCES", "write g 100", "open EACCES"},       {"EMFILE", "open 5", "EMFILE 0"},
    {"ENOMEM", "memory 8", "mmap ENOMEM"},          {"ECONNREFUSED", "connect 9", "connect ECONNREFUSED"},
    {"ETIMEDOUT", "connect 9", "connect ETIMEDOUT"}};

Value settings(std::initializer_list<std::pair<const char*, Value>> entries) {
  return Value::map(entries);
}
}  // namespace

BOOST_AUTO_TEST_SUITE(call_faults)

BOOST_DATA_TEST_CASE(a_call_fails_as_asked_and_works_again_when_healed, boost::unit_test::data::make(kSamples),
                     sample) {
  Arena arena;
  Value what = settings({{"error", sample.error}});
  const std::string deed = sample.deed;
  if (deed.starts_with("open")) what.set("calls", "openat");  // the server's own accept goes on
  arena.with("fail_calls", what).up();
  const auto before = arena.ask(deed);
  const auto fault = arena.inject("fail_calls", what);
  BOOST_TEST(!has_effect(*fault, milliseconds(20)));  // it has not tried yet
  BOOST_TEST(arena.ask(deed).starts_with(sample.answer), arena.ask(deed));
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(heals(*fault));
  const auto after = arena.ask(deed);
  BOOST_TEST(after.substr(0, 6) == before.substr(0, 6), after);
}

BOOST_AUTO_TEST_CASE(only_files_that_match_fail) {
  Arena arena;
  const Value what = settings({{"error", "EIO"}, {"calls", "fdatasync"}, {"path", "data/**"}});
  arena.with("fail_calls", what).up();
  BOOST_REQUIRE(make_dirs(arena.dir() + "/data/deep").ok());
  const auto fault = arena.inject("fail_calls", what);
  BOOST_TEST(arena.ask("write other 10") == "ok");
  BOOST_TEST(!has_effect(*fault, milliseconds(20)));
  BOOST_TEST(fault->course().during->facts["seen"].as_int() == 1);
  BOOST_TEST(arena.ask("write data/deep/f 10") == "fdatasync EIO");
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(heals(*fault));
  BOOST_TEST(arena.ask("write data/deep/f 10") == "ok");
}

BOOST_AUTO_TEST_CASE(only_connections_to_that_service_fail) {
  Arena arena({doer("db"), doer("shop")});
  const Value what = settings({{"error", "ETIMEDOUT"}, {"to", "db"}});
  arena.with("fail_calls", what, "shop").up();
  const auto fault = arena.inject("fail_calls", what, "shop");
  const auto connect = [&](const std::string& to) {
    return arena.ask("connect " + std::to_string(arena.world().port(to)), "shop");
  };
  BOOST_TEST(connect("shop").starts_with("ok"));
  BOOST_TEST(connect("db") == "connect ETIMEDOUT");
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(heals(*fault));
  BOOST_TEST(connect("db").starts_with("ok"));
}

BOOST_AUTO_TEST_CASE(the_nth_call_alone_fails) {
  Arena arena;
  const Value what = settings({{"error", "ENOSPC"}, {"path", "f"}, {"nth", 3}});
  arena.with("fail_calls", what).up();
  const auto fault = arena.inject("fail_calls", what);
  Texts said;
  for (int i = 0; i < 5; ++i) said.push_back(arena.ask("write f 10"));
  BOOST_TEST(said == (Texts{"ok", "ok", "write ENOSPC", "ok", "ok"}), boost::test_tools::per_element());
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(fault->course().during->value == 1);
}

BOOST_AUTO_TEST_CASE(a_share_of_the_calls_fails_and_the_seed_says_which) {
  const Value what = settings({{"error", "ENOSPC"}, {"path", "f"}, {"share", "0.3"}});
  const auto once = [&] {
    Arena arena;
    arena.with("fail_calls", what).up();
    const auto fault = arena.inject("fail_calls", what);
    std::string pattern;
    for (int i = 0; i < 60; ++i) pattern += arena.ask("write f 10") == "ok" ? '.' : 'x';
    return pattern;
  };
  const auto pattern = once();
  const auto failed = std::count(pattern.begin(), pattern.end(), 'x');
  BOOST_TEST((failed > 5 && failed < 35), pattern);
  BOOST_TEST(once() == pattern);
}

BOOST_AUTO_TEST_CASE(a_fault_outlives_a_restart_of_the_service) {
  Arena arena;
  const Value what = settings({{"error", "ENOSPC"}, {"path", "f"}});
  arena.with("fail_calls", what).up();
  const auto fault = arena.inject("fail_calls", what);
  BOOST_REQUIRE(arena.world().services().stop_for_control("db").ok());
  BOOST_REQUIRE(arena.world().services().restore("db").ok());
  BOOST_TEST(arena.ask("write f 10") == "write ENOSPC");
  BOOST_TEST(heals(*fault));
  BOOST_TEST(arena.ask("write f 10") == "ok");
}

BOOST_AUTO_TEST_CASE(a_slow_disk_makes_syncs_wait_and_nothing_else) {
  Arena arena;
  const Value what = settings({{"delay", "120ms"}, {"calls", "fdatasync"}});
  arena.with("slow_calls", what).up();
  const auto fault = arena.inject("slow_calls", what);
  const auto timed = [&](const std::string& deed) {
    const auto begun = Clock::now();
    BOOST_TEST(arena.ask(deed).starts_with("ok"));
    return Clock::now() - begun;
  };
  std::vector<std::thread> others;
  std::atomic<int> answered = 0;
  const int port = arena.world().port("db");
  for (int i = 0; i < 4; ++i) others.emplace_back([&] { answered += ask(port, "write f 10") == "ok"; });
  BOOST_TEST((timed("write f 10") >= milliseconds(120)));
  for (auto& other : others) other.join();
  BOOST_TEST(answered == 4);
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(fault->course().during->value == 5);
  BOOST_TEST(heals(*fault));
  (void)timed("write f 10");
}

BOOST_AUTO_TEST_CASE(a_fault_that_nobody_heals_expires) {
  Arena arena;
  const Value what = settings({{"error", "ENOSPC"}, {"path", "f"}});
  arena.expires_in = milliseconds(100);
  arena.with("fail_calls", what).up();
  const auto fault = arena.inject("fail_calls", what);
  BOOST_TEST(comes_true([&] { return arena.ask("write f 10") == "ok"; }));
  BOOST_TEST(fault->expired());
}

BOOST_AUTO_TEST_CASE(a_service_without_the_filter_for_it_is_said_to_lack_it) {
  Arena arena;
  arena.up();
  BOOST_TEST(
      holds(arena.lacks("fail_calls", settings({{"error", "EIO"}})), "without a filter that shows its calls of"));
  auto unwatched = doer("db");
  unwatched.watch = false;
  Arena other({unwatched});
  other.with("fail_calls", settings({{"error", "EIO"}})).up();
  BOOST_TEST(holds(other.lacks("fail_calls", settings({{"error", "EIO"}})), "watch: false"));
}

BOOST_AUTO_TEST_SUITE_END()
