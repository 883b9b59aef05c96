#include <boost/test/unit_test.hpp>

#include "world.hpp"

namespace mccoy::target::testing {
namespace {
using How = suite::Ready::How;

BOOST_AUTO_TEST_SUITE(services)

BOOST_AUTO_TEST_CASE(a_service_answers_on_the_port_chosen_for_it) {
  World world({unruly("one"), unruly("two")});
  world.up();
  BOOST_TEST(world.unusable("one") == "");
  BOOST_TEST(world.port("one") != world.port("two"));
  BOOST_TEST(get(world.port("one")).status == 200);
  BOOST_TEST(get(world.port("two")).status == 200);
  BOOST_TEST(world.records("started").size() == 2u);
  BOOST_TEST(world.records("ready").size() == 2u);
}

BOOST_AUTO_TEST_CASE(what_was_started_is_recorded_with_its_identity) {
  World world({unruly("one")});
  world.up();
  const auto started = world.records("started").at(0);
  BOOST_TEST(started["suite"].as_string() == "test");
  BOOST_TEST(started["pid"].as_int() == world.pid("one"));
  BOOST_TEST(has(started["exe"].as_string(), "/fixtures/unruly"));
  BOOST_TEST(started["sha256"].as_string().size() == 64u);
  BOOST_TEST(started["ports"].as_list().at(0).as_int() == world.port("one"));
  BOOST_TEST(has(started["containment"].as_string(), "keeper"));
  const auto ready = world.records("ready").at(0);
  BOOST_TEST(ready["responder"]["service"].as_string() == "one");
  BOOST_TEST(ready["after_ns"].as_int() > 0);
}

BOOST_AUTO_TEST_CASE(variables_of_services_are_known_before_and_after_the_start) {
  World world({unruly("one")});
  BOOST_REQUIRE(world.prepare().ok());
  const int port = world.port("one");
  BOOST_TEST(world.text("${services.one.url}") == "http://127.0.0.1:" + std::to_string(port));
  BOOST_TEST(world.pid("one") == 0);
  world.up();
  BOOST_TEST(world.port("one") == port);
  BOOST_TEST(lives(world.pid("one")));
  BOOST_TEST(world.text("${services.one.host}") == "127.0.0.1");
  BOOST_TEST(world.text("${services.one.dir}") == world.folder() + "/scratch/services/one");
  BOOST_TEST(world.text("${services.one.log}") == world.folder() + "/logs/one.out");
}

BOOST_AUTO_TEST_CASE(a_service_starts_when_what_it_needs_is_ready) {
  World world({unruly("shop", {"--connect", "${services.db.port}"}, {"db"}), unruly("db")});
  BOOST_REQUIRE(world.prepare().ok());
  world.services().start({"shop"});
  BOOST_TEST(world.unusable("shop") == "");
  BOOST_TEST(world.names("ready") == (Texts{"db", "shop"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(only_what_is_asked_for_is_started) {
  World world({unruly("one"), unruly("two")});
  BOOST_REQUIRE(world.prepare().ok());
  world.services().start({"one"});
  BOOST_TEST(world.unusable("one") == "");
  BOOST_TEST(world.unusable("two") == "two was not started");
  world.services().start({"one", "two"});
  BOOST_TEST(world.records("started").size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_service_that_needs_a_broken_one_is_not_started) {
  World world({unruly("db", {"--exit", "3"}), unruly("shop", {}, {"db"})});
  world.up();
  BOOST_TEST(has(world.unusable("db"), "exited with status 3"));
  BOOST_TEST(has(world.unusable("shop"), "shop needs db"));
  BOOST_TEST(world.names("started") == (Texts{"db"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_service_that_ends_before_it_is_ready_is_told_with_its_last_words) {
  World world({unruly("one", {"--exit", "3"})});
  world.up();
  const auto why = world.unusable("one");
  BOOST_TEST(has(why, "one did not get ready: it exited with status 3 after "), why);
  BOOST_TEST(has(why, "going away as told"), why);
  BOOST_TEST(world.records("failed").size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_program_that_is_not_there_is_a_failed_start) {
  World world({unruly("one")});
  world.suite().services[0].run = argv({"no-such-server", "--port", "${port}"});
  world.up();
  BOOST_TEST(has(world.unusable("one"), "no-such-server"), world.unusable("one"));
}

BOOST_AUTO_TEST_CASE(a_death_after_the_start_is_noticed_and_recorded) {
  World world({unruly("one", {"--die-after", "200"}), unruly("shop", {}, {"one"})});
  world.up();
  BOOST_TEST(eventually([&] { return !world.records("died").empty(); }));
  BOOST_TEST(has(world.unusable("one"), "one exited with status 7 after"), world.unusable("one"));
  BOOST_TEST(has(world.unusable("shop"), "shop needs one exited with status 7"), world.unusable("shop"));
  BOOST_TEST(world.records("died").at(0)["code"].as_int() == 7);
}

BOOST_AUTO_TEST_CASE(a_death_by_a_signal_names_it) {
  World world({unruly("one")});
  world.up();
  ::kill(world.pid("one"), SIGKILL);
  BOOST_TEST(eventually([&] { return !world.records("died").empty(); }));
  BOOST_TEST(world.records("died").at(0)["signal"].as_string() == "KILL");
  BOOST_TEST(has(world.unusable("one"), "one was ended by signal KILL"), world.unusable("one"));
}

BOOST_AUTO_TEST_CASE(a_service_that_never_listens_is_given_up_after_its_time) {
  World world({unruly("one")});
  world.suite().services[0].run = argv({kUnruly, "--say", "${port}"});
  world.suite().services[0].ready.within = milliseconds(300);
  world.up();
  const auto why = world.unusable("one");
  BOOST_TEST(has(why, "not ready within 300 ms"), why);
  BOOST_TEST(has(why, "refused"), why);
  BOOST_TEST(world.records("stopped").size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_commands_before_are_run_once_in_its_folder) {
  World world({unruly("one")});
  world.suite().services[0].before = {argv({"sh", "-c", "pwd >> log; echo $HOME >> log"})};
  auto& services = world.up();
  BOOST_TEST(world.unusable("one") == "");
  BOOST_TEST(services.stop_for_control("one").ok());
  BOOST_TEST(services.restore("one").ok());
  const auto dir = world.text("${services.one.dir}");
  BOOST_TEST(*read_file(dir + "/log", 1000) == dir + "\n" + dir + "\n");
}

BOOST_AUTO_TEST_CASE(a_failing_command_before_is_told_with_its_output) {
  World world({unruly("one")});
  world.suite().services[0].before = {argv({"sh", "-c", "echo no space for a database >&2; exit 4"})};
  world.up();
  const auto why = world.unusable("one");
  BOOST_TEST(has(why, "exited with status 4: no space for a database"), why);
  BOOST_TEST(world.records("started").empty());
}

BOOST_AUTO_TEST_CASE(a_relative_program_is_a_file_of_the_suite) {
  World world({unruly("one")});
  BOOST_REQUIRE_EQUAL(::symlink(kUnruly.c_str(), (world.folder() + "/server").c_str()), 0);
  world.suite().services[0].run = argv({"./server", "--port", "${port}"});
  world.suite().services[0].cwd = located("/tmp");
  world.up();
  BOOST_TEST(world.unusable("one") == "");
}

BOOST_AUTO_TEST_CASE(an_unprivileged_service_does_not_run_as_root) {
  World world({unruly("one")});
  auto& service = world.suite().services[0];
  service.user = "unprivileged";
  service.before = {argv({"sh", "-c", "id -u > who; pwd > where"})};
  world.up();
  BOOST_TEST(world.unusable("one") == "");
  const auto dir = world.text("${services.one.dir}");
  BOOST_TEST((*read_file(dir + "/who", 100) == "0\n") == false);
  BOOST_TEST(*read_file(dir + "/where", 1000) == dir + "\n");
}

BOOST_AUTO_TEST_CASE(an_unknown_user_is_refused_at_its_place) {
  World world({unruly("one")});
  world.suite().services[0].user = "no-such-user";
  const auto prepared = world.prepare();
  BOOST_REQUIRE(!prepared.ok());
  BOOST_TEST(has(prepared.error().what, "no-such-user"));
  BOOST_TEST(prepared.error().where.line == 3);
}

BOOST_AUTO_TEST_CASE(a_folder_that_another_user_may_not_enter_is_named) {
  if (::geteuid() != 0) return;  // only root starts services as somebody else
  World world({unruly("one")});
  world.suite().services[0].user = "unprivileged";
  BOOST_REQUIRE_EQUAL(::chmod(world.folder().c_str(), 0700), 0);
  const auto prepared = world.prepare();
  BOOST_REQUIRE(!prepared.ok());
  BOOST_TEST(has(prepared.error().what, "user nobody may not enter " + world.folder() + ","), prepared.error().what);
}

BOOST_AUTO_TEST_CASE(a_held_port_is_named_with_its_owner) {
  const OtherServer other(free_port());
  World world({unruly("one")});
  world.suite().services[0].fixed_port = other.port();
  world.up();
  const auto why = world.unusable("one");
  BOOST_TEST(has(why, "port " + std::to_string(other.port()) + " is held by pid " + std::to_string(other.pid())), why);
  BOOST_TEST(has(why, "/fixtures/unruly"), why);
  BOOST_TEST(has(why, "before this run"), why);
  BOOST_TEST(lives(other.pid()));
}

BOOST_AUTO_TEST_CASE(further_ports_have_names) {
  World world({unruly("one", {"--connect", "${port.admin}"})});
  world.suite().services[0].ports = {"admin"};
  BOOST_REQUIRE(world.prepare().ok());
  BOOST_TEST(world.text("${services.one.port.admin}") != world.text("${services.one.port}"));
}

BOOST_AUTO_TEST_CASE(a_chatty_service_is_not_blocked_and_its_log_stays_small) {
  World world({unruly("one", {"--chat", "104857600"})});
  world.suite().services[0].ready.within = seconds(60);
  auto& services = world.up();
  BOOST_TEST(world.unusable("one") == "");
  BOOST_TEST(has(services.last_output("one", 1000), "said 104857600 bytes"));
  services.stop_all();
  const auto log = *read_file(world.folder() + "/logs/one.out", 32 << 20);
  BOOST_TEST(log.size() > std::size_t{8 << 20});
  BOOST_TEST(log.size() < std::size_t{11 << 20});
  BOOST_TEST(log.substr(0, 3) == "...");
  BOOST_TEST(has(log, "bytes left out here]\n"));
  BOOST_TEST(has(log.substr(log.size() - 100), "said 104857600 bytes\n"));
}

BOOST_AUTO_TEST_CASE(an_attached_server_is_recorded_and_left_alone) {
  const OtherServer other(free_port());
  {
    World world({unruly("old")});
    auto& service = world.suite().services[0];
    service.run = {};
    service.attach = located("127.0.0.1:" + std::to_string(other.port()));
    auto& services = world.up();
    BOOST_TEST(world.unusable("old") == "");
    BOOST_TEST(world.text("${services.old.url}") == "http://127.0.0.1:" + std::to_string(other.port()));
    const auto ready = world.records("ready").at(0);
    BOOST_TEST(ready["processes"].as_list().at(0)["pid"].as_int() == other.pid());
    const auto seen = services.look().at(0);
    BOOST_TEST(seen.alive);
    BOOST_TEST(!seen.started_by_us);
    BOOST_TEST(seen.listeners.at(0).id.pid == other.pid());
    BOOST_TEST(services.owner_of(other.pid()).service == "old");
    BOOST_TEST(!services.stop_for_control("old").ok());
    BOOST_TEST(services.stop_all().empty());
  }
  BOOST_TEST(lives(other.pid()));
}

BOOST_AUTO_TEST_CASE(an_attached_server_that_is_not_there_cannot_be_used) {
  World world({unruly("old")});
  auto& service = world.suite().services[0];
  service.run = {};
  service.attach = located("127.0.0.1:" + std::to_string(free_port()));
  service.ready.within = milliseconds(200);
  world.up();
  BOOST_TEST(has(world.unusable("old"), "refused"), world.unusable("old"));
}

BOOST_AUTO_TEST_CASE(an_attached_server_that_goes_is_missed) {
  auto other = std::make_unique<OtherServer>(free_port());
  World world({unruly("old")});
  world.suite().services[0].run = {};
  world.suite().services[0].attach = located("127.0.0.1:" + std::to_string(other->port()));
  world.up();
  BOOST_TEST(world.unusable("old") == "");
  other.reset();
  BOOST_TEST(has(world.unusable("old"), "old has ended"), world.unusable("old"));
}

BOOST_AUTO_TEST_CASE(an_address_that_is_none_is_refused_at_its_place) {
  World world({unruly("old")});
  world.suite().services[0].attach = located("somewhere");
  const auto prepared = world.prepare();
  BOOST_REQUIRE(!prepared.ok());
  BOOST_TEST(has(prepared.error().what, "\"somewhere\" is not an address"));
  BOOST_TEST(prepared.error().where.line == 1);
}

BOOST_AUTO_TEST_CASE(addresses_are_traced_to_their_service) {
  World world({unruly("one"), unruly("two")});
  BOOST_REQUIRE(world.prepare().ok());
  const auto port = std::to_string(world.port("two"));
  for (const std::string host : {"127.0.0.1:", "localhost:", "[::1]:"})
    BOOST_TEST(world.services().service_at(host + port) == "two");
  BOOST_TEST(world.services().service_at("example.org:" + port) == "");
  BOOST_TEST(world.services().service_at("127.0.0.1:1") == "");
}

BOOST_AUTO_TEST_CASE(processes_are_told_apart) {
  World world({unruly("one")});
  auto& services = world.up();
  using Who = witness::Owner::Who;
  const auto one = services.owner_of(world.pid("one"));
  BOOST_TEST((one.who == Who::service));
  BOOST_TEST(one.service == "one");
  BOOST_TEST((services.owner_of(::getpid()).who == Who::harness));
  BOOST_TEST((services.owner_of(1).who == Who::stranger));
  const Outsider other({"sleep", "60"});  // below a keeper of ours, but of no service
  BOOST_TEST((services.owner_of(other.pid()).who == Who::harness));
  const auto likely = services.likely();
  BOOST_TEST((std::find(likely.begin(), likely.end(), world.pid("one")) != likely.end()));
}

BOOST_AUTO_TEST_CASE(connections_between_services_are_seen_from_both_ends) {
  World world({unruly("db"), unruly("shop", {"--connect", "${services.db.port}"}, {"db"}), unruly("loner")});
  auto& services = world.up();
  const auto seen = services.look();
  BOOST_TEST(seen.at(2).connected_to.empty());
  BOOST_TEST(seen.at(0).listeners.at(0).id.pid == world.pid("db"));
  BOOST_TEST(seen.at(1).connected_to == (Texts{"db"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_interrupt_ends_the_wait_for_readiness_at_once) {
  World world({unruly("one"), unruly("two", {}, {"one"})});
  world.suite().services[0].run = argv({kUnruly, "--say", "${port}"});
  BOOST_REQUIRE(world.prepare().ok());
  std::thread other([&] {
    eventually([&] { return !world.records("started").empty(); });
    world.interrupt.raise();
  });
  const auto begun = Clock::now();
  world.up();
  other.join();
  BOOST_TEST((Clock::now() - begun < seconds(15)));  // its own time is 20 s
  BOOST_TEST(has(world.unusable("one"), "interrupted"), world.unusable("one"));
  BOOST_TEST(world.records("started").size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace
}  // namespace mccoy::target::testing
