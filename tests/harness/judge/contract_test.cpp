// Obligations one by one: held, broken, unseen.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/harness/judge/bench.hpp"

namespace mccoy::judge {
namespace {
namespace data = boost::unit_test::data;
using namespace made;
constexpr auto kHeld = ObligationStatus::held;
constexpr auto kBroken = ObligationStatus::broken;
constexpr auto kUnseen = ObligationStatus::unseen;

struct Row {
  std::string_view title, kind;
  Value settings;
  void (*change)(evidence::Facts&);
  ObligationStatus status;
  std::string_view accuses = {};
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.kind << ": " << row.title;
}

/// The facts of the honest command and the honest request together.
evidence::Facts all_facts() {
  CaseEvidence made = request();
  evidence::Facts seen = facts(made);
  CaseEvidence other = command();
  seen.root = facts(other).root;
  seen.root_exec_seen = true;
  seen.exit_code = 0;
  seen.wall_ns = facts(other).wall_ns;
  seen.cpu_ns = facts(other).cpu_ns;
  seen.coverage.push_back({.observer = "files", .watched = {}, .blind = {}, .complete = true});
  return seen;
}
void nothing(evidence::Facts&) {}
Value with(Value settings, std::string_view name, Value value) {
  settings.set(name, std::move(value));
  return settings;
}
Value server_program() {
  return file("/srv/orders", kServerDigest, 22);
}
Value other_program() {
  return file("/usr/sbin/other", kOtherDigest, 33);
}

const Row kRows[] = {
    {"as resolved", "exec", price_program(), &nothing, kHeld},
    {"its arguments match", "exec", with(price_program(), "argv", "--input \\d"), &nothing, kHeld},
    {"other arguments", "exec", with(price_program(), "argv", "--output"), &nothing, kUnseen},
    {"more than once is not watched", "exec", with(price_program(), "min", 2), &nothing, kUnseen},
    {"wrong status", "exec", with(price_program(), "exit", 3), &nothing, kBroken, "R2"},
    {"the stated status", "exec", with(price_program(), "exit", 3), [](auto& f) { f.exit_code = 3; }, kHeld},
    {"how it ended was not seen", "exec", price_program(), [](auto& f) { f.exit_code.reset(); }, kUnseen},
    {"another program, children unwatched", "exec", resolved("exe", "other", other_program()), &nothing, kUnseen},
    {"another program, every program watched", "exec", resolved("exe", "other", other_program()), [](auto& f) { f.coverage[0].watched = {std::string(kWatchesPrograms)}; }, kBroken},
    {"another file of that name, every program watched", "exec", resolved("exe", "price", file("/opt/price", kOtherDigest, 33)), [](auto& f) { f.coverage[0].watched = {std::string(kWatchesPrograms)}; }, kUnseen},
    {"another program, watched in part", "exec", resolved("exe", "other", other_program()), [](auto& f) { f.coverage[0].watched = {std::string(kWatchesPrograms)}; f.coverage[0].complete = false; }, kUnseen},
    {"same inode, no digest", "exec", resolved("exe", "price", file("/srv/price", "", 11)), &nothing, kHeld},
    {"same inode, other digest: it was replaced", "exec", resolved("exe", "price", file("/srv/price", kOtherDigest, 11)), &nothing, kUnseen},

    {"long enough", "duration", Value::map({{"min", 40'000'000}}), &nothing, kHeld},
    {"too short", "duration", Value::map({{"min", 40'000'001}}), &nothing, kBroken, "R4"},
    {"written with its unit", "duration", Value::map({{"min", "1s"}}), &nothing, kBroken, "R4"},
    {"cannot be read", "duration", Value::map({{"min", "soon"}}), &nothing, kUnseen},
    {"not measured", "duration", Value::map({{"min", 1}}), [](auto& f) { f.wall_ns = 0; }, kUnseen},
    {"enough", "cpu", Value::map({{"min", 30'000'000}}), &nothing, kHeld},
    {"too little", "cpu", Value::map({{"min", 30'000'001}}), &nothing, kBroken, "R4"},
    {"too little, others were left behind", "cpu", Value::map({{"min", 30'000'001}}), [](auto& f) { f.leftovers = {"pid 7"}; }, kUnseen},
    {"not measured", "cpu", Value::map({{"min", 1}}), [](auto& f) { f.cpu_ns = -1; }, kUnseen},

    {"executed", "tests", Value::map({{"min_executed", 3}}), [](auto& f) { f.tests = {.seen = true, .executed = 3, .failed = 0, .skipped = 1, .report = "r", .written_in_trial = true}; }, kHeld},
    {"too few", "tests", Value::map({{"min_executed", 4}}), [](auto& f) { f.tests = {.seen = true, .executed = 3, .failed = 0, .skipped = 1, .report = "r", .written_in_trial = true}; }, kBroken},
    {"no report", "tests", Value::map({{"min_executed", 1}}), &nothing, kUnseen},

    {"created", "write", Value::map({{"path", "out.txt"}}), [](auto& f) { f.files = {seen_file(Change::created, "out.txt")}; }, kHeld},
    {"written ./out.txt", "write", Value::map({{"path", "./out.txt"}}), [](auto& f) { f.files = {seen_file(Change::changed, "out.txt")}; }, kHeld},
    {"seen by its full path", "write", Value::map({{"path", "out.txt"}}), [](auto& f) { f.files = {seen_file(Change::changed, "/srv/x/out.txt")}; }, kHeld},
    {"another of a similar name", "write", Value::map({{"path", "out.txt"}}), [](auto& f) { f.files = {seen_file(Change::changed, "sub/out.txt")}; }, kBroken},
    {"by a glob", "write", Value::map({{"path", "dist/**/*.js"}}), [](auto& f) { f.files = {seen_file(Change::unchanged, "dist/a.js"), seen_file(Change::created, "dist/x/b.js")}; }, kHeld},
    {"a list, one of it missing", "write", Value::map({{"path", Value(Value::List{"a", "b"})}}), [](auto& f) { f.files = {seen_file(Change::created, "a")}; }, kBroken},
    {"a list, all there", "write", Value::map({{"path", Value(Value::List{"a", "b"})}}), [](auto& f) { f.files = {seen_file(Change::created, "a"), seen_file(Change::changed, "b")}; }, kHeld},
    {"nobody looked", "write", Value::map({{"path", "out.txt"}}), [](auto& f) { f.coverage.pop_back(); }, kUnseen},
    {"missing", "write", Value::map({{"path", "out.txt"}}), [](auto& f) { f.files = {seen_file(Change::missing, "out.txt")}; }, kBroken},
    {"derived, the older file itself", "write", Value::map({{"path", "out.txt"}, {"derived", true}}), [](auto& f) { f.files = {seen_file(Change::created, "out.txt")}; f.files[0].linked_from = "old"; }, kBroken, "R9"},
    {"derived, equal bytes", "write", Value::map({{"path", "out.txt"}, {"derived", true}}), [](auto& f) { f.files = {seen_file(Change::created, "out.txt")}; f.files[0].same_bytes_as = "old"; }, kUnseen},
    {"derived by a glob, one of it a copy", "write", Value::map({{"path", "*"}, {"derived", true}}), [](auto& f) { f.files = {seen_file(Change::created, "a"), seen_file(Change::created, "b")}; f.files[1].same_bytes_as = "old"; }, kUnseen},
    {"unchanged files are no copies", "write", Value::map({{"path", "*"}, {"derived", true}}), [](auto& f) { f.files = {seen_file(Change::created, "a"), seen_file(Change::unchanged, "b")}; f.files[1].same_bytes_as = "old"; }, kHeld},
    {"something was written there", "nowrite", Value::map({{"path", "src"}}), [](auto& f) { f.files = {seen_file(Change::changed, "src/a.c")}; }, kBroken},
    {"nothing is there", "absent", Value::map({{"path", "lock"}}), [](auto& f) { f.files = {seen_file(Change::missing, "/srv/lock")}; }, kHeld},
    {"something is there", "absent", Value::map({{"path", "lock"}}), [](auto& f) { f.files = {seen_file(Change::unchanged, "/srv/lock")}; }, kBroken},
    {"nobody looked whether it is there", "absent", Value::map({{"path", "lock"}}), [](auto&) {}, kUnseen},
    {"something was written elsewhere", "nowrite", Value::map({{"path", "src"}}), [](auto& f) { f.files = {seen_file(Change::changed, "dist/a.c")}; }, kUnseen},

    {"with the service", "connect", Value::map({{"to", "orders"}}), &nothing, kHeld},
    {"with its address", "connect", Value::map({{"to", "localhost:8080"}}), &nothing, kHeld},
    {"with an instance that is older than the run",
     "connect",
     Value::map({{"to", "orders"}}),
     [](auto& f) { f.responder->started_before_run = true; },
     kBroken},
    {"with another service", "connect", Value::map({{"to", "db"}}), &nothing, kUnseen},
    {"somebody else answered", "connect", Value::map({{"to", "orders"}}), [](auto& f) { f.responder->who = evidence::Responder::Who::stranger; f.responder->service.clear(); }, kBroken},
    {"nothing came back", "connect", Value::map({{"to", "orders"}}), [](auto& f) { f.responder->bytes_in = 0; }, kUnseen},
    {"too little came back", "connect", Value::map({{"to", "orders"}, {"min_bytes_in", 1000}}), &nothing, kUnseen},
    {"enough requests", "connect", Value::map({{"to", "orders"}, {"min_requests", 1}}), &nothing, kHeld},
    {"too few requests", "connect", Value::map({{"to", "orders"}, {"min_requests", 300}}), &nothing, kUnseen},
    {"what a command connects to", "connect", Value::map({{"to", "orders"}}), [](auto& f) { f.responder.reset(); }, kUnseen},
    {"the named program answered", "connect", with(resolved("peer_exe", "orders", server_program()), "to", "orders"), &nothing, kHeld},
    {"another program answered", "connect", with(resolved("peer_exe", "other", other_program()), "to", "orders"), &nothing, kBroken},

    {"the service", "listener", Value::map({{"svc", "orders"}}), &nothing, kHeld},
    {"the service, seen without a conversation", "listener", Value::map({{"svc", "orders"}}), [](auto& f) { f.responder.reset(); }, kHeld},
    {"the service is dead", "listener", Value::map({{"svc", "orders"}}), [](auto& f) { f.responder.reset(); f.services[0].alive = false; }, kUnseen},
    {"older than the run", "listener", Value::map({{"svc", "orders"}}), [](auto& f) { f.responder->started_before_run = true; }, kBroken},
    {"older than the run, and that is meant", "listener", Value::map({{"svc", "orders"}, {"started", "any"}}), [](auto& f) { f.responder->started_before_run = true; }, kHeld},
    {"the port", "listener", Value::map({{"port", 8080}}), &nothing, kHeld},
    {"another port", "listener", Value::map({{"port", 80}}), &nothing, kUnseen},
    {"the program", "listener", with(resolved("exe", "orders", server_program()), "svc", "orders"), &nothing, kHeld},
    {"another program", "listener", with(resolved("exe", "other", other_program()), "svc", "orders"), &nothing, kBroken},
    {"a program that leads nowhere", "listener", with(resolved("exe", "gone", {}), "svc", "orders"), &nothing, kUnseen},

    {"talked to its dependency", "service", Value::map({{"svc", "orders"}, {"connect", "db"}}), [](auto& f) { f.services[0].connected_to = {"cache", "db"}; }, kHeld},
    {"was not sampled", "service", Value::map({{"svc", "orders"}, {"connect", "db"}}), &nothing, kUnseen},
    {"bytes are not watched", "service", Value::map({{"svc", "orders"}, {"connect", "db"}, {"min_bytes_in", 1}}), [](auto& f) { f.services[0].connected_to = {"db"}; }, kUnseen},
    {"files are not watched", "service", Value::map({{"svc", "orders"}, {"write", "orders.db"}}), &nothing, kUnseen},
    {"a name alone", "service", Value::map({{"svc", "orders"}}), &nothing, kUnseen},

    {"the program", "engine", with(resolved("kind", "orders", server_program()), "at", "orders"), &nothing, kHeld},
    {"the program at the address", "engine", with(resolved("kind", "orders", server_program()), "at", "127.0.0.1:8080"), &nothing, kHeld},
    {"another", "engine", with(resolved("kind", "other", other_program()), "at", "orders"), &nothing, kBroken, "R6"},
    {"no such engine here", "engine", with(resolved("kind", "other", {}), "at", "orders"), &nothing, kUnseen},
    {"nobody looked", "engine", with(resolved("kind", "other", other_program()), "at", "db"), &nothing, kUnseen},

    {"not watched", "read", Value::map({{"path", "in.csv"}}), &nothing, kUnseen},
    {"not watched", "delegate", Value::map({{"to", "/run/x.sock"}}), &nothing, kUnseen},
    {"not watched", "signal", Value::map({{"sig", "KILL"}, {"to", "db"}}), &nothing, kUnseen},
    {"not watched", "syscall", Value::map({{"call", "write"}, {"errno", "EIO"}}), &nothing, kUnseen},
};
}  // namespace

BOOST_AUTO_TEST_SUITE(contracts)

BOOST_DATA_TEST_CASE(an_obligation_is_held_broken_or_unseen, data::make(kRows), row) {
  Terms terms;
  terms.kind = "exec";
  terms.contract = {obligation(row.kind, row.settings)};
  evidence::Facts seen = all_facts();
  row.change(seen);
  const auto results = weigh(terms, seen);
  BOOST_REQUIRE(results.size() == 1U);
  BOOST_TEST(results[0].status == row.status);
  BOOST_TEST(results[0].accuses == row.accuses);
  BOOST_TEST(!results[0].text.empty());
  BOOST_TEST(!results[0].why.empty());
  BOOST_TEST(results[0].kind == row.kind);
}

BOOST_AUTO_TEST_CASE(without_facts_nothing_is_held_and_nothing_is_broken) {
  for (const Row& row : kRows) {
    Terms terms;
    terms.contract = {obligation(row.kind, row.settings)};
    BOOST_TEST(weigh(terms, evidence::Facts{})[0].status == kUnseen);
  }
}

BOOST_AUTO_TEST_CASE(every_kind_of_the_vocabulary_has_an_evaluator) {
  for (const auto& kind : suite::obligation_kinds()) {
    Terms terms;
    terms.contract = {obligation(kind.name, Value::map())};
    const auto results = weigh(terms, evidence::Facts{});
    BOOST_TEST(results[0].why != "this version cannot weigh it");
    BOOST_TEST(results[0].status == kUnseen);
  }
}

BOOST_AUTO_TEST_CASE(an_answer_counts_only_when_it_is_known_whose_it_is) {
  CaseEvidence made = stating(request(), {obligation("service", Value::map({{"svc", "orders"}, {"connect", "db"}}))});
  facts(made).services[0].connected_to = {"db"};
  BOOST_TEST(judge(made).provenance == Provenance::real);
  facts(made).responder.reset();
  BOOST_TEST(judge(made).provenance == Provenance::unproven);
  BOOST_TEST(judge(made).rule == "R12");
}

BOOST_AUTO_TEST_CASE(terms_survive_the_journal_and_unknown_kinds_are_refused) {
  CaseEvidence made = request();
  made.terms.claim = "liveness";
  made.terms.challenges = {"db stopped"};
  const std::string text = to_json(to_value(made.terms));
  const auto again = terms_from_value(from_json(text).value());
  BOOST_REQUIRE(again.ok());
  BOOST_TEST(to_json(to_value(*again)) == text);
  BOOST_TEST(!again->contract[0].stated);
  Value changed = to_value(made.terms);
  Value contract = Value::list();
  contract.push(Value::map({{"kind", "magic"}}));
  changed.set("contract", std::move(contract));
  BOOST_TEST(!terms_from_value(changed).ok());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::judge
