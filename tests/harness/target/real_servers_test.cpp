// PostgreSQL, Redis and nginx of the distribution, started as a suite would start them. Skipped where they are not
// installed.
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "world.hpp"

namespace mccoy::target::testing {
namespace {
namespace utf = boost::unit_test;
using How = suite::Ready::How;
const std::string kPostgres = "/usr/lib/postgresql/15/bin";

struct Installed {
  std::string program;
  boost::test_tools::assertion_result operator()(utf::test_unit_id) const {
    boost::test_tools::assertion_result found(::access(program.c_str(), X_OK) == 0);
    found.message() << program << " is not installed";
    return found;
  }
};

suite::Service postgres() {
  suite::Service service = unruly("db");
  service.run =
      argv({kPostgres + "/postgres", "-D", "${dir}/data", "-p", "${port}", "-k", "${dir}", "-h", "127.0.0.1"});
  service.before = {argv({kPostgres + "/initdb", "-D", "${dir}/data", "-U", "postgres", "-A", "trust", "--no-sync"})};
  service.user = "unprivileged";
  service.ready = ready_by(How::command, argv({"pg_isready", "-h", "127.0.0.1", "-p", "${port}", "-q"}).value);
  service.ready.within = seconds(60);
  service.stop_signal = "INT";
  service.leaves_nothing = {located("${dir}/data/postmaster.pid")};
  return service;
}

suite::Service redis() {
  suite::Service service = unruly("cache");
  service.run = argv({"redis-server", "--port", "${port}", "--bind", "127.0.0.1", "--dir", "${dir}", "--save", ""});
  service.user = "unprivileged";
  return service;
}

std::string nginx_configuration(const std::string& dir, int port) {
  return "daemon on;\npid " + dir + "/nginx.pid;\nerror_log " + dir +
         "/error.log;\nworker_processes 2;\nevents {}\nhttp {\n" + "  access_log off;\n  client_body_temp_path " + dir +
         "/t1;\n  proxy_temp_path " + dir + "/t2;\n  fastcgi_temp_path " + dir + "/t3;\n  uwsgi_temp_path " + dir +
         "/t4;\n  scgi_temp_path " + dir + "/t5;\n  server { listen 127.0.0.1:" + std::to_string(port) + "; root " +
         dir + "; }\n}\n";
}

std::string output_of(const Texts& words) {
  const auto ran =
      run_command({.argv = words, .env = base_environment(), .cwd = "/", .input = {}}, Deadline::in(seconds(30)));
  BOOST_REQUIRE_MESSAGE(ran.ok(), words.at(0));
  return ran->out.text() + ran->err.text();
}

BOOST_AUTO_TEST_SUITE(real_servers)

BOOST_AUTO_TEST_CASE(postgresql_is_set_up_asked_stopped_and_back,
                     *utf::precondition(Installed{kPostgres + "/postgres"})) {
  World world({postgres()});
  auto& services = world.up();
  BOOST_REQUIRE_EQUAL(world.unusable("db"), "");
  const Texts select{"psql", "-h", "127.0.0.1", "-p", world.text("${services.db.port}"), "-U", "postgres", "-Atc"};
  const auto ask = [&](const std::string& sql) {
    auto words = select;
    words.push_back(sql);
    return output_of(words);
  };
  BOOST_TEST(ask("create table t (x int); insert into t values (41); select x + 1 from t") ==
             "CREATE TABLE\nINSERT 0 1\n42\n");
  BOOST_TEST(services.members_of("db").size() > 3u);
  BOOST_TEST(services.stop_for_control("db").ok());
  BOOST_TEST(has(ask("select 1"), "refused"));
  BOOST_TEST(services.restore("db").ok());
  BOOST_TEST(ask("select x from t") == "41\n");
  const auto left = services.stop_all();
  BOOST_TEST(left.processes.empty());
  BOOST_TEST(left.files.empty());
  BOOST_TEST(left.ports.empty());
}

BOOST_AUTO_TEST_CASE(a_killed_postmaster_is_a_death_and_restored_with_its_data,
                     *utf::precondition(Installed{kPostgres + "/postgres"})) {
  World world({postgres()});
  auto& services = world.up();
  BOOST_REQUIRE_EQUAL(world.unusable("db"), "");
  ::kill(world.pid("db"), SIGKILL);
  BOOST_TEST(eventually([&] { return !world.records("died").empty(); }));
  BOOST_TEST(has(world.unusable("db"), "db was ended by signal KILL"), world.unusable("db"));
  BOOST_TEST(services.restore("db").ok());
  BOOST_TEST(world.unusable("db") == "");
}

BOOST_AUTO_TEST_CASE(redis_answers_from_its_own_process, *utf::precondition(Installed{"/usr/bin/redis-server"})) {
  World world({redis()});
  auto& services = world.up();
  BOOST_REQUIRE_EQUAL(world.unusable("cache"), "");
  BOOST_TEST(output_of({"redis-cli", "-p", world.text("${services.cache.port}"), "ping"}) == "PONG\n");
  BOOST_TEST(has(services.look().at(0).listeners.at(0).exe, "/redis-"));
  BOOST_TEST(services.stop_all().empty());
}

BOOST_AUTO_TEST_CASE(nginx_as_a_daemon_is_followed_and_ended, *utf::precondition(Installed{"/usr/sbin/nginx"})) {
  auto service = unruly("web");
  service.run = argv({"/usr/sbin/nginx", "-p", "${dir}", "-e", "${dir}/error.log", "-c", "${dir}/nginx.conf"});
  service.user = "unprivileged";
  service.ready = ready_by(How::http, "/nginx.conf");
  service.stop_signal = "QUIT";
  service.leaves_nothing = {located("*.pid")};
  World world({service});
  BOOST_REQUIRE(world.prepare().ok());
  const auto dir = world.text("${services.web.dir}");
  std::ofstream(dir + "/nginx.conf") << nginx_configuration(dir, world.port("web"));
  auto& services = world.up();
  BOOST_REQUIRE_EQUAL(world.unusable("web"), "");
  BOOST_REQUIRE(eventually(
      [&] { return services.members_of("web").size() == 3; }));  // a master that left its parent, two workers
  const auto left = services.stop_all();
  BOOST_TEST(left.processes.empty());
  BOOST_TEST(left.files.empty());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace
}  // namespace mccoy::target::testing
