// Targets that flood, hide from or turn against the witness: the command runs, nothing hangs, nothing is claimed that
// was not seen.
#include <signal.h>
#include <unistd.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "tests/harness/witness/watched.hpp"
#include "tests/sanitized.hpp"

namespace mccoy::test {
BOOST_AUTO_TEST_SUITE(call_hostile)

BOOST_AUTO_TEST_CASE(a_hundred_thousand_files_are_counted_where_they_are_too_many_to_keep) {
  const Folder folder;
  const Watching ran = watch(fixture("deeds_files", {"many_files"}), folder.path(), 120);
  BOOST_TEST(ran.captured.ended.code == 0);
  BOOST_TEST(ran.activity.writes.size() + static_cast<std::size_t>(ran.activity.dropped.writes) == 100'001U);
  BOOST_TEST(!ran.activity.writes_complete);
  BOOST_TEST(ran.activity.programs_complete);
}

BOOST_AUTO_TEST_CASE(a_target_may_close_every_descriptor_it_has) {
  const Folder folder;
  const Activity seen = watch_all(fixture("deeds_hostile", {"close_all"}), folder.path());
  BOOST_TEST(has_made(seen, folder.at("after")));
}

BOOST_AUTO_TEST_CASE(a_filter_of_its_own_stands_beside_ours) {
  const Folder folder;
  const Activity seen = watch_all(fixture("deeds_hostile", {"own_filter"}), folder.path());
  BOOST_TEST(has_made(seen, folder.at("before")));
  BOOST_TEST(!write_of(seen, folder.at("refused")));
}

BOOST_AUTO_TEST_CASE(a_listener_of_its_own_is_refused_by_the_kernel) {
  const Activity seen = watch_all(fixture("deeds_hostile", {"own_listener"}));
  BOOST_TEST(seen.programs.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_keeper_that_is_killed_leaves_an_activity_that_ends) {
  const Folder folder;
  Command command = fixture("deeds_hostile", {"kill_parent"});
  command.cwd = folder.path();
  witness::CallWitness witness;
  witness.watch(command);
  const auto captured = run_command(command, Deadline::in(std::chrono::seconds(20)));
  const Activity seen = witness.end();
  BOOST_TEST(has_made(seen, folder.at("before")));
  BOOST_TEST(std::ranges::any_of(seen.signals, [](const auto& signal) { return signal.signal == "KILL"; }));
}

BOOST_AUTO_TEST_CASE(io_uring_takes_completeness_away) {
  const Activity seen = watch_all(fixture("deeds_hostile", {"io_uring"}));
  BOOST_TEST(!seen.reads_complete);
  BOOST_TEST(!seen.writes_complete);
  BOOST_TEST(!seen.sockets_complete);
  BOOST_TEST(all(seen.notices).find("io_uring_setup") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_number_that_is_used_again_is_another_process) {
  if (::geteuid() != 0) return;
  const Watching ran = watch(fixture("deeds_hostile", {"few_pids"}));
  if (ran.captured.ended.code == 77) {
    BOOST_TEST_MESSAGE("no pid namespace of few numbers can be had here");
    return;
  }
  BOOST_TEST(ran.captured.ended.code == 0);
  std::set<std::string> tokens;
  for (const SeenProgram& program : ran.activity.programs)
    if (!program.forked && program.process.argv.size() == 2 && program.process.argv[0] == "true")
      tokens.insert(program.process.argv[1]);
  BOOST_TEST(tokens.size() == 1000U);
}

BOOST_AUTO_TEST_CASE(a_watcher_below_a_watcher_says_that_it_is_not_the_first) {
  const Folder folder;
  const Activity outer = watch_all(
      words({MCCOY_BINARY_DIR "/mccoy", "exec", "--out", folder.at("evidence"), "--", "/bin/sh", "-c", "echo inner"}),
      folder.path());
  BOOST_TEST(executed(outer).size() >= 2U);
}

BOOST_AUTO_TEST_CASE(below_another_watcher_ptrace_watches_and_the_reason_is_told) {
  const Watching nested =
      watch(words({MCCOY_BINARY_DIR "/mccoy", "exec", "--", "/bin/sh", "-c", "cat /etc/hostname >&2; exit 3"}));
  const std::string told = nested.captured.err.text();
  BOOST_TEST(nested.captured.ended.code == 3);
  BOOST_TEST(told.find("another watcher is above this run") != std::string::npos, told);
  BOOST_TEST(told.find("cat /etc/hostname  exit 0") != std::string::npos, told);
}

BOOST_DATA_TEST_CASE(where_the_kernel_refuses_ptrace_watches_and_the_reason_is_told,
                     boost::unit_test::data::make({"without_listeners", "without_seccomp"})) {
  Command refusing = fixture("deeds_hostile", {sample, MCCOY_BINARY_DIR "/mccoy", "exec", "--", "/bin/echo", "hi"});
  auto alone = run_command(refusing, Deadline::in(std::chrono::seconds(30)));
  BOOST_REQUIRE(alone.ok());
  BOOST_TEST(alone->ended.code == 0);
  BOOST_TEST(alone->out.text() == "hi\n");
  BOOST_TEST(alone->err.text().find("echo hi  exit 0") != std::string::npos, alone->err.text());
  BOOST_TEST(alone->err.text().find("ptrace watched, for the kernel refused") != std::string::npos, alone->err.text());
}

BOOST_AUTO_TEST_CASE(where_nobody_may_look_into_others_the_command_runs_and_the_reason_is_told) {
  Command refusing =
      fixture("deeds_hostile", {"without_ptrace", MCCOY_BINARY_DIR "/mccoy", "exec", "--", "/bin/echo", "hi"});
  set_env(refusing.env, "ASAN_OPTIONS", "detect_leaks=0");  // which would need ptrace
  auto alone = run_command(refusing, Deadline::in(std::chrono::seconds(30)));
  BOOST_REQUIRE(alone.ok());
  BOOST_TEST(alone->ended.code == 0);
  BOOST_TEST(alone->out.text() == "hi\n");
  BOOST_TEST(alone->err.text().find("may not look into its children") != std::string::npos, alone->err.text());
}

BOOST_AUTO_TEST_CASE(memory_stays_bounded_when_the_target_floods) {
  constexpr std::int64_t kMostKib = 64 * 1024;
  const Folder folder;
  const std::vector<std::string> floods[] = {
      {"deeds_files", "flood"}, {"deeds_files", "many_files"}, {"deeds_programs", "tree", "10000"}};
  for (const auto& flood : floods) {
    Command command =
        words({"/usr/bin/env", "python3", MCCOY_SOURCE_DIR "/fixtures/peak_memory.py", MCCOY_BINARY_DIR "/mccoy",
               "exec", "-q", "--", MCCOY_BINARY_DIR "/fixtures/" + flood[0], flood[1]});
    if (flood.size() > 2) command.argv.push_back(flood[2]);
    command.cwd = folder.path();
    auto ran = run_command(command, Deadline::in(std::chrono::seconds(120)));
    BOOST_REQUIRE(ran.ok());
    BOOST_TEST(ran->ended.code == 0);
    const std::int64_t peak = std::atoll(ran->out.text().c_str());
    BOOST_TEST_MESSAGE(flood[1] << ": " << peak << " KiB");
    BOOST_TEST(peak > 0);
    BOOST_TEST((kSanitized || peak < kMostKib), flood[1] << ": " << peak << " KiB");
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::test
