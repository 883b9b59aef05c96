// Chaos cases with the real binary on real services: what is proven, what is refused, and what is left behind.
#include <signal.h>

#include <thread>

#include "harness/base/text.hpp"
#include "harness/judge/retrial.hpp"
#include "harness/run/run_view.hpp"
#include "tests/e2e/mccoy.hpp"

using namespace mccoy;
using e2e::holds;
using e2e::Place;

namespace {
/// Answers 200 as long as its file is there; `--once` ends it at its second start.
constexpr std::string_view kServer = R"(import http.server, os, sys
port, folder, kind = int(sys.argv[1]), sys.argv[2], sys.argv[3]
marker = folder + "/started"
if kind == "once" and os.path.exists(marker): sys.exit("the index is corrupt, giving up")
open(marker, "w").close()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        good = kind != "sick" and os.path.exists(folder + "/page") and self.path != "/missing"
        self.say(200 if good else 503, open(folder + "/ids", "rb").read() if self.path == "/ids" else b"")
    def do_POST(self):
        record = self.rfile.read(int(self.headers["Content-Length"]))
        with open(folder + "/ids", "ab") as log: log.write(record + b"\n")
        self.say(200, b"")
    def say(self, status, text):
        self.send_response(status); self.send_header("Content-Length", str(len(text))); self.end_headers()
        self.wfile.write(text)
    def log_message(self, *a): pass
open(folder + "/page", "a").close()
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
print("up", flush=True)
server.serve_forever()
)";

/// One service, one case that asks it, and this chaos case.
std::string suite_of(const std::string& chaos, const std::string& kind = "good", const std::string& more = "") {
  return "suite: s\nservices:\n  web:\n    run: [python3, server.py, \"${port}\", \"${dir}\", " + kind +
         "]\n    ready: { log: up, within: 20s }\n"
         "  idle: { run: [python3, -c, \"import time; print('up', flush=True); time.sleep(1000)\"], ready: { log: up, "
         "within: 20s } }\n"
         "cases:\n  serves: { http: \"GET ${services.web.url}/\", expect: { status: 200 } }\n"
         "  chaos:\n    chaos: " +
         chaos + "\n" + more;
}

struct Arena : Place {
  Arena() { write("server.py", kServer); }
  const std::string id = "s/chaos";
  std::string said() const { return cases()[id]["judgement"]["reason"].as_string(); }
  /// Values of the observation of the chaos trial.
  Value figures() const {
    for (const auto& record : records())
      if (record.type == "trial" && record.body["case"].as_string() == id &&
          record.body["phase"].as_string() == "baseline")
        return record.body["observation"]["values"];
    return {};
  }
  /// How often the service died or was ended by a fault.
  int deaths(const std::string& service) const {
    int count = 0;
    for (const auto& record : records())
      count += record.type == "service" && record.body["name"].as_string() == service &&
               record.body["event"].as_string() == "died";
    return count;
  }
};
}  // namespace

BOOST_AUTO_TEST_SUITE(chaos)

BOOST_AUTO_TEST_CASE(a_crash_that_is_survived_is_proven_and_verified) {
  const Arena arena;
  const auto ran =
      arena.suite(suite_of("{ fault: { kill: web, restart_after: 300ms }, hold: 1s, steady_state: [serves], "
                           "expect_during: { serves: fail }, recovers_within: 20s }",
                           "good", "    gates: [\"time_to_recover < 20s\", \"outage > 0s\"]\n"),
                  {"--json", arena.path("r.json")});
  BOOST_TEST(ran.code == 0, ran.out << ran.err);
  BOOST_TEST(arena.result_of(arena.id) == "pass real");
  BOOST_TEST(arena.deaths("web") >= 1);
  BOOST_TEST(holds(ran.out, "kill of web"), ran.out);
  const auto verified = arena.mccoy({"verify", arena.out()});
  BOOST_TEST(verified.code == 0, verified.out << verified.err);
  const auto report = from_json(read_file(arena.path("r.json"), 64 << 20).value());
  BOOST_REQUIRE(report.ok());
  const Value* chaos = report->pointer("/cases/1/chaos");
  BOOST_REQUIRE(chaos != nullptr);
  BOOST_TEST(!(*chaos)["timeline"].as_list().empty());
  BOOST_TEST((*chaos)["faults"].as_list().size() == 1u);
  BOOST_TEST(e2e::strangers(ran) == "");
}

BOOST_AUTO_TEST_CASE(a_fault_in_what_nobody_uses_proves_nothing) {
  const Arena arena;
  const auto ran = arena.suite(suite_of("{ fault: { kill: idle }, hold: 500ms, steady_state: [serves] }"));
  BOOST_TEST(ran.code == 3, ran.out << ran.err);
  BOOST_TEST(arena.result_of(arena.id) == "pass unproven");
  BOOST_TEST(holds(arena.said(), "not seen to use idle"), arena.said());
}

BOOST_AUTO_TEST_CASE(a_target_that_does_not_notice_although_it_should_fails) {
  const Arena arena;
  const auto ran = arena.suite(
      suite_of("{ fault: { kill: idle }, hold: 500ms, steady_state: [serves], expect_during: { serves: fail } }"));
  BOOST_TEST(ran.code == 1, ran.out << ran.err);
  BOOST_TEST(holds(arena.said(), "had to fail during the fault"), arena.said());
}

BOOST_AUTO_TEST_CASE(nothing_is_injected_when_the_steady_state_does_not_hold) {
  const Arena arena;
  const auto ran = arena.suite(suite_of("{ fault: { kill: web }, hold: 500ms, steady_state: [serves] }", "sick"));
  BOOST_TEST(ran.code == 1, ran.out << ran.err);  // the case "serves" fails by itself
  BOOST_TEST(arena.result_of(arena.id) == "error unproven");
  BOOST_TEST(holds(arena.said(), "did not hold before the fault"), arena.said());
  BOOST_TEST(arena.deaths("web") == 0);
}

BOOST_AUTO_TEST_CASE(a_fault_that_hits_nobody_is_an_error) {
  const Arena arena;
  const auto ran = arena.suite(
      suite_of("{ fault: { kill: web, process: nobody }, hold: 500ms, steady_state: [serves], effect_within: 300ms }"));
  BOOST_TEST(ran.code == 2, ran.out << ran.err);
  BOOST_TEST(arena.result_of(arena.id) == "error unproven");
  BOOST_TEST(holds(arena.said(), "no effect"), arena.said());
}

BOOST_AUTO_TEST_CASE(a_service_that_never_comes_back_fails_with_its_last_words) {
  const Arena arena;
  const auto ran = arena.suite(
      suite_of("{ fault: { kill: web }, hold: 300ms, steady_state: [serves], recovers_within: 2s }", "once"));
  BOOST_TEST(ran.code == 1, ran.out << ran.err);
  BOOST_TEST(arena.result_of(arena.id).starts_with("fail"));
  BOOST_TEST(holds(arena.said(), "the index is corrupt"), arena.said());
  BOOST_TEST(arena.mccoy({"verify", arena.out()}).code == ran.code);
}

BOOST_AUTO_TEST_CASE(a_dry_run_touches_nothing_and_is_simulated) {
  const Arena arena;
  const auto ran = arena.suite(suite_of("{ fault: { kill: web }, steady_state: [serves] }"), {"--dry-run"});
  BOOST_TEST(ran.code == 3, ran.out << ran.err);
  BOOST_TEST(arena.result_of(arena.id) == "pass simulated");
  BOOST_TEST(arena.deaths("web") == 0);
  BOOST_TEST(holds(arena.figures()["plan"].as_string(), "SIGKILL"));
  BOOST_TEST(arena.mccoy({"verify", arena.out()}).code == ran.code);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_done_on_this_machine_is_not_run_and_touches_nothing,
                     *boost::unit_test::precondition([](boost::unit_test::test_unit_id) { return ::geteuid() == 0; })) {
  const Arena arena;
  arena.write("page.txt", "hello\n");
  const auto ran = arena.suite(
      suite_of("{ fault: [{ kill: web }, { config: web, path: \"${suite.dir}/page.txt\", how: unreadable }], "
               "steady_state: [serves] }"));
  BOOST_TEST(ran.code == 2, ran.out << ran.err);
  BOOST_TEST(arena.result_of(arena.id) == "not-run unproven");
  BOOST_TEST(holds(arena.cases()[arena.id]["why_not_run"].as_string(), "runs as root"), ran.out);
  BOOST_TEST(arena.deaths("web") == 0);
  BOOST_TEST(arena.mccoy({"verify", arena.out()}).code == ran.code);
}

BOOST_AUTO_TEST_CASE(errors_of_the_proxy_are_counted_and_gone_afterwards) {
  const Arena arena;
  const std::string text = suite_of(
      "{ fault: { http_status: web, status: 500 }, hold: 800ms, steady_state: [serves], "
      "expect_during: { serves: fail }, while: { load: \"GET ${services.web.via_url}/\", rate: 50/s } }",
      "good", "    gates: [\"errors_during > 5\", \"requests_lost == 0\"]\n");
  std::string by_proxy = text;
  const std::string direct = "GET ${services.web.url}/";
  by_proxy.replace(by_proxy.find(direct), direct.size(), "GET ${services.web.via_url}/");
  auto ran = arena.suite(by_proxy);
  BOOST_TEST(ran.code == 0, ran.out << ran.err);
  BOOST_TEST(arena.result_of(arena.id) == "pass real", arena.said());
  ran = arena.suite(suite_of("{ fault: { http_status: web }, hold: 300ms, steady_state: [serves] }"));
  BOOST_TEST(arena.result_of(arena.id) == "error unproven");
  BOOST_TEST(holds(arena.said(), "nobody goes to web by its proxy"), arena.said());
}

BOOST_AUTO_TEST_CASE(a_timeline_that_says_more_than_its_trials_is_rejected) {
  const Arena arena;
  BOOST_REQUIRE(arena.suite(suite_of("{ fault: { pause: web }, hold: 300ms, steady_state: [serves] }")).code == 0);
  Value trial, asked;
  for (const auto& record : arena.records()) {
    if (record.type != "trial" || record.body["case"].as_string() != arena.id) continue;
    (record.body["phase"].as_string() == "baseline" ? trial : asked) = record.body;
  }
  const evidence::Blobs blobs(arena.out() + "/blobs");
  const auto disagreements = [&](const Value& body, bool with_neighbours, int of_more_than_told = 0) {
    std::vector<std::string> said;
    judge::Retrial retrial;
    const auto note = [&](std::string sentence) { said.push_back(std::move(sentence)); };
    for (const auto& record : arena.records())
      if (with_neighbours && record.type == "trial" && record.body["case"].as_string() == arena.id &&
          record.body["phase"].as_string() != "baseline")
        retrial.take_trial(record.body, blobs, note);
    if (of_more_than_told > 0) retrial.take_trial(Value(asked).set("attempt", of_more_than_told), blobs, note);
    retrial.take_trial(body, blobs, note);
    return join(said, "\n");
  };
  BOOST_TEST(disagreements(trial, true) == "");
  BOOST_TEST(holds(disagreements(trial, false), "which its trial 1 did not"));
  BOOST_TEST(holds(disagreements(trial, true, 99), "its timeline leaves out that serves gave pass in its trial 99"));
  Value values = trial["observation"]["values"];
  Value metrics = values["metrics"];
  metrics.set("errors_during", Value::map({{"count", 0}, {"of", 99}}));
  Value observation = trial["observation"];
  Value tampered = trial;
  tampered.set("observation", observation.set("values", values.set("metrics", metrics)));
  BOOST_TEST(holds(disagreements(tampered, true), "but from its timeline follows"));
}

BOOST_AUTO_TEST_CASE(faults_come_one_after_the_other) {
  const Arena arena;
  const auto ran = arena.suite(
      suite_of("{ fault: [{ pause: web, hold: 300ms }, { kill: web, at: 900ms, hold: 300ms }], hold: 500ms, "
               "steady_state: [serves], recovers_within: 20s }"));
  BOOST_TEST(ran.code == 0, ran.out << ran.err);
  const Value figures = arena.figures();
  const Value &pause = figures["chaos"]["faults"].as_list()[0]["course"],
              &kill = figures["chaos"]["faults"].as_list()[1]["course"];
  BOOST_TEST(pause["healed_ns"].as_int() < kill["inject_ns"].as_int());
  BOOST_TEST(kill["inject_ns"].as_int() - pause["inject_ns"].as_int() >= 900'000'000);
}

BOOST_AUTO_TEST_CASE(a_ledger_says_how_many_acknowledged_writes_are_lost) {
  const Arena arena;
  const std::string write = "write: [curl, -sf, -d, \"{{id}}\", \"${services.web.url}/\"]";
  const std::string chaos =
      "{ fault: { kill: web }, hold: 500ms, steady_state: [serves], while: { ledger: { " + write + ", read_back: ";
  const std::string gates =
      "    gates: [\"lost_writes == 0\", \"duplicate_writes == 0\", \"acknowledged_writes > 5\"]\n";
  auto ran = arena.suite(suite_of(chaos + "[curl, -sf, \"${services.web.url}/ids\"] } } }", "good", gates));
  BOOST_TEST(ran.code == 0, ran.out << ran.err);
  BOOST_TEST(arena.mccoy({"verify", arena.out()}).code == 0);
  ran = arena.suite(
      suite_of(chaos + "[sh, -c, 'curl -sf $0/ids | sed 1,3d', \"${services.web.url}\"] } } }", "good", gates));
  BOOST_TEST(ran.code == 1, ran.out << ran.err);
  BOOST_TEST(arena.figures()["metrics"]["lost_writes"]["count"].as_int() == 3);
  BOOST_TEST(holds(ran.out, "3 lost"), ran.out);
}

BOOST_AUTO_TEST_CASE(a_ledger_of_something_else_proves_nothing) {
  const Arena arena;
  const auto ran =
      arena.suite(suite_of("{ fault: { kill: web }, hold: 500ms, steady_state: [serves], while: { ledger: "
                           "{ write: [\"true\", \"{{id}}\"], read_back: [test, \"{{id}}\", -gt, \"0\"] } } }",
                           "good", "    gates: [\"acknowledged_writes > 5\", \"lost_writes == 0\"]\n"));
  BOOST_TEST(arena.result_of(arena.id) == "error unproven", ran.out);
  BOOST_TEST(holds(arena.said(), "never written"), arena.said());
  const auto file = arena.suite(suite_of(
      "{ fault: { kill: web }, hold: 500ms, steady_state: [serves], while: { ledger: { write: [sh, -c, 'echo $0 >> "
      "$1/elsewhere', \"{{id}}\", \"${services.web.dir}\"], read_back: [cat, \"${services.web.dir}/elsewhere\"] } } }",
      "good", "    gates: [\"lost_writes == 0\"]\n"));
  BOOST_TEST(arena.result_of(arena.id) == "pass unproven", file.out);
}

BOOST_AUTO_TEST_CASE(only_the_requests_that_write_are_in_the_ledger) {
  const Arena arena;
  const std::string chaos =
      "{ fault: { kill: web }, hold: 500ms, steady_state: [serves], while: { load: \"${services.web.url}\", rate: "
      "40/s, "
      "requests: { put: { request: POST /, body: \"{{unique}}\" }, get: { request: GET / } }, ledger: { read_back: "
      "\"GET ${services.web.url}/ids\" } } }";
  const auto ran = arena.suite(suite_of(chaos, "good", "    gates: [\"lost_writes == 0\"]\n"));
  BOOST_TEST(arena.result_of(arena.id) == "pass real", ran.out);
}

BOOST_AUTO_TEST_CASE(what_fails_all_the_time_shows_no_fault) {
  const Arena arena;
  const auto ran =
      arena.suite(suite_of("{ fault: { kill: idle }, hold: 600ms, steady_state: [serves], while: { load: "
                           "\"GET ${services.web.url}/missing\", rate: 20/s } }"));
  BOOST_TEST(arena.result_of(arena.id) == "pass unproven", ran.out);
}

BOOST_AUTO_TEST_CASE(a_steady_state_that_asks_nobody_proves_nothing) {
  const Arena arena;
  std::string text = suite_of(
      "{ fault: { kill: web }, hold: 500ms, steady_state: [nothing], while: { cases: [serves], "
      "every: 100ms } }");
  text.replace(text.find("cases:\n") + 7, 0, "  nothing: { exec: [\"true\"], expect: { exit: 0 } }\n");
  const auto ran = arena.suite(text);
  BOOST_TEST(arena.result_of(arena.id) == "pass unproven", ran.out);
  BOOST_TEST(holds(arena.said(), "not seen to use web"), arena.said());
}

BOOST_AUTO_TEST_CASE(a_broken_file_is_put_back_when_the_run_is_interrupted) {
  const Arena arena;
  arena.write("page.txt", "hello\n");
  arena.write("suite.yaml", suite_of("{ fault: { config: web, path: \"${suite.dir}/page.txt\", how: empty }, hold: "
                                     "60s, steady_state: [serves] }"));
  auto tree = ProcessTree::start(arena.command({e2e::kMccoy, "run", "suite.yaml", "--out", arena.out()}));
  BOOST_REQUIRE(tree.ok());
  const auto size = [&] { return std::filesystem::file_size(arena.path("page.txt")); };
  for (const Deadline patience = Deadline::in(e2e::kPatience); size() > 0 && !patience.passed();)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  BOOST_REQUIRE(size() == 0u);
  BOOST_TEST(tree->signal_root(SIGINT).ok());
  const auto ended = tree->wait(Deadline::in(e2e::kPatience));
  BOOST_REQUIRE(ended.ok());
  BOOST_TEST(ended->code == 130);
  BOOST_TEST(read_file(arena.path("page.txt"), 100).value() == "hello\n");
  BOOST_TEST(arena.result_of(arena.id) == "not-run unproven");
}

BOOST_AUTO_TEST_CASE(kill_9_during_the_fault_leaves_nothing_behind) {
  const Arena arena;
  arena.write("page.txt", "hello\n");
  arena.write(
      "suite.yaml",
      suite_of("{ fault: [{ config: web, path: \"${suite.dir}/page.txt\", how: empty }, { pause: web }], hold: 60s, "
               "steady_state: [serves] }"));
  auto tree = ProcessTree::start(arena.command({e2e::kMccoy, "run", "suite.yaml", "--out", arena.out()}));
  BOOST_REQUIRE(tree.ok());
  const auto paused = [&] {
    for (const ProcessInfo& member : tree->members())
      if (member.state == 'T') return true;
    return false;
  };
  for (const Deadline patience = Deadline::in(e2e::kPatience); !paused() && !patience.passed();)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  BOOST_REQUIRE(paused());
  BOOST_TEST(::kill(tree->root().pid, SIGKILL) == 0);
  const Deadline soon = Deadline::in(std::chrono::seconds(2));
  while (!tree->members().empty() && !soon.passed()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  BOOST_TEST(tree->members().empty());
  BOOST_TEST(read_file(arena.path("page.txt"), 100).value() == "hello\n");
}

BOOST_AUTO_TEST_SUITE_END()
