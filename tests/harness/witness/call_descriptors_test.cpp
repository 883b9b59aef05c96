// Files that programs begin with: who was given which, and who filled it.
#include "tests/harness/witness/watched.hpp"

namespace mccoy::test {
namespace {
const evidence::SeenHolder* holder(const Activity& activity, const std::string& path, const std::string& exe) {
  const SeenWrite* write = write_of(activity, path);
  if (write == nullptr) return nullptr;
  const auto found = std::ranges::find_if(write->held_by, [&](const evidence::SeenHolder& each) {
    return activity.programs[static_cast<std::size_t>(each.by)].process.argv.at(0) == exe;
  });
  return found == write->held_by.end() ? nullptr : &*found;
}
std::vector<std::string> readers(const Activity& activity, const std::string& path) {
  std::vector<std::string> names;
  for (const auto& read : activity.reads)
    if (read.path == path)
      for (const int by : read.by) {
        const SeenProgram& program = activity.programs[static_cast<std::size_t>(by)];
        names.push_back(program.forked ? "fork" : program.process.argv.at(0));
      }
  return names;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(call_descriptors)

BOOST_AUTO_TEST_CASE(a_program_is_given_the_file_that_its_shell_opened) {
  const Folder folder;
  const Activity seen = watch_all(sh("seq 3 > out; true"), folder.path());
  BOOST_TEST(seen.descriptors_complete);
  const auto* seq = holder(seen, folder.at("out"), "seq");
  BOOST_REQUIRE(seq != nullptr);
  BOOST_TEST(seq->clean);
  BOOST_TEST(seq->alone);
  BOOST_TEST(seq->grew == 6);
  BOOST_TEST(write_of(seen, folder.at("out"))->left_alone);
}

BOOST_AUTO_TEST_CASE(bytes_of_the_shell_itself_are_told_apart) {
  const Folder folder;
  const Activity seen = watch_all(sh("(echo fake; exec seq 3) > out; (echo fake; seq 3; true) > more"), folder.path());
  const auto* seq = holder(seen, folder.at("out"), "seq");
  BOOST_REQUIRE(seq != nullptr);
  BOOST_TEST(!seq->clean);
  BOOST_TEST(seq->grew == 6);
  BOOST_TEST(write_of(seen, folder.at("out"))->size == 11);
  BOOST_TEST(!holder(seen, folder.at("more"), "seq")->clean);
}

BOOST_AUTO_TEST_CASE(what_was_appended_is_counted_from_where_it_began) {
  const Folder folder;
  folder.put("log", "older\n");
  const Activity seen = watch_all(sh("seq 3 >> log; seq 2 >> log; true"), folder.path());
  const SeenWrite* log = write_of(seen, folder.at("log"));
  BOOST_REQUIRE(log->held_by.size() == 2U);
  for (const auto& each : log->held_by) BOOST_TEST((each.clean && each.alone));
  BOOST_TEST(log->held_by[0].grew == 6);
  BOOST_TEST(log->held_by[1].grew == 4);
  BOOST_TEST(log->left_alone);
}

BOOST_AUTO_TEST_CASE(what_others_put_in_between_or_afterwards_is_told_apart) {
  const Folder folder;
  const Activity seen = watch_all(
      sh("seq 3 >> between; echo fake >> between; seq 2 >> between\n"
         "seq 3 > after; echo fake >> after; seq 3 > instead; echo 4 > instead; (seq 3; echo fake) > group; :"),
      folder.path());
  const SeenWrite* between = write_of(seen, folder.at("between"));
  BOOST_REQUIRE(between->held_by.size() == 2U);
  BOOST_TEST(between->held_by[0].clean);
  BOOST_TEST(!between->held_by[1].clean);
  for (const char* name : {"after", "instead", "group"}) BOOST_TEST(!write_of(seen, folder.at(name))->left_alone, name);
}

BOOST_AUTO_TEST_CASE(an_opener_that_writes_while_its_child_has_the_file_is_seen) {
  const Folder folder;
  const Activity seen = watch_all(sh("(sleep 0.3 & echo fake; wait) > out; (sleep 0.2; :) > quiet; (sleep 0.3 & sleep "
                                     "0.1; echo fake; wait) > late"),
                                  folder.path());
  const SeenWrite* out = write_of(seen, folder.at("out"));
  BOOST_TEST((!out->held_by.at(0).alone || !out->held_by.at(0).clean));
  BOOST_TEST(write_of(seen, folder.at("quiet"))->held_by.at(0).alone);
  for (const auto& each : write_of(seen, folder.at("late"))->held_by) {
    const bool is_long = seen.programs[static_cast<std::size_t>(each.by)].process.argv.back() == "0.3";
    BOOST_TEST(each.alone == !is_long);
  }
}

BOOST_AUTO_TEST_CASE(a_program_that_was_only_given_it_has_not_filled_it) {
  const Folder folder;
  const Activity seen = watch_all(sh("exec > out; true; /bin/true; seq 3; /bin/true"), folder.path());
  BOOST_TEST(holder(seen, folder.at("out"), "/bin/true")->grew == 0);
  BOOST_TEST(holder(seen, folder.at("out"), "seq")->grew == 6);
}

BOOST_AUTO_TEST_CASE(a_redirected_input_is_read_by_the_program) {
  const Folder folder;
  folder.put("in", "3\n1\n");
  const Activity seen = watch_all(sh("sort < in > out; true"), folder.path());
  BOOST_TEST(readers(seen, folder.at("in")) == (std::vector<std::string>{"/bin/sh", "sort"}));
}

BOOST_AUTO_TEST_CASE(descriptors_beyond_the_first_three_are_seen_and_those_that_are_closed_are_not) {
  const Folder folder;
  const Activity seen = watch_all(sh("/bin/true 7> seven; exec 8> eight; /bin/true 8>&-"), folder.path());
  BOOST_TEST(holder(seen, folder.at("seven"), "/bin/true") != nullptr);
  BOOST_TEST(holder(seen, folder.at("eight"), "/bin/true") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_copy_by_way_of_the_standard_output_is_found) {
  const Folder folder;
  folder.put("golden", "the very same bytes\n");
  const Activity seen = watch_all(sh("cat golden > out; cat < golden > in-and-out; seq 5 > other"), folder.path());
  BOOST_TEST(write_of(seen, folder.at("out"))->same_as_read == folder.at("golden"));
  BOOST_TEST(write_of(seen, folder.at("in-and-out"))->same_as_read == folder.at("golden"));
  BOOST_TEST(write_of(seen, folder.at("other"))->same_as_read.empty());
}

BOOST_AUTO_TEST_CASE(a_reader_that_only_had_the_same_output_is_no_copyist) {
  const Folder folder;
  folder.put("golden", "1\n2\n3\n");
  const Activity seen = watch_all(sh("exec > out; seq 3; cmp -s golden golden; true"), folder.path());
  BOOST_TEST(write_of(seen, folder.at("out"))->same_as_read.empty());
}

BOOST_AUTO_TEST_CASE(a_pipe_feeds_and_what_the_harness_gives_does_not) {
  const Activity seen = watch_all(sh("seq 3 | sort; cat < /dev/null; true"));
  BOOST_TEST(program(seen, "sort").fed);
  BOOST_TEST(!program(seen, "seq").fed);
  BOOST_TEST(!program(seen, "cat").fed);
  BOOST_TEST(!program(seen, "/bin/sh").fed);
}

BOOST_AUTO_TEST_CASE(a_renamed_file_keeps_who_filled_it) {
  const Folder folder;
  const Activity seen = watch_all(sh("seq 3 > out.new; mv out.new out"), folder.path());
  BOOST_TEST(holder(seen, folder.at("out"), "seq") != nullptr);
}

BOOST_AUTO_TEST_CASE(the_same_bytes_written_again_are_told_from_a_touch) {
  const Folder folder;
  for (const char* name : {"again", "anew", "replaced", "touched", "left"}) folder.put(name, "1\n2\n");
  const Activity seen = watch_all(
      sh("seq 2 > again; rm anew; seq 2 > anew; seq 2 > new; mv new replaced; touch touched; cat left"), folder.path());
  const SeenWrite* replaced = write_of(seen, folder.at("replaced"));
  BOOST_TEST(write_of(seen, folder.at("again"))->emptied);
  BOOST_TEST((write_of(seen, folder.at("again"))->before == write_of(seen, folder.at("again"))->after));
  BOOST_TEST(write_of(seen, folder.at("anew"))->emptied);
  BOOST_TEST((replaced->before != replaced->after));
  BOOST_TEST(write_of(seen, folder.at("touched"))->change == Change::changed);
  BOOST_TEST(!write_of(seen, folder.at("touched"))->emptied);
  BOOST_TEST(write_of(seen, folder.at("left")) == nullptr);
}

BOOST_AUTO_TEST_CASE(calls_are_counted_when_they_are_asked_for) {
  const Folder folder;
  Command command = sh("seq 3 > out; sync -d out; sync out out; true");
  command.cwd = folder.path();
  witness::CallWitness witness;
  witness.watch(command, {"fsync", "fdatasync", "msync"});
  BOOST_REQUIRE(run_command(command, Deadline::in(std::chrono::seconds(60))).ok());
  const Activity seen = witness.end();
  BOOST_TEST(seen.counts_complete);
  BOOST_TEST(seen.counted.size() == 3U);
  std::multiset<std::string> told;
  for (const auto& calls : seen.counts)
    told.insert(seen.programs[static_cast<std::size_t>(calls.by)].process.argv.at(0) + " " + calls.call + " " +
                std::to_string(calls.times));
  BOOST_TEST(told == (std::multiset<std::string>{"sync fdatasync 1", "sync fsync 2"}));
  BOOST_TEST(watch_all(sh("sync -d /"), "/").counts.empty());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::test
