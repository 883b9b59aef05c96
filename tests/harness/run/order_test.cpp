// Order, needs, locks, filters: which case runs when, and what becomes of those that do not run.
#include <algorithm>
#include <atomic>

#include "tests/harness/run/road.hpp"

using namespace mccoy;
using test::Road;

BOOST_AUTO_TEST_SUITE(order)

BOOST_AUTO_TEST_CASE(needs_are_run_before_what_needs_them_whatever_the_order_in_the_file) {
  Road road;
  road.options.jobs = 4;
  road.run(R"(suite: s
cases:
  last:   { needs: [middle], exec: ["true"], expect: { exit: 0 } }
  middle: { needs: [first],  exec: ["true"], expect: { exit: 0 } }
  first:  { exec: ["true"], expect: { exit: 0 } }
)");
  BOOST_TEST(road.heard.order == (std::vector<std::string>{"first", "middle", "last"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(everything_behind_a_failure_is_not_run_and_names_its_cause) {
  Road road;
  const auto& result = road.run(R"(suite: s
cases:
  builds:   { exec: ["false"], expect: { exit: 0 } }
  tests:    { needs: [builds], exec: ["true"], expect: { exit: 0 } }
  deploys:  { needs: [tests], exec: ["true"], expect: { exit: 0 } }
  apart:    { exec: ["true"], expect: { exit: 0 } }
)");
  BOOST_TEST(road.told("builds") == "fail/real (observed)");
  BOOST_TEST(road.end("tests").why_not_run == "needs builds, which failed");
  BOOST_TEST(road.end("deploys").why_not_run == "needs tests, which was not run");
  BOOST_TEST(road.told("apart") == "pass/unproven");
  const auto& totals = result.summary.totals;
  BOOST_TEST(totals.planned == 4);
  BOOST_TEST(totals.of(judge::Outcome::pass) + totals.of(judge::Outcome::fail) + totals.of(judge::Outcome::not_run) ==
             4);
  BOOST_TEST(judge::exit_code(result.summary.verdict) == 1);
}

BOOST_AUTO_TEST_CASE(independent_cases_run_at_the_same_time_and_a_lock_keeps_them_apart) {
  Road road;
  road.options.jobs = 2;
  // Each waits until the other is there too; alone it gives up.
  road.script("meet", "#!/bin/sh\ntouch $1; for i in $(seq 100); do [ -e $2 ] && exit 0; sleep 0.05; done; exit 1\n");
  road.run(R"(suite: together
cases:
  a: { exec: [./meet, a, b], expect: { exit: 0 } }
  b: { exec: [./meet, b, a], expect: { exit: 0 } }
)");
  BOOST_TEST(road.told("a") == "pass/unproven");
  BOOST_TEST(road.told("b") == "pass/unproven");

  Road locked;
  locked.options.jobs = 2;
  locked.script("alone", "#!/bin/sh\nmkdir held || exit 1; sleep 0.2; rmdir held\n");
  locked.run(R"(suite: apart
cases:
  a: { lock: door, exec: [./alone], expect: { exit: 0 } }
  b: { lock: [door], exec: [./alone], expect: { exit: 0 } }
)");
  BOOST_TEST(locked.told("a") == "pass/unproven");
  BOOST_TEST(locked.told("b") == "pass/unproven");
}

BOOST_AUTO_TEST_CASE(cases_with_several_locks_all_come_to_their_turn) {
  Road road;
  road.options.jobs = 4;
  std::string yaml = "suite: s\ncases:\n";
  for (int i = 0; i < 60; ++i) {
    const auto lock = [&](int n) { return std::string(1, static_cast<char>('a' + n % 5)); };
    yaml += "  c" + std::to_string(i) + ": { lock: [" + lock(i) + ", " + lock(i / 5 + i + 1) + "], exec: [mkdir, " +
            "d" + std::to_string(i) + "], expect: { exit: 0 } }\n";
  }
  BOOST_TEST(road.run(yaml).summary.totals.of(judge::Outcome::pass) == 60);
}

BOOST_AUTO_TEST_CASE(only_and_tags_take_along_what_is_needed) {
  const std::string yaml = R"(suite: s
cases:
  a: { exec: ["true"], expect: { exit: 0 } }
  b: { needs: [a], tags: [slow], exec: ["true"], expect: { exit: 0 } }
  c: { exec: ["true"], expect: { exit: 0 } }
)";
  Road only;
  only.options.only = {"b"};
  BOOST_TEST(only.run(yaml).summary.totals.planned == 2);
  BOOST_TEST(only.heard.ends.contains("a"));
  Road tagged;
  tagged.options.tags = {"slow"};
  BOOST_TEST(tagged.run(yaml).summary.totals.planned == 2);
}

BOOST_AUTO_TEST_CASE(shards_share_the_cases_among_them) {
  const std::string yaml = R"(suite: s
cases:
  a: { exec: ["true"], expect: { exit: 0 } }
  b: { exec: ["true"], expect: { exit: 0 } }
  c: { exec: ["true"], expect: { exit: 0 } }
)";
  std::vector<std::string> seen;
  for (int shard = 1; shard <= 2; ++shard) {
    Road road;
    road.options.shard = shard;
    road.options.shards = 2;
    road.run(yaml);
    seen.insert(seen.end(), road.heard.order.begin(), road.heard.order.end());
  }
  std::ranges::sort(seen);
  BOOST_TEST(seen == (std::vector<std::string>{"a", "b", "c"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(fail_fast_leaves_the_rest_not_run) {
  Road road;
  road.options.jobs = 1;
  road.options.fail_fast = true;
  road.run(R"(suite: s
cases:
  a: { exec: ["false"], expect: { exit: 0 } }
  b: { exec: ["true"], expect: { exit: 0 } }
)");
  BOOST_TEST(road.end("b").why_not_run == "--fail-fast: a failed");
}

BOOST_AUTO_TEST_CASE(several_suites_are_one_run_and_names_must_differ) {
  Road road;
  const auto& result =
      road.run(std::vector<std::string>{"suite: one\ncases: { a: { exec: ['true'], expect: { exit: 0 } } }\n",
                                        "suite: two\ncases: { b: { exec: ['true'], expect: { exit: 0 } } }\n"});
  BOOST_TEST(result.summary.totals.planned == 2);
  std::vector<suite::Suite> twice(2);
  for (auto& suite : twice) suite.name = "same";
  BOOST_TEST(!run::plan_of(twice, {}, &probes::find_kind).ok());
}

BOOST_AUTO_TEST_CASE(an_interrupt_ends_what_runs_and_the_rest_is_not_run) {
  Road road;
  road.options.jobs = 1;
  road.heard.on_started = [&](const suite::Case& which) {
    if (which.name == "long") road.interrupt.raise();
  };
  const auto& result = road.run(R"(suite: s
cases:
  short: { exec: ["true"], expect: { exit: 0 } }
  long:  { needs: [short], exec: [sleep, "60"], within: 2m, expect: { exit: 0 } }
  after: { needs: [long], exec: ["true"], expect: { exit: 0 } }
)");
  BOOST_TEST(road.told("short") == "pass/unproven");
  BOOST_TEST(road.told("long") == "not-run/unproven");
  BOOST_TEST(road.told("after") == "not-run/unproven");
  BOOST_TEST(judge::exit_code(result.summary.verdict) == 130);
  BOOST_TEST(road.view().closed);
}

BOOST_AUTO_TEST_SUITE_END()
