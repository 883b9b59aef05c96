// What a judgement takes from more than one fact: attempts, checks beside the contract, attached servers, and its
// words.
#include <boost/test/unit_test.hpp>

#include "tests/harness/judge/bench.hpp"

namespace mccoy::judge {
namespace {
using namespace made;
using suite::Relation;
using Who = evidence::Responder::Who;
}  // namespace

BOOST_AUTO_TEST_SUITE(judgements_in_detail)

BOOST_AUTO_TEST_CASE(a_pass_after_a_failure_is_flaky_and_waiting_is_not) {
  CaseEvidence made = stated_command(price_program());
  Trial red = made.attempts.back();
  red.checks = {check(Held::no)};
  made.attempts.insert(made.attempts.begin(), red);
  BOOST_TEST(judge(made).flaky);
  BOOST_TEST(judge(made).outcome == Outcome::pass);
  made.waited = true;
  BOOST_TEST(!judge(made).flaky);
  std::swap(made.attempts[0], made.attempts[1]);
  made.waited = false;
  BOOST_TEST(!judge(made).flaky);  // it failed in the end: a failure
  BOOST_TEST(judge(made).outcome == Outcome::fail);
}

BOOST_AUTO_TEST_CASE(the_status_a_case_checks_is_the_status_it_expects) {
  CaseEvidence made = stated_command(price_program());
  facts(made).exit_code = 3;
  made.attempts.back().checks = {check(Held::yes, "stdout")};
  BOOST_TEST(judge(made).rule == "R2");
  made.attempts.back().checks = {check(Held::yes, "exit")};
  BOOST_TEST(judge(made).rule == "R14");
}

BOOST_AUTO_TEST_CASE(an_attached_server_is_not_stale_and_counts_when_that_is_stated) {
  CaseEvidence made = answered(Who::stranger, true);
  facts(made).services[0].started_by_us = false;
  BOOST_TEST(judge(made).provenance == Provenance::unproven);
  BOOST_TEST(judge(made).rule == "R12");
  made.terms.contract = {obligation("listener", Value::map({{"svc", "orders"}, {"started", "any"}})),
                         obligation("connect", Value::map({{"to", "orders"}}))};
  BOOST_TEST(judge(made).provenance == Provenance::real);
}

BOOST_AUTO_TEST_CASE(stating_less_than_the_default_loses_nothing) {
  const CaseEvidence made = stating(request(), {obligation("listener", Value::map({{"svc", "orders"}}))});
  BOOST_TEST(judge(made).rule == "R14");
}

BOOST_AUTO_TEST_CASE(reasons_name_what_a_newcomer_can_look_at) {
  BOOST_TEST(judge(challenged(command(), {vary(Relation::increases, {5, 5, 5})})).reason ==
             "The answer does not follow from the input: for 100, 200, 400 it gave 5, 5, 5, so it is not true that it "
             "increases.");
  BOOST_TEST(
      judge(answered(Who::stranger, true)).reason ==
      "The server that answered was running before this run started, so it is not the orders that this run started.");
  const auto missing = judge(command()).missing;
  BOOST_REQUIRE(missing.size() == 1U);
  BOOST_TEST(missing[0].find("`evidence:`") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(stopping_the_program_that_answers_is_told_apart_with_what_to_break_instead) {
  const Judgement judgement = judge(challenged(request(), {stopped("orders"), oracle(true)}));
  const auto says = [](const std::vector<std::string>& texts, std::string_view part) {
    return std::any_of(texts.begin(), texts.end(),
                       [&](const auto& text) { return text.find(part) != std::string::npos; });
  };
  BOOST_TEST(says(judgement.facts, "stopping the program that answers only shows that it answers"));
  BOOST_TEST(says(judgement.missing, "break what stands behind orders"));
  BOOST_TEST(says(judgement.missing, "`claim: liveness`"));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::judge
