// What one case can say: deadline, retry, until, skip, waivers, workspace, set-up, captures, variables.
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>

#include "harness/base/text.hpp"
#include "harness/evidence/journal.hpp"
#include "tests/harness/run/road.hpp"

using namespace mccoy;
using test::Road;

namespace {
/// While it lives, this process can open nothing.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    ::getrlimit(RLIMIT_NOFILE, &usual_);
    const rlimit none{.rlim_cur = 0, .rlim_max = usual_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  NoMoreFiles(const NoMoreFiles&) = delete;
  NoMoreFiles& operator=(const NoMoreFiles&) = delete;
  ~NoMoreFiles() { ::setrlimit(RLIMIT_NOFILE, &usual_); }

 private:
  rlimit usual_{};
};
}  // namespace

BOOST_AUTO_TEST_SUITE(a_case)

BOOST_AUTO_TEST_CASE(a_command_that_ignores_term_is_ended_at_its_deadline_and_that_is_an_error) {
  Road road;
  road.script("stubborn", "#!/bin/sh\ntrap '' TERM INT\nwhile :; do sleep 1; done\n");
  const auto& result = road.run(R"(suite: s
cases: { stubborn: { exec: [./stubborn], within: 300ms, expect: { exit: 0 } } }
)");
  BOOST_TEST(road.told("stubborn") == "error/unproven");
  BOOST_TEST(road.end("stubborn").error.find("300 ms") != std::string::npos, road.end("stubborn").error);
  BOOST_TEST(judge::exit_code(result.summary.verdict) == 2);
}

BOOST_AUTO_TEST_CASE(a_pass_after_a_failed_attempt_is_flaky_and_fails_when_strict) {
  const std::string yaml = R"(suite: s
cases:
  shaky: { exec: [./shaky], retry: { times: 2, every: 10ms }, expect: { exit: 0 }, evidence: { exec: { exe: ./shaky } } }
)";
  const std::string script = "#!/bin/sh\n[ -e tried ] && exit 0; touch tried; exit 1\n";
  Road road;
  road.script("shaky", script);
  const auto& result = road.run(yaml);
  BOOST_TEST(road.end("shaky").judgement.flaky);
  BOOST_TEST(road.end("shaky").attempts == 2);
  BOOST_TEST(result.summary.totals.flaky == 1);
  BOOST_TEST(judge::exit_code(result.summary.verdict) == 0);
  Road strict;
  strict.options.strict = true;
  strict.script("shaky", script);
  BOOST_TEST(judge::exit_code(strict.run(yaml).summary.verdict) == 1);
}

BOOST_AUTO_TEST_CASE(waiting_until_something_holds_is_not_flaky) {
  Road road;
  road.script("later", "#!/bin/sh\necho x >> count; [ $(wc -l < count) -ge 3 ]\n");
  road.run(R"(suite: s
cases: { later: { exec: [./later], until: { within: 20s, every: 10ms }, expect: { exit: 0 } } }
)");
  BOOST_TEST(road.told("later") == "pass/unproven");
  BOOST_TEST(!road.end("later").judgement.flaky);
}

BOOST_AUTO_TEST_CASE(a_skip_keeps_its_reason_and_a_run_of_skips_only_proves_nothing) {
  Road road;
  const auto& result = road.run(R"(suite: s
cases: { later: { skip: "needs a GPU", exec: ["true"], expect: { exit: 0 } } }
)");
  BOOST_TEST(road.told("later") == "skip/unproven");
  BOOST_TEST(road.end("later").judgement.reason == "needs a GPU");
  BOOST_TEST(judge::exit_code(result.summary.verdict) == 2);
}

BOOST_AUTO_TEST_CASE(a_waived_failure_is_counted_and_does_not_decide) {
  Road road;
  const auto& result = road.run(R"(suite: s
cases:
  known: { level: soft, owner: ops, expires: 2099-01-01, exec: ["false"], expect: { exit: 0 } }
  good:  { exec: ["true"], expect: { exit: 0 }, evidence: { exec: { exe: "true" } } }
)");
  BOOST_TEST(road.told("known") == "fail/real (observed)");
  BOOST_TEST(result.summary.totals.waived == 1);
  BOOST_TEST(judge::exit_code(result.summary.verdict) == 0);
}

BOOST_AUTO_TEST_CASE(every_trial_has_a_fresh_copy_of_its_workspace) {
  Road road;
  road.write("ws/input", "one\n");
  road.run(R"(suite: s
cases:
  dirty: { workspace: ws, exec: [sh, -c, "test ! -e mark && touch mark && cat input"], expect: { stdout: one } }
  clean: { needs: [dirty], workspace: ws, exec: [sh, -c, "test ! -e mark"], expect: { exit: 0 } }
)");
  BOOST_TEST(road.told("dirty") == "pass/unproven");
  BOOST_TEST(road.told("clean") == "pass/unproven");
}

BOOST_AUTO_TEST_CASE(set_up_that_fails_is_an_error_with_its_words) {
  Road road;
  road.run(R"(suite: s
cases: { a: { before: [[sh, -c, "echo no such table >&2; exit 3"]], exec: ["true"], expect: { exit: 0 } } }
)");
  BOOST_TEST(road.told("a") == "error/unproven");
  BOOST_TEST(road.end("a").error.find("exited with 3: no such table") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(captures_go_from_case_to_case_typed) {
  Road road;
  road.run(R"(suite: s
cases:
  makes: { exec: [printf, '{"id": 7, "name": "a b"}'], expect: { exit: 0 }, capture: { id: json /id, name: json /name } }
  uses:  { needs: [makes], exec: [printf, "%s|%s", "${id}", "${name}"], expect: { stdout: { equals: "7|a b" } } }
)");
  BOOST_TEST(road.told("makes") == "pass/unproven");
  BOOST_TEST(road.told("uses") == "pass/unproven");
}

BOOST_AUTO_TEST_CASE(a_capture_that_finds_nothing_is_an_error) {
  Road road;
  road.run(R"(suite: s
cases: { makes: { exec: [printf, '{"id": 7}'], expect: { exit: 0 }, capture: { name: json /name } } }
)");
  BOOST_TEST(road.told("makes") == "error/unproven");
}

BOOST_AUTO_TEST_CASE(a_variable_is_one_argument_whatever_is_in_it_and_is_not_read_again) {
  Road road;
  road.write("evil", "$(touch pwned) ; ${nonce} 'x");
  road.run(R"(suite: s
cases:
  reads: { exec: [cat, evil], expect: { exit: 0 }, capture: { evil: stdout } }
  uses:  { needs: [reads], exec: [printf, "%s", "${evil}"], expect: { stdout: { equals: "$(touch pwned) ; $${nonce} 'x" } } }
)");
  BOOST_TEST(road.told("uses") == "pass/unproven");
  BOOST_TEST(!std::ifstream(road.path("pwned")).good());
}

BOOST_AUTO_TEST_CASE(what_is_no_work_is_not_taken_for_a_written_file) {
  Road road;
  road.write("ws/old", "old\n");
  road.run(R"(suite: s
cases:
  made:  { workspace: ws, exec: [sh, -c, "date +%s%N > out"], expect: { wrote: [out] } }
  copy:  { workspace: ws, exec: [cp, old, out], expect: { wrote: [out] } }
  link:  { workspace: ws, exec: [ln, -s, /etc/passwd, out], expect: { wrote: [out] } }
  fifo:  { workspace: ws, exec: [mkfifo, out], expect: { wrote: [out] } }
  dir:   { workspace: ws, exec: [mkdir, out], expect: { wrote: [out] } }
  empty: { workspace: ws, exec: [touch, out], expect: { wrote: [out] } }
)");
  BOOST_TEST(road.told("made") == "pass/real (observed)");
  for (const char* name : {"copy", "link", "fifo", "dir", "empty"})
    BOOST_TEST(road.told(name) == "pass/unproven", name);
}

BOOST_AUTO_TEST_CASE(a_secret_is_nowhere_in_the_bundle) {
  ::setenv("ROAD_SECRET", "hunter2-hunter2", 1);
  Road road;
  road.run(R"(suite: s
secrets: [ROAD_SECRET]
cases: { a: { exec: [sh, -c, "echo token=$T; printf %s $T | base64"], env: { T: "${env.ROAD_SECRET}" }, expect: { stdout: token } } }
)");
  BOOST_TEST(road.told("a") == "pass/unproven");
  const auto found = glob("**", road.view().folder);
  BOOST_REQUIRE(found.ok());
  for (const std::string& name : *found) {
    const auto text = read_file(road.view().folder + "/" + name, 1 << 24);
    if (!text.ok()) continue;
    BOOST_TEST(text->find("hunter2-hunter2") == std::string::npos, name);
    BOOST_TEST(text->find(base64("hunter2-hunter2").substr(0, 16)) == std::string::npos, name);
  }
}

BOOST_AUTO_TEST_CASE(rounds_of_waiting_are_told_apart_in_the_journal) {
  Road road;
  road.script("later", "#!/bin/sh\necho x >> tries; test $(wc -l < tries) -ge 3 && echo $1\n");
  road.run(R"(suite: s
cases: { a: { exec: [./later, "${random}"], expect: { exit: 0 }, until: { within: 30s, every: 10ms } } }
)");
  std::vector<std::int64_t> rounds;
  const auto read = evidence::read_journal(road.view().folder + "/" + std::string(evidence::kJournalFile),
                                           [&](const evidence::Record& record) {
                                             if (record.type == "trial")
                                               rounds.push_back(record.body["round"].as_int(1));
                                           });
  BOOST_REQUIRE(read.ok());
  BOOST_TEST(rounds == (std::vector<std::int64_t>{1, 2, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(without_a_free_port_the_target_is_not_asked) {
  Road road;
  road.options.jobs = 1;
  std::optional<NoMoreFiles> none;
  road.heard.on_started = [&](const suite::Case&) { none.emplace(); };
  road.heard.on_ended = [&](const suite::Case&) { none.reset(); };
  road.run("suite: s\ncases: { a: { exec: [echo, \"${port}\"], expect: { exit: 0 } } }\n");
  BOOST_TEST(road.told("a") == "error/unproven");
  BOOST_TEST(road.end("a").error.find("no free port for ${port}") != std::string::npos, road.end("a").error);
}

BOOST_AUTO_TEST_CASE(a_log_that_is_cut_is_told_with_what_is_missing) {
  Road road;
  road.write("loud.py", R"(import sys, http.server
sys.stderr.write("x" * (12 << 20)); sys.stderr.flush()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
)");
  road.run(R"(suite: s
services: { web: { run: [python3, loud.py, "${port}"], ready: { tcp: "127.0.0.1:${port}", within: 20s } } }
cases: { a: { http: "GET ${services.web.url}/", expect: { status: 200 } } }
)");
  const auto view = road.view();
  BOOST_REQUIRE(view.notes.size() == 1u);
  BOOST_TEST(view.notes[0].find("the evidence lacks") != std::string::npos, view.notes[0]);
  BOOST_TEST(road.heard.notes == view.notes, boost::test_tools::per_element());
  const auto log =
      std::ranges::find_if(view.services, [](const Value& body) { return body["event"].as_string() == "log"; });
  BOOST_REQUIRE((log != view.services.end()));
  BOOST_TEST((*log)["bytes"].as_int() >= 12 << 20);
  BOOST_TEST((*log)["kept"].as_int() < (*log)["bytes"].as_int());
  BOOST_TEST((*log)["stream_sha256"].as_string().size() == 64u);
}

BOOST_AUTO_TEST_CASE(processes_that_outlive_a_command_are_told_with_its_end) {
  Road road;
  road.run(R"(suite: s
cases: { a: { exec: [sh, -c, "sleep 1000 > /dev/null 2>&1 &"], expect: { exit: 0 } } }
)");
  BOOST_REQUIRE(road.end("a").leftovers.size() == 1u);
  BOOST_TEST(road.end("a").leftovers[0].starts_with("pid "));
}

BOOST_AUTO_TEST_CASE(what_the_harness_sees_for_itself_of_files_is_real) {
  Road road;
  road.write("older.txt", "x");
  road.run(R"(suite: s
cases:
  makes:   { exec: [sh, -c, "mkdir -p made; echo 1 > made/a.txt; echo 2 > made/b.txt"], expect: { exit: 0 } }
  pattern: { needs: [makes], file: "made/*.txt", expect: { count: 2 } }
  absent:  { needs: [makes], file: lock, expect: { exists: false } }
  none:    { needs: [makes], file: "*.lock", expect: { count: 0 } }
  there:   { needs: [makes], file: older.txt, expect: { exists: false } }
)");
  BOOST_TEST(road.told("pattern") == "pass/real (observed)");
  BOOST_TEST(road.told("absent") == "pass/real (observed)");
  BOOST_TEST(road.told("none") == "pass/real (observed)");
  BOOST_TEST(road.told("there") == "fail/real (observed)");
}

BOOST_AUTO_TEST_SUITE_END()
