#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "harness/base/digest.hpp"
#include "tests/harness/base/commands.hpp"

using namespace mccoy;
using namespace mccoy::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {
std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

std::int64_t resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::stoll(line.substr(6));
  return 0;
}

/// `head -c BYTES /dev/zero`, told by a program that is not us.
std::string sha256_of_zeros(const std::string& size) {
  return run(shell("head -c " + size + " /dev/zero | sha256sum")).out.text().substr(0, 64);
}
}  // namespace

BOOST_AUTO_TEST_SUITE(run_a_command)

BOOST_AUTO_TEST_CASE(standard_input_comes_back_through_cat) {
  auto what = command({"/bin/cat"});
  for (int i = 0; what.input.size() < 10 << 20; ++i) what.input += std::to_string(i);
  const auto seen = run(what);
  BOOST_TEST(seen.out.bytes == static_cast<std::int64_t>(what.input.size()));
  BOOST_TEST(seen.out.sha256 == sha256(what.input));
}

BOOST_AUTO_TEST_CASE(input_nobody_reads_is_no_problem) {
  auto what = command({"/bin/true"});
  what.input.resize(10 << 20);
  BOOST_TEST(run(what).ended.code == 0);
}

BOOST_AUTO_TEST_CASE(without_input_standard_input_is_at_its_end) {
  BOOST_TEST(run(shell("cat; readlink /proc/self/fd/0")).out.text() == "/dev/null\n");
}

BOOST_AUTO_TEST_CASE(both_streams_flooding_at_once_are_counted_and_digested) {
  const auto seen = run(shell("head -c 64M /dev/zero >&2 & head -c 64M /dev/zero; wait"));
  const std::string expected = sha256_of_zeros("64M");
  BOOST_TEST(seen.out.bytes == 64 << 20);
  BOOST_TEST(seen.err.bytes == 64 << 20);
  BOOST_TEST(seen.out.sha256 == expected);
  BOOST_TEST(seen.err.sha256 == expected);
  BOOST_TEST(!seen.out.whole());
  BOOST_TEST(seen.out.dropped == (64 << 20) - 2 * static_cast<std::int64_t>(kKeepOutput));
}

BOOST_AUTO_TEST_CASE(memory_does_not_grow_with_the_output) {
  const char* size = std::getenv("MCCOY_FLOOD");  // 1G by hand, or when it is night
  const std::string bytes = size != nullptr ? size : "256M";
  run(shell("head -c 8M /dev/zero"));
  const auto before = resident_kib();
  const auto seen = run(shell("head -c " + bytes + " /dev/zero"));
  BOOST_TEST(resident_kib() - before < 16 * 1024);
  BOOST_TEST(seen.out.sha256 == sha256_of_zeros(bytes));
}

BOOST_AUTO_TEST_CASE(head_and_tail_are_kept_in_order) {
  const auto seen = run(shell("i=0; while [ $i -lt 1000 ]; do printf '%06d\\n' $i; i=$((i+1)); done"), soon(), 70);
  BOOST_TEST(seen.out.head.substr(0, 14) == "000000\n000001\n");
  BOOST_TEST(seen.out.tail.substr(56) == "000998\n000999\n");
  BOOST_TEST(seen.out.tail.size() == 70u);
  BOOST_TEST(seen.out.dropped == 7000 - 140);
}

BOOST_AUTO_TEST_CASE(a_deadline_ends_what_ignores_polite_signals) {
  const auto from = Clock::now();
  const auto seen = run(daemonizer({"stubborn"}), Deadline::in(milliseconds(200)));
  BOOST_TEST(seen.deadline_passed);
  BOOST_TEST(!seen.ended.exited);
  BOOST_TEST(seen.ended.code == SIGKILL);
  BOOST_TEST((Clock::now() - from >= milliseconds(200)));
  for (const pid_t pid : numbers_after("pid", seen.out.text())) BOOST_TEST(!alive(pid));
}

BOOST_AUTO_TEST_CASE(a_deadline_ends_what_is_stopped) {
  const auto seen = run(shell("kill -STOP $$; echo never"), Deadline::in(milliseconds(100)));
  BOOST_TEST(seen.deadline_passed);
  BOOST_TEST(seen.ended.code == SIGKILL);
  BOOST_TEST(seen.out.bytes == 0);
}

BOOST_AUTO_TEST_CASE(output_before_a_deadline_is_kept) {
  const auto seen = run(shell("echo said; exec sleep 60"), Deadline::in(milliseconds(300)));
  BOOST_TEST(seen.deadline_passed);
  BOOST_TEST(seen.out.text() == "said\n");
}

BOOST_AUTO_TEST_CASE(a_deadline_already_passed_still_starts_nothing_that_stays) {
  const auto seen = run(command({"/bin/sleep", "60"}), Deadline::in(Duration::zero()));
  BOOST_TEST(seen.deadline_passed);
  BOOST_TEST(!alive(seen.root.pid));
}

BOOST_AUTO_TEST_CASE(closing_both_streams_is_not_the_end) {
  const auto seen = run(shell("exec >&- 2>&-; sleep 0.2; exit 7"));
  BOOST_TEST(seen.ended.code == 7);
}

BOOST_AUTO_TEST_CASE(a_daemon_that_holds_the_pipe_is_not_waited_for) {
  const auto seen = run(daemonizer({"daemons", "1", "hold"}));
  BOOST_TEST(seen.ended.exited);
  BOOST_TEST(seen.ended.code == 0);
  const auto daemons = numbers_after("pid", seen.out.text());
  BOOST_REQUIRE(daemons.size() == 1u);
  BOOST_REQUIRE(seen.leftovers.size() == 1u);
  BOOST_TEST(seen.leftovers[0].id.pid == daemons[0]);
  BOOST_TEST(!alive(daemons[0]));
}

BOOST_AUTO_TEST_CASE(a_flood_left_behind_does_not_keep_us_reading) {
  const auto seen = run(shell("setsid sh -c 'exec cat /dev/zero' & sleep 0.1; exit 3"));
  BOOST_TEST(seen.ended.code == 3);
  BOOST_TEST(!seen.leftovers.empty());
}

BOOST_AUTO_TEST_CASE(an_interrupt_ends_the_command) {
  Interrupt interrupt;
  BOOST_TEST(!interrupt.raised());
  std::thread raiser([&] { interrupt.raise(); });
  const auto result = run_command(command({"/bin/sleep", "60"}), soon(), kKeepOutput, &interrupt);
  raiser.join();
  BOOST_REQUIRE(result.ok());
  BOOST_TEST(result.value().interrupted);
  BOOST_TEST(!result.value().deadline_passed);
  BOOST_TEST(result.value().end_seen == (result.value().root.pid != 0));  // it may come before the command runs
  if (result.value().end_seen) BOOST_TEST(result.value().ended.code == SIGKILL);
  BOOST_TEST(interrupt.raised());
}

BOOST_AUTO_TEST_CASE(a_thousand_commands_leak_no_descriptor) {
  run(command({"/bin/true"}));
  const auto before = open_descriptors();
  for (int i = 0; i < 1000; ++i) BOOST_REQUIRE(run(command({"/bin/true"})).ended.code == 0);
  for (int i = 0; i < 10; ++i) BOOST_REQUIRE(!run_command(command({"/no/such"}), soon()).ok());
  BOOST_TEST(open_descriptors() == before);
}

BOOST_AUTO_TEST_CASE(threads_do_not_disturb_one_another) {
  std::vector<std::thread> threads;
  std::array<int, 8> wrong{};
  for (std::size_t t = 0; t < wrong.size(); ++t)
    threads.emplace_back([t, &wrong] {
      for (int i = 0; i < 50; ++i) {
        const std::string word = std::to_string(t) + "." + std::to_string(i);
        const auto seen = run_command(shell("echo " + word + "; exit " + std::to_string(i)), soon());
        if (!seen.ok() || seen.value().out.text() != word + "\n" || seen.value().ended.code != i) ++wrong[t];
      }
    });
  for (auto& thread : threads) thread.join();
  for (const int count : wrong) BOOST_TEST(count == 0);
}

BOOST_AUTO_TEST_SUITE_END()
