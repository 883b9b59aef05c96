#include "harness/evidence/activity.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <random>

#include "harness/evidence/facts.hpp"

namespace mccoy::evidence {
namespace {
namespace data = boost::unit_test::data;

SeenProcess psql() {
  SeenProcess process;
  process.id = {300, 99};
  process.exe = "/usr/lib/postgresql/15/bin/psql";
  process.argv = {"psql", "-c", "select 1"};
  return process;
}

Activity full_activity() {
  Activity activity;
  activity.mechanism = "seccomp-notify";
  SeenProgram first;
  first.process = psql();
  first.replaced = true;
  SeenProgram second;
  second.process = psql();
  second.parent = 0;
  second.forked = second.alive = true;
  second.exit_code = 0;
  second.signal = "?";
  second.cpu_ns = 0;
  second.began_ns = 5'000'000'000;
  second.ended_ns = 6'000'000'000;
  second.fed = second.given_socket = true;
  second.cwd = "/srv/ü";
  second.modes = {{.kind = DeclaredMode::Kind::list_only, .flag = "--co", .where = "argv"}};
  activity.programs = {first, second};
  activity.reads = {{.path = "/etc/hosts",
                     .device = 64769,
                     .inode = std::numeric_limits<std::uint64_t>::max(),
                     .size = std::int64_t{1} << 40,
                     .by = {0, 1}},
                    SeenRead{}};
  activity.writes = {{.path = "dist/a.js",
                      .change = SeenWrite::Change::passing,
                      .by = {1},
                      .held_by = {{.by = 0, .clean = true, .alone = true, .grew = 7},
                                  {.by = 1, .clean = false, .alone = false, .grew = -1}},
                      .before = {.device = 1, .inode = 2},
                      .after = {.device = 1, .inode = 3},
                      .left_alone = true,
                      .emptied = true,
                      .renamed_from = "dist/a.tmp",
                      .linked_from = "old/a.js",
                      .size = 7,
                      .sha256 = std::string(64, 'd'),
                      .same_as_read = "golden/a.js",
                      .equal_reads = {"golden/a.js", "golden/b.js"}},
                     SeenWrite{}};
  activity.connections = {{.by = 0,
                           .to = "127.0.0.1:5432",
                           .protocol = "tcp",
                           .tried = 3,
                           .made = 2,
                           .bytes_out = 10,
                           .bytes_in = 20,
                           .bytes_complete = true,
                           .peers = {psql()},
                           .peer_programs = {1}},
                          SeenConnection{}};
  activity.listeners = {{.by = 1, .at = "unix:/run/x", .accepted = 4}, SeenListener{}};
  activity.signals = {{.by = 0, .signal = "KILL", .pid = 4711, .to = 1, .exe = "/bin/sleep"}, SeenSignal{}};
  activity.counted = {"fsync", "msync"};
  activity.counts = {{.by = 1, .call = "fsync", .times = 3}};
  activity.notices = {"io_uring by pid 7"};
  activity.calls = 1'000'000;
  activity.dropped = {.programs = 1, .reads = 2, .writes = 3, .connections = 4, .others = 5};
  activity.programs_complete = activity.reads_complete = true;
  activity.writes_complete = activity.sockets_complete = true;
  activity.descriptors_complete = activity.counts_complete = true;
  return activity;
}

/// Through the bytes of a journal and back.
Activity through_json(const Activity& activity) {
  return activity_from_value(from_json(to_json(to_value(activity))).value());
}

bool chance(std::mt19937& random) {
  return random() % 2 == 0;
}

/// Half of all members are at their default.
Activity some_activity(std::uint32_t seed) {
  std::mt19937 random(seed);
  Activity activity;
  const int programs = static_cast<int>(random() % 5);
  const auto any = [&] { return programs == 0 ? kNoProgram : static_cast<int>(random() % unsigned(programs + 1)) - 1; };
  const auto some = [&] { return any() == kNoProgram ? std::vector<int>{} : std::vector<int>(random() % 3, 0); };
  for (int i = 0; i < programs; ++i) {
    SeenProgram program;
    program.parent = any();
    program.forked = chance(random);
    program.replaced = chance(random);
    if (chance(random)) program.process = psql();
    if (chance(random)) program.exit_code = static_cast<int>(random() % 256);
    if (chance(random)) program.cpu_ns = static_cast<std::int64_t>(random());
    activity.programs.push_back(std::move(program));
  }
  for (auto left = random() % 4; left > 0; --left) {
    SeenRead& read = activity.reads.emplace_back();
    read.device = random();
    read.by = some();
    SeenWrite& write = activity.writes.emplace_back();
    write.change = static_cast<SeenWrite::Change>(random() % 5);
    write.by = some();
    SeenConnection& connection = activity.connections.emplace_back();
    connection.by = any();
    connection.bytes_in = chance(random) ? 9 : 0;
    connection.bytes_complete = chance(random);
    SeenListener& listener = activity.listeners.emplace_back();
    listener.by = any();
    listener.at = chance(random) ? "a" : "";
    SeenSignal& signal = activity.signals.emplace_back();
    signal.by = any();
    signal.pid = static_cast<std::int64_t>(random());
    signal.to = any();
  }
  activity.dropped.writes = chance(random) ? 0 : 3;
  activity.writes_complete = chance(random);
  return activity;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(activity)

BOOST_AUTO_TEST_CASE(an_activity_with_every_field_set_survives_the_journal) {
  const Activity before = full_activity(), after = through_json(before);
  BOOST_TEST((to_value(after) == to_value(before)));
  BOOST_TEST(after.mechanism == "seccomp-notify");
  BOOST_TEST(after.programs[0].replaced);
  BOOST_TEST(after.programs[0].parent == kNoProgram);
  BOOST_TEST(!after.programs[0].exit_code.has_value());
  BOOST_TEST(after.programs[0].cpu_ns == -1);
  BOOST_TEST(after.programs[1].process.exe == psql().exe);
  BOOST_TEST(after.programs[1].process.argv == psql().argv);
  BOOST_TEST(after.programs[1].parent == 0);
  BOOST_TEST(after.programs[1].forked);
  BOOST_TEST(after.programs[1].alive);
  BOOST_TEST(*after.programs[1].exit_code == 0);
  BOOST_TEST(after.programs[1].cpu_ns == 0);
  BOOST_TEST((after.programs[1].modes[0].kind == DeclaredMode::Kind::list_only));
  BOOST_TEST(after.reads[0].inode == std::numeric_limits<std::uint64_t>::max());
  BOOST_TEST(after.reads[0].by == (std::vector<int>{0, 1}));
  BOOST_TEST((after.writes[0].change == SeenWrite::Change::passing));
  BOOST_TEST(after.writes[0].same_as_read == "golden/a.js");
  BOOST_TEST(after.connections[0].peers[0].exe == psql().exe);
  BOOST_TEST(after.connections[0].peer_programs == std::vector<int>(1, 1));
  BOOST_TEST(after.connections[1].by == kNoProgram);
  BOOST_TEST(after.listeners[0].accepted == 4);
  BOOST_TEST(after.signals[0].to == 1);
  BOOST_TEST(after.notices == std::vector<std::string>(1, "io_uring by pid 7"));
  BOOST_TEST(after.dropped.others == 5);
  BOOST_TEST(after.sockets_complete);
}

/// Every member of every record is one that a reader needs: without it something else is read.
BOOST_AUTO_TEST_CASE(no_member_is_written_that_is_not_read) {
  const Value full = to_value(full_activity());
  for (const auto& [name, value] : full.as_map()) {
    Value less = full;
    less.set(name, Value());
    BOOST_TEST(!(to_value(activity_from_value(less)) == full), name);
    if (value.as_list().empty() || !value.as_list().front().is_map()) continue;
    for (const Value& record : value.as_list())
      for (const auto& [member, unused] : record.as_map()) {
        Value::List records = value.as_list();
        for (Value& one : records)
          if (one.find(member) != nullptr) one.set(member, Value());
        less.set(name, std::move(records));
        BOOST_TEST(!(to_value(activity_from_value(less)) == full), name << "/" << member);
      }
  }
}

BOOST_AUTO_TEST_CASE(an_activity_nobody_watched_is_an_empty_record) {
  BOOST_TEST(to_json(to_value(Activity{})) == "{}");
  const Activity nothing = activity_from_value(Value::map());
  BOOST_TEST(nothing.mechanism.empty());
  BOOST_TEST(!nothing.writes_complete);
}

BOOST_DATA_TEST_CASE(what_was_read_is_written_as_it_was, data::xrange(200), seed) {
  const Value once = to_value(some_activity(static_cast<std::uint32_t>(seed)));
  BOOST_TEST((to_value(activity_from_value(once)) == once));
  BOOST_TEST((to_value(through_json(activity_from_value(once))) == once));
}

BOOST_AUTO_TEST_CASE(what_is_missing_or_not_understood_reads_as_the_weakest) {
  const auto value = from_json(R"({"mechanism": 7, "later": [1], "programs": [{"exit_code": "0", "alive": 1}, 3],
    "writes": [{"path": "x", "change": "vanished", "by": "all"}], "connections": [{"made": "2"}],
    "writes_complete": "yes", "dropped": []})")
                         .value();
  const Activity activity = activity_from_value(value);
  BOOST_TEST(activity.mechanism.empty());
  BOOST_TEST(activity.programs.size() == 2);
  BOOST_TEST(!activity.programs[0].exit_code.has_value());
  BOOST_TEST((activity.writes[0].change == SeenWrite::Change::none));
  BOOST_TEST(activity.writes[0].by.empty());
  BOOST_TEST(activity.connections[0].by == kNoProgram);
  BOOST_TEST(activity.connections[0].made == 0);
  BOOST_TEST(!activity.writes_complete);
}

BOOST_AUTO_TEST_CASE(an_index_that_names_no_program_is_none) {
  const auto value = from_json(R"({"programs": [{"parent": 1}, {"parent": -7}],
    "reads": [{"by": [0, 2, -1, 1, 99999999999]}], "signals": [{"by": 2, "to": 0}]})")
                         .value();
  const Activity activity = activity_from_value(value);
  BOOST_TEST(activity.programs[0].parent == 1);
  BOOST_TEST(activity.programs[1].parent == kNoProgram);
  BOOST_TEST(activity.reads[0].by == (std::vector<int>{0, 1}));
  BOOST_TEST(activity.signals[0].by == kNoProgram);
  BOOST_TEST(activity.signals[0].to == 0);
}

BOOST_AUTO_TEST_CASE(facts_carry_their_activity) {
  Facts facts;
  facts.activity = full_activity();
  const Facts after = facts_from_value(from_json(to_json(to_value(facts))).value());
  BOOST_REQUIRE(after.activity.has_value());
  BOOST_TEST((to_value(*after.activity) == to_value(full_activity())));
  BOOST_TEST(!facts_from_value(Value::map()).activity.has_value());
}

/// A witness that watched and saw nothing is another thing than no witness.
BOOST_AUTO_TEST_CASE(an_empty_activity_is_not_an_absent_one) {
  Facts facts;
  facts.activity = Activity{};
  BOOST_TEST(facts_from_value(to_value(facts)).activity.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::evidence
