// Laws over random evidence: what is taken away never proves, what is not allowed to matter does not matter.
#include <boost/test/unit_test.hpp>
#include <functional>
#include <random>

#include "tests/harness/judge/bench.hpp"

namespace mccoy::judge {
namespace {
using namespace made;
using Who = evidence::Responder::Who;
using How = evidence::Responder::How;
constexpr int kRounds = 20'000;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  bool maybe(int percent) { return static_cast<int>(engine_() % 100) < percent; }
  std::size_t below(std::size_t n) { return engine_() % n; }

 private:
  std::mt19937_64 engine_;
};

void maybe_add_obligations(Dice& dice, CaseEvidence& made) {
  auto add = [&](int percent, suite::Obligation item) {
    if (dice.maybe(percent)) made.terms.contract.push_back(std::move(item));
  };
  add(30, obligation("exec", price_program()));
  add(20, obligation("write", Value::map({{"path", "dist/app.js"}, {"derived", dice.maybe(50)}})));
  add(20, obligation("service", Value::map({{"svc", "orders"}, {"connect", "db"}})));
  add(15, obligation("listener", Value::map({{"svc", "orders"}})));
  add(15, obligation("tests", Value::map({{"min_executed", 2}})));
  add(10, obligation("read", Value::map({{"path", "in.csv"}})));
  add(10, obligation("duration", Value::map({{"min", 30'000'000}})));
  add(10, obligation("cpu", Value::map({{"min", 30'000'000}})));
  Value engine = resolved("kind", "postgres", file("/usr/bin/postgres", "ee55", 55));
  engine.set("at", "orders");
  add(10, obligation("engine", std::move(engine)));
}

void shake_facts(Dice& dice, CaseEvidence& made) {
  evidence::Facts& seen = facts(made);
  if (dice.maybe(50)) seen.files.push_back(seen_file(static_cast<Change>(dice.below(4))));
  if (!seen.files.empty() && dice.maybe(15)) seen.files[0].linked_from = "golden/app.js";
  if (!seen.files.empty() && dice.maybe(15)) seen.files[0].same_bytes_as = "golden/app.js";
  if (dice.maybe(60))
    seen.coverage.push_back({.observer = "files", .watched = {}, .blind = {}, .complete = !dice.maybe(10)});
  if (seen.responder && dice.maybe(25)) seen.responder->who = static_cast<Who>(dice.below(5));
  if (seen.responder && dice.maybe(10)) seen.responder->started_before_run = true;
  if (!seen.services.empty() && dice.maybe(60)) seen.services[0].connected_to = {"db"};
  if (!seen.services.empty() && dice.maybe(10)) seen.services[0].started_by_us = false;
  if (dice.maybe(20)) seen.exit_code = 1;
  if (dice.maybe(10))
    seen.modes = {{.kind = static_cast<evidence::DeclaredMode::Kind>(dice.below(5)), .flag = "-n", .where = "argv"}};
  if (dice.maybe(10)) seen.leftovers = {"pid 9 /usr/bin/sleep"};
  evidence::TestCounts tests;
  tests.seen = true;
  tests.executed = static_cast<std::int64_t>(dice.below(4));
  tests.written_in_trial = dice.maybe(80);
  const auto& contract = made.terms.contract;
  if (std::any_of(contract.begin(), contract.end(), [](const auto& o) { return o.kind->name == "tests"; }))
    seen.tests = tests;
}

void maybe_add_challenges(Dice& dice, CaseEvidence& made) {
  const auto outcome = [&] { return static_cast<Outcome>(1 + dice.below(3)); };
  if (dice.maybe(40)) made.challenges.push_back(control(outcome(), dice.maybe(50) ? "plant" : ""));
  if (dice.maybe(20)) made.challenges.push_back(control(outcome(), "plant"));
  if (dice.maybe(30)) made.challenges.push_back(oracle(dice.maybe(70), outcome()));
  if (dice.maybe(30))
    made.challenges.push_back(
        vary(static_cast<suite::Relation>(dice.below(5)), {1, dice.maybe(50) ? 2 : 1, dice.maybe(50) ? 4 : 1}));
  if (dice.maybe(10)) made.challenges.push_back(bound_wall(10, dice.maybe(50) ? 20 : 5));
  for (std::size_t i = 0; i < made.challenges.size(); ++i) {
    ChallengeRecord& record = made.challenges[i];
    record.name += " " + std::to_string(i);
    record.perturbation_seen = !dice.maybe(10);
    record.repeat_green = !dice.maybe(10);
    made.terms.challenges.push_back(record.name);
  }
}

CaseEvidence random_case(std::uint64_t seed) {
  Dice dice(seed);
  CaseEvidence made = dice.maybe(50) ? command() : request();
  if (dice.maybe(50)) made.terms.contract.clear();
  if (dice.maybe(10)) made.terms.claim = "plan";
  maybe_add_obligations(dice, made);
  shake_facts(dice, made);
  maybe_add_challenges(dice, made);
  if (dice.maybe(5)) made.attempts.back().checks.push_back(check(Held::no));
  if (dice.maybe(5)) made.attempts.back().checks.push_back(check(Held::unknown));
  return made;
}

/// Ways to know less. Each takes something away that speaks for the work; taking away what speaks against it is another
/// thing.
using Removal = void (*)(CaseEvidence& made, Dice& dice);
const Removal kRemovals[] = {
    [](CaseEvidence& made, Dice&) { facts(made).root.reset(); },
    [](CaseEvidence& made, Dice&) { facts(made).root_exec_seen = false; },
    [](CaseEvidence& made, Dice&) { facts(made).exit_code.reset(); },
    [](CaseEvidence& made, Dice&) { facts(made).responder.reset(); },
    [](CaseEvidence& made, Dice&) {
      if (facts(made).responder) facts(made).responder->how = How::unseen;
    },
    [](CaseEvidence& made, Dice&) {
      if (facts(made).responder) facts(made).responder->who = Who::unknown;
    },
    [](CaseEvidence& made, Dice&) {
      if (facts(made).responder) facts(made).responder->processes.clear();
    },
    [](CaseEvidence& made, Dice&) {
      if (facts(made).responder) facts(made).responder->bytes_in = 0;
    },
    [](CaseEvidence& made, Dice&) { facts(made).files.clear(); },
    [](CaseEvidence& made, Dice&) { facts(made).services.clear(); },
    [](CaseEvidence& made, Dice&) {
      for (auto& service : facts(made).services) service.connected_to.clear();
    },
    [](CaseEvidence& made, Dice&) {
      for (auto& service : facts(made).services) service.listeners.clear();
    },
    [](CaseEvidence& made, Dice&) { facts(made).tests.reset(); },
    [](CaseEvidence& made, Dice&) { facts(made).cpu_ns = -1; },
    [](CaseEvidence& made, Dice&) { facts(made).wall_ns = 0; },
    [](CaseEvidence& made, Dice&) { made.attempts.back().checks.clear(); },
    [](CaseEvidence& made, Dice&) {
      for (auto& o : made.terms.contract) o.settings.set("resolved", Value::list());
    },
    [](CaseEvidence& made, Dice& dice) {
      if (!made.challenges.empty())
        made.challenges.erase(made.challenges.begin() +
                              static_cast<std::ptrdiff_t>(dice.below(made.challenges.size())));
    },
    [](CaseEvidence& made, Dice& dice) {
      if (!made.challenges.empty()) made.challenges[dice.below(made.challenges.size())].perturbation_seen = false;
    },
    [](CaseEvidence& made, Dice& dice) {
      if (!made.challenges.empty()) made.challenges[dice.below(made.challenges.size())].repeat_green = false;
    },
    [](CaseEvidence& made, Dice& dice) {
      if (!made.challenges.empty()) made.challenges[dice.below(made.challenges.size())].outcomes.clear();
    },
    [](CaseEvidence& made, Dice& dice) {
      if (!made.challenges.empty()) made.challenges[dice.below(made.challenges.size())].oracle_agrees.reset();
    },
    [](CaseEvidence& made, Dice& dice) {
      if (!made.challenges.empty()) made.challenges[dice.below(made.challenges.size())].unseen = {"files-opened"};
    },
};

bool is_real_pass(const Judgement& judgement) {
  return meets(judgement, suite::Requirement::real);
}
}  // namespace

BOOST_AUTO_TEST_SUITE(laws_of_judgement)

BOOST_AUTO_TEST_CASE(taking_evidence_away_never_makes_a_pass_real) {
  int real = 0, raised = 0;
  for (std::uint64_t seed = 0; seed < kRounds; ++seed) {
    const CaseEvidence before = random_case(seed);
    const bool was_real = is_real_pass(judge(before));
    real += was_real ? 1 : 0;
    CaseEvidence after = before;
    Dice dice(seed ^ 0x5eed);
    const std::size_t removals = 1 + dice.below(3);
    for (std::size_t i = 0; i < removals; ++i) kRemovals[dice.below(std::size(kRemovals))](after, dice);
    if (was_real || !is_real_pass(judge(after))) continue;
    ++raised;
    BOOST_TEST_MESSAGE("seed " << seed << ": " << judge(before).rule << " " << judge(before).reason);
  }
  BOOST_TEST(raised == 0);
  BOOST_TEST(real > kRounds / 50);  // the law is about something
}

BOOST_AUTO_TEST_CASE(taking_evidence_away_never_strengthens_real) {
  int raised = 0;
  for (std::uint64_t seed = 0; seed < kRounds; ++seed) {
    CaseEvidence after = random_case(seed);
    const Strength before = judge(after).strength;
    Dice dice(seed ^ 0xfeed);
    kRemovals[dice.below(std::size(kRemovals))](after, dice);
    const Judgement judgement = judge(after);
    if (judgement.outcome != Outcome::pass || judgement.strength <= before) continue;
    ++raised;
    BOOST_TEST_MESSAGE("seed " << seed << ": " << to_json(to_value(judge(random_case(seed)))) << " became "
                               << to_json(to_value(judgement)));
  }
  BOOST_TEST(raised == 0);
}

BOOST_AUTO_TEST_CASE(a_further_demand_never_makes_a_pass_real) {
  int raised = 0;
  for (std::uint64_t seed = 0; seed < kRounds; ++seed) {
    CaseEvidence made = random_case(seed);
    if (is_real_pass(judge(made))) continue;
    made.terms.contract.push_back(obligation("syscall", Value::map({{"call", "write"}, {"errno", "EIO"}})));
    if (is_real_pass(judge(made))) ++raised;
  }
  BOOST_TEST(raised == 0);
}

BOOST_AUTO_TEST_CASE(an_observer_that_lost_events_excludes_real) {
  int real = 0;
  for (std::uint64_t seed = 0; seed < kRounds; ++seed) {
    CaseEvidence made = random_case(seed);
    facts(made).coverage.push_back({.observer = "sockets", .watched = {}, .blind = {}, .complete = false});
    if (judge(made).provenance == Provenance::real) ++real;
  }
  BOOST_TEST(real == 0);
}

BOOST_AUTO_TEST_CASE(time_leftovers_and_the_order_of_facts_accuse_nobody) {
  int changed = 0;
  for (std::uint64_t seed = 0; seed < kRounds; ++seed) {
    CaseEvidence made = random_case(seed);
    std::erase_if(made.terms.contract,
                  [](const auto& o) { return o.kind->name == "duration" || o.kind->name == "cpu"; });
    const Judgement before = judge(made);
    facts(made).wall_ns = 1;
    facts(made).cpu_ns = 0;
    facts(made).leftovers = {"pid 1 /usr/bin/sleep", "pid 2 /usr/bin/sleep"};
    facts(made).nonce_returned = !facts(made).nonce_returned;
    std::reverse(facts(made).files.begin(), facts(made).files.end());
    std::reverse(facts(made).coverage.begin(), facts(made).coverage.end());
    const Judgement after = judge(made);
    if (before.outcome != after.outcome || before.provenance != after.provenance || before.rule != after.rule)
      ++changed;
  }
  BOOST_TEST(changed == 0);
}

BOOST_AUTO_TEST_CASE(missing_evidence_alone_never_accuses) {
  int accused = 0;
  for (std::uint64_t seed = 0; seed < kRounds; ++seed) {
    CaseEvidence made = random_case(seed);
    facts(made) = evidence::Facts{};
    made.challenges.clear();
    const auto provenance = judge(made).provenance;
    if (provenance != Provenance::unproven) ++accused;
  }
  BOOST_TEST(accused == 0);
}

BOOST_AUTO_TEST_CASE(real_has_a_strength_and_nothing_else_has) {
  for (std::uint64_t seed = 0; seed < kRounds; ++seed) {
    const Judgement judgement = judge(random_case(seed));
    if ((judgement.provenance == Provenance::real) != (judgement.strength != Strength::none)) BOOST_TEST(false);
    if (judgement.rule.empty() || judgement.reason.empty()) BOOST_TEST(false);
  }
  BOOST_TEST(true);
}

BOOST_AUTO_TEST_CASE(the_same_evidence_gives_the_same_judgement) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed)
    if (to_json(to_value(judge(random_case(seed)))) != to_json(to_value(judge(random_case(seed))))) BOOST_TEST(false);
  BOOST_TEST(true);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::judge
