// What a suite means once it is read.
#include "harness/suite/suite.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/harness/suite/sample_kinds.hpp"

namespace data = boost::unit_test::data;
using namespace mccoy;
using suite::Case;
using suite::Check;
using suite::Op;
using suite::Suite;
using Form = suite::Extractor::Form;
using Texts = std::vector<std::string>;

namespace {
constexpr std::string_view kToday = "2026-11-21";

auto read(const std::string& text) {
  return suite::read_suite_text(text, "sample.yaml", suite::sample::kinds(), kToday);
}

Suite accepted(const std::string& text) {
  auto result = read(text);
  if (const auto* errors = std::get_if<suite::ReadErrors>(&result)) {
    BOOST_FAIL(errors->errors.front().where.line << ": " << errors->errors.front().what);
  }
  return std::get<Suite>(std::move(result));
}

Error refused(const std::string& text) {
  auto result = read(text);
  BOOST_REQUIRE(std::holds_alternative<suite::ReadErrors>(result));
  return std::get<suite::ReadErrors>(result).errors.front();
}

std::string in_case(const std::string& lines, const std::string& top = {}) {
  return "suite: sample\n" + top + "cases:\n  one:\n" + lines;
}

Case only_case(const std::string& lines, const std::string& top = {}) {
  return accepted(in_case(lines, top)).cases.front();
}

struct Row {
  std::string expectation;
  std::string subject;
  Op op;
  Value operand;
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.expectation;
}
const Row kRows[] = {
    {"exit: 3", "exit", Op::equals, 3},
    {"exit: [0, 3]", "exit", Op::any_of, Value::List{0, 3}},
    {"exit: \">= 1\"", "exit", Op::compare, ">= 1"},
    {"exit: 1..9", "exit", Op::compare, "1..9"},
    {"exit: \"${n}\"", "exit", Op::compare, "${n}"},
    {"stdout: ready", "stdout", Op::contains, "ready"},
    {"stdout: 42", "stdout", Op::contains, "42"},
    {"stdout: [ready]", "stdout", Op::contains, "ready"},
    {"stdout: { equals: 1.10 }", "stdout", Op::equals, "1.10"},
    {"stdout: { equals: \"\" }", "stdout", Op::equals, ""},
    {"stdout: { not_contains: bad }", "stdout", Op::not_contains, "bad"},
    {"stdout: { matches: ^ok$ }", "stdout", Op::matches, "^ok$"},
    {"stdout: { matches: \"^$\" }", "stdout", Op::matches, "^$"},
    {"stdout: { matches: \"${n}\" }", "stdout", Op::matches, "${n}"},
    {"stdout: { not_matches: x+ }", "stdout", Op::not_matches, "x+"},
    {"stdout: { number: 3 }", "stdout number", Op::equals, 3},
    {"stdout: { number: \"> 3\" }", "stdout number", Op::compare, "> 3"},
    {"stdout: { number: [1, 2] }", "stdout number", Op::any_of, Value::List{1, 2}},
    {"stdout: { lines: 3 }", "stdout", Op::lines, "3"},
    {"stdout: { bytes: \"< 1KiB\" }", "stdout", Op::bytes, "< 1024"},
    {"stdout: { empty: false }", "stdout", Op::empty, false},
    {"stdout: { json: { /a: 1 } }", "stdout json /a", Op::equals, 1},
    {"stdout: { json_match: { /a: { matches: x } } }", "stdout json /a", Op::matches, "x"},
    {"stdout: { json_match: { /a: { number: \"> 1\" } } }", "stdout json /a", Op::compare, "> 1"},
    {"json: { /a: { b: 1 } }", "stdout json /a", Op::subset, Value::map({{"b", 1}})},
    {"json: { /a: [1] }", "stdout json /a", Op::equals, Value::List{1}},
    {"json: { /a: null }", "stdout json /a", Op::equals, {}},
    {"json: { a: 1 }", "stdout json", Op::subset, Value::map({{"a", 1}})},
    {"json: [1, 2]", "stdout json", Op::equals, Value::List{1, 2}},
    {"wrote: \"dist/*.js\"", "wrote", Op::glob, "dist/*.js"},
    {"signal: KILL", "signal", Op::equals, "KILL"},
    {"signal: [KILL, TERM]", "signal", Op::any_of, Value::List{"KILL", "TERM"}},
    {"wall: \"< 2s\"", "wall", Op::compare, "< 2000000000"},
    {"cpu: 1ms..1s", "cpu", Op::compare, "1000000..1000000000"},
};
}  // namespace

BOOST_AUTO_TEST_SUITE(suites)

BOOST_DATA_TEST_CASE(an_expectation_becomes_a_check, data::make(kRows), row) {
  const Case one = only_case("    exec: [./work]\n    expect: { " + row.expectation + " }\n", "vars: { n: 1 }\n");
  const Check& check = one.checks.front();
  BOOST_TEST(check.subject.text() == row.subject);
  BOOST_TEST(suite::to_text(check.op) == suite::to_text(row.op));
  BOOST_TEST((check.operand == row.operand), to_json(check.operand));
  BOOST_TEST(check.span.line == 6);
}

BOOST_AUTO_TEST_CASE(an_exit_of_0_is_expected_when_nothing_is_said) {
  const Case said_nothing = only_case("    exec: [./work]\n    expect: { stdout: ready }\n");
  BOOST_REQUIRE(said_nothing.checks.size() == 2u);
  BOOST_TEST(said_nothing.checks.back().subject.source == "exit");
  BOOST_TEST((said_nothing.checks.back().operand == Value(0)));
  BOOST_TEST(only_case("    exec: [./work]\n    expect: { signal: KILL }\n").checks.size() == 1u);
  BOOST_TEST(only_case("    exec: [./work]\n    expect: { exit: 3 }\n").checks.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_default_for_silence_is_left_out_when_anything_is_said) {
  const std::string ask = "    http: GET http://127.0.0.1:1/\n";
  const Case silent = only_case(ask + "    evidence: { duration: 1s }\n");
  BOOST_REQUIRE(silent.checks.size() == 1u);
  BOOST_TEST(silent.checks.front().operand.as_string() == "2xx");
  const Case said = only_case(ask + "    expect: { body: gone }\n");
  BOOST_REQUIRE(said.checks.size() == 1u);
  BOOST_TEST(said.checks.front().subject.source == "body");
}

BOOST_AUTO_TEST_CASE(several_matchers_all_become_checks) {
  const Case one =
      only_case("    exec: [./work]\n    expect: { exit: 0, stdout: [a, { contains: [b, c], lines: 3 }] }\n");
  BOOST_TEST(one.checks.size() == 5u);
}

BOOST_AUTO_TEST_CASE(texts_keep_their_form_and_json_its_types) {
  const Case one = only_case(
      "    http: GET http://127.0.0.1:1/\n    headers: { X: 007, Y: 1.10 }\n    json: { n: 7, t: \"7\" }\n"
      "    expect: { status: 200 }\n");
  BOOST_TEST((one.settings[0].second.value == Value::map({{"X", "007"}, {"Y", "1.10"}})));
  BOOST_TEST((one.settings[1].second.value == Value::map({{"n", 7}, {"t", "7"}})));
}

BOOST_AUTO_TEST_CASE(the_head_is_kept_with_its_place) {
  const Case one = only_case("    exec: [./work, \"${nonce}\", 1.10]\n    expect: { exit: 0 }\n");
  BOOST_TEST((one.head.value == Value(Value::List{"./work", "${nonce}", "1.10"})));
  BOOST_TEST(one.head.span.line == 4);
  BOOST_TEST(one.head.span.column == 11);
  BOOST_TEST(one.id == "sample/one");
}

BOOST_AUTO_TEST_CASE(what_is_not_said_has_the_weakest_or_the_suites_value) {
  const Suite plain = accepted(in_case("    exec: [./work]\n    expect: { exit: 0 }\n"));
  BOOST_TEST((plain.require == suite::Requirement::real));
  BOOST_TEST((plain.cases[0].require == suite::Requirement::real));
  BOOST_TEST((plain.cases[0].within == std::chrono::seconds(60)));
  BOOST_TEST((plain.cases[0].level == suite::Level::must));
  const Suite strict = accepted(
      "suite: s\nrequire: challenged\ncases:\n  a: { exec: [x], expect: { exit: 0 } }\n"
      "  b: { exec: [x], expect: { exit: 0 }, require: none }\n");
  BOOST_TEST((strict.cases[0].require == suite::Requirement::challenged));
  BOOST_TEST((strict.cases[1].require == suite::Requirement::none));
}

constexpr std::string_view kTwoServices =
    "services:\n  db: { run: [./db] }\n  web: { run: [./web, \"${services.db.port}\"] }\n";

BOOST_AUTO_TEST_CASE(a_case_uses_every_service_it_names_anywhere) {
  const std::string top(kTwoServices);
  const auto uses = [&](const std::string& lines) { return only_case("    exec: [./work]\n" + lines, top).uses; };
  BOOST_TEST(uses("    expect: { exit: 0 }\n") == Texts{}, boost::test_tools::per_element());
  BOOST_TEST(uses("    expect: { stdout: \"${services.web.url}\" }\n") == Texts{"web"},
             boost::test_tools::per_element());
  BOOST_TEST(uses("    env: { A: \"${services.db.port}\" }\n    expect: { exit: 0 }\n") == Texts{"db"},
             boost::test_tools::per_element());
  BOOST_TEST(uses("    expect: { exit: 0 }\n    control: { stop: db }\n") == Texts{"db"},
             boost::test_tools::per_element());
  BOOST_TEST(uses("    expect: { exit: 0 }\n    services: web\n") == Texts{"web"}, boost::test_tools::per_element());
  const Texts both{"db", "web"};
  BOOST_TEST(uses("    evidence: { listener: web, service: { web: { connect: db } } }\n") == both,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(naming_a_service_inside_another_is_a_need) {
  const Suite suite = accepted(in_case("    exec: [./work]\n    expect: { exit: 0 }\n", std::string(kTwoServices)));
  BOOST_TEST(suite.find_service("web")->needs == Texts{"db"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(globs_of_needs_become_names_without_the_case_itself) {
  const Suite suite = accepted(
      "suite: s\ncases:\n  unit-a: { exec: [a], expect: { exit: 0 } }\n  unit-b: { exec: [b], expect: { exit: 0 } }\n"
      "  unit-all: { needs: [\"unit-*\", unit-a], exec: [c], expect: { exit: 0 } }\n");
  const Texts both{"unit-a", "unit-b"};
  BOOST_TEST(suite.find_case("unit-all")->needs == both, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_capture_may_be_used_through_several_needs) {
  accepted(
      "suite: s\ncases:\n  a: { exec: [a], expect: { exit: 0 }, capture: { token: line 1 } }\n"
      "  b: { needs: a, exec: [b], expect: { exit: 0 } }\n  c: { needs: b, exec: [c, \"${token}\"], expect: { exit: 0 "
      "} }\n");
}

BOOST_AUTO_TEST_CASE(a_capture_of_a_later_case_is_no_use) {
  const Error error = refused(
      "suite: s\ncases:\n  a: { exec: [a, \"${token}\"], expect: { exit: 0 } }\n"
      "  b: { needs: a, exec: [b], expect: { exit: 0 }, capture: { token: line 1 } }\n");
  BOOST_TEST(error.hint == "add needs: [b]");
}

BOOST_AUTO_TEST_CASE(control_and_vary_become_challenges) {
  const Case one = only_case(
      "    exec: [./work, \"${vary}\"]\n    control: [{ env: { A: null } }, { file: x.json }]\n"
      "    vary: { over: [1, 2], relation: increases }\n    challenges: { name: planted, argv: [a], expect: fail }\n");
  BOOST_REQUIRE(one.challenges.size() == 4u);
  BOOST_TEST(one.challenges[0].name == "another environment");
  BOOST_TEST(one.challenges[0].env.front().second.value.is_null());
  BOOST_TEST((one.challenges[0].expected == suite::Expected::fail));
  BOOST_TEST(one.challenges[1].file == "x.json");
  BOOST_TEST(one.challenges[1].file_how == "missing");
  BOOST_TEST(one.challenges[2].vary->over.size() == 2u);
  BOOST_TEST((one.challenges[2].vary->relation == suite::Relation::increases));
  BOOST_TEST(one.challenges[2].vary->of.source == "stdout");
  BOOST_TEST((one.challenges[3].form == suite::Challenge::Form::general));
}

BOOST_AUTO_TEST_CASE(obligations_keep_their_settings_typed) {
  const Case one = only_case(
      "    exec: [./work]\n    evidence: { read: { path: a, min_bytes: 1KiB }, duration: 2s, exec: [x, { exe: y }] "
      "}\n");
  BOOST_REQUIRE(one.contract.size() == 4u);
  BOOST_TEST((one.contract[0].settings == Value::map({{"path", "a"}, {"min_bytes", 1024}})));
  BOOST_TEST((one.contract[1].settings == Value::map({{"min", 2'000'000'000}})));
  BOOST_TEST((one.contract[3].settings == Value::map({{"exe", "y"}})));
  BOOST_TEST(one.contract[0].stated);
}

BOOST_AUTO_TEST_CASE(preflight_lists_become_one_question_each) {
  const Suite suite =
      accepted(in_case("    exec: [./work]\n    expect: { exit: 0 }\n",
                       "preflight: { tools: { a: \">= 1\", b: }, ports: [8080, 9090], disk: { free: 1KiB }, "
                       "memory: 1MiB, files: f, addresses: [\"h:1\"], within: 1s }\n"));
  using What = suite::Preflight::What;
  const What kinds[] = {What::tool, What::tool,   What::port, What::port,
                        What::disk, What::memory, What::file, What::address};
  BOOST_REQUIRE(suite.preflight.size() == std::size(kinds));
  for (std::size_t i = 0; i < std::size(kinds); ++i) BOOST_TEST((suite.preflight[i].what == kinds[i]));
  BOOST_TEST(suite.preflight[0].version == ">= 1");
  BOOST_TEST(suite.preflight[1].version == "");
  BOOST_TEST(suite.preflight[3].port == 9090);
  BOOST_TEST((suite.preflight[7].within == std::chrono::seconds(1)));
}

BOOST_AUTO_TEST_CASE(a_waiver_holds_on_its_last_day) {
  const std::string soft = "    exec: [./work]\n    expect: { exit: 0 }\n    level: soft\n    owner: me\n    expires: ";
  BOOST_TEST((only_case(soft + "2026-11-21\n").level == suite::Level::soft));
  BOOST_TEST(refused(in_case(soft + "2026-11-20\n")).what.find("expired") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(mistakes_are_reported_together_in_file_order) {
  const auto result = read(
      "suite: s\ncases:\n  a: { exec: [a], expect: { exti: 0 } }\n  b: { needs: [x], exec: [b], expect: { exit: 0 } }\n"
      "  c: { exec: [\"${no}\"], expect: { exit: 0 }, within: 3 }\n");
  const auto* errors = std::get_if<suite::ReadErrors>(&result);
  BOOST_REQUIRE(errors != nullptr);
  BOOST_REQUIRE(errors->errors.size() == 4u);
  for (std::size_t i = 1; i < errors->errors.size(); ++i) {
    BOOST_TEST(errors->errors[i - 1].where.line <= errors->errors[i].where.line);
  }
}

BOOST_AUTO_TEST_CASE(a_chain_of_many_needs_is_followed_without_recursion) {
  std::string text = "suite: chain\ncases:\n  c0: { exec: [x], expect: { exit: 0 } }\n";
  constexpr int kLength = 20000;
  for (int i = 1; i < kLength; ++i) {
    text += "  c" + std::to_string(i) + ": { needs: c" + std::to_string(i - 1) + ", exec: [x], expect: { exit: 0 } }\n";
  }
  BOOST_TEST(accepted(text).cases.size() == static_cast<std::size_t>(kLength));
}

BOOST_AUTO_TEST_CASE(the_file_itself_is_kept_with_its_digest) {
  const Suite suite = accepted(in_case("    exec: [./work]\n    expect: { exit: 0 }\n"));
  BOOST_TEST(suite.text.starts_with("suite: sample\n"));
  BOOST_TEST(suite.sha256.size() == 64u);
  BOOST_TEST(suite.folder.front() == '/');
}

BOOST_AUTO_TEST_CASE(fingerprints_keep_what_is_said_of_them_and_where) {
  const Suite suite =
      accepted(in_case("    exec: [./work]\n    expect: { exit: 0 }\n",
                       "fingerprints:\n"
                       "  - { id: our.ledger, kind: fake-clock, implies: simulated,\n"
                       "      files: \"**/fake_ledger/**\", stands_for: [a, b] }\n"
                       "  - { id: x, kind: no-double, implies: none, programs: [/bin/xyz], with: [-r] }\n"));
  BOOST_REQUIRE(suite.fingerprints.size() == 2);
  const auto& first = suite.fingerprints[0];
  BOOST_TEST(first.id == "our.ledger");
  BOOST_TEST((first.kind == suite::Fingerprint::Kind::fake_clock));
  BOOST_TEST((first.implies == suite::Fingerprint::Implies::simulated));
  BOOST_TEST(first.files == Texts(1, "**/fake_ledger/**"));
  BOOST_TEST(first.stands_for == (Texts{"a", "b"}));
  BOOST_TEST(first.span.line == 3);
  BOOST_TEST(suite.fingerprints[1].programs == Texts(1, "/bin/xyz"));
  BOOST_TEST(suite.fingerprints[1].with == Texts(1, "-r"));
  BOOST_TEST(only_case("    exec: [./work]\n    expect: { exit: 0 }\n").name == "one");
}

/// What only the catalogue of the product says is not for suites: it would excuse a double as a runner's.
BOOST_AUTO_TEST_CASE(a_suite_cannot_excuse_a_double) {
  const Error error = refused(
      "suite: s\nfingerprints:\n  - { id: a, kind: emulator, implies: simulated, files: "
      "[\"**/abc/**\"], always_loaded_by: [b] }\ncases: { one: { exec: [a], expect: { exit: 0 } } }\n");
  BOOST_TEST(error.what == "fingerprints has no field \"always_loaded_by\"");
}

BOOST_AUTO_TEST_CASE(a_service_has_a_proxy_when_somebody_wants_to_reach_it_by_one) {
  const Suite suite = accepted(
      "suite: s\n"
      "services:\n"
      "  db: { run: [db, \"${port}\"] }\n"
      "  api: { run: [api, \"${services.db.via}\"], needs: [db] }\n"
      "  web: { run: [web, \"${services.api.url}\"], needs: [api] }\n"
      "cases:\n"
      "  one: { exec: [ask, \"${services.web.via_url}/x\"], expect: { exit: 0 } }\n");
  BOOST_TEST(suite.find_service("db")->has_via);
  BOOST_TEST(!suite.find_service("api")->has_via);
  BOOST_TEST(suite.find_service("web")->has_via);
}

BOOST_AUTO_TEST_SUITE_END()
