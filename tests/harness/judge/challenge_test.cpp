#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/harness/judge/bench.hpp"

namespace mccoy::judge {
namespace {
namespace data = boost::unit_test::data;
using namespace made;
using suite::Expected;
using suite::Relation;
constexpr auto kVoid = ChallengeStatus::void_;
constexpr auto kMet = ChallengeStatus::met;
constexpr auto kUnmet = ChallengeStatus::unmet;
using Class = ChallengeClass;

struct Row {
  std::string_view title;
  ChallengeRecord record;
  ChallengeStatus status;
  Class cls;
  bool decisive = false;
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.title;
}

template <class Change>
ChallengeRecord but(ChallengeRecord record, Change change) {
  change(record);
  return record;
}
ChallengeRecord varied(Relation relation, std::vector<Value> outputs, std::vector<Value> inputs = {100, 200, 400}) {
  return vary(relation, std::move(outputs), std::move(inputs));
}
ChallengeRecord stays(Expected expected, Outcome outcome) {
  return challenge(Class::equivalent, expected, {outcome});
}

ChallengeRecord passage(Outcome in, Outcome of_it, Outcome of_nothing) {
  ChallengeRecord record = challenge(Class::sensitivity, Expected::pass, {in});
  record.out = "listed";
  record.out_of_it = of_it;
  record.out_of_nothing = of_nothing;
  return record;
}

const Row kRows[] = {
    {"what went in came out", passage(Outcome::pass, Outcome::pass, Outcome::fail), kMet, Class::sensitivity},
    {"what went in did not come out", passage(Outcome::pass, Outcome::fail, Outcome::fail), kUnmet, Class::sensitivity},
    {"what never went in came out, too", passage(Outcome::pass, Outcome::pass, Outcome::pass), kVoid,
     Class::sensitivity},
    {"nothing went in", passage(Outcome::fail, Outcome::fail, Outcome::fail), kVoid, Class::sensitivity},
    {"the other door could not be asked", passage(Outcome::pass, Outcome::error, Outcome::fail), kVoid,
     Class::sensitivity},
    {"the other door was not asked for anything else", passage(Outcome::pass, Outcome::pass, Outcome::not_run), kVoid,
     Class::sensitivity},
    {"a control that failed", control(Outcome::fail), kMet, Class::control},
    {"a control that could not be asked", control(Outcome::error), kMet, Class::control},
    {"a control that stayed green", control(Outcome::pass), kUnmet, Class::control, true},
    {"a control that was not tried", but(control(Outcome::fail), [](auto& r) { r.outcomes.clear(); }), kVoid,
     Class::control},
    {"a control that was cut off", control(Outcome::not_run), kVoid, Class::control},
    {"nobody saw the perturbation", but(control(Outcome::fail), [](auto& r) { r.perturbation_seen = false; }), kVoid,
     Class::control},
    {"nobody saw the perturbation, and it stayed green",
     but(control(Outcome::pass), [](auto& r) { r.perturbation_seen = false; }), kVoid, Class::control},
    {"not green again afterwards", but(control(Outcome::fail), [](auto& r) { r.repeat_green = false; }), kVoid,
     Class::control},
    {"a control with an oracle is a control",
     but(control(Outcome::pass),
         [](auto& r) {
           r.cls = Class::sensitivity;
           r.oracle_agrees = true;
         }),
     kUnmet, Class::control, true},

    {"an oracle that agrees", oracle(true), kMet, Class::sensitivity},
    {"an oracle that does not", oracle(false), kUnmet, Class::sensitivity, true},
    {"an oracle that gave no answer", but(oracle(true), [](auto& r) { r.oracle_agrees.reset(); }), kVoid,
     Class::sensitivity},
    {"honest work would have passed, and it failed", oracle(true, Outcome::fail), kUnmet, Class::sensitivity, false},
    {"honest work would have passed, and it could not be asked", oracle(true, Outcome::error), kVoid,
     Class::sensitivity},
    {"any outcome, and the oracle agrees",
     but(oracle(true, Outcome::fail), [](auto& r) { r.expected = Expected::any; }), kMet, Class::sensitivity},
    {"any outcome, red, and the oracle does not agree",
     but(oracle(false, Outcome::fail), [](auto& r) { r.expected = Expected::any; }), kUnmet, Class::sensitivity, false},
    {"a sensitivity without repeat", but(oracle(false), [](auto& r) { r.repeat_green = false; }), kVoid,
     Class::sensitivity},

    {"an equivalent input gives the same", stays(Expected::pass, Outcome::pass), kMet, Class::equivalent},
    {"an equivalent input turns it red", stays(Expected::pass, Outcome::fail), kUnmet, Class::equivalent, false},
    {"an equivalent input whose trace is not watched",
     but(stays(Expected::pass, Outcome::pass), [](auto& r) { r.unseen = {"files-opened"}; }), kVoid, Class::equivalent},
    {"an equivalent input that is worked on in another way",
     but(stays(Expected::pass, Outcome::pass), [](auto& r) { r.changed = {"programs-run: new: /bin/cat"}; }), kUnmet,
     Class::equivalent},
    {"unmet stays unmet, whatever else is not watched",
     but(oracle(false), [](auto& r) { r.unseen = {"files-opened"}; }), kUnmet, Class::sensitivity, true},
    {"nothing is asked of the outcome", stays(Expected::any, Outcome::error), kMet, Class::equivalent},

    {"differs", varied(Relation::differs, {"a", "b", "c"}), kMet, Class::sensitivity},
    {"differs: two alike", varied(Relation::differs, {"a", "b", "a"}), kUnmet, Class::sensitivity, false},
    {"differs: all alike", varied(Relation::differs, {"a", "a", "a"}), kUnmet, Class::sensitivity, true},
    {"equals", varied(Relation::equals, {7, 7.0, 7}), kMet, Class::equivalent},
    {"equals: one differs", varied(Relation::equals, {7, 8, 7}), kUnmet, Class::equivalent, false},
    {"increases", varied(Relation::increases, {1, 1.5, 2}), kMet, Class::sensitivity},
    {"increases, written as text", varied(Relation::increases, {"9", " 10\n", "11"}), kMet, Class::sensitivity},
    {"increases: a step", varied(Relation::increases, {1, 1, 2}), kUnmet, Class::sensitivity, false},
    {"increases: down", varied(Relation::increases, {3, 2, 1}), kUnmet, Class::sensitivity, false},
    {"increases: constant", varied(Relation::increases, {3, 3, 3}), kUnmet, Class::sensitivity, true},
    {"increases: no numbers", varied(Relation::increases, {"a", "b", "c"}), kVoid, Class::sensitivity},
    {"decreases", varied(Relation::decreases, {9, 5, 1}), kMet, Class::sensitivity},
    {"decreases: up", varied(Relation::decreases, {1, 5, 9}), kUnmet, Class::sensitivity, false},
    {"scales", varied(Relation::scales, {250, 500, 1000}), kMet, Class::sensitivity},
    {"scales within 1 %", varied(Relation::scales, {250, 504, 1000}), kMet, Class::sensitivity},
    {"scales not within 1 %", varied(Relation::scales, {250, 506, 1000}), kUnmet, Class::sensitivity, false},
    {"scales downwards", varied(Relation::scales, {-1, -2, -4}), kMet, Class::sensitivity},
    {"scales: constant, and inputs near one another", varied(Relation::scales, {5, 5, 5}, {1000, 1001, 1002}), kUnmet,
     Class::sensitivity, true},
    {"scales: constant 0", varied(Relation::scales, {0, 0, 0}), kUnmet, Class::sensitivity, true},
    {"scales: an input of 0", varied(Relation::scales, {0, 1, 2}, {0, 1, 2}), kVoid, Class::sensitivity},
    {"scales: inputs that are no numbers", varied(Relation::scales, {1, 2, 3}, {"a", "b", "c"}), kVoid,
     Class::sensitivity},
    {"vary: one input only", varied(Relation::differs, {"a"}, {1}), kVoid, Class::sensitivity},
    {"vary: the same input twice", varied(Relation::differs, {"a", "a"}, {1, 1}), kVoid, Class::sensitivity},
    {"vary: an answer is missing", varied(Relation::differs, {"a", Value(), "c"}), kVoid, Class::sensitivity},
    {"vary: cut off", varied(Relation::differs, {"a", "b"}), kVoid, Class::sensitivity},
    {"vary: a trial failed",
     but(varied(Relation::differs, {"a", "a", "a"}), [](auto& r) { r.outcomes[1] = Outcome::fail; }), kVoid,
     Class::sensitivity},

    {"long enough", bound_wall(10, 10), kMet, Class::bound_wall},
    {"too short", bound_wall(10, 9), kUnmet, Class::bound_wall, true},
    {"too short, without repeat", but(bound_wall(10, 9), [](auto& r) { r.repeat_green = false; }), kUnmet,
     Class::bound_wall, true},
    {"too short because it failed early", but(bound_wall(10, 9), [](auto& r) { r.outcomes = {Outcome::fail}; }), kVoid,
     Class::bound_wall},
    {"too short, but the perturbation was not seen",
     but(bound_wall(10, 9), [](auto& r) { r.perturbation_seen = false; }), kVoid, Class::bound_wall},
    {"time not measured", bound_wall(10, 0), kVoid, Class::bound_wall},
    {"enough processor time", bound_cpu(10, 11), kMet, Class::bound_cpu},
    {"too little processor time", bound_cpu(10, 0), kUnmet, Class::bound_cpu, true},
    {"processor time not measured", bound_cpu(10, -1), kVoid, Class::bound_cpu},
};
}  // namespace

BOOST_AUTO_TEST_SUITE(challenges)

BOOST_DATA_TEST_CASE(a_challenge_is_met_unmet_or_says_nothing, data::make(kRows), row) {
  const ChallengeResult result = conclude(row.record);
  BOOST_TEST(result.status == row.status);
  BOOST_TEST(result.cls == row.cls);
  BOOST_TEST(result.decisive == row.decisive);
  BOOST_TEST(!result.why.empty());
}

BOOST_DATA_TEST_CASE(a_record_survives_the_journal, data::make(kRows), row) {
  const std::string text = to_json(to_value(row.record));
  const ChallengeRecord again = challenge_from_value(from_json(text).value());
  BOOST_TEST(to_json(to_value(again)) == text);
  BOOST_TEST(conclude(again).status == row.status);
}

BOOST_AUTO_TEST_CASE(a_record_of_nothing_says_nothing) {
  BOOST_TEST(conclude(ChallengeRecord{}).status == kVoid);
  BOOST_TEST(conclude(challenge_from_value(Value())).status == kVoid);
}

BOOST_AUTO_TEST_CASE(without_perturbation_or_repeat_nothing_but_a_bound_says_anything) {
  for (const Row& row : kRows) {
    ChallengeRecord record = row.record;
    record.perturbation_seen = false;
    BOOST_TEST(conclude(record).status == kVoid);
    record.perturbation_seen = true;
    record.repeat_green = false;
    if (record.cls != Class::bound_wall && record.cls != Class::bound_cpu) BOOST_TEST(conclude(record).status == kVoid);
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::judge
