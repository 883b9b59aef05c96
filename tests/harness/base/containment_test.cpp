// Nothing outlives its owner: neither daemons, nor what forks while it is killed, nor the tree of a mccoy that was
// killed.
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <thread>

#include "harness/base/cgroup.hpp"
#include "harness/base/owned.hpp"
#include "tests/harness/base/commands.hpp"

using namespace mccoy;
using namespace mccoy::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {
/// Reads standard output until a text is in it; fails the test after a while.
std::string read_until(ProcessTree& tree, const std::function<bool(const std::string&)>& enough) {
  std::string text;
  const auto deadline = soon();
  while (!enough(text)) {
    pollfd readable{tree.out(), POLLIN, 0};
    BOOST_REQUIRE(::poll(&readable, 1, deadline.poll_ms()) > 0);
    char part[4096];
    const ssize_t length = ::read(tree.out(), part, sizeof part);
    BOOST_REQUIRE_MESSAGE(length > 0, "it ended too early, having said: " << text);
    text.append(part, static_cast<std::size_t>(length));
  }
  return text;
}

std::string read_pids(ProcessTree& tree, std::size_t count) {
  return read_until(tree, [&](const std::string& text) { return numbers_after("pid", text).size() >= count; });
}

/// A process that is watched through a handle of its own, so that a reused number cannot deceive.
UniqueFd handle_of(pid_t pid) {
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}
bool ends_before(const UniqueFd& handle, Deadline deadline) {
  pollfd ended{handle.get(), POLLIN, 0};
  return !handle || ::poll(&ended, 1, deadline.poll_ms()) > 0;
}

std::vector<std::string> our_cgroups() {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(own_cgroup(), error))
    if (entry.path().filename().string().starts_with("mccoy-")) found.push_back(entry.path().string());
  return found;
}

bool cgroups_work() {
  const std::string path = own_cgroup() + "/mccoy-test";
  const bool works = !own_cgroup().empty() && make_cgroup(path);
  remove_cgroup(path);
  return works;
}
boost::test_tools::assertion_result with_cgroups(boost::unit_test::test_unit_id) {
  return cgroups_work();
}
}  // namespace

BOOST_AUTO_TEST_SUITE(containment)

BOOST_AUTO_TEST_CASE(daemons_are_found_and_killed) {
  const auto seen = run(daemonizer({"daemons", "5"}));
  const auto daemons = numbers_after("pid", seen.out.text());
  BOOST_REQUIRE(daemons.size() == 5u);
  BOOST_TEST(seen.leftovers.size() == 5u);
  for (const pid_t pid : daemons) BOOST_TEST(!process_info(pid).has_value());  // not even a zombie
}

BOOST_AUTO_TEST_CASE(a_tree_knows_its_members) {
  auto tree = start(shell("sleep 60 & echo pid $!; sleep 61 & echo pid $!; wait"));
  const auto children = numbers_after("pid", read_pids(tree, 2));
  BOOST_TEST(tree.owns(tree.root().pid));
  for (const pid_t pid : children) BOOST_TEST(tree.owns(pid));
  BOOST_TEST(!tree.owns(::getpid()));
  BOOST_TEST(!tree.owns(tree.keeper()));
  BOOST_TEST(!tree.owns(1));
  BOOST_TEST(tree.members().size() == 3u);
  BOOST_TEST(tree.kill_all().size() == 3u);
  BOOST_TEST(tree.members().empty());
  BOOST_TEST(!tree.owns(children[0]));
  BOOST_TEST(tree.ended().value().code == SIGKILL);
}

BOOST_AUTO_TEST_CASE(a_root_that_was_told_to_stop_is_no_leftover) {
  auto tree = start(daemonizer({"stubborn"}));
  read_pids(tree, 1);
  BOOST_REQUIRE(tree.signal_root(SIGTERM).ok());
  BOOST_TEST(tree.kill_all().empty());
}

BOOST_AUTO_TEST_CASE(a_signal_reaches_the_root_and_fails_once_it_is_gone) {
  auto tree = start(shell("trap 'exit 9' TERM; echo pid $$; while :; do sleep 0.01; done"));
  read_pids(tree, 1);
  BOOST_REQUIRE(tree.signal_root(SIGTERM).ok());
  BOOST_TEST(tree.wait(soon()).value().code == 9);
  const auto again = tree.signal_root(SIGTERM);
  BOOST_REQUIRE(!again.ok());
  BOOST_TEST(again.error().cause.value() == ESRCH);
}

BOOST_AUTO_TEST_CASE(waiting_ends_at_the_deadline_and_the_process_lives_on) {
  auto tree = start(command({"/bin/sleep", "60"}));
  const auto result = tree.wait(Deadline::in(milliseconds(20)));
  BOOST_REQUIRE(!result.ok());
  BOOST_TEST(result.error().cause.value() == ETIMEDOUT);
  BOOST_TEST(alive(tree.root().pid));
}

BOOST_AUTO_TEST_CASE(letting_go_kills_all) {
  pid_t root = 0;
  std::vector<pid_t> children;
  {
    auto tree = start(shell("sleep 60 & echo pid $!; wait"));
    children = numbers_after("pid", read_pids(tree, 1));
    root = tree.root().pid;
  }
  BOOST_TEST(!alive(root));
  BOOST_TEST(!alive(children.at(0)));
}

BOOST_AUTO_TEST_CASE(another_thread_may_kill_what_one_waits_for) {
  auto tree = start(command({"/bin/sleep", "60"}));
  std::thread killer([&] { tree.kill_all(); });
  BOOST_TEST(tree.wait(soon()).value().code == SIGKILL);
  killer.join();
}

BOOST_AUTO_TEST_CASE(what_forks_while_it_is_killed_is_killed) {
  for (int round = 0; round < 10; ++round) {
    auto tree = start(daemonizer({"refork"}));
    read_pids(tree, 1);
    const pid_t keeper = tree.keeper();
    tree.kill_all();
    BOOST_TEST(descendants_of(keeper).empty());
    BOOST_TEST(tree.members().empty());
    BOOST_TEST(!tree.keeper_lost());
  }
}

BOOST_AUTO_TEST_CASE(two_hundred_processes_are_killed) {
  auto tree = start(daemonizer({"burst", "200"}));
  const auto pids = numbers_after("pid", read_pids(tree, 200));
  BOOST_TEST(tree.kill_all().size() == 201u);
  for (const pid_t pid : pids) BOOST_TEST(!process_info(pid).has_value());
}

BOOST_AUTO_TEST_CASE(a_stopped_keeper_still_kills) {
  auto tree = start(daemonizer({"stubborn"}));
  read_pids(tree, 1);
  BOOST_REQUIRE(::kill(tree.keeper(), SIGSTOP) == 0);
  tree.kill_all();
  BOOST_TEST(!alive(tree.root().pid));
  BOOST_TEST(tree.ended().value().code == SIGKILL);
}

BOOST_AUTO_TEST_CASE(a_killed_keeper_is_an_error_and_its_tree_dies) {
  auto tree = start(daemonizer({"keeper-killer"}));
  const auto pids = numbers_after("pid", read_pids(tree, 2));
  std::vector<UniqueFd> handles;
  for (const pid_t pid : pids) handles.push_back(handle_of(pid));
  const auto result = tree.wait(soon());
  BOOST_REQUIRE(!result.ok());
  BOOST_TEST(result.error().what.find("keeper") != std::string::npos);
  BOOST_TEST(tree.keeper_lost());
  for (const auto& handle : handles) BOOST_TEST(ends_before(handle, Deadline::in(seconds(2))));
}

BOOST_AUTO_TEST_CASE(running_a_command_that_kills_its_keeper_is_an_error) {
  const auto result = run_command(daemonizer({"keeper-killer"}), soon());
  BOOST_REQUIRE(!result.ok());
  BOOST_TEST(run(command({"/bin/true"})).ended.code == 0);  // and the next one is not affected
}

pid_t keeper_of_a_short_command() {
  auto tree = start(command({"/bin/true"}));
  BOOST_TEST(tree.wait(soon()).ok());
  tree.kill_all();
  return tree.keeper();
}

BOOST_AUTO_TEST_CASE(a_keeper_whose_command_left_nothing_keeps_the_next_one) {
  const pid_t keeper = keeper_of_a_short_command();
  BOOST_TEST(keeper_of_a_short_command() == keeper);
  BOOST_TEST(run(command({"sh", "-c", "exit 7"})).ended.code == 7);
}

BOOST_AUTO_TEST_CASE(a_keeper_that_had_to_kill_keeps_no_other) {
  auto tree = start(daemonizer({"stubborn"}));
  read_pids(tree, 1);
  const pid_t keeper = tree.keeper();
  tree.kill_all();
  tree = {};
  BOOST_TEST(keeper_of_a_short_command() != keeper);
}

BOOST_AUTO_TEST_CASE(an_idle_keeper_that_was_stopped_or_killed_is_in_nobodys_way) {
  const pid_t keeper = keeper_of_a_short_command();
  BOOST_REQUIRE(::kill(keeper, SIGSTOP) == 0);
  BOOST_TEST(keeper_of_a_short_command() == keeper);
  const UniqueFd handle = handle_of(keeper);
  BOOST_REQUIRE(::kill(keeper, SIGKILL) == 0);
  BOOST_REQUIRE(ends_before(handle, soon()));
  BOOST_TEST(keeper_of_a_short_command() != keeper);
}

BOOST_AUTO_TEST_CASE(a_cgroup_is_used_and_removed, *boost::unit_test::precondition(with_cgroups)) {
  auto what = daemonizer({"daemons", "3"});
  what.want_cgroup = true;
  const auto before = our_cgroups();
  auto tree = start(what);
  BOOST_TEST(tree.containment() == "cgroup+keeper");
  BOOST_TEST(our_cgroups().size() == before.size() + 1);
  BOOST_TEST(tree.wait(soon()).value().code == 0);
  BOOST_TEST(tree.kill_all().size() == 3u);
  BOOST_TEST(our_cgroups() == before);
}

BOOST_AUTO_TEST_CASE(the_cgroup_of_a_killed_keeper_is_removed, *boost::unit_test::precondition(with_cgroups)) {
  auto what = daemonizer({"keeper-killer"});
  what.want_cgroup = true;
  const std::string path = [&] {
    auto tree = start(what);
    BOOST_TEST(!tree.wait(soon()).ok());
    return cgroup_of_keeper(tree.keeper());
  }();
  const auto deadline = Deadline::in(seconds(5));
  while (std::filesystem::exists(path) && !deadline.passed()) std::this_thread::yield();
  BOOST_TEST(!std::filesystem::exists(path));
}

/// Not a test by itself: what the next one kills. It starts two commands and says who is there.
BOOST_AUTO_TEST_CASE(victim, *boost::unit_test::disabled()) {
  if (std::getenv("MCCOY_TEST_VICTIM") == nullptr) return;
  auto daemons = daemonizer({"daemons", "3"});
  daemons.want_cgroup = true;
  auto first = start(daemons);
  auto second = start(daemonizer({"stubborn"}));
  std::cout << read_pids(first, 3) << read_pids(second, 1);
  std::cout << "pid " << second.root().pid << "\npid " << first.keeper() << "\npid " << second.keeper() << "\npid "
            << process_info(first.keeper())->parent << "\ncgroup " << first.keeper() << "\nready\n"
            << std::flush;
  ::pause();
}

BOOST_AUTO_TEST_CASE(nothing_is_left_when_mccoy_is_killed) {
  auto victim = command({"/proc/" + std::to_string(::getpid()) + "/exe", "--run_test=containment/victim"});
  set_env(victim.env, "MCCOY_TEST_VICTIM", "1");
  auto tree = start(victim);
  const std::string said = read_until(tree, [](const std::string& text) { return text.ends_with("ready\n"); });
  const auto pids = numbers_after("pid", said);
  BOOST_REQUIRE(pids.size() == 8u);
  std::vector<UniqueFd> handles;
  for (const pid_t pid : pids) {
    handles.push_back(handle_of(pid));
    BOOST_TEST(alive(pid));
  }
  BOOST_REQUIRE(tree.signal_root(SIGKILL).ok());
  const auto deadline = Deadline::in(seconds(2));
  for (const auto& handle : handles) BOOST_TEST(ends_before(handle, deadline));
  BOOST_TEST(!std::filesystem::exists(cgroup_of_keeper(numbers_after("cgroup", said).at(0))));
  BOOST_TEST(tree.members().empty());
}

BOOST_AUTO_TEST_CASE(no_zombie_is_left_behind) {
  run(daemonizer({"daemons", "3"}));
  const pid_t guardian = process_info(start(command({"/bin/sleep", "60"})).keeper()).value().parent;
  const auto deadline = Deadline::in(seconds(5));
  while (!children_of(guardian).empty() && !deadline.passed()) std::this_thread::yield();
  BOOST_TEST(children_of(guardian).empty());
}

BOOST_AUTO_TEST_SUITE_END()
