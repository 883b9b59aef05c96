#include "harness/evidence/facts.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

namespace mccoy::evidence {
namespace {
SeenProcess full_process() {
  return {.id = {4711, 123456789},
          .started_wall_ms = 1795259983123,
          .exe = "/usr/bin/postgres",
          .exe_sha256 = std::string(64, 'a'),
          .device = 64769,
          .inode = std::numeric_limits<std::uint64_t>::max() - 1,  // as overlay file systems number them
          .argv = {"postgres", "-D", "", "ü"},
          .script = "/srv/run.sh",
          .script_sha256 = std::string(64, 'b')};
}

Facts full_facts() {
  Facts facts;
  facts.root = full_process();
  facts.root_exec_seen = true;
  facts.exit_code = 0;
  facts.signal = "KILL";
  facts.responder = Responder{.how = Responder::How::accepted,
                              .who = Responder::Who::stranger,
                              .service = "orders",
                              .expected_service = "db",
                              .started_before_run = true,
                              .processes = {full_process(), SeenProcess{}},
                              .local = "127.0.0.1:40312",
                              .peer = "unix:/run/x",
                              .bytes_out = 1,
                              .bytes_in = std::int64_t{1} << 60,
                              .requests = 3,
                              .why_unseen = "closed before it could be looked up"};
  facts.files = {{.path = "dist/a.js",
                  .change = SeenFile::Change::changed,
                  .size = 12,
                  .sha256 = std::string(64, 'c'),
                  .same_bytes_as = "old/a.js",
                  .linked_from = "old/b.js"},
                 SeenFile{}};
  facts.modes = {{.kind = DeclaredMode::Kind::syntax_only, .flag = "-n", .where = "argv"},
                 {.kind = DeclaredMode::Kind::dry_run, .flag = "--dry-run", .where = "environment"}};
  facts.services = {{.name = "db",
                     .alive = true,
                     .started_by_us = true,
                     .listeners = {full_process()},
                     .connected_to = {"cache", "queue"}}};
  facts.tests = TestCounts{
      .seen = true, .executed = 5, .failed = 1, .skipped = 2, .report = "junit.xml", .written_in_trial = true};
  facts.nonce_sent = facts.nonce_returned = true;
  facts.wall_ns = 1;
  facts.cpu_ns = 0;
  facts.leftovers = {"pid 312 /usr/bin/sleep"};
  facts.coverage = {{.observer = "process", .watched = {"exit"}, .blind = {"files opened"}, .complete = false},
                    {.observer = "sockets", .watched = {}, .blind = {}, .complete = true}};
  return facts;
}

/// Through the bytes of a journal and back.
Facts through_json(const Facts& facts) {
  return facts_from_value(from_json(to_json(to_value(facts))).value());
}
}  // namespace

BOOST_AUTO_TEST_SUITE(facts)

BOOST_AUTO_TEST_CASE(facts_with_every_field_set_survive_the_journal) {
  const Facts before = full_facts(), after = through_json(before);
  BOOST_TEST((to_value(after) == to_value(before)));
  BOOST_TEST((after.root->id == before.root->id));
  BOOST_TEST(after.root->inode == before.root->inode);
  BOOST_TEST(after.root->argv == before.root->argv);
  BOOST_TEST((after.responder->how == Responder::How::accepted));
  BOOST_TEST((after.responder->who == Responder::Who::stranger));
  BOOST_TEST(after.responder->bytes_in == std::int64_t{1} << 60);
  BOOST_TEST(after.responder->processes.size() == 2);
  BOOST_TEST((after.files[0].change == SeenFile::Change::changed));
  BOOST_TEST(after.files[0].linked_from == "old/b.js");
  BOOST_TEST((after.modes[0].kind == DeclaredMode::Kind::syntax_only));
  BOOST_TEST((after.modes[1].kind == DeclaredMode::Kind::dry_run));
  BOOST_TEST(after.services[0].listeners[0].script_sha256 == std::string(64, 'b'));
  BOOST_TEST(after.tests->written_in_trial);
  BOOST_TEST(*after.exit_code == 0);
  BOOST_TEST(after.cpu_ns == 0);
  BOOST_TEST(!after.coverage[0].complete);
  BOOST_TEST(after.coverage[1].complete);
}

/// Every leaf of the full record is one that a reader needs: without it something else is read.
BOOST_AUTO_TEST_CASE(no_field_is_written_that_is_not_read) {
  const Value full = to_value(full_facts());
  for (const auto& [name, value] : full.as_map()) {
    Value less = Value::map();
    for (const auto& [other, kept] : full.as_map())
      if (other != name) less.set(other, kept);
    BOOST_TEST(!(to_value(facts_from_value(less)) == full), name);
  }
}

BOOST_AUTO_TEST_CASE(facts_of_nothing_are_an_empty_record) {
  BOOST_TEST(to_json(to_value(Facts{})) == "{}");
  BOOST_TEST(to_value(facts_from_value(Value::map())).as_map().empty());
}

BOOST_AUTO_TEST_CASE(what_is_missing_or_not_understood_reads_as_the_weakest) {
  const auto value = from_json(R"({"root_exec_seen": "yes", "exit_code": "0", "cpu_ns": null, "later": {"x": 1},
    "responder": {"how": "telepathy", "who": 7}, "files": [{"change": "vanished"}], "coverage": [{"observer": "x"}],
    "services": [{"alive": 1}], "tests": {"executed": "all"}})")
                         .value();
  const Facts facts = facts_from_value(value);
  BOOST_TEST(!facts.root_exec_seen);
  BOOST_TEST(!facts.exit_code.has_value());
  BOOST_TEST(facts.cpu_ns == -1);
  BOOST_TEST((facts.responder->how == Responder::How::unseen));
  BOOST_TEST((facts.responder->who == Responder::Who::unknown));
  BOOST_TEST((facts.files[0].change == SeenFile::Change::missing));
  BOOST_TEST(!facts.coverage[0].complete);
  BOOST_TEST(!facts.services[0].alive);
  BOOST_TEST(facts.tests->executed == 0);
  BOOST_TEST(!facts_from_value(Value(3)).root.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::evidence
