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
  Record& fault(std::int64_t at_ms, const char* event, const char* text = "", int index = 0) {
    Value line =
        Value::map({{"at", at_ms * kMs}, {"what", "fault"}, {"fault", index}, {"event", event}, {"text", text}});
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

Value a_fault(const char* kind, const char* service, Value settings = Value::map()) {
  return Value::map({{"fault", kind}, {"service", service}, {"settings", std::move(settings)}});
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

Neighbour a_real_one(const Asked& asked, std::vector<std::string> services) {
  return {.name = asked.name,
          .role = asked.role,
          .attempt = asked.attempt,
          .outcome = asked.passed() ? Outcome::pass : Outcome::error,
          .provenance = Provenance::real,
          .rule = "R14",
          .reason = "all was seen",
          .services = std::move(services)};
}

/// A case with this record, judged. Whoever was asked is real, and talked to the service api.
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
  for (const Asked& asked : trial.chaos->asked) trial.neighbours.push_back(a_real_one(asked, {"api"}));
  if (change) change(trial);
  evidence.attempts.push_back(std::move(trial));
  return judge::judge(evidence);
}

void lead_to(Trial& trial, const char* service) {
  for (Neighbour& one : trial.neighbours) one.services.emplace_back(service);
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

BOOST_AUTO_TEST_CASE(an_expectation_nobody_asked_about_is_no_failure) {
  Record record = Record().injected().undone().asked(1200, "pass");
  record.chaos.set("expect_during", Value::map({{"healthy", "pass"}}));
  BOOST_TEST(holds(record.voided(), "healthy was not asked to its end during the fault"));
}

BOOST_AUTO_TEST_CASE(requests_that_were_lost_before_or_long_after_are_not_counted) {
  const Record record = Record().well().traffic(0, 5, 0, 7).traffic(300, 1, 2, 3).traffic(5000, 1, 9, 9);
  BOOST_TEST(record.metric("requests_lost")["count"].as_int() == 3);
  BOOST_TEST(record.metric("requests_lost")["of"].as_int() == 6);
  BOOST_TEST(record.metric("errors_during")["count"].as_int() == 6);
}

BOOST_AUTO_TEST_CASE(what_went_wrong_all_the_time_is_no_detection) {
  const Record record = Record()
                            .asked(20, "fail", "broken", "while")
                            .traffic(0, 0, 5, 0)
                            .injected()
                            .asked(130, "fail", "broken", "while")
                            .traffic(300, 0, 5, 0)
                            .undone()
                            .asked(1200, "pass");
  BOOST_TEST(record.metric("time_to_detect")["time_ns"].is_null());
  BOOST_TEST(record.metric("outage")["time_ns"].as_int() == 0);
}

BOOST_AUTO_TEST_CASE(a_span_that_reaches_back_before_the_fault_tells_when_it_failed) {
  Record record = Record().traffic(0, 5, 0, 0).injected().undone().asked(1200, "pass");
  record.timeline += R"({"at":50000000,"what":"traffic","span":100000000,"ok":3,"errors":1,"lost":0,)"
                     R"("first_failed":140000000,"last_failed":140000000})"
                     "\n";
  record.traffic(200, 5, 0, 0);
  BOOST_TEST(record.metric("time_to_detect")["time_ns"].as_int() == 40 * kMs);
}

BOOST_AUTO_TEST_CASE(a_load_that_goes_on_failing_keeps_the_outage_open) {
  const Record record =
      Record().traffic(0, 5, 0, 0).well().traffic(300, 0, 5, 0).traffic(1300, 0, 5, 0).traffic(1500, 0, 5, 0);
  BOOST_TEST(holds(record.metric("outage")["why"].as_string(), "had not come right again"));
  Record late = Record().traffic(0, 5, 0, 0).well().traffic(300, 0, 5, 0).traffic(1500, 5, 0, 0);
  BOOST_TEST(late.metric("outage")["time_ns"].as_int() == (1500 - 155) * kMs);
}

BOOST_AUTO_TEST_CASE(what_came_back_before_the_fault_was_undone_took_its_time_all_the_same) {
  Record record =
      Record().injected().asked(150, "error").asked(700, "pass").fault(990, "lived").undone().asked(1200, "pass");
  record.chaos.set("faults", Value(Value::List{a_fault("kill", "db")}));
  BOOST_TEST(record.metric("time_to_recover")["time_ns"].as_int() == (705 - 101) * kMs);
  record.chaos.set("faults", Value(Value::List{a_fault("kill", "db", Value::map({{"restart_after", 200 * kMs}}))}));
  BOOST_TEST(record.metric("time_to_recover")["time_ns"].as_int() == (705 - 301) * kMs);
  record.chaos.set("faults", Value(Value::List{a_fault("crash_loop", "db")}));
  BOOST_TEST(holds(record.metric("time_to_recover")["why"].as_string(), "when it died last"));
}

BOOST_AUTO_TEST_CASE(a_case_that_has_to_fail_must_have_passed_before) {
  Record record = Record().asked(20, "fail", "broken", "while").injected().asked(130, "fail", "broken", "while");
  record.undone().asked(1200, "pass");
  record.chaos.set("expect_during", Value::map({{"broken", "fail"}}));
  BOOST_TEST(holds(record.voided(), "was not seen to pass before"));
}

BOOST_AUTO_TEST_CASE(an_answer_to_what_was_asked_before_the_fault_is_no_pass_during_it) {
  Record record = Record().injected();
  Value line = Value::map({{"at", 50 * kMs}, {"what", "asked"}, {"case", "slow"}, {"role", "while"}});
  record.timeline += to_json(line.set("took", 300 * kMs).set("outcome", "pass").set("attempt", 9)) + "\n";
  record.undone().asked(1200, "pass");
  record.chaos.set("expect_during", Value::map({{"slow", "pass"}}));
  BOOST_TEST(holds(record.voided(), "slow was not asked to its end"));
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

BOOST_AUTO_TEST_CASE(a_write_that_stands_there_twice_is_one_write) {
  const Record record = with_ledger("1\t10\t20\tacknowledged\n1\t25\t30\trefused\n", "9\n");
  BOOST_TEST(record.metric("lost_writes")["count"].as_int() == 1);
  BOOST_TEST(record.metric("lost_writes")["of"].as_int() == 1);
}

BOOST_AUTO_TEST_CASE(what_is_asked_one_by_one_is_neither_double_nor_out_of_order) {
  Record record = with_ledger("1\t1\t2\tacknowledged\n", "1\tpresent\n");
  record.chaos.set("ledger", Value::map({{"each", true}, {"ordered", true}}));
  BOOST_TEST(holds(record.metric("duplicate_writes")["why"].as_string(), "one by one"));
  BOOST_TEST(holds(record.metric("out_of_order_writes")["why"].as_string(), "one by one"));
  BOOST_TEST(record.metric("lost_writes")["count"].as_int() == 0);
}

BOOST_AUTO_TEST_CASE(whoever_finds_what_was_never_written_is_not_believed) {
  Record record = with_ledger("1\t1\t2\tacknowledged\n", "1\tpresent\n");
  record.chaos.set("ledger", Value::map({{"never_written", Value::map({{"id", "77"}, {"said", "present"}})}}));
  BOOST_TEST(holds(record.metric("lost_writes")["why"].as_string(), "of 77, which was never written"));
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
  BOOST_TEST(holds(judgement.reason, "The steady state is not seen to use db"), judgement.reason);
}

BOOST_AUTO_TEST_CASE(a_fault_that_was_survived_is_real_when_the_service_was_seen_in_use) {
  const Record quiet = Record().injected().asked(200, "pass").undone().asked(1200, "pass");
  const Judgement judgement = judged(quiet, [](Trial& trial) { lead_to(trial, "db"); });
  BOOST_TEST((judgement.provenance == Provenance::real), judgement.reason);
}

BOOST_AUTO_TEST_CASE(what_was_wrong_before_or_only_afterwards_is_no_sign_of_the_fault) {
  const Record always = Record().traffic(0, 0, 5, 0).injected().traffic(300, 0, 5, 0).undone().asked(1200, "pass");
  BOOST_TEST((judged(always).provenance == Provenance::unproven));
  const Record late =
      Record().traffic(0, 5, 0, 0).injected().traffic(300, 5, 0, 0).undone().traffic(1300, 0, 5, 0).asked(1200, "pass");
  BOOST_TEST((judged(late).provenance == Provenance::unproven));
}

BOOST_AUTO_TEST_CASE(of_two_faults_at_the_same_time_neither_is_shown_by_what_went_wrong) {
  Record record = Record().well();
  record.fault(100, "inject", "", 1).fault(101, "injected", "", 1).fault(110, "effect", "", 1);
  record.fault(1000, "heal", "", 1).fault(1100, "healed", "", 1).fault(1110, "verified", "", 1);
  record.chaos.set("faults", Value(Value::List{a_fault("kill", "db"), a_fault("kill", "idle")}));
  const auto with_db = [](Trial& trial) { lead_to(trial, "db"); };
  const Judgement judgement = judged(record, with_db);
  BOOST_TEST((judgement.provenance == Provenance::unproven));
  BOOST_TEST(holds(judgement.reason, "not seen to use idle:"), judgement.reason);
}

BOOST_AUTO_TEST_CASE(a_steady_state_that_is_not_real_carries_nothing) {
  const Judgement judgement = judged(Record().well(), [](Trial& trial) {
    for (Neighbour& one : trial.neighbours) {
      one.provenance = Provenance::unproven;
      one.rule = "R6";
    }
  });
  BOOST_TEST((judgement.provenance == Provenance::unproven));
  BOOST_TEST(holds(judgement.reason, "The steady state proves nothing: healthy was unproven before"), judgement.reason);
}

BOOST_AUTO_TEST_CASE(a_load_that_noticed_shows_nothing_of_a_steady_state_elsewhere) {
  const Record record =
      Record().traffic(0, 5, 0, 0).injected().asked(200, "pass").traffic(300, 0, 5, 0).undone().asked(1200, "pass");
  const auto load_on = [&](const char* service) {
    return judged(record, [=](Trial& trial) {
      trial.facts.responder.emplace();
      trial.facts.responder->who = evidence::Responder::Who::service;
      trial.facts.responder->service = service;
    });
  };
  BOOST_TEST((load_on("db").provenance == Provenance::unproven));
  BOOST_TEST((load_on("api").provenance == Provenance::real), load_on("api").reason);
}

BOOST_AUTO_TEST_CASE(a_broken_file_nobody_opened_is_unproven) {
  Record record = Record().injected().asked(200, "pass").undone().asked(1200, "pass");
  const auto with_db = [](Trial& trial) { lead_to(trial, "db"); };
  record.chaos.set("faults", Value(Value::List{a_fault("config", "db")}));
  BOOST_TEST(holds(judged(record, with_db).reason, "nobody was seen to open the file"));
  record.chaos.set("faults", Value(Value::List{a_fault("config", "db", Value::map({{"must_be_opened", true}}))}));
  BOOST_TEST((judged(record, with_db).provenance == Provenance::real));
}

BOOST_AUTO_TEST_CASE(a_ledger_must_be_that_of_a_service) {
  Record record = Record().well();
  record.ledger = "1\t1\t2\tacknowledged\n";
  record.read_back = "1\n";
  BOOST_TEST(holds(judged(record).reason, "the writes were not seen to go to a service"));
  const auto tied = [](bool read) {
    return [=](Trial& trial) {
      Asked asked;
      asked.role = "ledger";
      asked.outcome = "pass";
      asked.name = "write";
      trial.neighbours.push_back(a_real_one(asked, {"db"}));
      asked.name = "read_back";
      if (read) trial.neighbours.push_back(a_real_one(asked, {"db"}));
    };
  };
  BOOST_TEST(holds(judged(record, tied(false)).reason, "what was read back was not seen to come from a service"));
  BOOST_TEST((judged(record, tied(true)).provenance == Provenance::real));
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
