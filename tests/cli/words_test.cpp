// The command line: words that are understood, words that are not, and their exit codes. The real binary.
#include "tests/e2e/mccoy.hpp"

using namespace mccoy;
using e2e::holds;
using e2e::Place;

namespace {
constexpr std::string_view kTrue =
    "suite: s\ncases:\n  works: { exec: [echo, hello], evidence: { exec: echo }, expect: { stdout: hello } }\n";
}

BOOST_AUTO_TEST_SUITE(words)

BOOST_AUTO_TEST_CASE(help_and_version_are_0_and_go_to_stdout) {
  const Place place;
  for (const char* word : {"--help", "--version"}) {
    const auto ran = place.mccoy({word});
    BOOST_TEST(ran.code == 0);
    BOOST_TEST(holds(ran.out, "mccoy"));
    BOOST_TEST(ran.err.empty());
  }
  const auto help = place.mccoy({"run", "--help"});
  BOOST_TEST(help.code == 0);
  for (const char* option : {"--only", "--tag", "--shard", "--jobs", "--require", "--strict", "--fail-fast", "--seed",
                             "--out", "--junit", "--junit-dialect", "--json", "--plain-exit", "--progress", "--color"})
    BOOST_TEST(holds(help.out, option), option);
}

BOOST_AUTO_TEST_CASE(wrong_words_are_64_on_stderr) {
  const Place place;
  place.write("s.yaml", kTrue);
  const std::vector<std::vector<std::string>> wrong = {{},
                                                       {"rnu"},
                                                       {"run"},
                                                       {"run", "s.yaml", "--stict"},
                                                       {"run", "s.yaml", "--shard", "4/3"},
                                                       {"run", "s.yaml", "--shard", "0/3"},
                                                       {"run", "s.yaml", "--shard", "x"},
                                                       {"run", "s.yaml", "-j", "0"},
                                                       {"run", "s.yaml", "-j", "many"},
                                                       {"run", "s.yaml", "--require", "mock"},
                                                       {"run", "s.yaml", "--junit"},
                                                       {"run", "s.yaml", "--junit-dialect", "klingon"},
                                                       {"run", "s.yaml", "--progress", "loud"},
                                                       {"run", "absent.yaml"},
                                                       {"verify"},
                                                       {"verify", "a", "b"},
                                                       {"report", "out"},
                                                       {"probes", "exce"},
                                                       {"--log-level", "loud", "probes"}};
  for (const auto& args : wrong) {
    const auto ran = place.mccoy(args);
    BOOST_TEST(ran.code == 64, (args.empty() ? "" : args.back()) << ran.out << ran.err);
    BOOST_TEST(ran.out.empty());
    BOOST_TEST(holds(ran.err, "error"), ran.err);
  }
  BOOST_TEST(!std::filesystem::exists(place.path("mccoy-out")));
}

BOOST_AUTO_TEST_CASE(a_near_miss_is_pointed_out) {
  const Place place;
  place.write("s.yaml", kTrue);
  BOOST_TEST(holds(place.mccoy({"rnu", "s.yaml"}).err, "did you mean \"run\"?"));
  BOOST_TEST(holds(place.mccoy({"run", "s.yaml", "--stict"}).err, "did you mean \"--strict\"?"));
  BOOST_TEST(holds(place.mccoy({"probes", "exce"}).err, "did you mean \"exec\"?"));
}

BOOST_AUTO_TEST_CASE(hostile_words_are_shown_harmless) {
  const auto ran = Place().mccoy({"\x1b[31mrun"});
  BOOST_TEST(ran.code == 64);
  BOOST_TEST(!holds(ran.err, "\x1b"));
}

BOOST_AUTO_TEST_CASE(an_option_takes_one_value_and_leaves_the_suite_alone) {
  const Place place;
  place.write("s.yaml", kTrue);
  BOOST_TEST(place.mccoy({"run", "--only", "works", "s.yaml", "--out", place.out()}).code == 0);
}

BOOST_AUTO_TEST_CASE(the_evidence_goes_to_a_fresh_folder_unless_a_place_is_given) {
  const Place place;
  place.write("s.yaml", kTrue);
  BOOST_TEST(place.mccoy({"run", "s.yaml"}).code == 0);
  BOOST_TEST(place.mccoy({"run", "s.yaml"}).code == 0);
  int bundles = 0;
  for (const auto& entry : std::filesystem::directory_iterator(place.path("mccoy-out")))
    bundles += std::filesystem::exists(entry.path() / "seal.json") ? 1 : 0;
  BOOST_TEST(bundles == 2);
}

BOOST_AUTO_TEST_CASE(probes_lists_every_kind_and_its_fields) {
  const Place place;
  const auto all = place.mccoy({"probes"});
  BOOST_TEST(all.code == 0);
  for (const char* kind : {"exec", "http", "tcp", "file", "listener"}) BOOST_TEST(holds(all.out, kind), kind);
  const auto http = place.mccoy({"probes", "http"});
  BOOST_TEST(http.code == 0);
  for (const char* word : {"headers", "status", "follow", "evidence"}) BOOST_TEST(holds(http.out, word), word);
  BOOST_TEST(holds(place.mccoy({"probes", "--rules"}).out, "R14"));
}

BOOST_AUTO_TEST_CASE(schema_is_json_and_markdown_is_not) {
  const Place place;
  const auto schema = place.mccoy({"schema"});
  BOOST_TEST(schema.code == 0);
  BOOST_TEST(from_json(schema.out).ok());
  BOOST_TEST(holds(place.mccoy({"schema", "--markdown"}).out, "#"));
}

BOOST_AUTO_TEST_CASE(check_shows_the_plan_and_the_contract_and_runs_nothing) {
  const Place place;
  place.write("s.yaml",
              "suite: s\npreflight: { tools: { sh: { argv: [sh, -c, echo 1.2], version: \">= 1\" } } }\ncases:\n"
              "  touches: { exec: [touch, ran], expect: { exit: 0 }, evidence: { read: input, syscall: { call: open, "
              "errno: EIO } } }\n");
  const auto ran = place.mccoy({"check", "s.yaml"});
  BOOST_TEST(ran.code == 0, ran.out << ran.err);
  for (const char* part :
       {"s/touches", "s.yaml:4", "input was read\n", "open failed with EIO  [not watched", "by default"})
    BOOST_TEST(holds(ran.out, part), part << " in " << ran.out);
  BOOST_TEST(!std::filesystem::exists(place.path("ran")));
  BOOST_TEST(!std::filesystem::exists(place.path("mccoy-out")));
  place.write("t.yaml",
              "suite: t\npreflight: { tools: { no-such-tool: \">= 1\" } }\ncases:\n  a: { exec: [echo, x], evidence: { "
              "exec: echo }, expect: { "
              "stdout: x } }\n");
  BOOST_TEST(place.mccoy({"check", "t.yaml"}).code == 2);
}

BOOST_AUTO_TEST_CASE(logs_go_to_stderr_and_only_when_asked_for) {
  Place place;
  place.write("s.yaml", kTrue);
  BOOST_TEST(place.mccoy({"check", "s.yaml"}).err.empty());
  BOOST_TEST(holds(place.mccoy({"--log-level", "debug", "check", "s.yaml"}).err, "debug"));
  place.set("MCCOY_LOG", "debug");
  BOOST_TEST(holds(place.mccoy({"check", "s.yaml"}).err, "debug"));
}

BOOST_AUTO_TEST_CASE(probes_lists_the_substitutes_that_are_recognised) {
  const Place place;
  const auto listed = place.mccoy({"probes", "--fingerprints"});
  BOOST_TEST(listed.code == 0);
  BOOST_TEST(holds(listed.out, "node.sinon"));
  BOOST_TEST(holds(listed.out, "spies call through"));
  const auto json = from_json(place.mccoy({"probes", "--fingerprints", "--json"}).out);
  BOOST_REQUIRE(json.ok());
  BOOST_TEST(json->as_list().size() > 90U);
  for (const Value& entry : json->as_list()) BOOST_TEST(holds(listed.out, entry["id"].as_string()));
  const auto alone = place.mccoy({"probes", "--json"});
  BOOST_TEST(alone.code == 64);
  BOOST_TEST(holds(alone.err, "--fingerprints"));
}

BOOST_AUTO_TEST_SUITE_END()
