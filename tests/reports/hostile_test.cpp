// What a hostile target can print must reach no reader of a report as anything but text.
#include "tests/reports/checked.hpp"

#include <algorithm>

#include "harness/base/text.hpp"

namespace mccoy::reports {
namespace {
using run::SampleCase, run::SampleRun;

std::string unhex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return bytes;
}

struct Hostile {
  std::string id, bytes;
};
std::vector<Hostile> vectors() {
  const std::string path = std::string(MCCOY_SOURCE_DIR) + "/tests/golden/vectors/hostile-output.json";
  const Value file = from_json(read_file(path, 1 << 20).value()).value();
  std::vector<Hostile> all;
  for (const Value& one : file["cases"].as_list()) {
    std::string bytes = unhex(one["bytes_hex"].as_string());
    const Value& repeat = one["repeat"];
    for (std::int64_t i = 0; i < repeat["count"].as_int(); ++i) bytes += unhex(repeat["byte_hex"].as_string());
    all.push_back({one["id"].as_string(), std::move(bytes)});
  }
  return all;
}

/// The bytes in every place that a target, or a suite that quotes it, can reach.
SampleCase hostile_case(const Hostile& one, judge::Outcome outcome) {
  const std::string word = one.bytes.substr(0, 400);
  judge::ChallengeRecord control;
  control.name = "control " + word;
  control.broke = "broke " + word;
  control.outcomes = {judge::Outcome::pass};
  control.outcome_whys = {word};
  evidence::Facts facts;
  facts.root = evidence::SeenProcess{};
  facts.root->argv = {word};
  facts.leftovers = {word};
  judge::Trial earlier;
  earlier.error = word;
  return {.name = one.id,
          .plan = Value::map({{"owner", word}, {"file", word}, {"tags", Value(Value::List{word})}}),
          .outcome = outcome,
          .reason = "reason " + word,
          .missing = {word},
          .checks = {run::sample_check(judge::Held::no, word), run::sample_check(judge::Held::unknown, word)},
          .error = outcome == judge::Outcome::error ? word : "",
          .why_not_run = outcome == judge::Outcome::not_run ? word : "",
          .texts = {{"stdout", one.bytes}, {"stderr", one.bytes + one.bytes}, {"body", word}},
          .earlier = {earlier},
          .challenges = {control},
          .facts = facts};
}

bool holds_control(const std::string& text) {
  return std::ranges::any_of(text, [](unsigned char c) { return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f; });
}

constexpr judge::Outcome kOutcomes[] = {judge::Outcome::pass, judge::Outcome::fail, judge::Outcome::error,
                                        judge::Outcome::not_run};
}  // namespace

BOOST_AUTO_TEST_SUITE(hostile)

BOOST_AUTO_TEST_CASE(all_thirty_outputs_leave_every_report_well_formed_and_valid) {
  std::vector<SampleCase> cases;
  for (const Hostile& one : vectors())
    for (const judge::Outcome outcome : kOutcomes) {
      cases.push_back(hostile_case(one, outcome));
      cases.back().name += '-' + std::string(judge::to_text(outcome));
    }
  BOOST_TEST(cases.size() == 120);
  SampleRun sample(cases);
  sample.plan().run();
  for (const Hostile& one : vectors()) {
    const std::string word = one.bytes.substr(0, 1000);
    sample.append(run::record::kNote, Value::map({{"text", word}}));
    sample.append(run::record::kProblem, Value::map({{"text", word}}));
    sample.append(run::record::kPreflight, Value::map({{"found", word}}));
    sample.append(run::record::kService, Value::map({{"why", word}}));
  }
  const run::RunView view = sample.seal().view();
  for (const char* dialect : {"common", "gitlab", "surefire"})
    for (const auto& [part, xml] : render("junit", view, dialect)) {
      const bool common = std::string_view(dialect) == "common";
      must_be_xml(sample, xml, common ? kCommonSchemas : std::vector<std::string>{});
      BOOST_TEST(!holds_control(xml));
      BOOST_TEST(is_utf8(xml));
      for (const char* forged : {"[[ATTACHMENT|", "[[PROPERTY|", "<script", "<img", "\n::add-mask::", "\n##vso["})
        BOOST_TEST(xml.find(forged) == std::string::npos, dialect << ": " << forged);
    }
  const std::string json = render_one("json", view);
  BOOST_TEST(!holds_control(json));
  BOOST_TEST(is_utf8(json));
  run::must(write_atomically(sample.beside("report.json"), json));
  const Captured python = run_tool({"python3", "-c",
                                    "import json,sys\nr=json.loads(open(sys.argv[1],'rb').read().decode('utf-8'))\n"
                                    "assert len(r['cases'])==120\nassert r['totals']['planned']==120",
                                    sample.beside("report.json")});
  BOOST_TEST(python.ended.code == 0, python.err.text());
}

BOOST_AUTO_TEST_CASE(hostile_names_of_suites_cases_and_hosts_are_harmless) {
  std::vector<SampleCase> cases;
  std::vector<std::string> suites;
  for (const Hostile& one : vectors()) {
    const std::string word = one.bytes.substr(0, 300) + one.id;
    suites.push_back(utf8_text(word));
    cases.push_back({.suite = utf8_text(word), .name = utf8_text(word)});
  }
  SampleRun sample(cases, suites);
  sample.host = "\x1b]0;evil\x07";
  const run::RunView view = sample.whole().view();
  must_be_xml(sample, render_one("junit", view), kCommonSchemas);
  must_be_xml(sample, render_one("junit", view, "gitlab"), {});
  BOOST_TEST(from_json(render_one("json", view)).ok());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::reports
