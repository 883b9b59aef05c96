#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "tests/harness/base/commands.hpp"

using namespace mccoy;
using namespace mccoy::test;

BOOST_AUTO_TEST_SUITE(process_table_and_names)

BOOST_AUTO_TEST_CASE(we_are_in_the_table) {
  const auto ours = process_info(::getpid());
  BOOST_REQUIRE(ours.has_value());
  BOOST_TEST(ours->parent == ::getppid());
  BOOST_TEST(ours->state == 'R');
  BOOST_TEST(!ours->argv.empty());
  BOOST_TEST(std::abs(wall_ms() - ours->started_wall_ms) < 3'600'000);
  BOOST_TEST(ours->started_wall_ms <= wall_ms());
  BOOST_TEST(!process_info(0x3fffffff).has_value());
  const auto table = process_table(false);
  BOOST_TEST(std::ranges::count_if(table, [&](const auto& info) { return info.id == ours->id; }) == 1);
}

BOOST_AUTO_TEST_CASE(a_name_with_spaces_and_parentheses_is_no_trap) {
  ::prctl(PR_SET_NAME, ") R 1 (x y");
  const auto info = process_info(::getpid());
  ::prctl(PR_SET_NAME, "test_base");
  BOOST_REQUIRE(info.has_value());
  BOOST_TEST(info->parent == ::getppid());
}

BOOST_AUTO_TEST_CASE(empty_arguments_are_shown_as_such) {
  auto tree = start(command({"/bin/sleep", "60"}));
  BOOST_TEST(process_info(tree.root().pid)->argv == (std::vector<std::string>{"/bin/sleep", "60"}));
  BOOST_TEST(process_info(tree.root().pid)->exe == tree.executable().path);
  BOOST_TEST((identify_process(tree.root().pid).value() == tree.root()));
}

BOOST_AUTO_TEST_CASE(an_environment_inherits_the_allowed_names_only) {
  for (const char* name :
       {"LD_PRELOAD_X", "GIT_DIR", "API_TOKEN", "MCCOY_X", "http_proxy", "LC_SECRET", "AWS_SECRET_ACCESS_KEY"})
    ::setenv(name, "x", 1);
  ::setenv("LC_TIME", "C", 1);
  const auto env = base_environment();
  BOOST_TEST(get_env(env, "PATH") == std::getenv("PATH"));
  BOOST_TEST(get_env(env, "LC_TIME") == "C");
  for (const char* name :
       {"LD_PRELOAD_X", "GIT_DIR", "API_TOKEN", "MCCOY_X", "http_proxy", "LC_SECRET", "AWS_SECRET_ACCESS_KEY"})
    BOOST_TEST(get_env(env, name) == "");
}

BOOST_AUTO_TEST_CASE(setting_a_variable_replaces_it) {
  std::vector<std::string> env{"A=1", "AB=2"};
  set_env(env, "A", "3");
  set_env(env, "C", "");
  BOOST_TEST(env == (std::vector<std::string>{"A=3", "AB=2", "C="}));
}

BOOST_AUTO_TEST_CASE(signals_have_names) {
  BOOST_TEST(signal_name(SIGKILL) == "KILL");
  BOOST_TEST(signal_name(42) == "SIG42");
  for (int number = 1; number < 32; ++number) BOOST_TEST(signal_number(signal_name(number)) == number);
  for (const char* name : {"KILL", "SIGKILL", "9", "SIG9"}) BOOST_TEST(signal_number(name) == 9);
  for (const char* name : {"", "KILLED", "-1", "0", "65", "99", "9x"}) BOOST_TEST(signal_number(name) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
