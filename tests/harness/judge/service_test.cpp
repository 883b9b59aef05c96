// What a service did during the trial, by the record of its calls and the state of its files: held, broken, or unseen
// with the reason.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "harness/judge/chain.hpp"
#include "tests/harness/judge/bench.hpp"

namespace mccoy::judge {
namespace {
namespace data = boost::unit_test::data;
using namespace made;
using evidence::Facts;
using evidence::SeenWrite;
constexpr auto kHeld = ObligationStatus::held;
constexpr auto kBroken = ObligationStatus::broken;
constexpr auto kUnseen = ObligationStatus::unseen;
constexpr std::string_view kDb = "/srv/orders.db";

evidence::SeenProcess process_of(int pid) {
  auto seen = process("/srv/program", "ab", static_cast<std::uint64_t>(pid));
  seen.id = {pid, 5};
  return seen;
}

evidence::SeenService service(std::string name, int pid) {
  evidence::SeenService seen;
  seen.name = std::move(name);
  seen.alive = seen.started_by_us = seen.files_watched = true;
  seen.listeners = {process_of(pid)};
  evidence::Activity activity;
  activity.mechanism = "seccomp-notify";
  activity.programs = {{.process = process_of(pid), .earlier = true}};
  activity.programs_complete = activity.reads_complete = true;
  activity.writes_complete = activity.sockets_complete = true;
  seen.activity = std::move(activity);
  return seen;
}

/// The service orders answered; db and cache are there, too. Nothing was done by any of them.
CaseEvidence watched_services(Value settings = Value::map({{"svc", "orders"}, {"write", std::string(kDb)}})) {
  CaseEvidence made = stating(request(), {obligation("service", std::move(settings))});
  facts(made).services = {service("orders", 10), service("db", 20), service("cache", 30)};
  facts(made).services_alone = true;
  return made;
}

evidence::Activity& activity(Facts& facts, std::size_t which = 0) {
  return *facts.services[which].activity;
}
void write(Facts& facts, SeenWrite::Change change, std::size_t which = 0) {
  activity(facts, which).writes.push_back({.path = std::string(kDb), .change = change, .by = {0}});
}
void state(Facts& facts, evidence::SeenFile::Change change, std::string same = "") {
  evidence::SeenFile file = seen_file(change, std::string(kDb));
  file.same_bytes_as = std::move(same);
  facts.services[0].files = {file};
}
void hold(Facts& facts, bool alone, bool mapped = false, bool writes = true) {
  facts.services[0].held = {
      {.path = std::string(kDb), .by = process_of(10), .writes = writes, .mapped = mapped, .alone = alone}};
}
void talk(Facts& facts, std::size_t from, int to_pid, std::int64_t out, std::int64_t in, std::int64_t stood = 0) {
  activity(facts, from)
      .connections.push_back({.by = 0,
                              .to = "127.0.0.1:" + std::to_string(5000 + to_pid),
                              .protocol = "tcp",
                              .tried = 1 - stood,
                              .made = 1 - stood,
                              .stood = stood,
                              .bytes_out = out,
                              .bytes_in = in,
                              .bytes_complete = true,
                              .peers = {process_of(to_pid)}});
}

using FileChange = evidence::SeenFile::Change;
struct Row {
  std::string_view title;
  std::string_view part;
  void (*change)(Facts& facts);
  ObligationStatus expected;
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.title;
}

const Row kFileRows[] = {
    {"it wrote the file", "write", [](Facts& f) { write(f, SeenWrite::Change::changed); }, kHeld},
    {"it opened the file for writing and wrote nothing", "write",
     [](Facts& f) {
       write(f, SeenWrite::Change::none);
       state(f, FileChange::unchanged);
     },
     kBroken},
    {"it did nothing", "write", [](Facts&) {}, kBroken},
    {"it did nothing that could be seen", "write", [](Facts& f) { activity(f).writes_complete = false; }, kUnseen},
    {"it removed the file", "write", [](Facts& f) { write(f, SeenWrite::Change::removed); }, kBroken},
    {"it made and removed it", "write", [](Facts& f) { write(f, SeenWrite::Change::passing); }, kUnseen},
    {"it changed while the service alone held it", "write",
     [](Facts& f) {
       state(f, FileChange::changed);
       hold(f, true);
     },
     kHeld},
    {"it changed while others held it as well", "write",
     [](Facts& f) {
       state(f, FileChange::changed);
       hold(f, false);
     },
     kUnseen},
    {"it changed while it was held for reading", "write",
     [](Facts& f) {
       state(f, FileChange::changed);
       hold(f, false, false, false);
     },
     kBroken},
    {"it changed, and the service did not have it", "write", [](Facts& f) { state(f, FileChange::changed); }, kBroken},
    {"it changed, and not all could be seen", "write",
     [](Facts& f) {
       state(f, FileChange::changed);
       activity(f).writes_complete = false;
     },
     kUnseen},
    {"it changed, and another service wrote it", "write",
     [](Facts& f) {
       state(f, FileChange::changed);
       hold(f, true);
       write(f, SeenWrite::Change::changed, 1);
     },
     kUnseen},
    {"held and unchanged", "write",
     [](Facts& f) {
       state(f, FileChange::unchanged);
       hold(f, true);
     },
     kBroken},
    {"mapped and unchanged", "write",
     [](Facts& f) {
       state(f, FileChange::unchanged);
       hold(f, true, true);
     },
     kUnseen},
    {"touched, with the bytes of before", "write",
     [](Facts& f) {
       state(f, FileChange::changed, std::string(kDb));
       hold(f, true);
     },
     kUnseen},
    {"nobody watched it", "write",
     [](Facts& f) {
       f.services[0].activity.reset();
       f.services[0].unwatched = "watch: false";
     },
     kUnseen},
    {"its files were not recorded", "write", [](Facts& f) { f.services[0].files_watched = false; }, kUnseen},
    {"it opened the file", "read", [](Facts& f) { activity(f).reads.push_back({.path = std::string(kDb), .by = {0}}); },
     kHeld},
    {"it did not open the file", "read", [](Facts&) {}, kBroken},
    {"it held the file open from before", "read", [](Facts& f) { hold(f, true); }, kUnseen},
    {"not all opened files were seen", "read", [](Facts& f) { activity(f).reads_complete = false; }, kUnseen},
    {"nothing was written", "nowrite", [](Facts&) {}, kHeld},
    {"something was written", "nowrite", [](Facts& f) { write(f, SeenWrite::Change::changed); }, kBroken},
    {"somebody else wrote", "nowrite", [](Facts& f) { state(f, FileChange::changed); }, kHeld},
    {"a file it held alone changed", "nowrite",
     [](Facts& f) {
       state(f, FileChange::changed);
       hold(f, true);
     },
     kBroken},
    {"a file it held with others changed", "nowrite",
     [](Facts& f) {
       state(f, FileChange::changed);
       hold(f, false);
     },
     kUnseen},
    {"not all writing could be seen", "nowrite", [](Facts& f) { activity(f).writes_complete = false; }, kUnseen},
    {"it has it mapped", "nowrite", [](Facts& f) { hold(f, true, true); }, kUnseen},
};

const Row kConnectRows[] = {
    {"a new connection", "db", [](Facts& f) { talk(f, 0, 20, 30, 40); }, kHeld},
    {"bytes over one that stood", "db", [](Facts& f) { talk(f, 0, 20, 30, 40, 1); }, kHeld},
    {"one that stood, and nothing was said", "db", [](Facts& f) { talk(f, 0, 20, 0, 0, 1); }, kBroken},
    {"another service was asked", "db", [](Facts& f) { talk(f, 0, 30, 30, 40); }, kBroken},
    {"nobody was asked", "db", [](Facts&) {}, kBroken},
    {"not all sockets could be seen", "db", [](Facts& f) { activity(f).sockets_complete = false; }, kUnseen},
    {"not all bytes could be counted", "db",
     [](Facts& f) {
       talk(f, 0, 20, 0, 0, 1);
       activity(f).connections[0].bytes_complete = false;
     },
     kUnseen},
    {"it was not watched, and a connection was sampled", "db",
     [](Facts& f) {
       f.services[0].activity.reset();
       f.services[0].connected_to = {"db"};
     },
     kHeld},
    {"it was not watched", "db", [](Facts& f) { f.services[0].activity.reset(); }, kUnseen},
};

ObligationResult result(CaseEvidence made, void (*change)(Facts& facts)) {
  change(facts(made));
  auto again = evidence::facts_from_value(evidence::to_value(facts(made)));  // as `mccoy verify` reads it
  const auto first = weigh(made.terms, facts(made)).front();
  BOOST_TEST(weigh(made.terms, again).front().status == first.status);
  return first;
}

/// http: the service answered, and the claim names another one.
ObligationResult by_way(std::string_view kind, void (*change)(Facts& facts)) {
  CaseEvidence made = watched_services();
  made.terms.contract = {obligation(kind, Value::map({{"to", "db"}}))};
  return result(std::move(made), change);
}
}  // namespace

BOOST_AUTO_TEST_SUITE(judge_service)

BOOST_DATA_TEST_CASE(files_are_judged_by_the_record_and_by_their_state, data::make(kFileRows), row) {
  const auto seen = result(
      watched_services(Value::map({{"svc", "orders"}, {std::string(row.part).c_str(), std::string(kDb)}})), row.change);
  BOOST_TEST(seen.status == row.expected, seen.why);
}

BOOST_DATA_TEST_CASE(connections_are_judged_by_their_bytes, data::make(kConnectRows), row) {
  const auto seen =
      result(watched_services(Value::map({{"svc", "orders"}, {"connect", std::string(row.part)}})), row.change);
  BOOST_TEST(seen.status == row.expected, seen.why);
}

BOOST_AUTO_TEST_CASE(of_several_parts_the_worst_counts) {
  const auto all = Value::map({{"svc", "orders"}, {"connect", "db"}, {"write", std::string(kDb)}});
  BOOST_TEST(result(watched_services(all), [](Facts& f) {
               talk(f, 0, 20, 1, 1);
               write(f, SeenWrite::Change::changed);
             }).status == kHeld);
  BOOST_TEST(result(watched_services(all), [](Facts& f) { write(f, SeenWrite::Change::changed); }).status == kBroken);
}

BOOST_AUTO_TEST_CASE(what_is_behind_a_service_is_reached_by_way_of_it) {
  for (const std::string_view kind : {"connect", "delegate"}) {
    BOOST_TEST(by_way(kind, [](Facts& f) { talk(f, 0, 20, 30, 40); }).status == kHeld);
    BOOST_TEST(by_way(kind, [](Facts& f) {
                 talk(f, 0, 30, 1, 1);
                 talk(f, 2, 20, 30, 40);
               }).status == kHeld);
    BOOST_TEST(by_way(kind, [](Facts& f) {
                 talk(f, 0, 20, 30, 40);
                 f.services_alone = false;
               }).status == kUnseen);
    BOOST_TEST(by_way(kind, [](Facts& f) { talk(f, 0, 30, 1, 1); }).status == kUnseen);
  }
  BOOST_TEST(by_way("connect", [](Facts&) {}).status == kBroken);
  BOOST_TEST(by_way("connect", [](Facts& f) { talk(f, 0, 20, 0, 0, 1); }).status == kBroken);
  BOOST_TEST(by_way("connect", [](Facts& f) { f.services[0].activity.reset(); }).status == kUnseen);
}

BOOST_AUTO_TEST_CASE(the_chain_is_told_as_far_as_it_is_known) {
  CaseEvidence made = watched_services();
  talk(facts(made), 0, 20, 30, 40);
  talk(facts(made), 1, 30, 5, 6);
  talk(facts(made), 1, 99, 5, 6);
  talk(facts(made), 2, 10, 7, 8);  // a circle
  BOOST_TEST(
      chain_words(facts(made), "orders") ==
      ", which asked service db (pid 20 /srv/program), which asked service cache (pid 30 /srv/program), which asked "
      "service orders (pid 10 /srv/program) and pid 99 /srv/program");
  const auto hops = behind(facts(made), "orders");
  BOOST_REQUIRE(hops.size() == 4u);
  BOOST_TEST((hops[0].from == "orders" && hops[0].to == "db" && hops[0].bytes_out == 30 && hops[0].bytes_in == 40));
  BOOST_TEST((hops[2].from == "db" && hops[2].to == "" && hops[2].at == "127.0.0.1:5099"));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::judge
