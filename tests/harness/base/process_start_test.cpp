#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "tests/harness/base/commands.hpp"

namespace data = boost::unit_test::data;
using namespace mccoy;
using namespace mccoy::test;

BOOST_AUTO_TEST_SUITE(process_start)

BOOST_AUTO_TEST_CASE(every_exit_code_is_reported) {
  for (int code = 0; code < 256; ++code) {
    const auto seen = run(shell("exit " + std::to_string(code)));
    BOOST_TEST(seen.ended.exited);
    BOOST_TEST(seen.ended.code == code);
  }
}

BOOST_DATA_TEST_CASE(a_death_by_signal_is_not_an_exit,
                     data::make({SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1,
                                 SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGXCPU, SIGSYS, 40}),
                     number) {
  const auto seen = run(shell("kill -" + std::to_string(number) + " $$; sleep 60"));
  BOOST_TEST(!seen.ended.exited);
  BOOST_TEST(seen.ended.code == number);
}

BOOST_AUTO_TEST_CASE(without_a_network_no_address_can_be_reached_and_all_else_is_as_it_was) {
  auto what = shell("wc -l </proc/net/dev; id -u; readlink /proc/self/ns/net /proc/self/ns/mnt");
  const auto with = run(what).out.text();
  what.no_network = true;
  const auto cut = run_command(what, soon());
  if (!cut.ok()) {
    BOOST_TEST_MESSAGE("skipped: " << render(cut.error()));
    return;
  }
  std::istringstream before(with), after(cut->out.text());
  std::string line, other;
  BOOST_TEST(
      (std::getline(before, line) && std::getline(after, other) && other == "3"));  // two lines of heading and lo
  BOOST_TEST((std::getline(before, line) && std::getline(after, other) && line == other));
  BOOST_TEST((std::getline(before, line) && std::getline(after, other) && line != other));
  BOOST_TEST((std::getline(before, line) && std::getline(after, other) && line == other));
}

BOOST_AUTO_TEST_CASE(the_command_gets_exactly_these_arguments) {
  const std::vector<std::string> hostile{"",   " ",        "a b",        "$(id)", "; rm -rf x",
                                         "*",  "'\"",      "two\nlines", "\t",    "-n",
                                         "--", "\xff\xfe", "\xc3",       "%s%n",  std::string(120 * 1024, 'x')};
  auto what = command({"/bin/sh", "-c", R"(printf '%s\037' "$@")", "sh"});
  what.argv.insert(what.argv.end(), hostile.begin(), hostile.end());
  std::string expected;
  for (const auto& argument : hostile) expected += argument + "\037";
  const auto seen = run(what);
  BOOST_TEST(seen.out.text() == expected);
}

BOOST_AUTO_TEST_CASE(many_arguments_beyond_one_packet_arrive) {
  auto what = command({"/bin/sh", "-c", "echo $#", "sh"});
  what.argv.resize(4 + 50'000, "0123456789");
  BOOST_TEST(run(what).out.text() == "50000\n");
}

BOOST_AUTO_TEST_CASE(an_argument_the_kernel_refuses_is_an_error_with_the_reason) {
  const auto result = run_command(command({"/bin/true", std::string(200 * 1024, 'x')}), soon());
  BOOST_REQUIRE(!result.ok());
  BOOST_TEST(result.error().cause.value() == E2BIG);
  BOOST_TEST(result.error().hint.find("128 KiB") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_nul_byte_is_refused) {
  BOOST_TEST(!run_command(command({"/bin/true", std::string("a\0b", 3)}), soon()).ok());
}

BOOST_AUTO_TEST_CASE(the_environment_is_exactly_what_was_given) {
  BOOST_REQUIRE(::setenv("MCCOY_TEST_LEAK", "leaked", 1) == 0);
  Command what{.argv = {"/usr/bin/env", "-0"}, .env = {"ONE=1", "EMPTY=", "LINES=a\nb", "BYTES=\xff"}};
  BOOST_TEST(run(what).out.text() == std::string("ONE=1\0EMPTY=\0LINES=a\nb\0BYTES=\xff\0", 31));
}

BOOST_AUTO_TEST_CASE(no_descriptor_is_inherited) {
  const UniqueFd leaky(::open("/dev/null", O_RDONLY));                                  // on purpose without O_CLOEXEC
  BOOST_TEST(run(command({"/bin/ls", "/proc/self/fd"})).out.text() == "0\n1\n2\n3\n");  // 3 is the folder it lists
}

BOOST_AUTO_TEST_CASE(signals_are_as_a_shell_would_have_them) {
  const auto status = run(command({"/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"})).out.text();
  BOOST_TEST(status == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

BOOST_AUTO_TEST_CASE(it_has_a_session_of_its_own_and_no_core_file) {
  auto tree = start(shell("ulimit -S -c; read -r line < /proc/self/stat; exec sleep 60"));
  BOOST_TEST(::getsid(tree.root().pid) == tree.root().pid);
}

BOOST_AUTO_TEST_CASE(the_folder_is_the_one_asked_for) {
  auto what = command({"/bin/pwd"});
  what.cwd = "/usr/share";
  BOOST_TEST(run(what).out.text() == "/usr/share\n");
  what.cwd = "/no/such/folder";
  const auto result = run_command(what, soon());
  BOOST_REQUIRE(!result.ok());
  BOOST_TEST(result.error().cause.value() == ENOENT);
  BOOST_TEST(result.error().what.find("/no/such/folder") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_umask_is_022_unless_another_is_asked_for) {
  const mode_t ours = ::umask(077);
  auto what = shell("umask");
  BOOST_TEST(run(what).out.text() == "0022\n");
  what.umask = "027";
  BOOST_TEST(run(what).out.text() == "0027\n");
  what.umask = "9";
  BOOST_TEST(!run_command(what, soon()).ok());
  ::umask(ours);
}

BOOST_AUTO_TEST_CASE(another_user_has_none_of_our_groups, *boost::unit_test::precondition([](auto) {
                       return boost::test_tools::assertion_result(::geteuid() == 0);
                     })) {
  auto what = shell("id -u; id -g; id -G");
  what.uid = 65534;
  what.gid = 65533;
  BOOST_TEST(run(what).out.text() == "65534\n65533\n65533\n");
}

BOOST_AUTO_TEST_CASE(a_name_is_searched_in_the_path_of_the_command) {
  const auto folder = TempDir::make("/tmp", "path").value().keep();
  BOOST_REQUIRE(write_atomically(folder + "/only-here", "#!/bin/sh\necho \"$0 $1\"\n", 0755).ok());
  Command what{.argv = {"only-here", "x"}, .env = {"PATH=/nowhere:" + folder}};
  const auto seen = run(what);
  BOOST_TEST(seen.out.text() == folder + "/only-here x\n");
  BOOST_TEST(seen.executable.path == folder + "/only-here");
  BOOST_TEST(seen.executable.interpreter == "/bin/sh");
  what.argv[0] = "./only-here";
  what.cwd = folder;
  BOOST_TEST(run(what).out.text() == "./only-here x\n");
  BOOST_REQUIRE(remove_tree(folder).ok());
}

struct Unstartable {
  std::string title, content;
  mode_t mode;
  int cause;
};
std::ostream& operator<<(std::ostream& out, const Unstartable& row) {
  return out << row.title;
}
const Unstartable kUnstartable[] = {
    {"no such program", "", 0, ENOENT},
    {"not executable", "#!/bin/sh\n", 0644, EACCES},
    {"neither program nor script", "hello\n", 0755, ENOEXEC},
    {"its interpreter is missing", "#!/no/such/interpreter -x\n", 0755, ENOENT},
};
BOOST_DATA_TEST_CASE(what_cannot_start_is_an_error_with_the_systems_reason, data::make(kUnstartable), row) {
  const auto folder = TempDir::make("/tmp", "unstartable").value();
  const std::string path = folder.path() + "/program";
  if (row.mode != 0) BOOST_REQUIRE(write_atomically(path, row.content, row.mode).ok());
  const auto result = run_command(command({path}), soon());
  BOOST_REQUIRE(!result.ok());
  BOOST_TEST(result.error().cause.value() == row.cause);
  BOOST_TEST(result.error().what.find(path) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_missing_program_names_the_path_that_was_searched) {
  const auto result = run_command({.argv = {"no-such-program"}, .env = {"PATH=/usr/bin:/bin"}}, soon());
  BOOST_REQUIRE(!result.ok());
  BOOST_TEST(result.error().cause.value() == ENOENT);
  BOOST_TEST(result.error().hint.find("/usr/bin:/bin") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(cpu_time_and_memory_of_the_tree_are_told) {
  const auto seen = run(shell("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; /bin/true"));
  BOOST_TEST(seen.ended.user_cpu.count() > 0);
  BOOST_TEST(seen.ended.max_rss_kib > 100);
  BOOST_TEST((seen.ended.wall >= seen.ended.user_cpu / 2));
}

BOOST_AUTO_TEST_CASE(an_executable_is_identified_by_content) {
  const auto folder = TempDir::make("/tmp", "identify").value();
  const std::string path = folder.path() + "/program";
  BOOST_REQUIRE(write_atomically(path, "#! /usr/bin/env  python3\n", 0755).ok());
  const auto first = identify_executable(path).value();
  BOOST_TEST(first.interpreter == "/usr/bin/env");
  BOOST_REQUIRE(write_atomically(path, "#!/bin/sh\n", 0755).ok());
  const auto second = identify_executable(path).value();
  BOOST_TEST(second.sha256 != first.sha256);
  BOOST_TEST(second.interpreter == "/bin/sh");
  BOOST_REQUIRE(::symlink("program", (folder.path() + "/link").c_str()) == 0);
  BOOST_TEST(identify_executable(folder.path() + "/link").value().path == path);
  BOOST_TEST(!identify_executable(folder.path()).ok());
}

BOOST_AUTO_TEST_SUITE_END()
