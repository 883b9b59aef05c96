// Load through the real program, against the order service: what passes, what fails, what is not to be known.
#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/base/value.hpp"
#include "tests/e2e/mccoy.hpp"
#include "tests/e2e/usurper.hpp"

using namespace mccoy;
using e2e::holds;
using e2e::Place;
namespace fs = std::filesystem;

namespace {
/// One case called `c` on a fresh order service.
std::string suite_of(std::string_view body) {
  std::string text =
      "suite: s\n"
      "services:\n"
      "  orders:\n"
      "    run: [\"" +
      e2e::kFixtures +
      "/orders\", --port, \"${port}\", --db, \"${dir}/orders.db\"]\n"
      "    ready: { http: \"http://127.0.0.1:${port}/health\", within: 30s }\n"
      "cases:\n"
      "  c:\n";
  for (const std::string& line : split(body, '\n')) text += "    " + line + "\n";
  return text;
}
constexpr std::string_view kHealth = "load: GET ${services.orders.url}/health\nrate: 20/s\nfor: 1s\n";
std::string health(std::string_view more) {
  return suite_of(std::string(kHealth) + std::string(more));
}
std::string error_of(const Place& place) {
  std::string error;
  for (const auto& record : place.records())
    if (record.type == "trial") error = record.body["error"].as_string();
  return error;
}
void overwrite(const std::string& path, const std::string& bytes) {
  fs::permissions(path, fs::perms::owner_write, fs::perm_options::add);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(load)

BOOST_AUTO_TEST_CASE(a_load_that_keeps_its_gates_and_arrives_is_real_and_verifies) {
  const Place place;
  const auto ran = place.suite(
      suite_of("load: POST ${services.orders.url}/orders\njson: { item: \"${unique}\" }\nresponse: { status: 201 }\n"
               "connections: 1\nrate: 10/s\nfor: 1s\nwarm_up: 200ms\n"
               "gates: [\"p(95) < 50s\", \"errors == 0\", \"achieved == 100%\", \"dropped == 0\", \"count == 10\"]\n"
               "arrivals: { http: \"GET ${services.orders.url}/orders\", take: json /count }"),
      {"--json", place.path("r.json"), "--junit", place.path("r.xml")});
  BOOST_TEST(ran.code == 0, ran.out << ran.err);
  BOOST_TEST(place.result_of("s/c") == "pass real");
  BOOST_TEST(holds(ran.out, "the service counted 12 of 12 sent"), ran.out);
  BOOST_TEST(place.mccoy({"verify", place.out()}).code == 0);
  const auto report = from_json(read_file(place.path("r.json"), 16 << 20).value());
  BOOST_REQUIRE(report.ok());
  const Value& told = (*report)["cases"].as_list().front()["load"];
  BOOST_TEST(told["all"]["finished"].as_int() == 10);
  BOOST_TEST(told["arrivals"]["counted"].as_double() == 12.0);
  BOOST_TEST(!told["series"].as_list().empty());
  BOOST_TEST(holds(read_file(place.path("r.xml"), 16 << 20).value(), "load.response_ns.p95"));
}

BOOST_AUTO_TEST_CASE(a_missed_gate_fails_the_case) {
  const Place place;
  const auto ran = place.suite(health("response: { status: 204 }\ngates: [\"p(95) < 50s\", \"errors < 1%\"]"));
  BOOST_TEST(ran.code == 1, ran.out << ran.err);
  BOOST_TEST(place.result_of("s/c") == "fail real");
  BOOST_TEST(holds(ran.out, "errors < 1%"));
  BOOST_TEST(holds(ran.out, "100% (20 samples)"), ran.out);
}

BOOST_AUTO_TEST_CASE(a_gate_without_samples_is_an_error_and_never_a_pass) {
  const Place place;
  const auto ran =
      place.suite(suite_of("load: GET ${services.orders.url}/health\n"
                           "stages: [{ hold: 20/s, for: 1s, name: busy }, { hold: 0/s, for: 200ms, name: idle }]\n"
                           "gates: [\"errors == 0\", \"p(95){stage: idle} < 50s\"]"));
  BOOST_TEST(ran.code == 2, ran.out << ran.err);
  BOOST_TEST(place.result_of("s/c").starts_with("error"));
  BOOST_TEST(holds(ran.out, "no samples"), ran.out);
}

BOOST_AUTO_TEST_CASE(a_target_that_is_not_there_is_an_error_and_no_slow_target) {
  const Place place;
  const auto ran = place.suite(
      "suite: s\ncases:\n  c:\n    load: GET http://127.0.0.1:1/\n    rate: 20/s\n    for: 1s\n    gates: [\"errors < "
      "1%\"]\n");
  BOOST_TEST(ran.code == 2, ran.out << ran.err);
  BOOST_TEST(holds(error_of(place), "could not be reached"), error_of(place));
}

BOOST_AUTO_TEST_CASE(nor_is_one_that_speaks_no_tls_and_it_is_told_why) {
  const Place place;
  const auto ran =
      place.suite("suite: s\nservices:\n  plain:\n    run: [\"" + e2e::kFixtures +
                  "/fast_http\", --port, \"${port}\"]\n    ready: { tcp: \"127.0.0.1:${port}\", within: 30s }\n"
                  "cases:\n  c:\n    load: GET https://127.0.0.1:${services.plain.port}/\n    rate: 20/s\n    for: 1s\n"
                  "    gates: [\"errors < 1%\"]\n");
  BOOST_TEST(ran.code == 2, ran.out << ran.err);
  BOOST_TEST(holds(error_of(place), "20 times tls, for example: wrong version number"), error_of(place));
  BOOST_TEST(holds(ran.out, ": wrong version number\n"), ran.out);
}

BOOST_AUTO_TEST_CASE(a_counter_that_does_not_count_the_load_fails_it) {
  const Place place;
  const auto ran = place.suite(
      health("gates: [\"errors == 0\"]\narrivals: { http: \"GET ${services.orders.url}/orders\", take: json /count }"));
  BOOST_TEST(ran.code == 1, ran.out << ran.err);
  BOOST_TEST(holds(ran.out, "arrived == 100%"), ran.out);
}

BOOST_AUTO_TEST_CASE(a_histogram_that_was_changed_does_not_verify) {
  const Place place;
  BOOST_REQUIRE(place.suite(health("gates: [\"p(95) < 50s\"]")).code == 0);
  bool changed = false;
  for (const auto& entry : fs::recursive_directory_iterator(place.path("out/blobs"))) {
    if (!entry.is_regular_file()) continue;
    std::string bytes = read_file(entry.path().string(), 1 << 20).value();
    if (const auto at = bytes.find("hdr1 20 "); at != std::string::npos) {
      overwrite(entry.path().string(), bytes.replace(at, 8, "hdr1 21 "));
      changed = true;
    }
  }
  BOOST_REQUIRE(changed);
  BOOST_TEST(place.mccoy({"verify", place.out()}).code == 4);
}

BOOST_AUTO_TEST_CASE(an_interrupted_load_is_partial_and_no_pass) {
  const Place place;
  const auto suite =
      place.write("suite.yaml", suite_of("load: GET ${services.orders.url}/health\nrate: 20/s\nfor: 60s\n"
                                         "gates: [\"errors < 50%\"]"));
  const auto ran =
      place.run({"timeout", "--preserve-status", "-s", "INT", "3", e2e::kMccoy, "run", suite, "--out", place.out()});
  BOOST_TEST(ran.code == 130, ran.out << ran.err);
  BOOST_TEST(holds(error_of(place), "the load is partial"), error_of(place));
  BOOST_TEST(!place.result_of("s/c").starts_with("pass"));
}

BOOST_AUTO_TEST_CASE(a_generator_without_files_is_saturated_and_its_target_not_slow) {
  const Place place;
  const auto text = suite_of(
      "load: GET ${services.orders.url}/health\nusers: 300\nfor: 1s\nreuse: false\n"
      "gates: [\"p(95) < 50s\", \"errors < 1%\"]");
  const auto path = place.write("many.yaml", text);
  const auto ran = place.run({"prlimit", "--nofile=120:120", e2e::kMccoy, "run", path, "--out", place.out()});
  BOOST_TEST(ran.code == 2, ran.out << ran.err);
  BOOST_TEST(holds(error_of(place), "generator saturated"), error_of(place) << ran.out);
}

BOOST_AUTO_TEST_CASE(and_leaves_the_run_the_files_it_needs) {
  const Place place;
  const auto path = place.write("few.yaml", suite_of("load: GET ${services.orders.url}/health\nusers: 150\nfor: 1s\n"
                                                     "gates: [\"errors < 1%\"]") +
                                                "  d:\n    load: GET ${services.orders.url}/health\n    rate: 20/s\n"
                                                "    for: 1s\n    gates: [\"errors == 0\"]\n");
  const auto ran = place.run({"prlimit", "--nofile=100:100", e2e::kMccoy, "run", path, "--out", place.out()});
  BOOST_TEST(ran.code == 2, ran.out << ran.err);
  BOOST_TEST(place.result_of("s/c").starts_with("error"));
  BOOST_TEST(place.result_of("s/d") == "pass real", ran.out << ran.err);
}

BOOST_AUTO_TEST_CASE(a_gate_that_is_hopeless_ends_the_load_and_fails_it) {
  const Place place;
  const auto ran =
      place.suite(suite_of("load: GET ${services.orders.url}/nowhere\nrate: 20/s\nfor: 60s\n"
                           "gates: [{ gate: \"errors < 50%\", abort: true, delay: 1s }]"));
  BOOST_TEST(ran.code == 1, ran.out << ran.err);
  BOOST_TEST((ran.wall < std::chrono::seconds(50)));
  BOOST_TEST(place.result_of("s/c") == "fail real");
}

BOOST_AUTO_TEST_CASE(a_baseline_is_laid_beside_and_judged_again) {
  const Place place;
  const std::string text = suite_of(
      "load: GET ${services.orders.url}/health\nrate: 100/s\nfor: 1s\n"
      "gates: [\"med < 10000 * baseline\"]");
  const auto alone = place.suite(text);
  BOOST_TEST(alone.code == 2, alone.out << alone.err);
  BOOST_TEST(holds(alone.out, "--baseline"), alone.out);
  const std::string first = suite_of(
      "load: GET ${services.orders.url}/health\nrate: 100/s\nfor: 1s\n"
      "gates: [\"errors == 0\"]");
  BOOST_REQUIRE(place.suite(first).code == 0);
  fs::rename(place.out(), place.path("earlier"));
  const auto compared = place.suite(text, {"--baseline", place.path("earlier")});
  BOOST_TEST(compared.code == 0, compared.out << compared.err);
  fs::remove_all(place.path("earlier"));
  BOOST_TEST(place.mccoy({"verify", place.out()}).code == 0);
}

BOOST_AUTO_TEST_CASE(a_baseline_of_errors_or_of_another_load_is_none) {
  const Place place;
  const auto measured = [&](std::string_view rate, std::string_view more, const std::vector<std::string>& options) {
    return place.suite(suite_of("load: GET ${services.orders.url}/health\nfor: 1s\nrate: " + std::string(rate) + "\n" +
                                std::string(more)),
                       options);
  };
  BOOST_REQUIRE(measured("100/s", "response: { status: 204 }\ngates: [\"errors > 50%\"]", {}).code == 0);
  fs::rename(place.out(), place.path("errors"));
  BOOST_REQUIRE(measured("20/s", "gates: [\"errors == 0\"]", {}).code == 0);
  fs::rename(place.out(), place.path("slower"));
  const std::string compare = "gates: [\"med < 10000 * baseline\"]";
  const auto errors = measured("100/s", compare, {"--baseline", place.path("errors")});
  BOOST_TEST(errors.code == 2, errors.out << errors.err);
  BOOST_TEST(holds(errors.out, "100% of its requests were errors"), errors.out);
  const auto slower = measured("100/s", compare, {"--baseline", place.path("slower")});
  BOOST_TEST(slower.code == 2, slower.out << slower.err);
  BOOST_TEST(holds(slower.out, "it was asked for 20, this one for 100"), slower.out);
}

/// A service that leaves its port after 20 answers, and a stranger that takes it over.
std::string result_of_load_taken_over(std::string_view load) {
  const Place place;
  const int port = e2e::free_port();
  place.write("leaves.py",
              "import socket, sys, time\n"
              "s = socket.socket(); s.setsockopt(1, 2, 1)\n"
              "s.bind(('127.0.0.1', int(sys.argv[1]))); s.listen(128)\n"
              "answered = 0\n"
              "while answered < 20:\n"
              "    c, _ = s.accept()\n"
              "    if c.recv(65536):\n"
              "        c.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok'); "
              "answered += 1\n"
              "    c.close()\n"
              "s.close(); time.sleep(600)\n");
  const e2e::Usurper usurper(port);
  const auto ran =
      place.suite("suite: s\nservices:\n  web: { port: " + std::to_string(port) +
                  ", run: [python3, leaves.py, \"${port}\"], ready: { tcp: \"127.0.0.1:${port}\", within: "
                  "30s } }\ncases:\n  c:\n    load: GET ${services.web.url}/\n    reuse: false\n    gates: [\"errors < "
                  "50%\"]\n    " +
                  std::string(load) + "\n");
  BOOST_REQUIRE_MESSAGE(usurper.answered() > 5, ran.out << ran.err);
  return place.result_of("s/c");
}

BOOST_AUTO_TEST_CASE(a_load_whose_later_answers_come_from_a_stranger_is_not_real) {
  BOOST_TEST(result_of_load_taken_over("rate: 20/s\n    for: 5s") != "pass real");
}

BOOST_AUTO_TEST_CASE(nor_is_a_short_one) {
  BOOST_TEST(result_of_load_taken_over("rate: 100/s\n    for: 900ms") != "pass real");
}

BOOST_AUTO_TEST_SUITE_END()
