#include "harness/run/challenge.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/base/file.hpp"
#include "harness/run/breakage.hpp"
#include "harness/run/records.hpp"
#include "harness/run/service_windows.hpp"

namespace mccoy::run {
namespace {
using judge::ChallengeClass;
using judge::ChallengeRecord;
using judge::Outcome;
constexpr auto kDoorPause = std::chrono::milliseconds(100);

std::string in_words(const suite::Challenge& challenge) {
  if (!challenge.stop.empty()) return "stopped service " + challenge.stop;
  if (challenge.cut_network) return "cut the network";
  if (!challenge.file.empty()) return "made " + challenge.file + " " + challenge.file_how;
  if (challenge.vary) return "varied the input";
  if (challenge.passage) return "sent a fresh nonce";
  if (!challenge.before.empty()) {
    std::string words = "ran `";
    for (const Value& word : challenge.before.front().value.as_list()) words += suite::scalar_text(word) + " ";
    words.back() = '`';
    return words + " first";
  }
  if (!challenge.argv.empty()) return "changed the arguments";
  if (!challenge.env.empty()) return "changed " + challenge.env.front().first + " in the environment";
  return "ran it again in a fresh session";
}

ChallengeClass class_of(const suite::Challenge& challenge) {
  if (challenge.vary || challenge.passage || !challenge.oracle.empty()) return ChallengeClass::sensitivity;
  return challenge.expected == suite::Expected::fail ? ChallengeClass::control : ChallengeClass::equivalent;
}

class Challenger {
 public:
  Challenger(SuiteContext& context, const suite::Case& which, const evidence::Facts& baseline,
             const suite::Challenge& challenge, std::vector<std::string>& problems)
      : context_(context), which_(which), baseline_(baseline), challenge_(challenge), problems_(problems) {
    if (challenge.vary) inputs_ = challenge.vary->inputs(context.seed, which.id);
    record_.name = challenge.name;
    record_.cls = class_of(challenge);
    record_.group = challenge.group;
    record_.automatic = challenge.automatic;
    record_.expected = challenge.expected;
    record_.broke = in_words(challenge);
    record_.stopped = challenge.stop;
    record_.same = challenge.same;
  }

  std::vector<ChallengeRecord> go() {
    if (!challenge_.stop.empty())
      with_stopped_service();
    else if (!challenge_.file.empty() && which_.workspace.empty())
      with_broken_file();
    else if (challenge_.vary)
      with_varied_input();
    else if (challenge_.passage)
      through_another_door();
    else
      perturbed_trial(false);
    if (!context_.interrupt.raised()) repeat();
    return with_bounds();
  }

 private:
  void with_stopped_service() {
    const auto alone = context_.world.alone();
    if (context_.interrupt.raised()) return;
    context_.progress.phase(which_, "control: service " + challenge_.stop + " stopped");
    auto stopped = context_.services->stop_for_control(challenge_.stop);
    record_.perturbation_seen = stopped.ok();
    if (stopped.ok())
      perturbed_trial(true);
    else
      record_.repeat_why = stopped.error().what;
    if (auto restored = context_.services->restore(challenge_.stop); !restored.ok())
      problems_.push_back("after the control \"" + challenge_.name + "\": " + restored.error().what);
  }

  void with_broken_file() {
    const auto alone = context_.world.alone();
    if (context_.interrupt.raised()) return;
    context_.progress.phase(which_, "control: " + record_.broke);
    const suite::Scope scope = context_.services ? context_.services->with_services(context_.scope) : context_.scope;
    const auto path = challenge_.automatic ? challenge_.file : scope.expand_text(challenge_.file, challenge_.span);
    if (!path.ok()) {
      record_.repeat_why = path.error().what;
      return;
    }
    record_.broke = "made " + *path + " " + challenge_.file_how;
    auto broken = Breakage::make(absolute(*path, context_.suite.folder), challenge_.file_how);
    record_.perturbation_seen = broken.ok();
    if (!broken.ok()) {
      record_.repeat_why = broken.error().what;
      return;
    }
    perturbed_trial(true);
    if (auto healed = broken->heal(); !healed.ok()) problems_.push_back(healed.error().what);
  }

  /// What this case sends must be found by another one, which must not find what nobody sent.
  void through_another_door() {
    const suite::Passage& passage = *challenge_.passage;
    const suite::Case* door = context_.suite.find_case(passage.out);
    MCCOY_CHECK(door != nullptr);
    record_.out = door->name;
    context_.progress.phase(which_, "challenge: " + challenge_.name);
    Perturbation fresh{.challenge = &challenge_};
    const TrialRun in = settle_trial(context_, which_, fresh, {"challenge " + challenge_.name, next()}, false);
    note(in, nullptr);
    record_.perturbation_seen = in.asked && in.nonce_used;
    if (!in.nonce_used) record_.repeat_why = "${nonce} stands nowhere in this case, so nothing went in";
    if (in.outcome() != Outcome::pass || context_.interrupt.raised()) return;
    suite::Case asked = *door;
    asked.until = suite::Until{.within = passage.within, .every = kDoorPause};
    const TrialPlace place{"out " + challenge_.name, 1, 1, which_.id};
    const TrialRun out = settle_trial(context_, asked, {.nonce = in.nonce}, place, false);
    record_.out_of_it = out.outcome();
    record_.out_why = out.why();
    if (!out.nonce_used) {
      record_.perturbation_seen = false;
      record_.repeat_why = "${nonce} stands nowhere in " + door->name + ", so nothing was looked for";
    }
    if (context_.interrupt.raised()) return;
    asked.until.reset();
    const TrialRun nothing = settle_trial(context_, asked, {}, {"out " + challenge_.name, 2, 1, which_.id}, false);
    record_.out_of_nothing = nothing.outcome();
    if (record_.out_why.empty() && nothing.outcome() != Outcome::fail) record_.out_why = nothing.why();
  }

  /// Another program in its place says nothing about this one.
  bool replaces_the_program() const {
    if (challenge_.argv.empty() || which_.head.value.as_list().empty()) return false;
    const std::string first = suite::scalar_text(challenge_.argv.front().value);
    return first != "…" && first != "..." && first != suite::scalar_text(which_.head.value.as_list().front());
  }

  /// The same input once more: an answer that differs by itself shows nothing by differing for another input.
  void look_for_noise() {
    const suite::Relation relation = challenge_.vary->relation;
    const std::vector<Value>& outputs = record_.outputs;
    if (relation == suite::Relation::equals || context_.interrupt.raised()) return;
    if (std::ranges::any_of(record_.outcomes, [](Outcome outcome) { return outcome != Outcome::pass; })) return;
    const Value& input = inputs_.front();
    Perturbation same{.challenge = &challenge_, .vary = &input};
    const TrialRun run = settle_trial(context_, which_, same, {"same input " + challenge_.name, next()}, false);
    if (run.extracted && (*run.extracted == outputs.front() || is_small_beside_steps(*run.extracted, outputs))) return;
    record_.perturbation_seen = false;
    record_.repeat_why = "with the same input again it gave " + to_json(run.extracted.value_or(Value())) +
                         " instead of " + to_json(outputs.front()) + ", so the answers differ by themselves";
  }

  static bool is_small_beside_steps(const Value& again, const std::vector<Value>& outputs) {
    if (!again.is_number() || !outputs.front().is_number()) return false;
    double smallest = std::numeric_limits<double>::infinity();
    for (std::size_t i = 1; i < outputs.size(); ++i)
      smallest = std::min(smallest, std::abs(outputs[i].as_double() - outputs[i - 1].as_double()));
    return std::abs(again.as_double() - outputs.front().as_double()) < smallest;
  }

  void with_varied_input() {
    record_.relation = challenge_.vary->relation;
    record_.of = challenge_.vary->of.text();
    record_.perturbation_seen = true;
    for (const Value& value : inputs_) {
      if (context_.interrupt.raised()) return;
      context_.progress.phase(which_, "vary: " + suite::scalar_text(value));
      Perturbation varied{.challenge = &challenge_, .vary = &value};
      const TrialRun run = settle_trial(context_, which_, varied, {"challenge " + challenge_.name, next()}, false);
      if (!run.vary_used) {
        record_.perturbation_seen = false;
        record_.repeat_why = "${vary} stands nowhere in this case, so nothing was varied";
      }
      if (!run.perturbed) {
        record_.perturbation_seen = false;
        record_.repeat_why = run.perturbed_why;
      }
      if (run.oracle_agrees) record_.oracle_agrees = record_.oracle_agrees.value_or(true) && *run.oracle_agrees;
      const bool first = record_.outcomes.empty();
      record_.wall = first ? run.trial.facts.wall_ns : std::min(record_.wall, run.trial.facts.wall_ns);
      record_.cpu = first ? run.trial.facts.cpu_ns : std::min(record_.cpu, run.trial.facts.cpu_ns);
      note(run, &value);
    }
    if (record_.oracle_agrees == false) record_.relation.reset();  // the oracle's "no" is the stronger answer
    if (record_.perturbation_seen) look_for_noise();
  }

  void perturbed_trial(bool alone) {
    if (challenge_.stop.empty()) context_.progress.phase(which_, "challenge: " + challenge_.name);
    Perturbation perturbation{.challenge = &challenge_, .vary = nullptr};
    const TrialRun run = settle_trial(context_, which_, perturbation, {"challenge " + challenge_.name, next()}, alone);
    if (challenge_.stop.empty() && (challenge_.file.empty() || !which_.workspace.empty()))
      record_.perturbation_seen = run.perturbed && !replaces_the_program();
    if (!run.perturbed)
      record_.repeat_why = run.perturbed_why;
    else if (replaces_the_program())
      record_.repeat_why = "another program was run; a control changes what the program works on, not the program";
    if (!run.asked) {  // an error of the set-up is not the case turning red
      record_.perturbation_seen = false;
      record_.repeat_why = "the case was not tried: " + run.trial.error;
    }
    if (challenge_.cut_network && !run.trial.facts.root_exec_seen) {
      record_.perturbation_seen = false;
      record_.repeat_why = "no command ran without the network: " + run.trial.error;
    }
    record_.oracle_agrees = run.oracle_agrees;
    record_.wall = run.trial.facts.wall_ns;
    record_.cpu = run.trial.facts.cpu_ns;
    note(run, nullptr);
  }

  void note(const TrialRun& run, const Value* input) {
    record_.outcomes.push_back(run.outcome());
    record_.outcome_whys.push_back(run.why());
    if (!challenge_.same.empty()) disturbed_.push_back(run.trial.facts);
    if (input == nullptr) return;
    record_.inputs.push_back(*input);
    record_.outputs.push_back(run.extracted.value_or(Value()));
    if (!run.extracted && run.outcome() == Outcome::pass)
      record_.outcome_whys.back() = "nothing to compare: " + run.extract_why;
  }

  /// The case as it was: only a challenge after which it is green again says anything.
  void repeat() {
    const TrialRun again = settle_trial(context_, which_, {}, {"repeat " + challenge_.name, next()}, false);
    record_.repeat_green = again.outcome() == Outcome::pass;
    std::vector<const evidence::Facts*> disturbed;
    for (const evidence::Facts& facts : disturbed_) disturbed.push_back(&facts);
    judge::compare_shapes(record_, baseline_, again.trial.facts, disturbed);
    if (!record_.repeat_green && record_.repeat_why.empty()) record_.repeat_why = again.why();
  }

  /// Physical bounds are challenges of their own: each has its own rule.
  std::vector<ChallengeRecord> with_bounds() {
    std::vector<ChallengeRecord> records{record_};
    const auto add = [&](ChallengeClass cls, const char* what, std::int64_t wall, std::int64_t cpu) {
      ChallengeRecord bound;
      bound.name = challenge_.name + ": " + what;
      bound.cls = cls;
      bound.expected = suite::Expected::any;
      bound.broke = record_.broke;
      bound.perturbation_seen = record_.perturbation_seen;
      bound.repeat_green = record_.repeat_green;
      bound.outcomes = record_.outcomes;
      bound.outcome_whys = record_.outcome_whys;
      bound.wall_at_least = wall;
      bound.cpu_at_least = cpu;
      bound.wall = record_.wall;
      bound.cpu = record_.cpu;
      records.push_back(std::move(bound));
    };
    if (challenge_.at_least_wall.count() > 0)
      add(ChallengeClass::bound_wall, "least time", challenge_.at_least_wall.count(), 0);
    if (challenge_.at_least_cpu.count() > 0)
      add(ChallengeClass::bound_cpu, "least CPU", 0, challenge_.at_least_cpu.count());
    return records;
  }

  int next() { return ++trials_; }

  SuiteContext& context_;
  const suite::Case& which_;
  const evidence::Facts& baseline_;
  const suite::Challenge& challenge_;
  std::vector<std::string>& problems_;
  std::vector<evidence::Facts> disturbed_;  ///< kept when they are to be compared
  std::vector<Value> inputs_;               ///< of `vary`
  ChallengeRecord record_;
  int trials_ = 0;
};
}  // namespace

TrialRun settle_trial(SuiteContext& context, const suite::Case& which, const Perturbation& perturbation,
                      TrialPlace place, bool alone) {
  const Deadline waiting = which.until ? Deadline::in(which.until->within) : Deadline::in(Duration::zero());
  for (;; ++place.round) {
    TrialRun run = [&] {
      if (alone) return run_trial(context, which, perturbation, place);
      if (needs_services_alone(context.suite, which)) {
        const auto hold = context.world.alone();
        return run_trial(context, which, perturbation, place);
      }
      const auto share = context.world.shared();
      return run_trial(context, which, perturbation, place);
    }();
    const bool again = which.until && run.outcome() != Outcome::pass && !run.interrupted && !waiting.passed();
    if (!again || context.interrupt.raised()) return run;
    pause(context, std::min(which.until->every, waiting.left()));
  }
}

std::vector<ChallengeRecord> challenge(SuiteContext& context, const suite::Case& which, const evidence::Facts& baseline,
                                       const std::vector<suite::Challenge>& challenges,
                                       std::vector<std::string>& problems) {
  std::vector<ChallengeRecord> records;
  for (const suite::Challenge& challenge : challenges) {
    if (context.interrupt.raised() || context.recorder.lost()) break;
    for (ChallengeRecord& record : Challenger(context, which, baseline, challenge, problems).go()) {
      Value body = judge::to_value(record);
      body.set("case", which.id);
      context.recorder.append(record::kChallenge, body);
      records.push_back(std::move(record));
    }
  }
  return records;
}
}  // namespace mccoy::run
