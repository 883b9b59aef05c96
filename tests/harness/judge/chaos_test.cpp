// What follows from the record of a chaos trial: void without effect, heal or steady state; times, counts, claims.
#include <boost/test/unit_test.hpp>
#include <functional>

#include "harness/judge/gates.hpp"
#include "harness/judge/judge.hpp"

using namespace mccoy;
using namespace mccoy::judge;

namespace {
constexpr std::int64_t kMs = 1'000'000;

/// A record in which all went well: asked at 10 ms, injected at 100, gone wrong at 150, undone at 1000, back at 1200.
struct Record {
  Value chaos = Value::map({{"faults", Value(Value::List{Value::map({{"fault", "kill"}, {"service", "db"}})})},
                            {"steady_state", Value(Value::List{Value("healthy")})},
                            {"expect_during", Value::map()},
                            {"recovers_within_ns", 5000 * kMs}});
  std::string timeline, ledger, read_back;

  Record& asked(std::int64_t at_ms, const char* outcome, const char* name = "healthy", const char* role = "steady") {
    Value line = Value::map({{"at", at_ms * kMs}, {"what", "asked"}, {"case", name}, {"role", role}});
    line.set("took", 5 * kMs).set("outcome", outcome).set("attempt", ++attempts).set("why", "because");
    timeline += to_json(line) + "\n";
    return *this;
  }
  Record& fault(std::int64_t at_ms, const char* event, const char* text = "") {
    Value line = Value::map({{"at", at_ms * kMs}, {"what", "fault"}, {"fault", 0}, {"event", event}, {"text", text}});
    timeline += to_json(line) + "\n";
    return *this;
  }
  Record& traffic(std::int64_t at_ms, int ok, int errors, int lost) {
    Value line = Value::map({{"at", at_ms * kMs}, {"what", "traffic"}, {"span", 100 * kMs}, {"ok", ok}});
    timeline += to_json(line.set("errors", errors).set("lost", lost)) + "\n";
    return *this;
  }
  Record& injected() { return asked(10, "pass").fault(100, "inject").fault(101, "injected").fault(110, "effect"); }
  Record& undone() { return fault(1000, "heal").fault(1100, "healed").fault(1110, "verified"); }
  Record& well() { return injected().asked(150, "error").undone().asked(1200, "pass"); }

  evidence::Observation observation() const {
    evidence::Observation made;
    Value said = chaos;
    if (!ledger.empty() && said.find("ledger") == nullptr) said.set("ledger", Value::map());
    made.values.set("chaos", said);
    made.texts["timeline"] = whole_text(timeline);
    if (!ledger.empty()) made.texts["ledger"] = whole_text(ledger);
    if (!read_back.empty()) made.texts["read_back"] = whole_text(read_back);
    return made;
  }
  Value concluded() const { return conclude_chaos(observation()); }
  std::string voided() const { return concluded()["void"].as_string(); }
  Value metric(const char* name) const { return concluded()["metrics"][name]; }
  int attempts = 0;
};

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// A case with this record, judged.
Judgement judged(const Record& record, const std::function<void(Trial&)>& change = {}) {
  CaseEvidence evidence;
  evidence.terms.case_id = "s/chaos";
  evidence.terms.kind = "chaos";
  Trial trial;
  evidence::Observation observation = record.observation();
  const Value concluded = conclude_chaos(observation);
  for (const auto& [name, value] : concluded.as_map()) observation.values.set(name, value);
  trial.chaos = chaos_facts(observation);
  trial.error = void_reason(observation);
  trial.checks.push_back(
      {.held = Held::yes, .subject = "steady_after", .expected = "passed", .actual = {}, .why = {}, .span = {}});
  if (change) change(trial);
  evidence.attempts.push_back(std::move(trial));
  return judge::judge(evidence);
}
}  // namespace

BOOST_AUTO_TEST_SUITE(chaos_conclusions)

BOOST_AUTO_TEST_CASE(a_whole_record_gives_its_times_and_claims) {
  const Record record = Record().well();
  BOOST_TEST(record.voided() == "");
  BOOST_TEST(record.metric("time_to_detect")["time_ns"].as_int() == 55 * kMs);
  BOOST_TEST(record.metric("time_to_recover")["time_ns"].as_int() == 205 * kMs);
  BOOST_TEST(record.metric("outage")["time_ns"].as_int() == (1205 - 155) * kMs);
  BOOST_TEST(record.metric("errors_during")["count"].as_int() == 1);
  BOOST_TEST(record.concluded()["steady_after"].as_string() == "passed");
  BOOST_TEST(record.concluded()["during"].as_string() == "as expected");
}

BOOST_AUTO_TEST_CASE(a_steady_state_that_does_not_hold_before_voids_it) {
  BOOST_TEST(holds(Record().asked(10, "fail").voided(), "did not hold before the fault"));
  BOOST_TEST(holds(Record().fault(100, "inject").voided(), "was not measured before"));
}

BOOST_AUTO_TEST_CASE(a_steady_state_asked_only_after_the_injection_is_none) {
  const Record late = Record()
                          .fault(100, "inject")
                          .fault(101, "injected")
                          .fault(110, "effect")
                          .asked(150, "pass")
                          .undone()
                          .asked(1200, "pass");
  BOOST_TEST(holds(late.voided(), "was not measured before"));
}

BOOST_AUTO_TEST_CASE(a_fault_without_a_measured_effect_voids_it) {
  const Record none = Record()
                          .asked(10, "pass")
                          .fault(100, "inject")
                          .fault(101, "injected")
                          .fault(110, "no-effect", "1, as before")
                          .undone()
                          .asked(1200, "pass");
  BOOST_TEST(holds(none.voided(), "no effect: kill of db: 1, as before"));
  const Record unmeasured =
      Record().asked(10, "pass").fault(100, "inject").fault(101, "injected").undone().asked(1200, "pass");
  BOOST_TEST(holds(unmeasured.voided(), "no effect"));
}

BOOST_AUTO_TEST_CASE(an_effect_that_came_after_the_healing_is_none) {
  const Record late = Record()
                          .asked(10, "pass")
                          .fault(100, "inject")
                          .fault(101, "injected")
                          .fault(1050, "effect")
                          .undone()
                          .asked(1200, "pass");
  BOOST_TEST(holds(late.voided(), "no effect"));
}

BOOST_AUTO_TEST_CASE(a_heal_that_was_not_verified_voids_it_and_says_what_to_do) {
  Record record =
      Record().injected().fault(1000, "heal").fault(1100, "not-healed", "the file is another one").asked(1200, "pass");
  Value fault = Value::map({{"fault", "kill"}, {"service", "db"}});
  fault.set("plan", Value::map({{"by_hand", Value(Value::List{Value("mv a b")})}}));
  record.chaos.set("faults", Value(Value::List{fault}));
  BOOST_TEST(holds(record.voided(), "could not be seen to be undone: the file is another one; by hand: mv a b"));
}

BOOST_AUTO_TEST_CASE(a_service_that_is_gone_for_good_is_a_failure_and_no_error) {
  Record record =
      Record().injected().asked(150, "error").fault(1000, "heal").fault(1100, "gone", "db exited").asked(1200, "error");
  record.timeline += R"({"at":1300000000,"what":"service","name":"db","text":"db: exited with status 1: corrupt page"})"
                     "\n";
  BOOST_TEST(record.voided() == "");
  const std::string after = record.concluded()["steady_after"].as_string();
  BOOST_TEST(holds(after, "healthy did not pass again"));
  BOOST_TEST(holds(after, "corrupt page"));
}

BOOST_AUTO_TEST_CASE(a_recovery_that_takes_too_long_is_said) {
  Record slow = Record().well();
  slow.chaos.set("recovers_within_ns", 100 * kMs);
  BOOST_TEST(holds(slow.concluded()["steady_after"].as_string(), "it took"));
}

BOOST_AUTO_TEST_CASE(a_pass_before_the_healing_is_no_recovery) {
  const Record early = Record().injected().asked(500, "pass").undone();
  BOOST_TEST(holds(early.concluded()["steady_after"].as_string(), "was not asked after"));
}

BOOST_AUTO_TEST_CASE(what_is_expected_during_is_held_against_each_answer) {
  const auto during = [](const char* wanted, const char* one, const char* two) {
    Record record = Record().injected().asked(200, one).asked(400, two).undone().asked(1200, "pass");
    record.chaos.set("expect_during", Value::map({{"healthy", wanted}}));
    return record.concluded()["during"].as_string();
  };
  BOOST_TEST(during("fail", "pass", "error") == "as expected");
  BOOST_TEST(holds(during("fail", "pass", "pass"), "had to fail during the fault, and passed 2 times"));
  BOOST_TEST(during("pass", "pass", "pass") == "as expected");
  BOOST_TEST(holds(during("pass", "pass", "fail"), "did not 1 of 2 times"));
  BOOST_TEST(during("any", "pass", "fail") == "as expected");
}

BOOST_AUTO_TEST_CASE(an_expectation_nobody_asked_about_is_not_met) {
  Record record = Record().injected().undone().asked(1200, "pass");
  record.chaos.set("expect_during", Value::map({{"healthy", "pass"}}));
  BOOST_TEST(holds(record.concluded()["during"].as_string(), "was not asked"));
}

BOOST_AUTO_TEST_CASE(requests_that_were_lost_before_or_long_after_are_not_counted) {
  const Record record = Record().well().traffic(0, 5, 0, 7).traffic(300, 1, 2, 3).traffic(5000, 1, 9, 9);
  BOOST_TEST(record.metric("requests_lost")["count"].as_int() == 3);
  BOOST_TEST(record.metric("requests_lost")["of"].as_int() == 6);
  BOOST_TEST(record.metric("errors_during")["count"].as_int() == 6);
}

BOOST_AUTO_TEST_CASE(nothing_that_went_wrong_is_nothing_to_detect) {
  const Record quiet = Record().injected().asked(200, "pass").undone().asked(1200, "pass");
  BOOST_TEST(quiet.metric("time_to_detect")["time_ns"].is_null());
  BOOST_TEST(quiet.metric("outage")["time_ns"].as_int() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(chaos_ledger)

Record with_ledger(const char* ledger, const char* read_back) {
  Record record = Record().well();
  record.ledger = ledger;
  record.read_back = read_back;
  return record;
}

BOOST_AUTO_TEST_CASE(acknowledged_and_absent_is_lost) {
  const Record record = with_ledger("1\t10\t20\tacknowledged\n2\t20\t30\tacknowledged\n3\t30\t40\trefused\n", "2\n9\n");
  BOOST_TEST(record.metric("lost_writes")["count"].as_int() == 1);
  BOOST_TEST(record.metric("lost_writes")["of"].as_int() == 2);
  BOOST_TEST(record.metric("duplicate_writes")["count"].as_int() == 0);
  BOOST_TEST(record.metric("unacknowledged_present")["count"].as_int() == 0);
}

BOOST_AUTO_TEST_CASE(what_was_refused_and_is_there_is_told_apart) {
  const Record record = with_ledger("1\t10\t20\tunknown\n2\t20\t30\tacknowledged\n", "1\n2\n2\n");
  BOOST_TEST(record.metric("unacknowledged_present")["count"].as_int() == 1);
  BOOST_TEST(record.metric("duplicate_writes")["count"].as_int() == 1);
}

BOOST_AUTO_TEST_CASE(order_is_judged_only_where_one_write_was_over_before_another_began) {
  Record record =
      with_ledger("1\t10\t20\tacknowledged\n2\t15\t30\tacknowledged\n3\t40\t50\tacknowledged\n", "2\n1\n3\n");
  record.chaos.set("ledger", Value::map({{"ordered", true}}));
  BOOST_TEST(record.metric("out_of_order_writes")["count"].as_int() == 0);  // 1 and 2 overlap
  record.read_back = "3\n1\n2\n";
  BOOST_TEST(record.metric("out_of_order_writes")["count"].as_int() == 2);
}

BOOST_AUTO_TEST_CASE(a_ledger_that_cannot_be_counted_gives_no_figure) {
  Record unread = with_ledger("1\t10\t20\tacknowledged\n", "1\n");
  unread.chaos.set("ledger", Value::map({{"why", "it did not answer"}}));
  BOOST_TEST(holds(unread.metric("lost_writes")["why"].as_string(), "it did not answer"));
  const Record nothing = with_ledger("1\t10\t20\trefused\n", "1\n");
  BOOST_TEST(holds(nothing.metric("lost_writes")["why"].as_string(), "not one write was acknowledged"));
  const Record partly = with_ledger("1\t10\t20\tacknowledged\n2\t1\t2\tacknowledged\n", "1\tpresent\n2\tunknown\n");
  BOOST_TEST(holds(partly.metric("lost_writes")["why"].as_string(), "not known of every write"));
}

BOOST_AUTO_TEST_CASE(each_record_that_was_asked_for_is_present_or_absent) {
  const Record record = with_ledger("1\t1\t2\tacknowledged\n2\t1\t2\tacknowledged\n", "1\tpresent\n2\tabsent\n");
  BOOST_TEST(record.metric("lost_writes")["count"].as_int() == 1);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(chaos_judgement)

BOOST_AUTO_TEST_CASE(a_fault_that_was_felt_makes_a_real_pass) {
  const Judgement judgement = judged(Record().well());
  BOOST_TEST((judgement.outcome == Outcome::pass));
  BOOST_TEST((judgement.provenance == Provenance::real), judgement.reason);
}

BOOST_AUTO_TEST_CASE(a_fault_in_what_nobody_uses_is_unproven) {
  const Record quiet = Record().injected().asked(200, "pass").undone().asked(1200, "pass");
  const Judgement judgement = judged(quiet);
  BOOST_TEST((judgement.outcome == Outcome::pass));
  BOOST_TEST((judgement.provenance == Provenance::unproven));
  BOOST_TEST(judgement.rule == "R12");
  BOOST_TEST(holds(judgement.reason, "Nothing that was asked is seen to use db"), judgement.reason);
}

BOOST_AUTO_TEST_CASE(a_fault_that_was_survived_is_real_when_the_service_was_seen_in_use) {
  const Record quiet = Record().injected().asked(200, "pass").undone().asked(1200, "pass");
  const Judgement judgement = judged(quiet, [](Trial& trial) {
    trial.neighbours.push_back({"healthy", "steady", 1, Outcome::pass, {"api", "db"}});
  });
  BOOST_TEST((judgement.provenance == Provenance::real), judgement.reason);
}

BOOST_AUTO_TEST_CASE(a_dry_run_is_simulated) {
  Record dry;
  dry.chaos.set("dry_run", true);
  const Judgement judgement = judged(dry);
  BOOST_TEST((judgement.outcome == Outcome::pass));
  BOOST_TEST((judgement.provenance == Provenance::simulated));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_done_here_was_not_run) {
  Record record;
  record.chaos.set("lacks", "kill of db cannot be done here: needs root");
  const Judgement judgement = judged(record);
  BOOST_TEST((judgement.outcome == Outcome::not_run));
  BOOST_TEST(holds(judgement.reason, "needs root"));
}

BOOST_AUTO_TEST_CASE(no_effect_is_an_error) {
  const Judgement judgement = judged(Record().asked(10, "pass").fault(100, "inject").fault(101, "injected"));
  BOOST_TEST((judgement.outcome == Outcome::error));
  BOOST_TEST(holds(judgement.reason, "no effect"), judgement.reason);
}

BOOST_AUTO_TEST_SUITE_END()
