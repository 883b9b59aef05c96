// Honest and lying evidence, one fact apart from one another, and what must be made of it.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/harness/judge/bench.hpp"

namespace mccoy::judge {
namespace {
namespace data = boost::unit_test::data;
using namespace made;
using Who = evidence::Responder::Who;
using How = evidence::Responder::How;
using Mode = evidence::DeclaredMode::Kind;
using suite::Relation;
constexpr auto kReal = Provenance::real;
constexpr auto kMock = Provenance::mock;
constexpr auto kSimulated = Provenance::simulated;
constexpr auto kUnproven = Provenance::unproven;
constexpr auto kNone = Strength::none;
constexpr auto kObserved = Strength::observed;
constexpr auto kChallenged = Strength::challenged;

struct Row {
  std::string_view title;
  CaseEvidence (*make)();
  Outcome outcome;
  Provenance provenance;
  Strength strength;
  std::string_view rule;
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.title;
}

const Row kRows[] = {
    // ---- honest, or nothing known against them
    {"nothing at all was tried", [] { return CaseEvidence{}; }, Outcome::not_run, kUnproven, kNone, ""},
    {"interrupted before it was finished",
     [] {
       auto made = command();
       made.interrupted = true;
       return made;
     },
     Outcome::not_run, kUnproven, kNone, ""},
    {"`true` gave 0 and nothing is stated", [] { return command(); }, Outcome::pass, kUnproven, kNone, "R13"},
    {"a stated program ran and ended as stated", [] { return stated_command(price_program()); }, Outcome::pass, kReal,
     kObserved, "R14"},
    {"a command whose answer follows its input",
     [] {
       return challenged(command(), {vary(Relation::increases, {5, 9, 17})});
     },
     Outcome::pass, kReal, kObserved, "R14"},
    {"a command that turns red when broken", [] { return challenged(command(), {control(Outcome::fail)}); },
     Outcome::pass, kReal, kObserved, "R14"},
    {"both: challenged",
     [] {
       return challenged(command(), {control(Outcome::fail), vary(Relation::differs, {"a", "b", "c"})});
     },
     Outcome::pass, kReal, kChallenged, "R14"},
    {"red by an error is red",
     [] {
       return challenged(command(), {control(Outcome::error), oracle(true)});
     },
     Outcome::pass, kReal, kChallenged, "R14"},
    {"only an answer that must stay the same: shows nothing",
     [] {
       return challenged(command(), {vary(Relation::equals, {5, 5, 5})});
     },
     Outcome::pass, kUnproven, kNone, "R13"},
    {"the suite's service answered", [] { return request(); }, Outcome::pass, kReal, kObserved, "R14"},
    {"the suite's service answered, and is red without its database",
     [] { return challenged(request(), {control(Outcome::fail)}); }, Outcome::pass, kReal, kObserved, "R14"},
    {"red and following its input, but only the program that answers was stopped",
     [] {
       return challenged(request(), {stopped("orders"), oracle(true)});
     },
     Outcome::pass, kReal, kObserved, "R14"},
    {"a claim of liveness is challenged by stopping the program that answers",
     [] {
       auto made = challenged(request(), {stopped("orders"), oracle(true)});
       made.terms.claim = "liveness";
       return made;
     },
     Outcome::pass, kReal, kChallenged, "R14"},
    {"what stands behind the program that answers was stopped",
     [] {
       return challenged(request(), {stopped("db"), oracle(true)});
     },
     Outcome::pass, kReal, kChallenged, "R14"},
    {"a command that needs the service it asks",
     [] {
       return challenged(command(), {stopped("orders"), oracle(true)});
     },
     Outcome::pass, kReal, kChallenged, "R14"},
    {"the program that answers was stopped, and it still passed",
     [] {
       return challenged(request(), {stopped("orders", Outcome::pass), oracle(true)});
     },
     Outcome::pass, kUnproven, kNone, "R11"},
    {"the same with a fresh input",
     [] {
       return challenged(request(), {control(Outcome::fail), oracle(true)});
     },
     Outcome::pass, kReal, kChallenged, "R14"},
    {"the service held a connection to its database",
     [] {
       auto made = stating(request(), {obligation("service", Value::map({{"svc", "orders"}, {"connect", "db"}}))});
       facts(made).services[0].connected_to = {"db"};
       return made;
     },
     Outcome::pass, kReal, kObserved, "R14"},
    {"a file was made", [] { return writer({seen_file(Change::created)}); }, Outcome::pass, kReal, kObserved, "R14"},
    {"a file was changed", [] { return writer({seen_file(Change::changed)}); }, Outcome::pass, kReal, kObserved, "R14"},
    {"install copies files legitimately",
     [] {
       return writer({same_bytes()}, Value::map({{"path", "dist/app.js"}}));
     },
     Outcome::pass, kReal, kObserved, "R14"},
    {"mv gives a file another name legitimately",
     [] {
       return writer({renamed()}, Value::map({{"path", "dist/app.js"}}));
     },
     Outcome::pass, kReal, kObserved, "R14"},
    {"an honest failure of a command", [] { return ended(command(), Held::no); }, Outcome::fail, kReal, kObserved,
     "R1"},
    {"an honest failure of a service", [] { return ended(request(), Held::no, "status"); }, Outcome::fail, kReal,
     kObserved, "R1"},
    {"it could not be asked",
     [] {
       auto made = request();
       made.attempts.back().error = "connection refused";
       return made;
     },
     Outcome::error, kUnproven, kNone, "R1"},
    {"the deadline passed",
     [] {
       auto made = command();
       made.attempts.back().timed_out = true;
       return made;
     },
     Outcome::error, kUnproven, kNone, "R1"},
    {"a check that cannot be decided", [] { return ended(command(), Held::unknown, "stdout"); }, Outcome::error,
     kUnproven, kNone, "R1"},
    {"no check at all",
     [] {
       auto made = command();
       made.attempts.back().checks.clear();
       return made;
     },
     Outcome::error, kUnproven, kNone, "R1"},
    {"processes were left behind: never an accusation",
     [] { return changed(stated_command(price_program()), [](auto& f) { f.leftovers = {"pid 9 /usr/bin/sleep"}; }); },
     Outcome::pass, kReal, kObserved, "R14"},
    {"identical output, done in no time",
     [] {
       return changed(stated_command(price_program()), [](auto& f) {
         f.wall_ns = 1;
         f.cpu_ns = 0;
       });
     },
     Outcome::pass, kReal, kObserved, "R14"},
    {"the plan is the claim",
     [] {
       auto made = challenged(with_mode(command(), Mode::dry_run, "--dry-run"), {control(Outcome::fail)});
       made.terms.claim = "plan";
       return made;
     },
     Outcome::pass, kReal, kObserved, "R14"},
    {"a preview, then the real thing: the file is there",
     [] { return with_mode(writer({seen_file(Change::created)}), Mode::dry_run, "-n"); }, Outcome::pass, kReal,
     kObserved, "R14"},
    {"-h in its arguments, and its file is there",
     [] { return with_mode(writer({seen_file(Change::created)}), Mode::help, "-h"); }, Outcome::pass, kReal, kObserved,
     "R14"},
    {"some tests were skipped, not all",
     [] { return tested({.executed = 3, .failed = 0, .skipped = 5, .report = {}, .written_in_trial = true}); },
     Outcome::pass, kReal, kObserved, "R14"},
    {"it took as long as it must",
     [] {
       return stating(command(),
                      {obligation("exec", price_program()), obligation("duration", Value::map({{"min", 20'000'000}}))});
     },
     Outcome::pass, kReal, kObserved, "R14"},
    {"the real engine owns the port", [] { return engine("/usr/lib/postgresql/15/bin/postgres", "ee55"); },
     Outcome::pass, kReal, kObserved, "R14"},
    {"a script is known by the script and not by its interpreter",
     [] {
       return changed(stated_command(price_program()), [](auto& f) {
         f.root = process("/usr/bin/python3", kOtherDigest, 99);
         f.root->script = "/srv/price";
         f.root->script_sha256 = kPriceDigest;
       });
     },
     Outcome::pass, kReal, kObserved, "R14"},
    {"a copy of the program is the program: same digest, another inode",
     [] {
       return changed(stated_command(price_program()),
                      [](auto& f) { f.root = process("/opt/price", kPriceDigest, 4711); });
     },
     Outcome::pass, kReal, kObserved, "R14"},
    {"a bound that was kept",
     [] {
       return challenged(stated_command(price_program()), {bound_wall(10, 20), bound_cpu(10, 20)});
     },
     Outcome::pass, kReal, kObserved, "R14"},

    {"a plan that is only printed",
     [] {
       auto made = challenged(with_mode(command(), Mode::list_only, "--list"), {control(Outcome::fail)});
       made.terms.claim = "plan";
       return made;
     },
     Outcome::pass, kReal, kObserved, "R14"},
    {"an honest failure of a file",
     [] {
       auto made = ended(writer({seen_file(Change::missing)}), Held::no, "exists");
       made.terms.kind = "file";
       facts(made).root_exec_seen = false;
       return made;
     },
     Outcome::fail, kReal, kObserved, "R1"},
    {"a port of the suite's service accepts connections",
     [] {
       auto made = stating(request(), {obligation("listener", Value::map({{"svc", "orders"}}), false),
                                       obligation("connect", Value::map({{"to", "orders"}}), false)});
       made.terms.kind = "tcp";
       facts(made).responder->bytes_in = facts(made).responder->bytes_out = 0;
       return made;
     },
     Outcome::pass, kReal, kObserved, "R14"},

    // ---- not enough was seen: unproven, and nobody is accused
    {"the program was not seen to start",
     [] { return changed(stated_command(price_program()), [](auto& f) { f.root_exec_seen = false; }); }, Outcome::pass,
     kUnproven, kNone, "R12"},
    {"another program was started; a child may have been the stated one",
     [] {
       return changed(stated_command(price_program()),
                      [](auto& f) { f.root = process("/usr/bin/bash", kOtherDigest, 99); });
     },
     Outcome::pass, kUnproven, kNone, "R12"},
    {"the stated program leads to no file", [] { return stated_command(resolved("exe", "./gone", {})); }, Outcome::pass,
     kUnproven, kNone, "R12"},
    {"a connection over which nothing came, and more was claimed",
     [] {
       auto made = stating(request(), {obligation("listener", Value::map({{"svc", "orders"}}))});
       facts(made).responder->bytes_in = 0;
       return made;
     },
     Outcome::pass, kUnproven, kNone, "R13"},
    {"nobody knows who answered",
     [] {
       return changed(request(), [](auto& f) {
         f.responder->how = How::unseen;
         f.responder->who = Who::unknown;
         f.responder->why_unseen = "closed before it could be looked up";
       });
     },
     Outcome::pass, kUnproven, kNone, "R12"},
    {"a stranger that nobody named answered",
     [] {
       auto made = stating(answered(Who::stranger), {});
       facts(made).responder->expected_service.clear();
       return made;
     },
     Outcome::pass, kUnproven, kNone, "R13"},
    {"a remote machine answered",
     [] {
       auto made = stating(answered(Who::remote), {});
       facts(made).responder->expected_service.clear();
       return made;
     },
     Outcome::pass, kUnproven, kNone, "R13"},
    {"a stranger younger than the run answered for our service", [] { return answered(Who::stranger); }, Outcome::pass,
     kUnproven, kNone, "R6"},
    {"a stale instance answered", [] { return answered(Who::stranger, true); }, Outcome::pass, kUnproven, kNone, "R6"},
    {"another service of the suite answered",
     [] {
       auto made = request();
       facts(made).responder->service = "web";
       return made;
     },
     Outcome::pass, kUnproven, kNone, "R6"},
    {"a stranger that fails is no failure of the subject",
     [] { return ended(answered(Who::stranger), Held::no, "status"); }, Outcome::fail, kUnproven, kNone, "R1"},
    {"a stale instance that fails is no failure of the subject",
     [] { return ended(answered(Who::service, true), Held::no, "status"); }, Outcome::fail, kUnproven, kNone, "R1"},
    {"the connection between the services was not sampled",
     [] {
       return stating(request(), {obligation("service", Value::map({{"svc", "orders"}, {"connect", "db"}}))});
     },
     Outcome::pass, kUnproven, kNone, "R12"},
    {"what was read is not watched",
     [] {
       return stating(command(),
                      {obligation("exec", price_program()), obligation("read", Value::map({{"path", "in.csv"}}))});
     },
     Outcome::pass, kUnproven, kNone, "R12"},
    {"that nothing was written is not watched",
     [] {
       return stating(command(),
                      {obligation("exec", price_program()), obligation("nowrite", Value::map({{"path", "src"}}))});
     },
     Outcome::pass, kUnproven, kNone, "R12"},
    {"who wrote is not watched",
     [] {
       return writer({seen_file(Change::created)},
                     Value::map({{"path", "dist/app.js"}, {"by", Value(Value::List{"ld"})}}));
     },
     Outcome::pass, kUnproven, kNone, "R12"},
    {"the file is missing", [] { return writer({}); }, Outcome::pass, kUnproven, kNone, "R12"},
    {"the file is as it was", [] { return writer({seen_file(Change::unchanged)}); }, Outcome::pass, kUnproven, kNone,
     "R12"},
    {"a rebuild with the same bytes as an older file", [] { return writer({same_bytes()}); }, Outcome::pass, kUnproven,
     kNone, "R12"},
    {"expect: wrote, and the file was only renamed",
     [] {
       return writer({renamed()}, Value::map({{"path", "dist/app.js"}, {"derived", true}, {"expected", true}}));
     },
     Outcome::pass, kUnproven, kNone, "R12"},
    {"a challenge that was void",
     [] {
       auto record = control(Outcome::fail);
       record.repeat_green = false;
       return challenged(stated_command(price_program()), {record});
     },
     Outcome::pass, kUnproven, kNone, "R12"},
    {"a planned challenge that was not carried out",
     [] {
       auto made = stated_command(price_program());
       made.terms.challenges = {"db stopped"};
       return made;
     },
     Outcome::pass, kUnproven, kNone, "R12"},
    {"a perturbation that nobody saw",
     [] {
       auto record = control(Outcome::pass);
       record.perturbation_seen = false;
       return challenged(command(), {record});
     },
     Outcome::pass, kUnproven, kNone, "R12"},
    {"no test was executed",
     [] { return tested({.executed = 0, .failed = 0, .skipped = 4, .report = {}, .written_in_trial = true}); },
     Outcome::pass, kUnproven, kNone, "R3"},
    {"the test report is an old one",
     [] { return tested({.executed = 9, .failed = 0, .skipped = 0, .report = {}, .written_in_trial = false}); },
     Outcome::pass, kUnproven, kNone, "R12"},
    {"the report counts failures and the command says 0",
     [] { return tested({.executed = 9, .failed = 2, .skipped = 0, .report = {}, .written_in_trial = true}); },
     Outcome::pass, kUnproven, kNone, "R12"},
    {"a report of executed tests alone raises nothing",
     [] {
       auto made = tested({.executed = 9, .failed = 0, .skipped = 0, .report = {}, .written_in_trial = true});
       made.terms.contract.erase(made.terms.contract.begin());
       return made;
     },
     Outcome::pass, kUnproven, kNone, "R13"},
    {"it only slept as long as was stated",
     [] {
       return stating(command(), {obligation("duration", Value::map({{"min", 1}}))});
     },
     Outcome::pass, kUnproven, kNone, "R13"},
    {"it took as long as was stated, and turns red when broken",
     [] {
       return challenged(stating(command(), {obligation("duration", Value::map({{"min", 1}}))}),
                         {control(Outcome::fail)});
     },
     Outcome::pass, kReal, kObserved, "R14"},
    {"--help", [] { return with_mode(stated_command(price_program()), Mode::help, "--help"); }, Outcome::pass,
     kUnproven, kNone, "R3"},
    {"--version", [] { return with_mode(command(), Mode::version, "--version"); }, Outcome::pass, kUnproven, kNone,
     "R3"},
    {"--collect-only",
     [] { return with_mode(challenged(command(), {control(Outcome::fail)}), Mode::list_only, "--collect-only"); },
     Outcome::pass, kUnproven, kNone, "R3"},
    {"a dry run of which nothing else is known",
     [] { return with_mode(stated_command(price_program()), Mode::dry_run, "--dry-run"); }, Outcome::pass, kUnproven,
     kNone, "R5"},
    {"processor time was not measured",
     [] {
       return changed(
           stating(command(), {obligation("exec", price_program()), obligation("cpu", Value::map({{"min", 10}}))}),
           [](auto& f) { f.cpu_ns = -1; });
     },
     Outcome::pass, kUnproven, kNone, "R12"},
    {"little processor time, and work was left to others",
     [] {
       return changed(stating(command(), {obligation("exec", price_program()),
                                          obligation("cpu", Value::map({{"min", 60'000'000}}))}),
                      [](auto& f) { f.leftovers = {"pid 9 /usr/bin/worker"}; });
     },
     Outcome::pass, kUnproven, kNone, "R12"},
    {"the check cannot fail", [] { return challenged(request(), {control(Outcome::pass)}); }, Outcome::pass, kUnproven,
     kNone, "R11"},
    {"two controls of different kinds, one green",
     [] {
       return challenged(request(), {control(Outcome::pass, "a"), control(Outcome::fail, "b")});
     },
     Outcome::pass, kUnproven, kNone, "R11"},
    {"two controls that name no kind, one green",
     [] {
       return challenged(request(), {control(Outcome::pass), control(Outcome::fail)});
     },
     Outcome::pass, kUnproven, kNone, "R11"},
    {"the claim does not hold for a fresh input, and it says so",
     [] { return challenged(command(), {oracle(false, Outcome::fail)}); }, Outcome::pass, kUnproven, kNone, "R12"},
    {"answers move, but not as claimed",
     [] {
       return challenged(command(), {vary(Relation::increases, {5, 17, 9})});
     },
     Outcome::pass, kUnproven, kNone, "R12"},
    {"an answer moves where it had to stay",
     [] {
       return challenged(stated_command(price_program()), {vary(Relation::equals, {5, 6, 5})});
     },
     Outcome::pass, kUnproven, kNone, "R12"},
    {"an engine of the same name from another place", [] { return engine("/opt/pg/postgres", kOtherDigest); },
     Outcome::pass, kUnproven, kNone, "R12"},
    {"a pooler in front of the engine",
     [] {
       auto made = engine("/usr/sbin/pgbouncer", kOtherDigest);
       facts(made).services[0].connected_to = {"db"};
       return made;
     },
     Outcome::pass, kUnproven, kNone, "R12"},
    {"an attached server behind a forwarder", [] { return engine("/usr/bin/docker-proxy", kOtherDigest, false); },
     Outcome::pass, kUnproven, kNone, "R12"},
    {"an observer that lost events",
     [] { return changed(stated_command(price_program()), [](auto& f) { f.coverage[0].complete = false; }); },
     Outcome::pass, kUnproven, kNone, "R0"},
    {"a failure under an observer that lost events",
     [] { return changed(ended(command(), Held::no), [](auto& f) { f.coverage[0].complete = false; }); }, Outcome::fail,
     kUnproven, kNone, "R1"},

    // ---- liars
    {"ended with another status than the claim needs",
     [] {
       auto made = stated_command(price_program());
       made.terms.contract[0].settings.set("exit", 0);
       facts(made).exit_code = 1;
       return made;
     },
     Outcome::fail, kReal, kObserved, "R2"},
    {"ended by a signal and called a pass",
     [] {
       auto made = ended(stated_command(price_program()), Held::yes, "stdout");
       facts(made).exit_code.reset();
       facts(made).signal = "SEGV";
       return made;
     },
     Outcome::fail, kReal, kObserved, "R2"},
    {"a constant answer",
     [] {
       return challenged(command(), {vary(Relation::increases, {5, 5, 5})});
     },
     Outcome::pass, kMock, kNone, "R10"},
    {"a constant answer that must differ",
     [] {
       return challenged(stated_command(price_program()), {vary(Relation::differs, {"ok", "ok", "ok"})});
     },
     Outcome::pass, kMock, kNone, "R10"},
    {"a constant answer that must scale, and a control that works",
     [] {
       return challenged(command(), {control(Outcome::fail), vary(Relation::scales, {0, 0, 0})});
     },
     Outcome::pass, kMock, kNone, "R10"},
    {"a wrong answer for fresh data that still passes", [] { return challenged(command(), {oracle(false)}); },
     Outcome::pass, kMock, kNone, "R10"},
    {"a wrong value is worse than a missing alarm",
     [] {
       return challenged(command(), {control(Outcome::pass), oracle(false)});
     },
     Outcome::pass, kMock, kNone, "R10"},
    {"a golden file under another name", [] { return writer({renamed()}); }, Outcome::pass, kMock, kNone, "R9"},
    {"a golden file under another name, and a constant answer",
     [] {
       return challenged(writer({renamed()}), {vary(Relation::differs, {1, 1, 1})});
     },
     Outcome::pass, kMock, kNone, "R9"},
    {"always green, and the file it must write is missing",
     [] { return challenged(writer({}), {control(Outcome::pass)}); }, Outcome::pass, kMock, kNone, "R11"},
    {"knows the canary",
     [] {
       return challenged(request(), {control(Outcome::pass, "plant"), control(Outcome::fail, "plant")});
     },
     Outcome::pass, kMock, kNone, "R11"},
    {"the run answers its own question", [] { return answered(Who::harness); }, Outcome::pass, kMock, kNone, "R6"},
    {"a stub in place of the engine", [] { return engine("/srv/stub", kOtherDigest); }, Outcome::pass, kMock, kNone,
     "R6"},
    {"a working emulator in place of the engine",
     [] { return challenged(engine("/srv/emulator", kOtherDigest), {oracle(true)}); }, Outcome::pass, kSimulated, kNone,
     "R6"},
    {"sooner than it can be: stated",
     [] {
       return stating(command(), {obligation("exec", price_program()),
                                  obligation("duration", Value::map({{"min", 2'000'000'000}}))});
     },
     Outcome::pass, kSimulated, kNone, "R4"},
    {"sooner than it can be: challenged", [] { return challenged(command(), {bound_wall(2'000, 1'000)}); },
     Outcome::pass, kSimulated, kNone, "R4"},
    {"figures without work: stated",
     [] {
       return stating(command(),
                      {obligation("exec", price_program()), obligation("cpu", Value::map({{"min", 60'000'000}}))});
     },
     Outcome::pass, kMock, kNone, "R4"},
    {"figures without work: challenged", [] { return challenged(command(), {bound_cpu(2'000, 1'000)}); }, Outcome::pass,
     kMock, kNone, "R4"},
    {"a dry run that was to write", [] { return with_mode(writer({}), Mode::dry_run, "--dry-run"); }, Outcome::pass,
     kSimulated, kNone, "R5"},
    {"a dry run asked for by the environment",
     [] { return with_mode(writer({seen_file(Change::unchanged)}), Mode::dry_run, "DRY_RUN=1", "environment"); },
     Outcome::pass, kSimulated, kNone, "R5"},
    {"a syntax check whose answer does not follow",
     [] {
       return with_mode(challenged(command(), {vary(Relation::differs, {"OK", "OK", "OK"})}), Mode::syntax_only, "-t");
     },
     Outcome::pass, kSimulated, kNone, "R5"},
};
}  // namespace

BOOST_AUTO_TEST_SUITE(judgements)

BOOST_DATA_TEST_CASE(provenance_follows_the_evidence, data::make(kRows), row) {
  const Judgement judgement = judge(row.make());
  BOOST_TEST(judgement.outcome == row.outcome);
  BOOST_TEST(judgement.provenance == row.provenance);
  BOOST_TEST(judgement.strength == row.strength);
  BOOST_TEST(judgement.rule == row.rule);
  BOOST_TEST(!judgement.reason.empty());
}

BOOST_DATA_TEST_CASE(what_is_not_proven_says_what_it_lacks, data::make(kRows), row) {
  const Judgement judgement = judge(row.make());
  const bool lacks = judgement.outcome == Outcome::pass && judgement.provenance == Provenance::unproven;
  BOOST_TEST((!lacks || !judgement.missing.empty()));
}

BOOST_DATA_TEST_CASE(a_judgement_survives_the_journal, data::make(kRows), row) {
  const Judgement judgement = judge(row.make());
  const auto again = judgement_from_value(from_json(to_json(to_value(judgement))).value());
  BOOST_TEST(to_json(to_value(again)) == to_json(to_value(judgement)));
}

/// Evidence goes through the journal before it is judged again.
CaseEvidence journalled(const CaseEvidence& evidence) {
  CaseEvidence again = evidence;
  again.terms = terms_from_value(from_json(to_json(to_value(evidence.terms))).value()).value();
  for (auto& trial : again.attempts)
    trial.facts = evidence::facts_from_value(from_json(to_json(evidence::to_value(trial.facts))).value());
  for (auto& record : again.challenges) record = challenge_from_value(from_json(to_json(to_value(record))).value());
  return again;
}

BOOST_DATA_TEST_CASE(evidence_from_the_journal_gives_the_same_judgement, data::make(kRows), row) {
  const CaseEvidence evidence = row.make();
  BOOST_TEST(to_json(to_value(judge(journalled(evidence)))) == to_json(to_value(judge(evidence))));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::judge
