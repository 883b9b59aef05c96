// The algebra of verdicts, over every multiset of results up to six: error and unproven are stronger than pass.
#include <boost/test/unit_test.hpp>
#include <functional>

#include "tests/harness/judge/bench.hpp"

namespace mccoy::judge {
namespace {
using suite::Requirement;

Weighed weighed(Outcome outcome, Provenance provenance = Provenance::unproven, Strength strength = Strength::none) {
  Weighed item;
  item.judgement.outcome = outcome;
  item.judgement.provenance = provenance;
  item.judgement.strength = strength;
  return item;
}
Weighed real_pass(Strength strength = Strength::observed) {
  return weighed(Outcome::pass, Provenance::real, strength);
}

std::vector<Weighed> all_results() {
  std::vector<Weighed> all;
  for (int o = 0; o < kOutcomes; ++o)
    for (int p = 0; p < kProvenances; ++p) all.push_back(weighed(static_cast<Outcome>(o), static_cast<Provenance>(p)));
  return all;
}

/// Every multiset of 1 to `most` of these.
void for_each_multiset(const std::vector<Weighed>& from, std::size_t most,
                       const std::function<void(const std::vector<Weighed>&)>& each) {
  std::vector<Weighed> chosen;
  std::function<void(std::size_t)> extend = [&](std::size_t first) {
    if (!chosen.empty()) each(chosen);
    if (chosen.size() == most) return;
    for (std::size_t i = first; i < from.size(); ++i) {
      chosen.push_back(from[i]);
      extend(i);
      chosen.pop_back();
    }
  };
  extend(0);
}

bool any(const std::vector<Weighed>& cases, Outcome outcome) {
  return std::any_of(cases.begin(), cases.end(),
                     [=](const Weighed& item) { return item.judgement.outcome == outcome; });
}

/// Written from the rule and not from the code.
int expected_exit(const std::vector<Weighed>& cases) {
  if (any(cases, Outcome::fail)) return 1;
  if (any(cases, Outcome::error) || any(cases, Outcome::not_run)) return 2;
  if (!any(cases, Outcome::pass)) return 2;
  const bool unreal = std::any_of(cases.begin(), cases.end(), [](const Weighed& item) {
    return item.judgement.outcome == Outcome::pass && item.judgement.provenance != Provenance::real;
  });
  return unreal ? 3 : 0;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(verdicts)

BOOST_AUTO_TEST_CASE(every_multiset_up_to_six_gives_the_verdict_of_its_weakest_result) {
  std::int64_t tried = 0, wrong = 0;
  for_each_multiset(all_results(), 6, [&](const std::vector<Weighed>& cases) {
    const Summary summary = summarise(cases, false, false, false);
    ++tried;
    if (exit_code(summary.verdict) != expected_exit(cases)) ++wrong;
    if (summary.totals.planned != static_cast<std::int64_t>(cases.size())) ++wrong;
    const auto& t = summary.totals;
    if (t.of(Outcome::pass) + t.of(Outcome::fail) + t.of(Outcome::error) + t.of(Outcome::skip) +
            t.of(Outcome::not_run) !=
        t.planned)
      ++wrong;
    if ((summary.verdict == Verdict::proven) != summary.sentence.starts_with("PROVEN: ")) ++wrong;
  });
  BOOST_TEST(tried == 230229);  // C(26, 6) - 1
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(lost_evidence_comes_first_and_an_interruption_behind_a_failure) {
  for_each_multiset(all_results(), 3, [&](const std::vector<Weighed>& cases) {
    const bool failed = any(cases, Outcome::fail);
    if (exit_code(summarise(cases, false, false, true).verdict) != 4) BOOST_TEST(false);
    if (exit_code(summarise(cases, false, true, false).verdict) != (failed ? 1 : 130)) BOOST_TEST(false);
  });
  BOOST_TEST(exit_code(summarise({}, false, true, true).verdict) == 4);
}

BOOST_AUTO_TEST_CASE(adding_a_result_never_improves_the_verdict) {
  const auto all = all_results();
  auto badness = [](const std::vector<Weighed>& cases) {
    const int exit = exit_code(summarise(cases, false, false, false).verdict);
    return exit == 1 ? 3 : exit == 2 ? 2 : exit == 3 ? 1 : 0;
  };
  for_each_multiset(all, 3, [&](const std::vector<Weighed>& cases) {
    if (!any(cases, Outcome::pass)) return;  // with nothing passed it is unknown only because nothing counts
    for (const Weighed& more : all) {
      auto larger = cases;
      larger.push_back(more);
      if (badness(larger) < badness(cases)) BOOST_TEST(false);
    }
  });
  BOOST_TEST(true);
}

BOOST_AUTO_TEST_CASE(nothing_planned_and_all_skipped_are_unknown) {
  BOOST_TEST(summarise({}, false, false, false).verdict == Verdict::unknown);
  BOOST_TEST(summarise({}, false, false, false).sentence == "NOT PROVEN: nothing was planned");
  BOOST_TEST(summarise({weighed(Outcome::skip)}, false, false, false).verdict == Verdict::unknown);
  BOOST_TEST(summarise({weighed(Outcome::skip), real_pass()}, false, false, false).verdict == Verdict::proven);
}

BOOST_AUTO_TEST_CASE(a_soft_case_never_changes_the_verdict) {
  for_each_multiset(all_results(), 2, [&](const std::vector<Weighed>& cases) {
    for (Weighed soft : all_results()) {
      soft.soft = true;
      auto with = cases;
      with.push_back(soft);
      if (summarise(with, true, false, false).verdict != summarise(cases, true, false, false).verdict)
        BOOST_TEST(false);
    }
  });
  Weighed waived = weighed(Outcome::fail);
  waived.soft = true;
  const Summary summary = summarise({real_pass(), waived}, false, false, false);
  BOOST_TEST(summary.verdict == Verdict::proven);
  BOOST_TEST(summary.totals.waived == 1);
  BOOST_TEST(summary.sentence == "PROVEN: 1 of 2 planned cases is a real pass (1 observed); 1 failed, 1 waived");
  BOOST_TEST(summarise({waived}, false, false, false).verdict == Verdict::unknown);
  Weighed stands = real_pass();
  stands.soft = true;
  BOOST_TEST(summarise({real_pass(), stands}, false, false, false).totals.waived == 0);
}

BOOST_AUTO_TEST_CASE(an_optional_case_that_was_not_run_is_as_if_skipped) {
  Weighed optional = weighed(Outcome::not_run);
  BOOST_TEST(summarise({real_pass(), optional}, false, false, false).verdict == Verdict::unknown);
  optional.optional = true;
  BOOST_TEST(summarise({real_pass(), optional}, false, false, false).verdict == Verdict::proven);
  optional.judgement.outcome = Outcome::error;
  BOOST_TEST(summarise({real_pass(), optional}, false, false, false).verdict == Verdict::unknown);
}

BOOST_AUTO_TEST_CASE(a_flaky_pass_counts_unless_it_is_strict) {
  Weighed flaky = real_pass();
  flaky.judgement.flaky = true;
  BOOST_TEST(summarise({flaky}, false, false, false).verdict == Verdict::proven);
  const Summary strict = summarise({flaky}, true, false, false);
  BOOST_TEST(strict.verdict == Verdict::failed);
  BOOST_TEST(strict.totals.proven == 0);
}

BOOST_AUTO_TEST_CASE(a_case_counts_only_at_its_own_requirement) {
  for (const auto provenance : {Provenance::unproven, Provenance::mock, Provenance::simulated}) {
    Weighed item = weighed(Outcome::pass, provenance);
    BOOST_TEST(summarise({item}, false, false, false).verdict == Verdict::not_proven);
    item.require = Requirement::none;
    const Summary summary = summarise({item}, false, false, false);
    BOOST_TEST(summary.verdict == Verdict::proven);
    BOOST_TEST(
        summary.sentence.starts_with("PASSED, as far as the suite requires: the 1 planned case is no real pass"));
  }
  Weighed item = real_pass(Strength::observed);
  item.require = Requirement::challenged;
  BOOST_TEST(summarise({item}, false, false, false).verdict == Verdict::not_proven);
  item.judgement.strength = Strength::challenged;
  BOOST_TEST(summarise({item}, false, false, false).verdict == Verdict::proven);
}

BOOST_AUTO_TEST_CASE(the_sentence_keeps_what_was_planned_as_its_denominator) {
  std::vector<Weighed> cases(5, real_pass(Strength::challenged));
  cases.push_back(real_pass());
  cases.push_back(real_pass());
  BOOST_TEST(summarise(cases, false, false, false).sentence ==
             "PROVEN: all 7 planned cases are real passes (5 challenged, 2 observed)");
  cases.resize(3);
  cases.push_back(weighed(Outcome::fail, Provenance::real));
  for (int i = 0; i < 7; ++i) cases.push_back(weighed(Outcome::not_run));
  BOOST_TEST(summarise(cases, false, false, false).sentence ==
             "NOT PROVEN: 3 of 11 planned cases are real passes (3 challenged); 1 failed, 7 not run");
  BOOST_TEST(
      summarise({weighed(Outcome::pass, Provenance::mock), weighed(Outcome::pass)}, false, false, false).sentence ==
      "NOT PROVEN: 0 of 2 planned cases are real passes; 2 passed without proof (1 mock, 1 unproven)");
  BOOST_TEST(summarise({real_pass()}, false, false, false).sentence ==
             "PROVEN: the 1 planned case is a real pass (1 observed)");
}

BOOST_AUTO_TEST_CASE(words_and_values_lead_to_each_other) {
  for (int i = 0; i < kOutcomes; ++i) {
    Outcome outcome = Outcome::pass;
    BOOST_TEST(from_text(to_text(static_cast<Outcome>(i)), outcome));
    BOOST_TEST(outcome == static_cast<Outcome>(i));
  }
  for (int i = 0; i < kProvenances; ++i) {
    Provenance provenance = Provenance::real;
    BOOST_TEST(from_text(to_text(static_cast<Provenance>(i)), provenance));
    BOOST_TEST(provenance == static_cast<Provenance>(i));
  }
  Outcome outcome = Outcome::error;
  BOOST_TEST(!from_text("passed", outcome));
  BOOST_TEST(outcome == Outcome::error);
  BOOST_TEST(to_text(Outcome::not_run) == "not-run");
}

BOOST_AUTO_TEST_CASE(a_judgement_of_unknown_words_is_the_weakest) {
  const auto judgement =
      judgement_from_value(Value::map({{"outcome", "great"}, {"provenance", "verified"}, {"strength", 7}}));
  BOOST_TEST(judgement.outcome == Outcome::not_run);
  BOOST_TEST(judgement.provenance == Provenance::unproven);
  BOOST_TEST(judgement.strength == Strength::none);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::judge
