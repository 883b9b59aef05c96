#include <boost/test/unit_test.hpp>

#include "harness/target/port_hold.hpp"
#include "world.hpp"

namespace mccoy::target::testing {
namespace {
BOOST_AUTO_TEST_SUITE(stop)

/// Processes that run the unruly server below a folder of this test.
std::vector<pid_t> running(const std::string& folder) {
  std::vector<pid_t> found;
  for (const auto& process : process_table(true))
    for (const auto& word : process.argv)
      if (has(word, folder) && process.state != 'Z') found.push_back(process.id.pid);
  return found;
}
/// A word in argv by which this world's processes are known.
Texts marked(const World& world, Texts words) {
  words.push_back("--mark");
  words.push_back(world.folder());
  return words;
}

BOOST_AUTO_TEST_CASE(an_obedient_service_leaves_nothing) {
  World world({unruly("one")});
  auto& services = world.up();
  const pid_t pid = world.pid("one");
  const int port = world.port("one");
  BOOST_TEST(services.stop_all().empty());
  BOOST_TEST(!lives(pid));
  BOOST_TEST((get(port).how == Reached::How::refused));
  BOOST_TEST(world.records("stopped").at(0)["how"].as_string() == "TERM");
  BOOST_TEST(world.records("leftovers").empty());
  BOOST_TEST(world.records("died").empty());
}

BOOST_AUTO_TEST_CASE(a_service_that_ignores_its_signal_is_killed_after_its_time) {
  World world({unruly("one", {"--ignore-term"})});
  world.suite().services[0].stop_within = milliseconds(200);
  auto& services = world.up();
  const pid_t pid = world.pid("one");
  BOOST_TEST(services.stop_all().empty());
  BOOST_TEST(!lives(pid));
  BOOST_TEST(world.records("stopped").at(0)["how"].as_string() == "KILL: it went on for 200 ms after TERM");
}

BOOST_AUTO_TEST_CASE(the_stop_signal_of_the_suite_is_used) {
  World world({unruly("one", {"--ignore-term"})});
  world.suite().services[0].stop_signal = "INT";
  auto& services = world.up();
  BOOST_TEST(services.stop_all().empty());
  BOOST_TEST(world.records("stopped").at(0)["how"].as_string() == "INT");
}

BOOST_AUTO_TEST_CASE(a_service_that_makes_itself_a_daemon_lives_and_is_stopped) {
  World world({unruly("one", {"--daemonise"})});
  auto& services = world.up();
  BOOST_TEST(world.unusable("one") == "");
  BOOST_TEST(get(world.port("one")).status == 200);
  std::vector<pid_t> pids;
  // Those that forked it may still be on their way out.
  BOOST_REQUIRE(eventually([&] { return (pids = services.likely()).size() == 1; }));
  BOOST_TEST(pids.at(0) != world.records("started").at(0)["pid"].as_int());
  BOOST_TEST(services.look().at(0).alive);
  BOOST_TEST(services.stop_all().empty());
  BOOST_TEST(!lives(pids.at(0)));
  BOOST_TEST(world.records("stopped").at(0)["how"].as_string() == "TERM");
}

BOOST_AUTO_TEST_CASE(the_death_of_a_daemon_is_noticed) {
  World world({unruly("one", {"--daemonise"})});
  auto& services = world.up();
  BOOST_REQUIRE(services.likely().size() == 1u);
  ::kill(services.likely().at(0), SIGKILL);
  BOOST_TEST(eventually([&] { return !world.records("died").empty(); }));
  BOOST_TEST(has(world.unusable("one"), "one exited with status 0"), world.unusable("one"));
}

BOOST_AUTO_TEST_CASE(a_daemon_left_behind_is_killed_and_listed) {
  World world({unruly("one")});
  world.suite().services[0].run = argv(marked(world, {kUnruly, "--port", "${port}", "--helper"}));
  auto& services = world.up();
  BOOST_TEST(eventually([&] { return running(world.folder()).size() == 2; }));
  const auto left = services.stop_all();
  BOOST_TEST(running(world.folder()).empty());
  BOOST_REQUIRE(left.processes.size() == 1u);
  BOOST_TEST(has(left.processes.at(0), "/fixtures/unruly (of service one)"), left.processes.at(0));
  BOOST_TEST(world.records("leftovers").size() == 1u);
}

BOOST_AUTO_TEST_CASE(files_that_should_be_gone_are_listed) {
  World world({unruly("one", {"--leave", "${dir}/server.pid"})});
  world.suite().services[0].leaves_nothing = {located("${dir}/*.pid"), located("*.lock")};
  auto& services = world.up();
  const auto dir = world.text("${services.one.dir}");
  const auto left = services.stop_all();
  BOOST_TEST(left.files == (Texts{dir + "/server.pid"}), boost::test_tools::per_element());
  BOOST_TEST(services.stop_all().empty());
}

BOOST_AUTO_TEST_CASE(a_port_that_is_still_answered_is_listed) {
  World world({unruly("one", {"--reuse-port"})});
  auto& services = world.up();
  const OtherServer other(world.port("one"), {"--reuse-port"});
  const auto left = services.stop_all();
  BOOST_REQUIRE(left.ports.size() == 1u);
  BOOST_TEST(has(left.ports.at(0), "is still held by pid " + std::to_string(other.pid())), left.ports.at(0));
}

BOOST_AUTO_TEST_CASE(services_stop_before_what_they_need) {
  World world({unruly("db"), unruly("shop", {"--connect", "${services.db.port}"}, {"db"})});
  world.up().stop_all();
  BOOST_TEST(world.names("stopped") == (Texts{"shop", "db"}), boost::test_tools::per_element());
  BOOST_TEST(world.records("died").empty());
}

BOOST_AUTO_TEST_CASE(letting_go_of_the_services_ends_them) {
  World world({unruly("one"), unruly("two", {"--daemonise"})});
  const auto pids = world.up().likely();
  BOOST_TEST(pids.size() == 2u);
  world.drop();
  for (const pid_t pid : pids) BOOST_TEST(!lives(pid));
}

BOOST_AUTO_TEST_CASE(a_failed_service_is_stopped_with_all_it_started) {
  World world({unruly("one")});
  world.suite().services[0].run = argv(marked(world, {kUnruly, "--helper", "--say", "${port}"}));
  world.suite().services[0].ready.within = milliseconds(300);
  auto& services = world.up();
  BOOST_TEST(has(world.unusable("one"), "not ready within"), world.unusable("one"));
  BOOST_TEST(running(world.folder()).empty());
  BOOST_TEST(services.stop_all().processes.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_service_stopped_for_a_control_answers_nobody_and_comes_back) {
  World world({unruly("one")});
  auto& services = world.up();
  const int port = world.port("one");
  const pid_t before = world.pid("one");
  BOOST_TEST(services.stop_for_control("one").ok());
  BOOST_TEST(world.unusable("one") == "one is stopped (control)");
  BOOST_TEST((get(port).how == Reached::How::refused));
  BOOST_TEST(!PortHold::take(port)->held() == false);  // others may hold it too, but the kernel gives it to nobody
  BOOST_TEST(services.restore("one").ok());
  BOOST_TEST(world.unusable("one") == "");
  BOOST_TEST(world.port("one") == port);
  BOOST_TEST(world.pid("one") != before);
  BOOST_TEST(get(port).status == 200);
  BOOST_TEST(world.records("restarted").at(0)["for"].as_string() == "one");
  BOOST_TEST(world.records("died").empty());
  BOOST_TEST(services.stop_all().empty());
}

BOOST_AUTO_TEST_CASE(dependents_that_died_of_a_control_are_restored_with_it) {
  World world({unruly("db"), unruly("shop", {"--connect", "${services.db.port}"}, {"db"}), unruly("loner")});
  auto& services = world.up();
  const pid_t loner = world.pid("loner");
  BOOST_TEST(services.stop_for_control("db").ok());
  BOOST_TEST(eventually([&] { return !world.records("died").empty(); }));
  BOOST_TEST(services.restore("db").ok());
  BOOST_TEST(world.unusable("db") == "");
  BOOST_TEST(world.unusable("shop") == "");
  BOOST_TEST(world.pid("loner") == loner);
  BOOST_TEST(world.names("restarted") == (Texts{"db", "shop"}), boost::test_tools::per_element());
  BOOST_TEST(services.stop_all().empty());
}

BOOST_AUTO_TEST_CASE(dependents_that_lived_on_are_waited_for_until_they_are_ready_again) {
  auto shop = unruly("shop", {"--upstream", "${services.db.port}"}, {"db"});
  shop.ready = ready_by(suite::Ready::How::http, "/ready");
  World world({unruly("db"), shop});
  auto& services = world.up();
  const pid_t pid = world.pid("shop");
  BOOST_TEST(services.stop_for_control("db").ok());
  BOOST_TEST(get(world.port("shop")).status == 503);
  BOOST_TEST(world.unusable("shop") == "");  // what is stopped on purpose breaks nobody
  BOOST_TEST(services.restore("db").ok());
  BOOST_TEST(get(world.port("shop")).status == 200);
  BOOST_TEST(world.pid("shop") == pid);
  BOOST_TEST(world.names("restarted") == (Texts{"db"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_service_that_does_not_come_back_is_an_error) {
  World world({unruly("one")});
  world.suite().services[0].run =
      argv({"sh", "-c", "if test -e once; then echo worn out; exit 5; fi; touch once; exec \"$@\"", "sh", kUnruly,
            "--port", "${port}"});
  world.suite().services[0].cwd = located(world.folder());
  auto& services = world.up();
  BOOST_TEST(world.unusable("one") == "");
  BOOST_TEST(services.stop_for_control("one").ok());
  const auto restored = services.restore("one");
  BOOST_REQUIRE(!restored.ok());
  BOOST_TEST(has(restored.error().what, "exited with status 5"), restored.error().what);
  BOOST_TEST(has(restored.error().what, "worn out"), restored.error().what);
}

BOOST_AUTO_TEST_CASE(a_port_that_is_answered_although_the_service_is_stopped_is_an_error) {
  World world({unruly("one", {"--reuse-port"})});
  auto& services = world.up();
  const OtherServer other(world.port("one"), {"--reuse-port"});
  const auto stopped = services.stop_for_control("one");
  BOOST_REQUIRE(!stopped.ok());
  BOOST_TEST(has(stopped.error().what, "pid " + std::to_string(other.pid())), stopped.error().what);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace
}  // namespace mccoy::target::testing
