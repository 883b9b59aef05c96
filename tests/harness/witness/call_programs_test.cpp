// Programs, started in awkward ways: every one found, none invented.
#include <fstream>

#include <unistd.h>

#include "tests/harness/witness/watched.hpp"

namespace mccoy::test {
BOOST_AUTO_TEST_SUITE(call_programs)

BOOST_AUTO_TEST_CASE(an_exec_by_a_thread_that_is_not_the_first_is_seen) {
  const Activity seen = watch_all(fixture("deeds_programs", {"thread_exec"}));
  BOOST_REQUIRE(executed(seen).size() == 2U);
  const SeenProgram& last = program(seen, "true");
  BOOST_TEST(last.process.argv[1] == "from-a-thread");
  BOOST_TEST((last.exit_code == 0));
  BOOST_TEST(last.parent == 0);
  BOOST_TEST(seen.programs[0].replaced);
  BOOST_TEST((last.process.id == seen.programs[0].process.id));
}

BOOST_AUTO_TEST_CASE(an_exec_while_other_threads_are_in_calls_is_seen) {
  for (int i = 0; i < 5; ++i) {
    const Watching seen = watch(fixture("deeds_programs", {"busy_thread_exec"}));
    BOOST_TEST(seen.captured.out.text() == "done\n");
    BOOST_TEST((program(seen.activity, "echo").exit_code == 0));
  }
}

BOOST_AUTO_TEST_CASE(vfork_and_posix_spawn_are_seen) {
  const Activity vforked = watch_all(fixture("deeds_programs", {"vfork_exec"}), "/", 4);
  BOOST_TEST(executed(vforked).size() == 2U);
  BOOST_TEST((program(vforked, "sh").exit_code == 4));
  BOOST_TEST(program(vforked, "sh").parent == 0);
  const Activity spawned = watch_all(fixture("deeds_programs", {"spawn"}));
  BOOST_TEST(executed(spawned).size() == 2U);
  BOOST_TEST(program(spawned, "true").process.exe.ends_with("/true"));
}

BOOST_AUTO_TEST_CASE(a_program_in_memory_and_one_below_a_descriptor_are_seen) {
  const Activity in_memory = watch_all(fixture("deeds_programs", {"memfd_exec"}));
  BOOST_TEST(executed(in_memory).size() == 2U);
  BOOST_TEST(program(in_memory, "in-memory").process.exe.find("borrowed") != std::string::npos);
  const Activity below = watch_all(fixture("deeds_programs", {"execveat"}));
  BOOST_TEST(executed(below).size() == 2U);
  BOOST_TEST(program(below, "true").process.script.empty());
  BOOST_TEST((program(below, "true").exit_code == 0));
}

BOOST_AUTO_TEST_CASE(a_script_is_told_apart_from_its_interpreter) {
  const Folder folder;
  folder.put("tool", "#!/bin/sh\nexit 3\n");
  std::filesystem::permissions(folder.at("tool"), std::filesystem::perms(0755));
  const Activity seen = watch_all(words({folder.at("tool"), "word"}), "/", 3);
  BOOST_REQUIRE(seen.programs.size() == 1U);
  BOOST_TEST(seen.programs[0].process.script == folder.at("tool"));
  BOOST_TEST(seen.programs[0].process.script_sha256.size() == 64U);
  BOOST_TEST(seen.programs[0].process.exe.find("sh") != std::string::npos);
  BOOST_TEST(seen.programs[0].process.exe_sha256.size() == 64U);
}

BOOST_AUTO_TEST_CASE(a_static_program_without_a_library_is_seen) {
  const Folder folder;
  const Activity seen = watch_all(fixture("static_raw"), folder.path(), 9);
  BOOST_REQUIRE(seen.programs.size() == 1U);
  BOOST_TEST((seen.programs[0].exit_code == 9));
  BOOST_TEST(has_made(seen, folder.at("made-by-static")));
  BOOST_TEST(has_read(seen, "/etc/hostname"));
}

BOOST_AUTO_TEST_CASE(calls_of_the_32_bit_interface_are_seen) {
  const Folder folder;
  const Watching ran = watch(fixture("deeds_programs", {"narrow_calls"}), folder.path());
  if (!ran.captured.ended.exited || ran.captured.ended.code == 98) {
    BOOST_TEST_MESSAGE("this kernel has no 32-bit interface");
    return;
  }
  BOOST_TEST(ran.captured.ended.code == 0);
  BOOST_TEST(has_read(ran.activity, "/etc/hostname"));
  BOOST_TEST(has_made(ran.activity, folder.at("made-by-32-bit")));
  BOOST_REQUIRE(ran.activity.connections.size() == 6U);
  BOOST_TEST(ran.activity.connections[0].made == 1);
  for (int i = 1; i < 6; ++i) {
    const SeenConnection& datagram = ran.activity.connections[static_cast<std::size_t>(i)];
    BOOST_TEST(datagram.to == "127.0.0.1" + std::to_string(i) + ":9");
    BOOST_TEST(datagram.protocol == "udp");
    BOOST_TEST(datagram.tried == 1);
  }
  BOOST_TEST((program(ran.activity, "/bin/true").exit_code == 0));
}

BOOST_AUTO_TEST_CASE(a_daemon_keeps_its_parent_after_the_parent_has_ended) {
  const Folder folder;
  const Activity seen = watch_all(fixture("deeds_programs", {"daemon"}), folder.path());
  BOOST_REQUIRE(seen.programs.size() == 3U);
  const SeenWrite* file = write_of(seen, folder.at("daemon.txt"));
  BOOST_REQUIRE(file != nullptr);
  BOOST_REQUIRE(file->by.size() == 1U);
  const SeenProgram& grandchild = seen.programs[static_cast<std::size_t>(file->by[0])];
  BOOST_TEST(grandchild.forked);
  BOOST_TEST((grandchild.exit_code == 7));
  BOOST_REQUIRE(grandchild.parent > 0);
  BOOST_TEST(seen.programs[static_cast<std::size_t>(grandchild.parent)].parent == 0);
}

BOOST_AUTO_TEST_CASE(places_where_a_program_was_looked_for_in_vain_are_no_programs) {
  const Activity found = watch_all(fixture("deeds_programs", {"path_search"}));
  BOOST_TEST(executed(found).size() == 2U);
  const Folder folder;
  const Activity none = watch_all(fixture("deeds_programs", {"failed_execs"}), folder.path(), 3);
  BOOST_TEST(executed(none).size() == 1U, executed(none));
}

BOOST_AUTO_TEST_CASE(a_signal_that_ended_a_child_has_its_name) {
  const Activity seen = watch_all(fixture("deeds_programs", {"killed"}));
  BOOST_REQUIRE(seen.programs.size() == 3U);
  BOOST_TEST(seen.programs[1].signal == "TERM");
  BOOST_TEST(seen.programs[2].signal == "SEGV");
  BOOST_REQUIRE(!seen.signals.empty());
  BOOST_TEST(seen.signals[0].signal == "TERM");
  BOOST_TEST(seen.signals[0].to == 1);
}

BOOST_AUTO_TEST_CASE(signal_0_is_a_question) {
  const Activity seen = watch_all(fixture("deeds_programs", {"question"}));
  BOOST_REQUIRE(seen.signals.size() == 1U);
  BOOST_TEST(seen.signals[0].signal == "0");
}

BOOST_AUTO_TEST_CASE(a_process_whose_threads_end_one_by_one_has_the_status_of_the_last) {
  const Watching seen = watch(fixture("deeds_programs", {"thread_exit"}));
  BOOST_REQUIRE(seen.activity.programs.size() == 1U);
  BOOST_TEST((seen.activity.programs[0].exit_code == seen.captured.ended.code));
}

BOOST_AUTO_TEST_CASE(a_program_that_becomes_itself_is_seen_each_time_even_at_the_same_addresses) {
  const Activity spread = watch_all(fixture("deeds_programs", {"again", "3"}));
  BOOST_TEST(executed(spread).size() == 4U);
  Command fixed = fixture("deeds_programs", {"again", "003"});
  set_env(fixed.env, "AGAIN", "003");
  fixed.argv.insert(fixed.argv.begin(), {"setarch", "-R"});
  BOOST_TEST(executed(watch_all(fixed)).size() == 5U);
}

BOOST_AUTO_TEST_CASE(tracers_below_the_witness_go_on_working) {
  if (mechanism() == "ptrace") return;
  const Folder folder;
  const Activity traced = watch_all(
      words({"strace", "-f", "-o", folder.at("log"), "/bin/sh", "-c", "/bin/true; exit 5"}), folder.path(), 5);
  BOOST_TEST((program(traced, "/bin/true").exit_code == 0));
  BOOST_TEST(read_file(folder.at("log"), 1 << 20)->find("exited with 5") != std::string::npos);
  BOOST_TEST(
      std::ranges::any_of(traced.notices, [](const std::string& text) { return text.starts_with("ptrace by"); }));
}

BOOST_AUTO_TEST_CASE(a_debugger_below_the_witness_goes_on_working) {
  if (!std::filesystem::exists("/usr/bin/gdb") || mechanism() == "ptrace") return;
  const Activity seen = watch_all(words({"gdb", "-nx", "-batch", "-ex", "run", "/bin/true"}));
  BOOST_TEST(executed(seen).size() >= 2U);
  BOOST_TEST(
      std::ranges::none_of(seen.writes, [](const SeenWrite& write) { return write.path.starts_with("/proc/"); }));
}

BOOST_AUTO_TEST_CASE(tracers_below_a_tracing_witness_are_refused_and_told_of) {
  if (mechanism() != "ptrace") return;
  const Watching seen = watch(words({"strace", "/bin/true"}));
  BOOST_TEST(seen.captured.ended.code != 0);
  BOOST_TEST(all(seen.activity.notices).find("programs that trace others could not") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_stopped_program_goes_on_when_it_is_told_to) {
  const Activity seen =
      watch_all(words({"/bin/sh", "-c", "(kill -STOP $$; /bin/sleep 0.1; kill -CONT $$) & wait; /bin/true"}));
  BOOST_TEST(executed(seen).size() >= 2U);
}

BOOST_AUTO_TEST_CASE(without_root_all_is_seen_and_lost_powers_are_told) {
  if (::geteuid() != 0) return;
  const Folder folder;
  folder.open_to_all();
  const Watching seen = watch(words({"/bin/cp", MCCOY_BINARY_DIR "/mccoy", "."}), folder.path());
  BOOST_TEST(seen.captured.ended.code == 0);
  Command command = words({folder.at("mccoy"), "exec", "--", "/bin/sh", "-c",
                           "passwd --help >&2; cat /etc/shadow; cat /etc/hostname; exit 3"});
  command.uid = 65534;
  command.gid = 65534;
  command.cwd = "/";
  const auto ran = run_command(command, Deadline::in(std::chrono::seconds(60)));
  BOOST_REQUIRE(ran.ok());
  BOOST_TEST(ran->ended.code == 3);
  const std::string told = ran->err.text();
  BOOST_TEST(told.find("programs: 4") != std::string::npos, told);
  BOOST_TEST(told.find("passwd changes the user") != std::string::npos, told);
  BOOST_TEST(told.find("nobody watched") == std::string::npos, told);
}

BOOST_AUTO_TEST_CASE(a_program_that_nobody_may_look_into_is_seen_or_told) {
  const Folder folder;
  Command command = fixture("deeds_programs", {"undumpable"});
  const Watching seen = watch(command, folder.path());
  BOOST_TEST(seen.captured.ended.code == 0);
  if (seen.activity.writes_complete) BOOST_TEST(has_made(seen.activity, folder.at("made")));
  if (seen.activity.programs_complete) BOOST_TEST(executed(seen.activity).size() == 2U);
}

BOOST_AUTO_TEST_CASE(ten_thousand_processes_are_all_seen) {
  const Activity seen = watch_all(fixture("deeds_programs", {"tree", "10000"}));
  BOOST_TEST(seen.programs.size() == 10'001U);
  int wrong = 0;
  for (std::size_t i = 1; i < seen.programs.size(); ++i)
    if (seen.programs[i].parent != 0 || !seen.programs[i].exit_code) ++wrong;
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::test
