// Challenges: what a perturbed trial says, and when it says nothing.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "harness/base/clock.hpp"
#include "harness/base/text.hpp"
#include "harness/judge/found.hpp"
#include "harness/judge/judge.hpp"
#include "harness/judge/shorten.hpp"

namespace mccoy::judge {
namespace {
using suite::Expected;
using suite::Relation;

struct Conclusion {
  ChallengeStatus status = ChallengeStatus::void_;
  std::string why;
  bool decisive = false;
};
Conclusion says_nothing(std::string why) {
  return {ChallengeStatus::void_, std::move(why)};
}
Conclusion met(std::string why) {
  return {ChallengeStatus::met, std::move(why)};
}
Conclusion unmet(std::string why, bool decisive = false) {
  return {ChallengeStatus::unmet, std::move(why), decisive};
}

std::string because(std::string_view why) {
  return why.empty() ? "" : fmt::format(": {}", why);
}
std::string first_why(const ChallengeRecord& record) {
  return record.outcome_whys.empty() ? "" : record.outcome_whys.front();
}
bool has_outcome(const ChallengeRecord& record, std::initializer_list<Outcome> wanted) {
  return std::any_of(record.outcomes.begin(), record.outcomes.end(),
                     [&](Outcome outcome) { return std::find(wanted.begin(), wanted.end(), outcome) != wanted.end(); });
}
std::string with_perturbation(const ChallengeRecord& record) {
  return record.broke.empty() ? "perturbed" : record.broke;
}

// ---- vary

std::string list_words(const std::vector<Value>& values) {
  std::vector<std::string> words;
  for (const auto& value : values) words.push_back(shorten_json(value, 60));
  return join(words, ", ");
}

Value as_number(const Value& value) {
  return value.is_string() ? number_in(trim(value.as_string())) : value;
}
bool all_numbers(const std::vector<Value>& values) {
  return std::all_of(values.begin(), values.end(), [](const Value& value) { return as_number(value).is_number(); });
}
std::vector<double> numbers(const std::vector<Value>& values) {
  std::vector<double> result;
  for (const auto& value : values) result.push_back(as_number(value).as_double());
  return result;
}

bool all_equal(const std::vector<Value>& values) {
  return std::all_of(values.begin(), values.end(), [&](const Value& value) { return value == values.front(); });
}
bool all_distinct(const std::vector<Value>& values) {
  for (auto a = values.begin(); a != values.end(); ++a)
    if (std::find(a + 1, values.end(), *a) != values.end()) return false;
  return true;
}
template <class Before>
bool in_order(const std::vector<Value>& values, Before before) {
  const auto plain = numbers(values);
  return std::adjacent_find(plain.begin(), plain.end(), [&](double a, double b) { return !before(a, b); }) ==
         plain.end();
}
bool ratio_is_constant(const ChallengeRecord& record) {
  const auto in = numbers(record.inputs), out = numbers(record.outputs);
  constexpr double kTolerance = 0.01;
  const double ratio = out.front() / in.front();
  for (std::size_t i = 0; i < in.size(); ++i)
    if (std::abs(out[i] / in[i] - ratio) > kTolerance * std::abs(ratio)) return false;
  return true;
}

struct RelationRow {
  Relation relation;
  std::string_view word;
  bool numeric_outputs, numeric_inputs;
  bool (*holds)(const ChallengeRecord& record);
};
constexpr std::array<RelationRow, 5> kRelations = {{
    {Relation::differs, "differs", false, false, [](const ChallengeRecord& r) { return all_distinct(r.outputs); }},
    {Relation::equals, "equals", false, false, [](const ChallengeRecord& r) { return all_equal(r.outputs); }},
    {Relation::increases, "increases", true, false,
     [](const ChallengeRecord& r) { return in_order(r.outputs, [](double a, double b) { return a < b; }); }},
    {Relation::decreases, "decreases", true, false,
     [](const ChallengeRecord& r) { return in_order(r.outputs, [](double a, double b) { return a > b; }); }},
    {Relation::scales, "scales", true, true,
     [](const ChallengeRecord& r) { return !all_equal(r.outputs) && ratio_is_constant(r); }},
}};
const RelationRow& row_of(Relation relation) {
  const auto* row = std::find_if(kRelations.begin(), kRelations.end(),
                                 [relation](const RelationRow& r) { return r.relation == relation; });
  MCCOY_CHECK(row != kRelations.end());
  return *row;
}

/// Why the outputs cannot be held against the relation; empty when they can.
std::string not_comparable(const ChallengeRecord& record, const RelationRow& row) {
  const auto& in = record.inputs;
  const auto& out = record.outputs;
  if (out.size() < 2 || in.size() != out.size() || record.outcomes.size() != out.size())
    return "not every input was tried";
  const auto bad =
      std::find_if(record.outcomes.begin(), record.outcomes.end(), [](Outcome o) { return o != Outcome::pass; });
  if (bad != record.outcomes.end()) {
    const auto at = static_cast<std::size_t>(bad - record.outcomes.begin());
    return fmt::format("with {} the trial did not pass{}", shorten_json(in[at], 60),
                       because(at < record.outcome_whys.size() ? record.outcome_whys[at] : ""));
  }
  if (std::any_of(out.begin(), out.end(), [](const Value& value) { return value.is_null(); }))
    return "there was nothing to compare" + because(first_why(record));
  if (!all_distinct(in)) return "two of the inputs are the same";
  if (row.numeric_outputs && !all_numbers(out)) return "the answers are no numbers: " + list_words(out);
  if (!row.numeric_inputs) return "";
  if (!all_numbers(in)) return "the inputs are no numbers: " + list_words(in);
  const auto plain = numbers(in);
  return std::find(plain.begin(), plain.end(), 0.0) != plain.end() ? "an input of 0 scales nothing" : "";
}

/// Answers that do not move at all while their input does come from something that does not look at it. Answers that
/// move but not as claimed may be an honest mistake: unmet, and not decisive.
Conclusion conclude_vary(const ChallengeRecord& record) {
  const RelationRow& row = row_of(*record.relation);
  if (std::string why = not_comparable(record, row); !why.empty()) return says_nothing(std::move(why));
  const std::string seen = fmt::format("for {} it gave {}", list_words(record.inputs), list_words(record.outputs));
  if (row.holds(record)) return met(fmt::format("{}: {}", row.word, seen));
  const bool constant = row.relation != Relation::equals && all_equal(record.outputs);
  return unmet(fmt::format("{}, so it is not true that it {}", seen, row.word), constant);
}

// ---- bounds: only a trial that claims success can be too short for it

Conclusion conclude_bound(const ChallengeRecord& record, std::int64_t wanted, std::int64_t seen,
                          std::string_view what) {
  if (has_outcome(record, {Outcome::fail, Outcome::error, Outcome::skip, Outcome::not_run}))
    return says_nothing("the trial did not pass" + because(first_why(record)));
  if (wanted <= 0) return says_nothing("no bound was stated");
  const std::string words = fmt::format("{} of {}", human_duration(Duration(seen)), what);
  if (seen >= wanted) return met(words);
  return unmet(fmt::format("{}, and at least {} was needed", words, human_duration(Duration(wanted))), true);
}

// ---- control and the general form

Conclusion conclude_control(const ChallengeRecord& record) {
  if (has_outcome(record, {Outcome::pass})) return unmet(with_perturbation(record) + ", and it still passed", true);
  return met(fmt::format("{}, and it turned red{}", with_perturbation(record), because(first_why(record))));
}

Conclusion conclude_oracle(const ChallengeRecord& record) {
  if (!record.oracle_agrees) return says_nothing("the oracle gave no answer" + because(first_why(record)));
  if (*record.oracle_agrees) return met("the answer is what the harness worked out for this input");
  const bool passed = !has_outcome(record, {Outcome::fail, Outcome::error});
  return unmet("the answer is not what the harness worked out for this input", passed);
}

/// That it did not come out may be the fault of something on the way that is slow: it accuses nobody.
Conclusion conclude_passage(const ChallengeRecord& record) {
  if (has_outcome(record, {Outcome::fail, Outcome::error}))
    return says_nothing("what was to go in did not" + because(first_why(record)));
  if (record.out_of_nothing == Outcome::pass)
    return says_nothing(fmt::format("{} passes for a nonce that was never sent, too", record.out));
  if (record.out_of_nothing != Outcome::fail || record.out_of_it == Outcome::error ||
      record.out_of_it == Outcome::not_run)
    return says_nothing(fmt::format("{} could not be asked{}", record.out, because(record.out_why)));
  if (record.out_of_it == Outcome::pass) return met(fmt::format("what went in came out by {}", record.out));
  return unmet(fmt::format("what went in did not come out by {}{}", record.out, because(record.out_why)));
}

Conclusion conclude_general(const ChallengeRecord& record) {
  if (record.expected == Expected::pass && has_outcome(record, {Outcome::error}))
    return says_nothing("the trial could not be carried out" + because(first_why(record)));
  if (record.expected == Expected::pass && has_outcome(record, {Outcome::fail}))
    return unmet("honest work passes this as well, and it did not" + because(first_why(record)));
  if (record.cls == ChallengeClass::sensitivity || record.oracle_agrees) return conclude_oracle(record);
  return met("the outcome is as it must be");
}

Conclusion conclude_by_class(const ChallengeRecord& record) {
  switch (record.cls) {
    case ChallengeClass::bound_wall: {
      if (record.wall <= 0) return says_nothing("its time was not measured");
      return conclude_bound(record, record.wall_at_least, record.wall, "time");
    }
    case ChallengeClass::bound_cpu: {
      if (record.cpu < 0) return says_nothing("its processor time was not measured");
      return conclude_bound(record, record.cpu_at_least, record.cpu, "processor time");
    }
    default:
      break;
  }
  if (record.outcomes.empty()) return says_nothing("it was not tried");
  if (has_outcome(record, {Outcome::skip, Outcome::not_run})) return says_nothing("it was not tried to its end");
  if (record.relation) return conclude_vary(record);
  if (!record.out.empty()) return conclude_passage(record);
  return record.expected == Expected::fail ? conclude_control(record) : conclude_general(record);
}

bool is_bound(ChallengeClass cls) {
  return cls == ChallengeClass::bound_wall || cls == ChallengeClass::bound_cpu;
}

Conclusion conclude_soundly(const ChallengeRecord& record) {
  if (!record.perturbation_seen)
    return says_nothing("the perturbation was not seen to take effect" + because(record.repeat_why));
  if (!is_bound(record.cls) && !record.repeat_green)
    return says_nothing("undisturbed again, it was not green as before" + because(record.repeat_why));
  Conclusion conclusion = conclude_by_class(record);
  if (conclusion.status != ChallengeStatus::met) return conclusion;
  // Honest work may have its reasons to go another way, so this alone accuses nobody.
  if (!record.changed.empty()) return unmet("it did not do the same as undisturbed: " + join(record.changed, "; "));
  if (!record.unseen.empty()) return says_nothing("it could not be compared: " + join(record.unseen, ", "));
  return conclusion;
}

/// What a challenge can show: an answer that must stay the same is met by a constant, so it is no sensitivity; breaking
/// something is a control whatever else is asked.
ChallengeClass shown_class(const ChallengeRecord& record) {
  if (is_bound(record.cls)) return record.cls;
  if (record.relation)
    return *record.relation == Relation::equals ? ChallengeClass::equivalent : ChallengeClass::sensitivity;
  if (record.expected == Expected::fail) return ChallengeClass::control;
  return record.cls == ChallengeClass::control ? ChallengeClass::equivalent : record.cls;
}

/// An honest server and one that answers from memory are both gone when they are stopped.
bool only_shows_that_it_answers(const ChallengeRecord& record, const Terms& terms, const evidence::Facts& undisturbed) {
  if (record.stopped.empty() || terms.claim == "liveness" || !undisturbed.responder) return false;
  const evidence::Responder& responder = *undisturbed.responder;
  return record.stopped == responder.service || record.stopped == responder.expected_service;
}
}  // namespace

ChallengeResult conclude(const ChallengeRecord& record, const Terms& terms, const evidence::Facts& undisturbed) {
  ChallengeResult result = conclude(record);
  const bool is_met_control = result.cls == ChallengeClass::control && result.status == ChallengeStatus::met;
  if (!is_met_control || !only_shows_that_it_answers(record, terms, undisturbed)) return result;
  result.cls = ChallengeClass::liveness;
  result.why += "; stopping the program that answers only shows that it answers";
  return result;
}

ChallengeResult conclude(const ChallengeRecord& record) {
  Conclusion conclusion = conclude_soundly(record);
  if (record.automatic && conclusion.status == ChallengeStatus::unmet)
    conclusion =
        says_nothing(fmt::format("{}, it stayed green: it does not depend on that", with_perturbation(record)));
  return {.name = record.name,
          .cls = shown_class(record),
          .status = conclusion.status,
          .why = std::move(conclusion.why),
          .group = record.group,
          .automatic = record.automatic,
          .decisive = conclusion.decisive};
}
}  // namespace mccoy::judge
