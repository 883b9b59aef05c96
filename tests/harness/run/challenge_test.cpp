// Challenges end to end: honest work meets them, lies do not, and a challenge that went wrong says nothing.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "tests/harness/run/road.hpp"

using namespace mccoy;
using test::Road;

namespace {
struct Row {
  std::string_view title, script, body, expected;
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.title;
}

constexpr std::string_view kVary = R"(, vary: { over: [100, 200, 400], relation: increases, of: stdout number })";
constexpr std::string_view kOracle = R"y(, challenges: [ { name: fresh data, env: { INPUT: "${nonce}" }, expect: pass,
   oracle: [sh, -c, 'grep -q "$(printf %s "$INPUT" | sha256sum | cut -c1-64)" "$STDOUT"'] } ])y";
constexpr std::string_view kPlanted =
    R"(, workspace: ws, challenges: [ { name: planted, before: [[touch, violation]], expect: fail } ])";

const Row kRows[] = {
    {"work that follows its input", "echo $(( ${1:-1} * 3 ))", kVary, "pass/real (observed)"},
    {"a constant answer", "echo 300", kVary, "pass/mock"},
    {"an answer that follows its input the wrong way round", "echo $(( 1000 - ${1:-1} ))", kVary, "pass/unproven"},
    {"a digest that is computed", "printf %s \"$INPUT\" | sha256sum", kOracle, "pass/real (observed)"},
    {"a digest that is made up", "echo e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", kOracle,
     "pass/mock"},
    {"a token that is only echoed", "echo $INPUT", kOracle, "pass/mock"},
    {"a gate that finds what is planted", "test ! -e violation", kPlanted, "pass/real (observed)"},
    {"a gate that finds nothing", "true", kPlanted, "pass/unproven"},
};
}  // namespace

BOOST_AUTO_TEST_SUITE(challenges)

BOOST_DATA_TEST_CASE(provenance_follows_from_challenges, boost::unit_test::data::make(kRows), row) {
  Road road;
  road.script("work", "#!/bin/sh\n" + std::string(row.script) + "\n");
  road.script("ws/work", "#!/bin/sh\n" + std::string(row.script) + "\n");
  const bool varied = row.body == kVary;
  road.run("suite: s\ncases:\n  work: { exec: [./work" + std::string(varied ? ", \"${vary}\"" : "") +
           "], expect: { exit: 0 }" + std::string(row.body) + " }\n");
  BOOST_TEST(road.told("work") == row.expected);
  BOOST_TEST(!road.end("work").judgement.reason.empty());
}

BOOST_AUTO_TEST_CASE(a_sensitivity_challenge_and_a_control_make_it_challenged) {
  Road road;
  road.script("sum", "#!/bin/sh\nset -e\nread n < numbers\necho $(( n + $1 ))\n");
  road.write("numbers", "5\n");
  road.run(R"(suite: s
cases:
  sum: { exec: [./sum, "${vary}"], expect: { exit: 0 }, control: { file: numbers },
         vary: { over: [1, 2, 3], relation: increases, of: stdout number } }
)");
  BOOST_TEST(road.told("sum") == "pass/real (challenged)");
  const auto text = read_file(road.path("numbers"), 100);
  BOOST_REQUIRE(text.ok());
  BOOST_TEST(*text == "5\n");
}

BOOST_AUTO_TEST_CASE(a_control_in_the_environment_must_turn_red) {
  Road road;
  road.script("greets", "#!/bin/sh\ntest -n \"$NAME\" && echo hello $NAME\n");
  road.run(R"(suite: s
cases:
  honest: { exec: [./greets], env: { NAME: x }, expect: { exit: 0 }, control: { env: { NAME: "" } } }
  blind:  { exec: [sh, -c, "echo hello"], env: { NAME: x }, expect: { exit: 0 }, control: { env: { NAME: "" } } }
)");
  BOOST_TEST(road.told("honest") == "pass/real (observed)");
  BOOST_TEST(road.told("blind") == "pass/unproven");
  BOOST_TEST(road.end("blind").judgement.reason.find("cannot") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(noise_and_counters_do_not_follow_their_input) {
  Road road;
  road.script("noise", "#!/bin/sh\nhead -c 8 /dev/urandom | od -An -tx1\n");
  road.script("counter", "#!/bin/sh\necho x >> count; wc -l < count\n");
  road.run(R"(suite: s
cases:
  noise:   { exec: [./noise, "${vary}"], expect: { exit: 0 }, vary: { over: [1, 2], relation: differs, of: stdout } }
  counter: { exec: [./counter, "${vary}"], expect: { exit: 0 }, vary: { over: [1, 2], relation: increases, of: stdout number } }
)");
  BOOST_TEST(road.told("noise") == "pass/unproven");
  BOOST_TEST(road.told("counter") == "pass/unproven");
}

BOOST_AUTO_TEST_CASE(a_file_of_a_private_workspace_can_be_broken_too) {
  Road road;
  road.write("ws/input", "5\n");
  road.run(R"(suite: s
cases: { a: { workspace: ws, exec: [grep, -q, "5", input], expect: { exit: 0 }, control: { file: input } } }
)");
  BOOST_TEST(road.told("a") == "pass/real (observed)");
}

BOOST_AUTO_TEST_CASE(a_control_under_which_the_set_up_fails_shows_nothing) {
  Road road;
  road.run(R"(suite: s
cases: { a: { before: [[sh, -c, "test -z \"$BREAK\""]], exec: ["true"], expect: { exit: 0 }, control: { env: { BREAK: "1" } } } }
)");
  BOOST_TEST(road.told("a") == "pass/unproven");
}

BOOST_AUTO_TEST_CASE(an_oracle_that_disagrees_is_heard_beside_a_relation_that_holds) {
  Road road;
  road.script("grows", "#!/bin/sh\necho $(( $1 * 2 + 1 ))\n");
  const auto with_oracle = [](const std::string& oracle) {
    return "{ exec: [./grows, \"${vary}\"], expect: { exit: 0 }, challenges: [ { name: n, expect: pass, oracle: [sh, "
           "-c, '" +
           oracle + "'], vary: { over: [1, 2], relation: increases, of: stdout number } } ] }\n";
  };
  road.run("suite: s\ncases:\n  agrees: " + with_oracle("exit 0") + "  disagrees: " + with_oracle("exit 1") +
           "  broken: " + with_oracle("exec /nonexistent") + "  killed: " + with_oracle("kill -9 $$"));
  BOOST_TEST(road.told("agrees") == "pass/real (observed)");
  BOOST_TEST(road.told("disagrees") == "pass/mock");
  BOOST_TEST(road.told("broken") != "pass/mock");
  BOOST_TEST(road.told("killed") != "pass/mock");
}

BOOST_AUTO_TEST_CASE(another_program_in_its_place_is_no_control) {
  Road road;
  road.run(R"(suite: s
cases: { a: { exec: ["true"], expect: { exit: 0 }, control: { argv: ["false"] } } }
)");
  BOOST_TEST(road.told("a") == "pass/unproven");
}

BOOST_AUTO_TEST_CASE(cases_wait_for_a_service_that_a_control_keeps_stopped) {
  Road road;
  road.options.jobs = 4;
  const auto& result = road.run(R"(suite: s
services:
  web: { run: [python3, -m, http.server, --bind, 127.0.0.1, "${port}"], ready: { tcp: "127.0.0.1:${port}", within: 20s } }
cases:
  a: { http: "GET ${services.web.url}/", expect: { status: 200 }, control: { stop: web } }
  b: { http: "GET ${services.web.url}/", expect: { status: 200 } }
  c: { http: "GET ${services.web.url}/", expect: { status: 200 }, control: { stop: web } }
  d: { http: "GET ${services.web.url}/", expect: { status: 200 } }
  e: { http: "GET ${services.web.url}/", expect: { status: 200 }, control: { stop: web } }
)");
  BOOST_TEST(result.summary.totals.of(judge::Outcome::pass) == 5);
}

BOOST_AUTO_TEST_CASE(stopping_the_very_service_that_answers_is_no_control) {
  const std::string cases = R"y(
services:
  web: { run: [python3, echo.py, "${port}"], ready: { tcp: "127.0.0.1:${port}", within: 20s } }
cases:
  canned: { http: "GET ${services.web.url}/${vary}", expect: { status: 200 }, control: { stop: web },
            vary: { over: [1, 2], relation: differs, of: body } }
  alive:  { http: "GET ${services.web.url}/${vary}", claim: liveness, expect: { status: 200 }, control: { stop: web },
            vary: { over: [1, 2], relation: differs, of: body } }
)y";
  Road road;
  road.write("echo.py", R"(import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(self.path.encode())
    def log_message(self, *a): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), H).serve_forever()
)");
  road.run("suite: s" + cases);
  BOOST_TEST(road.told("canned") == "pass/real (observed)");
  BOOST_TEST(road.told("alive") == "pass/real (challenged)");
  for (const auto& seen : {road.end("canned").challenges, road.view().cases.front().challenges}) {
    BOOST_TEST(judge::to_text(seen.at(0).cls) == "liveness");
    BOOST_TEST(seen.at(0).why.find("only shows that it answers") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_vary_that_is_used_nowhere_accuses_nobody) {
  Road road;
  road.run(R"(suite: s
cases: { same: { exec: [echo, "5"], control: { env: { X: "${vary}" } }, expect: { exit: 0 }, vary: { over: [1, 2], relation: differs, of: stdout number } } }
)");
  BOOST_TEST(road.told("same") == "pass/unproven");
}

BOOST_AUTO_TEST_CASE(a_challenge_whose_repeat_is_red_is_void_and_never_an_accusation) {
  Road road;
  road.script("once", "#!/bin/sh\n[ -e used ] && exit 1\ntouch used\necho 5\n");
  road.run(R"(suite: s
cases: { once: { exec: [./once, "${vary}"], expect: { exit: 0 }, vary: { over: [1, 2], relation: differs, of: stdout number } } }
)");
  BOOST_TEST(road.told("once") == "pass/unproven");
}

BOOST_AUTO_TEST_CASE(a_stopped_service_turns_honest_health_red_and_is_back_afterwards) {
  Road road;
  road.write("deep.py", R"(import http.server, sys, socket
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        ok = True
        if sys.argv[3] == "deep":
            try: socket.create_connection(("127.0.0.1", int(sys.argv[2])), 1).close()
            except OSError: ok = False
        body = b'{"status":"ok"}' if ok else b'{"status":"down"}'
        self.send_response(200 if ok else 503); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), H).serve_forever()
)");
  for (const std::string depth : {"deep", "shallow"}) {
    Road fresh;
    fresh.write("deep.py", *read_file(road.path("deep.py"), 10000));
    fresh.run(R"(suite: s
services:
  db:  { run: [python3, -m, http.server, --bind, 127.0.0.1, "${port}"], ready: { tcp: "127.0.0.1:${port}", within: 20s } }
  web: { run: [python3, deep.py, "${port}", "${services.db.port}", )" +
              depth + R"(], needs: [db], ready: { tcp: "127.0.0.1:${port}", within: 20s } }
cases:
  healthy: { http: "GET ${services.web.url}/health", expect: { status: 200, json: { /status: ok } }, control: { stop: db } }
  again:   { needs: [healthy], http: "GET ${services.db.url}/", expect: { status: 200 } }
)");
    BOOST_TEST(fresh.told("healthy") == (depth == "deep" ? "pass/real (observed)" : "pass/unproven"));
    BOOST_TEST(fresh.told("again") == "pass/real (observed)");
  }
}

BOOST_AUTO_TEST_SUITE_END()
