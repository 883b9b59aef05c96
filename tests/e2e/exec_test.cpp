// mccoy exec: a command runs as it would without mccoy, and what it did is told and kept.
#include <unistd.h>

#include <csignal>

#include "harness/base/value.hpp"
#include "tests/e2e/mccoy.hpp"

using namespace mccoy;
using namespace mccoy::e2e;

namespace {
Ran exec(const Place& place, std::vector<std::string> options, const std::vector<std::string>& command) {
  options.insert(options.begin(), "exec");
  options.emplace_back("--");
  options.insert(options.end(), command.begin(), command.end());
  return place.mccoy(std::move(options));
}
}  // namespace

BOOST_AUTO_TEST_SUITE(exec_command)

BOOST_AUTO_TEST_CASE(the_status_of_the_command_passes_through) {
  const Place place;
  BOOST_TEST(exec(place, {}, {"true"}).code == 0);
  BOOST_TEST(exec(place, {}, {"sh", "-c", "exit 7"}).code == 7);
  BOOST_TEST(exec(place, {}, {"sh", "-c", "kill -TERM $$"}).code == 128 + SIGTERM);
  const Ran missing = exec(place, {}, {"no-such-program-here"});
  BOOST_TEST(missing.code == 127);
  BOOST_TEST(holds(missing.err, "not found"), missing.err);
}

BOOST_AUTO_TEST_CASE(streams_pass_through_and_are_not_mixed) {
  const Place place;
  place.write("input", "from the outside\n");
  const Ran ran = place.run({"sh", "-c", kMccoy + " exec -q -- sh -c 'cat; echo to-err >&2' < input"});
  BOOST_TEST(ran.out == "from the outside\n");
  BOOST_TEST(ran.err == "to-err\n");
  BOOST_TEST(exec(place, {}, {"echo", "told"}).out == "told\n");
}

BOOST_AUTO_TEST_CASE(the_whole_environment_and_every_word_arrive_as_they_are) {
  Place place;
  place.set("A_TOKEN", "t0k3n");
  const Ran ran = exec(place, {"-q"}, {"sh", "-c", "echo $A_TOKEN \"$1\" \"$2\"", "sh", "${nonce}", "a b $HOME"});
  BOOST_TEST(ran.out == "t0k3n ${nonce} a b $HOME\n");
  BOOST_TEST(exec(place, {"-q"}, {"pwd"}).out == place.folder() + "\n");
  BOOST_TEST(exec(place, {"-q"}, {"echo", "--help", "-q", "--", "--out", "x"}).out == "--help -q -- --out x\n");
}

BOOST_AUTO_TEST_CASE(what_it_did_is_told) {
  const Place place;
  place.write("words", "b\na\n");
  const Ran ran = exec(place, {"--color", "never"}, {"sh", "-c", "sort words > sorted; ls missing 2>/dev/null; true"});
  const std::vector<std::string> parts = {"sort words", "created " + place.path("sorted"), "ls missing  exit 2",
                                          "pass, unproven"};
  for (const std::string& part : parts) BOOST_TEST(holds(ran.err, part), part << " in:\n" << ran.err);
}

BOOST_AUTO_TEST_CASE(a_program_named_from_the_current_folder_is_recognised) {
  const Place place;
  std::filesystem::copy_file("/bin/true", place.path("mytrue"));
  const Ran ran = exec(place, {}, {"./mytrue"});
  BOOST_TEST(ran.code == 0);
  BOOST_TEST(!holds(ran.err, "could be recognised"), ran.err);
}

BOOST_AUTO_TEST_CASE(what_must_be_seen_can_be_stated) {
  const Place place;
  place.write("words", "b\na\n");
  const std::vector<std::string> honest = {"sh", "-c", "sort words > sorted"};
  BOOST_TEST(exec(place, {"--judge", "--runs", "sort", "--reads", "words", "--writes", "sorted"}, honest).code == 0);
  const Ran lied = exec(place, {"--judge", "--runs", "sort"}, {"sh", "-c", "echo sorted it, really"});
  BOOST_TEST(lied.code == 3);
  BOOST_TEST(holds(lied.err, "it was none of them"), lied.err);
}

BOOST_AUTO_TEST_CASE(the_evidence_can_be_kept_and_verifies) {
  const Place place;
  BOOST_TEST(exec(place, {"--out", place.out(), "--json", "r.json", "--junit", "r.xml"}, {"true"}).code == 0);
  BOOST_TEST(std::filesystem::exists(place.path("r.json")));
  BOOST_TEST(!place.records().front().body["mccoy"]["version"].as_string().empty());
  BOOST_TEST(std::filesystem::exists(place.path("r.xml")));
  BOOST_TEST(holds(place.mccoy({"verify", place.out()}).out, "judgement follows from the evidence"));
  BOOST_TEST(exec(place, {"--out", place.out()}, {"true"}).code == 64);  // never overwritten
}

BOOST_AUTO_TEST_CASE(words_that_are_no_command_are_refused) {
  const Place place;
  BOOST_TEST(place.mccoy({"exec"}).code == 64);
  BOOST_TEST(place.mccoy({"exec", "--"}).code == 64);
  BOOST_TEST(place.mccoy({"exec", "--bogus", "--", "true"}).code == 64);
  BOOST_TEST(place.mccoy({"exec", "-q", "true"}).code == 64);
  BOOST_TEST(place.mccoy({"probes", "--", "true"}).code == 64);
}

BOOST_AUTO_TEST_CASE(what_it_used_can_be_broken_to_see_whether_it_matters) {
  const Place place;
  place.write("work/rate.txt", "3\n");
  place.write("work/readme.txt", "nobody needs this\n");
  place.write("work/calc.sh",
              "#!/bin/sh\ncat readme.txt >/dev/null 2>&1\nrate=$(cat rate.txt) || exit 1\necho $((rate * 2))\n");
  std::filesystem::permissions(place.path("work/calc.sh"), std::filesystem::perms::owner_all);
  const std::string inside = "cd work && " + kMccoy + " exec --challenge auto --runs ./calc.sh -- ./calc.sh";
  const Ran ran = place.run({"sh", "-c", inside});
  BOOST_TEST(ran.out == "6\n");  // the repeats are not the user's business
  BOOST_TEST(holds(ran.err, "turned red  auto: without " + place.path("work/rate.txt")), ran.err);
  BOOST_TEST(holds(ran.err, "not red  auto: without " + place.path("work/readme.txt")), ran.err);
  BOOST_TEST(holds(ran.err, "pass, real"), ran.err);
  BOOST_TEST(read_file(place.path("work/rate.txt"), 100).value() == "3\n");
  const std::string canned =
      "cd work && " + kMccoy + " exec --challenge auto -- sh -c 'cat rate.txt >/dev/null 2>&1; echo 6'";
  const Ran lied = place.run({"sh", "-c", canned});
  BOOST_TEST(holds(lied.err, "not red  auto: without " + place.path("work/rate.txt")), lied.err);
  BOOST_TEST(holds(lied.err, "pass, unproven"), lied.err);
  const Ran unstated = place.run({"sh", "-c", "cd work && " + kMccoy + " exec --challenge auto -- cat rate.txt"});
  BOOST_TEST(holds(unstated.err, "turned red"), unstated.err);
  BOOST_TEST(holds(unstated.err, "pass, unproven"), unstated.err);  // nothing was claimed that it could show
}

BOOST_AUTO_TEST_CASE(what_it_talked_to_is_cut_off_as_well) {
  if (::geteuid() != 0) return;
  const Place place;
  const std::string server = kFixtures + "/orders --port 0 --db db >log & ";
  const std::string url =
      "until grep -q listening log; do sleep 0.05; done; url=http://127.0.0.1:$(sed -n 's/.*://p' log)/health; ";
  const Ran ran = place.run({"sh", "-c", server + url + kMccoy + " exec --challenge auto -- curl -sf $url; kill $!"});
  BOOST_TEST(holds(ran.err, "turned red  auto: without network"), ran.err);
}

BOOST_AUTO_TEST_CASE(an_interrupt_lets_the_command_end_by_itself) {
  const Place place;
  place.write("tidy.sh", "trap 'echo tidied; exit 3' INT\ntouch ready\nwhile :; do sleep 0.1; done\n");
  const Ran ran = place.run({"bash", "-c",
                             kMccoy + " exec -- bash tidy.sh & until [ -e ready ]; do sleep 0.05; done; kill -TERM $!; "
                                      "wait $!; echo status $?"});
  BOOST_TEST(holds(ran.out, "tidied"), ran.out);
  BOOST_TEST(holds(ran.out, "status 3"), ran.out);
}

BOOST_AUTO_TEST_CASE(a_reader_that_goes_away_ends_the_command_as_it_would_without_mccoy) {
  const Place place;
  const Ran ran = place.run({"bash", "-c", kMccoy + " exec -q -- yes | head -n 1"});
  BOOST_TEST(ran.out == "y\n");
}

BOOST_AUTO_TEST_CASE(words_that_cannot_be_kept_as_text_are_refused_and_not_changed) {
  const Place place;
  BOOST_TEST(exec(place, {}, {"printf", "%s", "\xff"}).code == 64);
  BOOST_TEST(place.run({"bash", "-c", "mkdir gone && cd gone && rmdir ../gone && " + kMccoy + " exec -- ls"}).code ==
             64);
}

BOOST_AUTO_TEST_CASE(a_folder_with_wildcards_in_its_name_means_itself) {
  const Place place;
  const Ran ran = place.run(
      {"bash", "-c", "mkdir 'h[1]' && cd 'h[1]' && " + kMccoy + " exec --judge --writes out -- sh -c 'date > out'"});
  BOOST_TEST(ran.code == 0, ran.err);
  const Ran above = place.run(
      {"bash", "-c", "cd 'h[1]' && " + kMccoy + " exec --judge --writes ../above -- sh -c 'date > ../above'"});
  BOOST_TEST(above.code == 0, above.err);
}

BOOST_AUTO_TEST_CASE(what_it_leaves_running_is_told_and_is_no_failure_of_its_own) {
  const Place place;
  const Ran ran = exec(place, {}, {"sh", "-c", "(setsid sleep 33 &) ; sleep 0.3"});
  BOOST_TEST(holds(ran.err, "left running by the command, ended by mccoy"), ran.err);
  BOOST_TEST(!holds(ran.err, "failures below it"), ran.err);
}

BOOST_AUTO_TEST_CASE(an_interrupt_while_it_is_challenged_is_no_result) {
  const Place place;
  place.write("work/a.txt", "a\n");
  const Ran ran =
      place.run({"bash", "-c",
                 "cd work; " + kMccoy +
                     " exec --challenge auto -- sh -c 'cat a.txt || sleep 60; cat a.txt' & "
                     "while [ -e a.txt ]; do sleep 0.01; done; sleep 0.4; kill -TERM $!; wait $!; echo status $?"});
  BOOST_TEST(holds(ran.out, "status 130"), ran.out);
  BOOST_TEST(!holds(ran.err, "not red"), ran.err);
  BOOST_TEST(std::filesystem::exists(place.path("work/a.txt")));
}

BOOST_AUTO_TEST_CASE(nothing_is_left_of_it) {
  const Place place;
  const Ran ran = exec(place, {}, {"sh", "-c", "sleep 1000 & echo started"});
  BOOST_TEST(ran.code == 0);
  BOOST_TEST(strangers(ran) == "");
}

BOOST_AUTO_TEST_SUITE_END()
