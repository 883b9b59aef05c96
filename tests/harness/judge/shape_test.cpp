// The shape of a run: what belongs to the work must be there again, and honest variation must not be held against it.
#include "harness/judge/shape.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/harness/judge/bench.hpp"

namespace mccoy::judge {
namespace {
using evidence::Facts;

Facts run(std::vector<std::string> programs, std::vector<std::string> files, std::string folder = "/srv") {
  Facts facts;
  facts.folder = std::move(folder);
  facts.root.emplace();
  facts.root->argv = {"work", "in.txt"};
  facts.activity.emplace();
  facts.activity->mechanism = "seccomp-notify";
  facts.activity->programs_complete = facts.activity->reads_complete = true;
  for (std::string& exe : programs) {
    evidence::SeenProgram program;
    program.process.exe = std::move(exe);
    facts.activity->programs.push_back(program);
  }
  for (std::string& path : files) facts.activity->reads.push_back({.path = std::move(path)});
  return facts;
}
std::string programs(const Facts& before, const Facts& after, const Facts& disturbed) {
  const auto seen = compare_shape("programs-run", before, after, disturbed);
  return seen.compared ? seen.changed : "not compared: " + seen.why;
}
std::string files(const Facts& before, const Facts& after, const Facts& disturbed) {
  const auto seen = compare_shape("files-opened", before, after, disturbed);
  return seen.compared ? seen.changed : "not compared: " + seen.why;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(shape)

BOOST_AUTO_TEST_CASE(the_same_work_in_another_folder_has_the_same_shape) {
  const Facts here = run({"/bin/sh", "/srv/worker"}, {"/srv/data", "/etc/passwd", "/proc/17/stat"});
  const Facts there = run({"/bin/sh", "/tmp/2/worker"}, {"/tmp/2/data", "/etc/passwd", "/proc/4711/stat"}, "/tmp/2");
  BOOST_TEST(programs(here, here, there) == "");
  BOOST_TEST(files(here, here, there) == "");
}

BOOST_AUTO_TEST_CASE(a_program_that_is_left_out_or_comes_in_changes_it) {
  const Facts usual = run({"/bin/sh", "/srv/worker"}, {});
  BOOST_TEST(programs(usual, usual, run({"/bin/sh"}, {})) == "no longer @/worker");
  BOOST_TEST(programs(usual, usual, run({"/bin/sh", "/srv/worker", "/bin/cat"}, {})) == "new: /bin/cat");
  BOOST_TEST(programs(usual, usual, run({"/bin/sh", "/bin/cat"}, {})) == "no longer @/worker; new: /bin/cat");
}

BOOST_AUTO_TEST_CASE(what_comes_and_goes_by_itself_is_not_held_against_it) {
  const Facts one = run({"/bin/sh", "/tmp/x1"}, {"/srv/a", "/tmp/f1"}), other = run({"/bin/sh"}, {"/srv/a"});
  BOOST_TEST(programs(one, other, run({"/bin/sh", "/tmp/x2"}, {})) == "");
  BOOST_TEST(files(one, other, run({}, {"/srv/a", "/tmp/f2"})) == "");
  BOOST_TEST(files(one, other, run({}, {"/tmp/f2"})) == "");
  BOOST_TEST(files(one, other, run({}, {})) == "no longer @/a");
}

BOOST_AUTO_TEST_CASE(another_input_in_the_place_of_the_first_is_the_same) {
  const Facts usual = run({}, {"/srv/in.txt", "/srv/data"});
  Facts by_argument = run({}, {"/srv/other.txt", "/srv/data"});
  by_argument.root->argv[1] = "other.txt";
  BOOST_TEST(files(usual, usual, by_argument) == "");
  BOOST_TEST(files(usual, usual, run({}, {"/srv/in.txt", "/srv/data-2"})) == "");
  BOOST_TEST(files(usual, usual, run({}, {"/srv/in.txt"})) == "no longer @/data");
}

BOOST_AUTO_TEST_CASE(what_a_run_wrote_itself_is_no_input) {
  const Facts usual = run({}, {"/srv/data"});
  Facts with_product = run({}, {"/srv/data", "/srv/tmp.1"});
  evidence::SeenWrite write;
  write.path = "/srv/tmp.1";
  with_product.activity->writes = {write};
  BOOST_TEST(files(usual, usual, with_product) == "");
}

BOOST_AUTO_TEST_CASE(what_was_not_seen_whole_is_not_compared) {
  const Facts usual = run({"/bin/sh"}, {"/srv/data"});
  Facts blind = usual, left_out = usual;
  blind.activity->programs_complete = false;
  left_out.activity->reads_left_out = 1;
  BOOST_TEST(programs(usual, usual, blind).starts_with("not compared"));
  BOOST_TEST(files(usual, left_out, usual).starts_with("not compared"));
  BOOST_TEST(programs(usual, usual, Facts{}).starts_with("not compared"));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::judge
