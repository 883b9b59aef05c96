#include <boost/test/unit_test.hpp>

#include "world.hpp"

namespace mccoy::target::testing {
namespace {
using How = suite::Ready::How;

BOOST_AUTO_TEST_SUITE(readiness)

BOOST_AUTO_TEST_CASE(http_readiness_takes_any_2xx) {
  World world({unruly("one", {"--status", "204"})});
  world.suite().services[0].ready = ready_by(How::http, "http://127.0.0.1:${port}/ready");
  world.up();
  BOOST_TEST(world.unusable("one") == "");
  BOOST_TEST(has(world.records("ready").at(0)["how"].as_string(), "204 from http://127.0.0.1:"));
}

BOOST_AUTO_TEST_CASE(a_path_alone_is_asked_of_the_service_itself) {
  World world({unruly("one")});
  world.suite().services[0].ready = ready_by(How::http, "/ready");
  world.up();
  BOOST_TEST(world.unusable("one") == "");
}

BOOST_AUTO_TEST_CASE(another_status_is_not_ready) {
  World world({unruly("one", {"--status", "503"})});
  world.suite().services[0].ready = ready_by(How::http, "/ready");
  world.suite().services[0].ready.within = milliseconds(300);
  world.up();
  BOOST_TEST(has(world.unusable("one"), "answers with status 503"), world.unusable("one"));
}

BOOST_AUTO_TEST_CASE(a_stated_status_is_what_counts) {
  World world({unruly("one", {"--status", "401"})});
  world.suite().services[0].ready = ready_by(How::http, "/ready");
  world.suite().services[0].ready.status = 401;
  world.up();
  BOOST_TEST(world.unusable("one") == "");
}

BOOST_AUTO_TEST_CASE(a_line_of_the_log_can_mean_ready) {
  World world({unruly("one", {"--say", "listening on ${port}"})});
  world.suite().services[0].ready = ready_by(How::log, "^listening on ${port}$");
  world.up();
  BOOST_TEST(world.unusable("one") == "");
}

BOOST_AUTO_TEST_CASE(a_line_of_a_former_life_does_not_mean_ready) {
  World world({unruly("one")});
  auto& service = world.suite().services[0];
  service.run = argv({"sh", "-c", "test -e once || echo ready; touch once; exec sleep 60"});
  service.cwd = located(world.folder());
  service.ready = ready_by(How::log, "^ready$");
  auto& services = world.up();
  BOOST_TEST(world.unusable("one") == "");
  service.ready.within = milliseconds(200);
  BOOST_TEST(services.stop_for_control("one").ok());
  BOOST_TEST(!services.restore("one").ok());
}

BOOST_AUTO_TEST_CASE(a_bad_pattern_is_told) {
  World world({unruly("one")});
  world.suite().services[0].ready = ready_by(How::log, "(");
  world.up();
  BOOST_TEST(has(world.unusable("one"), "is no regular expression"), world.unusable("one"));
}

BOOST_AUTO_TEST_CASE(a_command_that_exits_with_0_means_ready_when_the_service_listens) {
  World world({unruly("one")});
  auto& service = world.suite().services[0];
  Value command = argv({"test", "-e", "${dir}"}).value;
  service.ready = ready_by(How::command, command);
  world.up();
  BOOST_TEST(world.unusable("one") == "");
}

BOOST_AUTO_TEST_CASE(a_command_that_exits_with_0_proves_nothing_while_nobody_listens) {
  World world({unruly("one")});
  auto& service = world.suite().services[0];
  service.run = argv({kUnruly, "--say", "${port}"});
  service.ready = ready_by(How::command, argv({"true"}).value);
  service.ready.within = milliseconds(300);
  world.up();
  BOOST_TEST(has(world.unusable("one"), "no process of one listens"), world.unusable("one"));
}

BOOST_AUTO_TEST_CASE(a_command_that_fails_is_quoted) {
  World world({unruly("one")});
  auto& service = world.suite().services[0];
  service.ready = ready_by(How::command, argv({"sh", "-c", "echo still in recovery; exit 2"}).value);
  service.ready.within = milliseconds(300);
  world.up();
  BOOST_TEST(has(world.unusable("one"), "exited with status 2: still in recovery"), world.unusable("one"));
}

BOOST_AUTO_TEST_CASE(a_worker_without_a_port_is_ready_when_it_runs) {
  World world({unruly("one")});
  world.suite().services[0].run = argv({"sleep", "60"});
  world.up();
  BOOST_TEST(world.unusable("one") == "");
  BOOST_TEST(world.records("ready").at(0)["how"].as_string() == "started");
}

BOOST_AUTO_TEST_CASE(an_answer_of_a_stranger_is_refused_at_once) {
  const OtherServer stale(free_port());
  for (const auto how : {How::http, How::tcp}) {
    World world({unruly("one")});
    const auto address = "127.0.0.1:" + std::to_string(stale.port());
    world.suite().services[0].ready = ready_by(how, how == How::http ? "http://" + address + "/" : address);
    const auto begun = Clock::now();
    world.up();
    const auto why = world.unusable("one");
    BOOST_TEST(has(why, address + " is answered by pid " + std::to_string(stale.pid())), why);
    BOOST_TEST(has(why, "before this run, not by one"), why);
    BOOST_TEST((Clock::now() - begun < seconds(15)));  // its own time is 20 s
    BOOST_TEST(lives(stale.pid()));
  }
}

BOOST_AUTO_TEST_CASE(an_answer_of_another_service_is_refused) {
  World world({unruly("one"), unruly("two", {}, {"one"})});
  world.suite().services[1].ready = ready_by(How::tcp, "127.0.0.1:${services.one.port}");
  world.up();
  BOOST_TEST(has(world.unusable("two"), "is answered by service one, not by two"), world.unusable("two"));
}

BOOST_AUTO_TEST_CASE(a_service_that_is_gone_while_an_older_one_answers_is_not_ready) {
  World world({unruly("one")});
  BOOST_REQUIRE(world.prepare().ok());
  std::unique_ptr<OtherServer> stale;
  // The command before is the last moment at which the port is still held; the older server comes up right after it.
  world.suite().services[0].run =
      argv({"sh", "-c", "touch \"$0\"; while ! test -e \"$0.go\"; do sleep 0.01; done; exit 0",
            world.folder() + "/asked", "${port}"});
  std::thread other([&] {
    eventually([&] { return ::access((world.folder() + "/asked").c_str(), F_OK) == 0; });
    stale = std::make_unique<OtherServer>(world.port("one"), Texts{"--reuse-port"});
    (void)write_atomically(world.folder() + "/asked.go", "");
  });
  world.up();
  other.join();
  const auto why = world.unusable("one");
  BOOST_TEST(!why.empty());
  BOOST_TEST(has(why, "pid " + std::to_string(stale->pid())), why);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace
}  // namespace mccoy::target::testing
