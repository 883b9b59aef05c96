// Small suites through the real binary: each way a case can end, and the exit code that follows.
#include "tests/e2e/mccoy.hpp"

using namespace mccoy;
using e2e::holds;
using e2e::Place;
using e2e::strangers;

BOOST_AUTO_TEST_SUITE(outcomes)

BOOST_AUTO_TEST_CASE(a_true_claim_is_proven) {
  const Place place;
  const auto ran = place.suite(
      "suite: s\ncases:\n  works: { exec: [echo, hello], evidence: { exec: echo }, expect: { stdout: { contains: hello "
      "} } }\n");
  BOOST_TEST(ran.code == 0, ran.out << ran.err);
  BOOST_TEST(place.result_of("s/works") == "pass real");
  BOOST_TEST(holds(ran.out, "mccoy verify"));
  BOOST_TEST(strangers(ran) == "");
}

BOOST_AUTO_TEST_CASE(a_false_claim_exits_with_1_and_shows_what_was_claimed_and_found) {
  const Place place;
  const auto ran = place.suite(
      "suite: s\ncases:\n  wrong:\n    exec: [echo, apples]\n    expect: { stdout: { contains: pears } }\n");
  BOOST_TEST(ran.code == 1);
  BOOST_TEST(place.result_of("s/wrong") == "fail real");
  for (const char* part : {"FAIL", "suite.yaml:3", "pears", "apples", "again"})
    BOOST_TEST(holds(ran.out, part), part << " in " << ran.out);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_found_out_exits_with_2) {
  const Place place;
  const auto ran =
      place.suite("suite: s\ncases:\n  absent: { exec: [no-such-program-of-ours], expect: { exit: 0 } }\n");
  BOOST_TEST(ran.code == 2);
  BOOST_TEST(holds(place.result_of("s/absent"), "error"));
  BOOST_TEST(holds(ran.out, "no-such-program-of-ours"));
}

BOOST_AUTO_TEST_CASE(a_pass_below_what_is_required_exits_with_3_and_says_what_is_missing) {
  const Place place;
  const auto ran = place.suite(
      "suite: s\ncases:\n  works: { exec: [echo, hello], evidence: { exec: echo }, expect: { stdout: hello } }\n",
      {"--require", "challenged"});
  BOOST_TEST(ran.code == 3, ran.out << ran.err);
  BOOST_TEST(holds(ran.out, "again"));
  BOOST_TEST(place
                 .suite("suite: s\ncases:\n  works: { exec: [echo, hello], evidence: { exec: echo }, expect: { stdout: "
                        "hello } }\n",
                        {"--require", "challenged", "--plain-exit"})
                 .code == 1);
}

BOOST_AUTO_TEST_CASE(a_dry_run_is_not_real) {
  const Place place;
  const auto ran =
      place.suite("suite: s\ncases:\n  plans: { exec: [make, --dry-run, -f, /dev/null], expect: { exit: [0, 2] } }\n");
  BOOST_TEST(ran.code != 0);
}

BOOST_AUTO_TEST_CASE(what_stands_behind_a_failure_is_not_run_and_says_why) {
  const Place place;
  const auto ran = place.suite(
      "suite: s\ncases:\n  first: { exec: [\"false\"], expect: { exit: 0 } }\n"
      "  second: { needs: [first], exec: [\"true\"], expect: { exit: 0 } }\n"
      "  third: { needs: [second], exec: [\"true\"], expect: { exit: 0 } }\n");
  BOOST_TEST(ran.code == 1);
  BOOST_TEST(holds(place.result_of("s/second"), "not-run"));
  BOOST_TEST(holds(place.result_of("s/third"), "not-run"));
  BOOST_TEST(holds(place.cases()["s/second"]["why_not_run"].as_string(), "first"));
}

BOOST_AUTO_TEST_CASE(a_pass_after_a_failure_is_flaky_and_fails_under_strict) {
  const Place place;
  const std::string suite =
      "suite: s\ncases:\n  wobbles:\n    shell: 'test -e seen || { touch seen; exit 1; }'\n    expect: { exit: 0 }\n   "
      " retry: { times: 2 }\n";
  const auto ran = place.suite(suite);
  BOOST_TEST(holds(ran.out, "flaky"), ran.out << ran.err);
  BOOST_TEST(place.cases()["s/wobbles"]["judgement"]["flaky"].as_bool());
  BOOST_TEST(place.cases()["s/wobbles"]["attempts"].as_int() == 2);
  std::filesystem::remove(place.path("seen"));
  BOOST_TEST(place.suite(suite, {"--strict"}).code == 1);
}

BOOST_AUTO_TEST_CASE(until_waits_and_is_not_flaky) {
  const Place place;
  const auto ran = place.suite(
      "suite: s\ncases:\n  comes:\n    shell: 'test -e seen || { touch seen; exit 1; }'\n    expect: { exit: 0 }\n"
      "    until: { within: 20s, every: 20ms }\n");
  BOOST_TEST(place.cases()["s/comes"]["judgement"]["outcome"].as_string() == "pass", ran.out << ran.err);
  BOOST_TEST(!place.cases()["s/comes"]["judgement"]["flaky"].as_bool());
}

BOOST_AUTO_TEST_CASE(a_child_that_ignores_TERM_is_ended_at_the_deadline_and_that_is_an_error) {
  const Place place;
  const auto ran = place.suite(
      "suite: s\ncases:\n  hangs:\n    exec: [sh, -c, 'trap \"\" TERM INT; while :; do sleep 1; done']\n    within: "
      "300ms\n    expect: { exit: 0 }\n");
  BOOST_TEST(ran.code == 2);
  BOOST_TEST(holds(place.result_of("s/hangs"), "error"));
  const auto took = place.cases()["s/hangs"]["wall_ns"].as_int();
  BOOST_TEST(took >= 300'000'000);
  BOOST_TEST(took < 20'000'000'000, "it was ended by the deadline and not by anything else");
  BOOST_TEST(strangers(ran) == "");
}

BOOST_AUTO_TEST_CASE(skipped_cases_say_why_and_waived_failures_do_not_count) {
  const Place place;
  const auto ran = place.suite(
      "suite: s\ncases:\n  works: { exec: [echo, hi], evidence: { exec: echo }, expect: { stdout: hi } }\n"
      "  later: { skip: needs a GPU, exec: [\"true\"], expect: { exit: 0 } }\n"
      "  known: { level: soft, owner: ann, expires: 2099-01-01, reason: being fixed, exec: [\"false\"], expect: { "
      "exit: 0 } }\n");
  BOOST_TEST(ran.code == 0, ran.out << ran.err);
  BOOST_TEST(holds(ran.out, "needs a GPU"));
  BOOST_TEST(holds(place.result_of("s/later"), "skip"));
  BOOST_TEST(holds(place.result_of("s/known"), "fail"));
  BOOST_TEST(holds(ran.out, "ann"));
}

BOOST_AUTO_TEST_CASE(cases_with_one_lock_never_run_at_the_same_time) {
  const Place place;
  const std::string body =
      "    lock: one\n    shell: 'mkdir held && sleep 0.1 && rmdir held'\n    expect: { exit: 0 }\n";
  std::string suite = "suite: s\ncases:\n";
  for (const char* name : {"a", "b", "c", "d"}) suite += "  " + std::string(name) + ":\n" + body;
  const auto ran = place.suite(suite, {"-j", "4"});
  for (const char* id : {"s/a", "s/b", "s/c", "s/d"})
    BOOST_TEST(holds(place.result_of(id), "pass"), ran.out << ran.err);
}

BOOST_AUTO_TEST_CASE(values_captured_by_one_case_are_used_by_another) {
  const Place place;
  const auto ran = place.suite(
      "suite: s\ncases:\n  makes: { exec: [echo, 'id 4711'], evidence: { exec: echo }, expect: { stdout: id }, "
      "capture: { id: stdout number } }\n"
      "  uses: { needs: [makes], exec: [echo, \"order ${id}\"], evidence: { exec: echo }, expect: { stdout: order 4711 "
      "} }\n");
  BOOST_TEST(ran.code == 0, ran.out << ran.err);
  BOOST_TEST(place.result_of("s/uses") == "pass real");
}

BOOST_AUTO_TEST_CASE(only_and_tag_choose_cases_and_take_along_what_they_need) {
  const Place place;
  const std::string suite =
      "suite: s\ncases:\n  base: { exec: [echo, a], evidence: { exec: echo }, expect: { stdout: a } }\n"
      "  top: { needs: [base], tags: [quick], exec: [echo, b], evidence: { exec: echo }, expect: { stdout: b } }\n"
      "  other: { exec: [\"false\"], expect: { exit: 0 } }\n";
  BOOST_TEST(place.suite(suite, {"--only", "t*"}).code == 0);
  BOOST_TEST(place.cases().size() == 2U);
  BOOST_TEST(place.suite(suite, {"--tag", "quick"}).code == 0);
  BOOST_TEST(place.cases().size() == 2U);
  BOOST_TEST(place.suite(suite, {"--only", "nothing*"}).code == 64);
}

BOOST_AUTO_TEST_CASE(shards_together_run_every_case_once) {
  const Place place;
  std::string suite = "suite: s\ncases:\n";
  for (int i = 0; i < 7; ++i)
    suite += "  c" + std::to_string(i) + ": { exec: [echo, x], evidence: { exec: echo }, expect: { stdout: x } }\n";
  std::map<std::string, int> times;
  for (const char* shard : {"1/3", "2/3", "3/3"}) {
    BOOST_TEST(place.suite(suite, {"--shard", shard}).code == 0);
    for (const auto& [id, body] : place.cases()) ++times[id];
  }
  BOOST_TEST(times.size() == 7U);
  for (const auto& [id, count] : times) BOOST_TEST(count == 1, id);
}

BOOST_AUTO_TEST_CASE(several_suites_make_one_run) {
  const Place place;
  const auto one = place.write(
      "one.yaml", "suite: one\ncases:\n  a: { exec: [echo, x], evidence: { exec: echo }, expect: { stdout: x } }\n");
  const auto two = place.write(
      "two.yaml", "suite: two\ncases:\n  a: { exec: [echo, x], evidence: { exec: echo }, expect: { stdout: x } }\n");
  BOOST_TEST(place.mccoy({"run", one, two, "--out", place.out()}).code == 0);
  BOOST_TEST(place.cases().size() == 2U);
  BOOST_TEST(place.mccoy({"run", one, one, "--out", place.path("again")}).code == 64);
  BOOST_TEST(!std::filesystem::exists(place.path("again")));
}

BOOST_AUTO_TEST_CASE(fail_fast_leaves_the_rest_not_run) {
  const Place place;
  std::string suite = "suite: s\ncases:\n  first: { exec: [\"false\"], expect: { exit: 0 } }\n";
  for (int i = 0; i < 5; ++i) suite += "  c" + std::to_string(i) + ": { exec: [sleep, '0.2'], expect: { exit: 0 } }\n";
  const auto ran = place.suite(suite, {"--fail-fast", "-j", "1"});
  BOOST_TEST(ran.code == 1);
  BOOST_TEST(holds(place.result_of("s/c4"), "not-run"), ran.out);
}

BOOST_AUTO_TEST_CASE(a_failed_preflight_leaves_everything_not_run) {
  const Place place;
  const auto ran = place.suite(
      "suite: s\npreflight: { tools: { sh-of-no-machine: \">= 1\" } }\ncases:\n  a: { exec: [echo, x], evidence: { "
      "exec: echo }, expect: { "
      "stdout: x } }\n");
  BOOST_TEST(ran.code == 2);
  BOOST_TEST(holds(place.result_of("s/a"), "not-run"));
  BOOST_TEST(holds(ran.out, "sh-of-no-machine"));
}

BOOST_AUTO_TEST_CASE(a_constant_answer_is_a_mock_and_an_honest_one_is_challenged) {
  const Place place;
  const std::string vary = "    vary: { over: [1, 2, 4], relation: increases, of: stdout number }\n";
  const auto ran = place.suite(
      "suite: s\ncases:\n  canned:\n    exec: [sh, -c, 'echo 42', price, \"${vary}\"]\n    expect: { stdout: { number: "
      "\"> 0\" } }\n" +
      vary +
      "  honest:\n    exec: [sh, -c, 'echo $(($1 * 3))', price, \"${vary}\"]\n    expect: { stdout: { number: \"> 0\" "
      "} }\n" +
      vary);
  BOOST_TEST(place.result_of("s/canned") == "pass mock", ran.out << ran.err);
  BOOST_TEST(place.result_of("s/honest") == "pass real");
  BOOST_TEST(ran.code == 3);
}

BOOST_AUTO_TEST_SUITE_END()
