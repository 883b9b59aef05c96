// The words of the terminal for one case and for the whole, without running anything.
#include <boost/test/unit_test.hpp>

#include "cli/paint.hpp"
#include "cli/telling.hpp"
#include "harness/base/text.hpp"

using namespace mccoy;
using cli::Lines;

namespace {
suite::Case some_case() {
  suite::Case which;
  which.name = "pays";
  which.id = "shop/pays";
  which.span = {.file = "suites/shop.yaml", .line = 14, .column = 3};
  return which;
}

run::CaseEnd ended(const suite::Case& which, judge::Outcome outcome, judge::Provenance provenance) {
  run::CaseEnd end;
  end.which = &which;
  end.judgement.outcome = outcome;
  end.judgement.provenance = provenance;
  return end;
}

judge::CheckResult failed_check(const std::string& subject, const std::string& expected, const std::string& actual) {
  judge::CheckResult check;
  check.held = judge::Held::no;
  check.subject = subject;
  check.expected = expected;
  check.actual = actual;
  return check;
}

std::string told(const run::CaseEnd& end, std::optional<suite::Requirement> require = {}) {
  return join(cli::tell_case(end, require, cli::Paint(false)), "\n");
}
bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(telling)

BOOST_AUTO_TEST_CASE(a_real_pass_is_one_line) {
  const auto which = some_case();
  run::CaseEnd end = ended(which, judge::Outcome::pass, judge::Provenance::real);
  end.judgement.strength = judge::Strength::challenged;
  const auto lines = cli::tell_case(end, {}, cli::Paint(false));
  BOOST_REQUIRE(lines.size() == 1U);
  for (const char* part : {"pass", "real, challenged", "shop/pays"}) BOOST_TEST(holds(lines[0], part), lines[0]);
}

BOOST_AUTO_TEST_CASE(a_failure_that_no_check_tells_of_says_why) {
  const auto which = some_case();
  run::CaseEnd end = ended(which, judge::Outcome::fail, judge::Provenance::real);
  end.judgement.rule = "R2";
  end.judgement.reason = "the worker ended with status 3";
  BOOST_TEST(holds(told(end), "the worker ended with status 3 (R2)"), told(end));
  end.checks = {failed_check("exit", "equals 0", "1")};
  BOOST_TEST(!holds(told(end), "(R2)"), told(end));
}

BOOST_AUTO_TEST_CASE(a_pass_that_does_not_count_says_why_and_what_it_needs) {
  const auto which = some_case();
  run::CaseEnd end = ended(which, judge::Outcome::pass, judge::Provenance::unproven);
  end.judgement.rule = "R11";
  end.judgement.reason = "it stays green without its database";
  end.judgement.missing = {"a control that turns red"};
  const auto text = told(end);
  for (const char* part :
       {"unproven", "R11", "stays green", "to become real: a control that turns red", "suites/shop.yaml:14"})
    BOOST_TEST(holds(text, part), text);
  BOOST_TEST(!holds(told(end, suite::Requirement::none), "suites/shop.yaml:14"));
}

BOOST_AUTO_TEST_CASE(a_real_pass_below_what_is_required_says_which_challenge_is_missing) {
  const auto which = some_case();
  run::CaseEnd end = ended(which, judge::Outcome::pass, judge::Provenance::real);
  end.judgement.strength = judge::Strength::observed;
  end.judgement.missing = {"a vary or an oracle"};
  BOOST_TEST(holds(told(end, suite::Requirement::challenged), "missing   a vary or an oracle"));
  BOOST_TEST(!holds(told(end, suite::Requirement::real), "a vary or an oracle"));
}

BOOST_AUTO_TEST_CASE(processes_left_behind_are_shown_even_beside_a_pass) {
  const auto which = some_case();
  run::CaseEnd end = ended(which, judge::Outcome::pass, judge::Provenance::real);
  end.judgement.strength = judge::Strength::observed;
  end.leftovers = {"pid 312 /usr/bin/sleep"};
  BOOST_TEST(holds(told(end, suite::Requirement::real), "behind, and killed: pid 312 /usr/bin/sleep"));
}

BOOST_AUTO_TEST_CASE(a_failure_shows_claim_finding_last_output_and_what_to_do) {
  const auto which = some_case();
  run::CaseEnd end = ended(which, judge::Outcome::fail, judge::Provenance::real);
  end.checks = {failed_check("status", "equals 200", "503")};
  for (int i = 1; i <= 30; ++i) end.last_output += "line " + std::to_string(i) + "\n";
  end.last_output_name = "stderr";
  const auto text = told(end);
  for (const char* part : {"FAIL", "suites/shop.yaml:14", "status equals 200", "503", "| line 21", "| line 30",
                           "stderr", "mccoy run suites/shop.yaml --only shop/pays"})
    BOOST_TEST(holds(text, part), part << " in " << text);
  BOOST_TEST(!holds(text, "| line 20"), "at most ten lines");
}

BOOST_AUTO_TEST_CASE(nothing_of_a_target_is_shown_raw) {
  const auto which = some_case();
  const std::string evil =
      "\x1b]0;title\a\xc2\x9b"
      "31m\r\n::error::x\n##vso[task]";
  run::CaseEnd end = ended(which, judge::Outcome::fail, judge::Provenance::unproven);
  end.judgement.reason = end.error = end.last_output = evil;
  end.judgement.missing = {evil};
  end.checks = {failed_check(evil, evil, evil)};
  const auto text = told(end);
  for (const char c : text) BOOST_TEST((static_cast<unsigned char>(c) >= 0x20 || c == '\n'));
  for (const char* part : {"\n::", "##vso[", "\xc2\x9b"}) BOOST_TEST(!holds(text, part));
}

BOOST_AUTO_TEST_CASE(colours_only_add_to_the_words) {
  const cli::Paint on(true), off(false);
  BOOST_TEST(off(cli::Tone::bad, "FAIL") == "FAIL");
  BOOST_TEST(on(cli::Tone::bad, "FAIL") == "\x1b[31mFAIL\x1b[0m");
  BOOST_TEST(on(cli::Tone::plain, "x") == "x");
  BOOST_TEST(cli::want_colours("always", -1));
  BOOST_TEST(!cli::want_colours("never", 1));
  BOOST_TEST(!cli::want_colours("auto", -1));
}

BOOST_AUTO_TEST_CASE(a_line_is_cut_to_the_width_of_the_terminal) {
  BOOST_TEST(cli::fit("short", 10) == "short");
  BOOST_TEST(cli::fit("exactly10!", 10) == "exactly10!");
  BOOST_TEST(cli::fit("one too many", 11) == "one too ma…");
  BOOST_TEST(cli::fit("日本語", 6) == "日本語");
  BOOST_TEST(cli::fit("日本語", 5) == "日本…");
}

BOOST_AUTO_TEST_CASE(the_table_has_no_empty_rows_or_columns) {
  judge::Totals totals;
  totals.planned = 3;
  totals.matrix[static_cast<std::size_t>(judge::Outcome::pass)][static_cast<std::size_t>(judge::Provenance::real)] = 2;
  totals.matrix[static_cast<std::size_t>(judge::Outcome::not_run)]
               [static_cast<std::size_t>(judge::Provenance::unproven)] = 1;
  const auto lines = cli::tell_table(totals, cli::Paint(false));
  BOOST_REQUIRE(lines.size() == 3U);
  BOOST_TEST(holds(lines[0], "real"));
  BOOST_TEST(holds(lines[0], "unproven"));
  BOOST_TEST(!holds(lines[0], "mock"));
  BOOST_TEST(holds(lines[1], "pass"));
  BOOST_TEST(holds(lines[2], "not-run"));
}

BOOST_AUTO_TEST_SUITE_END()
