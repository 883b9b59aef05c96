#include "harness/judge/retrial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "harness/judge/gates.hpp"

namespace mccoy::judge {
namespace {
constexpr std::string_view kBaseline = "baseline", kChallengePhase = "challenge ", kRepeatPhase = "repeat ",
                           kOutPhase = "out ";

bool is_bound(ChallengeClass cls) {
  return cls == ChallengeClass::bound_wall || cls == ChallengeClass::bound_cpu;
}

/// Bounds are recorded as challenges of their own, "NAME: least time", about the trials of NAME.
std::string base_name(const ChallengeRecord& record) {
  return record.name.substr(0, is_bound(record.cls) ? record.name.rfind(": ") : std::string::npos);
}

void compare_check(const std::string& phase, const Value& recorded, const CheckResult& result,
                   const Disagree& disagree) {
  const CheckResult said = check_result_from_value(recorded);
  if (to_json(to_value(said)) == to_json(to_value(result))) return;
  disagree(fmt::format("{}: the journal says \"{} {}\" is {} (was {}), but from what came back follows {} (was {})",
                       phase, said.subject, said.expected, recorded["held"].as_string(), said.actual,
                       to_value(result)["held"].as_string(), result.actual));
}
}  // namespace

void Retrial::take_trial(const Value& body, const evidence::Blobs& blobs, const Disagree& disagree) {
  Tried again;
  again.phase = body["phase"].as_string();
  again.nonce = body["nonce"].as_string();
  again.attempt = body["attempt"].as_int();
  again.terms = body["terms"];
  again.trial.error = body["error"].as_string();
  again.trial.timed_out = body["timed_out"].as_bool();
  again.trial.facts = evidence::facts_from_value(body["facts"]);
  if (body.find("observation") != nullptr) {
    observe(body, blobs, disagree, again);
  } else if (again.trial.error.empty() || !body["checks"].as_list().empty()) {
    disagree(fmt::format("{}: there are results without an observation", again.phase));
  }
  if (settled_ && again.phase != kBaseline) {
    std::erase_if(trials_, [](const Tried& item) { return item.phase != kBaseline; });
    settled_ = false;
  }
  trials_.push_back(std::move(again));
}

void Retrial::observe(const Value& body, const evidence::Blobs& blobs, const Disagree& disagree, Tried& again) {
  auto observation = evidence::observation_from_value(body["observation"], blobs);
  if (!observation.ok()) return disagree(fmt::format("{}: {}", again.phase, observation.error().what));
  again.observation = std::move(observation).value();
  if (is_chaos(again.observation)) conclude(disagree, again);
  if (const std::string why = void_reason(again.observation); !why.empty() && again.trial.error.empty()) {
    disagree(fmt::format("{}: what came back says nothing ({}), but the journal has no error", again.phase, why));
    again.trial.error = why;
  }
  const auto& asked = body["asked"].as_list();
  const auto& recorded = body["checks"].as_list();
  if (recorded.empty() && !again.trial.error.empty()) return;  // it ended before they were made
  for (const auto& item : asked) check(item, disagree, again);
  if (recorded.size() != asked.size())
    disagree(fmt::format("{}: {} checks were asked and {} have a result", again.phase, asked.size(), recorded.size()));
  for (std::size_t i = 0; i < std::min(recorded.size(), again.trial.checks.size()); ++i)
    compare_check(again.phase, recorded[i], again.trial.checks[i], disagree);
}

/// What follows from the record of a chaos trial is worked out again and takes the place of what was written.
void Retrial::conclude(const Disagree& disagree, Tried& again) {
  const Value follows = conclude_chaos(again.observation);
  for (const std::string_view name : {"metrics", "steady_after", "during", "void"}) {
    if (again.observation.values[name] == follows[name]) continue;
    disagree(fmt::format("{}: the journal says {} of {}, but from its timeline follows {}", again.phase,
                         to_json(again.observation.values[name]), name, to_json(follows[name])));
    again.observation.values.set(name, follows[name]);
  }
  again.trial.chaos = chaos_facts(again.observation);
  compare_neighbours(disagree, again);
}

/// Whatever the timeline says of a case that was asked, the trial of it said; and it leaves none of them out.
void Retrial::compare_neighbours(const Disagree& disagree, Tried& again) const {
  for (const Tried& item : trials_) {
    Neighbour neighbour{.name = {}, .role = {}, .attempt = item.attempt, .rule = {}, .reason = {}, .services = {}};
    if (!is_neighbour_of(item.phase, again.phase, again.attempt, neighbour.role, neighbour.name)) continue;
    auto terms = terms_from_value(item.terms);
    again.trial.neighbours.push_back(
        judged(std::move(neighbour), terms.ok() ? std::move(terms).value() : Terms(), item.trial));
  }
  const std::vector<Asked>& timeline = again.trial.chaos->asked;
  const auto same = [](const Asked& asked, const Neighbour& one) {
    return one.name == asked.name && one.role == asked.role && one.attempt == asked.attempt;
  };
  for (const Asked& asked : timeline) {
    const auto found =
        std::ranges::find_if(again.trial.neighbours, [&](const Neighbour& one) { return same(asked, one); });
    if (found == again.trial.neighbours.end() || to_text(found->outcome) != asked.outcome)
      disagree(fmt::format("{}: its timeline says that {} gave {}, which its trial {} did not", again.phase, asked.name,
                           asked.outcome, asked.attempt));
  }
  for (const Neighbour& one : again.trial.neighbours)
    if (std::ranges::none_of(timeline, [&](const Asked& asked) { return same(asked, one); }))
      disagree(fmt::format("{}: its timeline leaves out that {} gave {} in its trial {}", again.phase, one.name,
                           to_text(one.outcome), one.attempt));
}

void Retrial::check(const Value& asked, const Disagree& disagree, Tried& again) {
  auto check = suite::check_from_value(asked);
  if (!check.ok()) return disagree(fmt::format("{}: {}", again.phase, check.error().what));
  again.trial.checks.push_back(evaluate(*check, again.observation));
  ++checks_;
}

void Retrial::take_challenge(const Value& body, const Disagree& disagree) {
  challenges_.push_back(challenge_from_value(body));
  compare(challenges_.back(), disagree);
  settled_ = true;
}

/// The last trial of each attempt: those before it were waiting.
std::vector<const Retrial::Tried*> Retrial::settled(const std::string& phase) const {
  std::map<std::int64_t, const Tried*> last;
  for (const auto& item : trials_)
    if (item.phase == phase) last[item.attempt] = &item;
  std::vector<const Tried*> trials;
  for (const auto& [attempt, item] : last) trials.push_back(item);
  return trials;
}

void Retrial::compare(const ChallengeRecord& record, const Disagree& disagree) const {
  const auto trials = settled(std::string(kChallengePhase) + base_name(record));
  const auto repeats = settled(std::string(kRepeatPhase) + base_name(record));
  auto wrong = [&](std::string_view what) {
    disagree(fmt::format("challenge \"{}\": {} not what its trials gave", record.name, what));
  };
  std::vector<Outcome> outcomes;
  for (const auto* item : trials) outcomes.push_back(item->trial.outcome());
  if (outcomes != record.outcomes) wrong("the recorded outcomes are");
  const bool green = !repeats.empty() && repeats.back()->trial.outcome() == Outcome::pass;
  if (record.repeat_green != green) wrong("whether the repeat was green is");
  const evidence::Facts facts = trials.empty() ? evidence::Facts{} : trials.back()->trial.facts;
  const bool same_times =
      (record.wall == 0 || record.wall == facts.wall_ns) && (record.cpu == -1 || record.cpu == facts.cpu_ns);
  if (is_bound(record.cls) && !same_times) wrong("the recorded time is");
  compare_traces(record, trials, repeats, disagree);
  if (!record.out.empty()) compare_passage(record, trials, disagree);
  if (!record.of.empty() && outputs(record, trials) != record.outputs) wrong("the recorded answers are");
}

void Retrial::compare_traces(const ChallengeRecord& record, const std::vector<const Tried*>& trials,
                             const std::vector<const Tried*>& repeats, const Disagree& disagree) const {
  const auto undisturbed = settled(std::string(kBaseline));
  if (record.same.empty() || repeats.empty() || undisturbed.empty() || is_bound(record.cls)) return;
  std::vector<const evidence::Facts*> disturbed;
  for (const auto* item : trials) disturbed.push_back(&item->trial.facts);
  ChallengeRecord again = record;
  compare_shapes(again, undisturbed.back()->trial.facts, repeats.back()->trial.facts, disturbed);
  if (again.changed != record.changed || again.unseen != record.unseen)
    disagree(fmt::format("challenge \"{}\": the recorded comparison is not what its trials gave", record.name));
}

/// The other door was asked for the nonce that went in, then for another one.
void Retrial::compare_passage(const ChallengeRecord& record, const std::vector<const Tried*>& trials,
                              const Disagree& disagree) const {
  const auto doors = settled(std::string(kOutPhase) + record.name);
  const auto gave = [&](std::size_t at) { return doors.size() > at ? doors[at]->trial.outcome() : Outcome::not_run; };
  const bool same = gave(0) == record.out_of_it && gave(1) == record.out_of_nothing;
  const bool its_nonce = doors.empty() || (!trials.empty() && doors[0]->nonce == trials.back()->nonce);
  const bool another = doors.size() < 2 || doors[1]->nonce != doors[0]->nonce;
  if (!same || !its_nonce || !another)
    disagree(fmt::format("challenge \"{}\": what came out is not what its trials gave", record.name));
}

std::vector<Value> Retrial::outputs(const ChallengeRecord& record, const std::vector<const Tried*>& trials) {
  std::vector<Value> values;
  const auto extractor = suite::parse_extractor(record.of, "");
  for (const auto* item : trials) {
    Value value;
    if (extractor.ok() && item->trial.error.empty())
      if (auto found = extract(*extractor, item->observation); found.ok()) value = std::move(found).value();
    values.push_back(std::move(value));
  }
  return values;
}

CaseEvidence Retrial::evidence(Terms terms, const Value& case_body) && {
  CaseEvidence evidence;
  evidence.terms = std::move(terms);
  evidence.waited = case_body["waited"].as_bool();
  evidence.interrupted = case_body["interrupted"].as_bool();
  evidence.challenges = std::move(challenges_);
  evidence.attempts = std::move(*this).attempts(evidence.waited);
  return evidence;
}

/// In order. With `until` several trials share an attempt and the last of them counts.
std::vector<Trial> Retrial::attempts(bool waited) && {
  std::vector<Trial> result;
  std::int64_t attempt = -1;
  for (auto& item : trials_) {
    if (item.phase != kBaseline) continue;
    if (waited && !result.empty() && item.attempt == attempt) result.pop_back();
    attempt = item.attempt;
    result.push_back(std::move(item.trial));
  }
  return result;
}
}  // namespace mccoy::judge
