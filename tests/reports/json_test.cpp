#include "tests/reports/checked.hpp"

#include <algorithm>

namespace mccoy::reports {
namespace {
using run::SampleCase, run::SampleRun;

Value parsed(const SampleRun& sample, const std::string& text) {
  const std::string path = sample.beside("report.json");
  run::must(write_atomically(path, text));
  const Captured python =
      run_tool({"python3", "-c", "import json,sys; json.loads(open(sys.argv[1], 'rb').read().decode('utf-8'))", path});
  BOOST_TEST(python.ended.code == 0, python.err.text());
  auto value = from_json(text);
  BOOST_REQUIRE(value.ok());
  return std::move(value).value();
}

const Value& case_of(const Value& report, std::string_view name) {
  const auto& cases = report["cases"].as_list();
  const auto found = std::ranges::find_if(cases, [&](const Value& one) { return one["name"].as_string() == name; });
  BOOST_REQUIRE((found != cases.end()));
  return *found;
}

evidence::Facts busy_facts() {
  evidence::Facts facts;
  facts.root = evidence::SeenProcess{.id = {42, 4242},
                                     .started_wall_ms = run::kSampleStart,
                                     .exe = "/usr/bin/node",
                                     .exe_sha256 = std::string(64, 'd'),
                                     .device = 1,
                                     .inode = 2,
                                     .argv = {"node", "x.js"},
                                     .script = "/srv/x.js",
                                     .script_sha256 = {}};
  facts.exit_code = 0;
  facts.responder = evidence::Responder{};
  facts.responder->service = "orders";
  facts.coverage.push_back({.observer = "process", .watched = {"exit"}, .blind = {"files"}, .complete = true});
  return facts;
}

judge::ChallengeRecord stopped_db() {
  judge::ChallengeRecord control;
  control.name = "db stopped";
  control.broke = "stopped service db";
  control.perturbation_seen = control.repeat_green = true;
  control.outcomes = {judge::Outcome::fail};
  control.outcome_whys = {"status equals 200: 503"};
  return control;
}

/// Validates with ajv, which the golden tests install; without it the other checks still hold.
void must_fit_the_schema(const SampleRun& sample, const std::string& text) {
  const std::string folder = std::string(MCCOY_SOURCE_DIR) + "/tests/golden/ajv";
  if (::access((folder + "/node_modules/ajv").c_str(), F_OK) != 0) {
    BOOST_TEST_MESSAGE("skipped: run npm ci in tests/golden/ajv to validate with ajv");
    return;
  }
  const std::string path = sample.beside("report.json");
  run::must(write_atomically(path, text));
  const Captured checked =
      run_tool({"node", folder + "/validate.js", std::string(MCCOY_SOURCE_DIR) + "/docs/report.schema.json", path});
  BOOST_TEST(checked.ended.code == 0, checked.err.text());
}
}  // namespace

BOOST_AUTO_TEST_SUITE(json_report)

BOOST_AUTO_TEST_CASE(every_fate_is_there_with_its_standing_and_fits_the_schema) {
  SampleRun sample(run::every_fate());
  const std::string text = render_one("json", sample.whole().view());
  const Value report = parsed(sample, text);
  must_fit_the_schema(sample, text);
  const std::pair<const char*, const char*> expected[] = {
      {"proven", "met"},    {"canned", "below"},        {"unchallenged", "below"}, {"accepted", "met"},
      {"wrong", "failed"},  {"unreachable", "error"},   {"declared", "skipped"},   {"behind", "not-run"},
      {"waived", "waived"}, {"if-possible", "skipped"}, {"sometimes", "met"}};
  for (const auto& [name, standing] : expected)
    BOOST_TEST(case_of(report, name)["standing"].as_string() == standing, name);
  BOOST_TEST(report["verdict"].as_string() == "failed");
  BOOST_TEST(report["exit_code"].as_int() == 1);
  BOOST_TEST(report["totals"]["planned"].as_int() == 14);
  BOOST_TEST(report["totals"]["matrix"]["pass"]["mock"].as_int() == 1);
  std::int64_t cells = 0;
  for (const auto& [outcome, row] : report["totals"]["matrix"].as_map())
    for (const auto& [provenance, count] : row.as_map()) cells += count.as_int();
  BOOST_TEST(cells == 14);
}

BOOST_AUTO_TEST_CASE(it_says_from_which_journal_it_came_and_that_nobody_signed_it) {
  SampleRun sample(run::Cases{SampleCase{}});
  const run::RunView view = sample.whole().view();
  const Value report = parsed(sample, render_one("json", view));
  BOOST_TEST(report["evidence"]["journal"]["root"].as_string() == view.journal.root);
  BOOST_TEST(report["evidence"]["journal"]["state"].as_string() == "complete");
  BOOST_TEST(report["evidence"]["signature"].as_string() == "UNSIGNED");
  BOOST_TEST(!report["evidence"]["signed"].as_bool(true));
  BOOST_TEST(report["run"]["id"].as_string() == "3f2a7c1e-0000-4000-8000-000000000000");
  BOOST_TEST(report["run"]["started"].as_string() == "2026-11-21T11:19:43.123Z");
}

BOOST_AUTO_TEST_CASE(checks_challenges_facts_and_texts_of_a_case_are_told) {
  SampleRun sample(run::Cases{{.name = "busy",
                               .outcome = judge::Outcome::fail,
                               .checks = {run::sample_check(judge::Held::no, "503")},
                               .texts = {{"stdout", "short"}, {"body", std::string(20'000, 'b')}, {"stderr", "\xff"}},
                               .challenges = {stopped_db()},
                               .facts = busy_facts()}});
  const std::string text = render_one("json", sample.whole().view());
  must_fit_the_schema(sample, text);
  const Value report = parsed(sample, text), one = case_of(report, "busy");
  BOOST_TEST(one["checks"].as_list()[0]["held"].as_string() == "no");
  BOOST_TEST(one["checks"].as_list()[0]["actual"].as_string() == "503");
  BOOST_TEST(one["checks"].as_list()[0]["line"].as_int() == 14);
  const Value& challenge = one["challenges"].as_list()[0];
  BOOST_TEST(challenge["broke"].as_string() == "stopped service db");
  BOOST_TEST(challenge["trials"].as_list()[0]["outcome"].as_string() == "fail");
  BOOST_TEST(challenge["trials"].as_list()[0]["why"].as_string() == "status equals 200: 503");
  BOOST_TEST(one["facts"]["root"]["exe_sha256"].as_string() == std::string(64, 'd'));
  BOOST_TEST(one["texts"]["stdout"]["head"].as_string() == "short");
  BOOST_TEST(one["texts"]["body"]["left_out"].as_int() == 20'000 - 2 * 4096);
  BOOST_TEST(one["texts"]["body"]["blob"].as_string().size() == 64);
  BOOST_TEST(one["texts"]["stderr"]["not_utf8"].as_bool());
  BOOST_TEST(one["figures"]["exit"].as_int(-1) == 0);
}

BOOST_AUTO_TEST_CASE(a_run_that_was_cut_off_says_so_and_claims_nothing_more) {
  SampleRun sample(run::Cases{{.name = "first"}, {.name = "second"}});
  sample.plan().add({.name = "first"});
  const std::string text = render_one("json", sample.view());
  must_fit_the_schema(sample, text);
  const Value report = parsed(sample, text);
  BOOST_TEST(report["verdict"].as_string() == "evidence-lost");
  BOOST_TEST(report["exit_code"].as_int() == 4);
  BOOST_TEST(report["run"]["ended_how"].as_string() == "cut-off");
  BOOST_TEST(report["evidence"]["troubles"].as_list().size() == 1);
  BOOST_TEST(case_of(report, "second")["judgement"]["outcome"].as_string() == "not-run");
}

BOOST_AUTO_TEST_CASE(rendered_twice_it_is_the_same_to_the_byte) {
  SampleRun sample(run::every_fate());
  const std::string first = render_one("json", sample.whole().view());
  BOOST_TEST((render_one("json", sample.view()) == first));
}

BOOST_AUTO_TEST_CASE(each_case_stands_on_one_line) {
  SampleRun sample(run::every_fate());
  const std::string text = render_one("json", sample.whole().view());
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = text.find("\n    {\"id\":\"shop/", at)) != std::string::npos; ++at) ++lines;
  BOOST_TEST(lines == 14);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::reports
