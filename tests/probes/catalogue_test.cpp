// Every kind of probe arrives whole: its tables are sound, and there are targets to try it on.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <ostream>
#include <set>

#include "tests/probes/attempt.hpp"

namespace mccoy {
std::ostream& operator<<(std::ostream& out, const ProbeKind* kind) {
  return out << kind->schema->name;
}
}  // namespace mccoy

namespace mccoy::test {
namespace {
namespace data = boost::unit_test::data;
const auto kKinds = data::make(std::vector<const ProbeKind*>(probes::catalogue().begin(), probes::catalogue().end()));

Value argv(std::vector<std::string> words) {
  Value list = Value::list();
  for (auto& word : words) list.push(std::move(word));
  return list;
}

/// What each kind is tried on: what it can ask and gets the right answer from, what it can ask and gets a wrong one
/// from, what cannot be asked at all. (Right answers without work are for the judge to see through: tests/e2e.)
struct Targets {
  std::string_view kind;
  Value honest, broken, unreachable;
  Value fields = Value::map();
};
std::vector<Targets> targets(const Server& server) {
  return {{"exec", argv({"expr", "6", "*", "7"}), argv({"false"}), argv({"/nonexistent/program"})},
          {"shell", "expr 6 '*' 7", "false | cat", "kill -STOP $$"},
          {"http", server.url("/ok"), server.url("/status?500"), server.url("/never")},
          {"tcp", server.address(), "127.0.0.1:1", "no-such-name.invalid:1"},
          {"file", "written", "missing", "/proc/self/mem"},
          {"load", server.url("/ok"), server.url("/status?500"), "http://no-such-name.invalid:1/",
           Value::map({{"rate", "20/s"}, {"for", std::int64_t{100'000'000}}})}};
}
}  // namespace

BOOST_AUTO_TEST_SUITE(catalogue)

BOOST_AUTO_TEST_CASE(kinds_are_found_by_name_and_others_are_not) {
  for (const char* name : {"exec", "shell", "http", "tcp", "file", "load"})
    BOOST_TEST(probes::find_kind(name) != nullptr, name);
  BOOST_TEST(probes::find_kind("htpp") == nullptr);
  BOOST_TEST(probes::kind_schemas().size() == probes::catalogue().size());
}

BOOST_DATA_TEST_CASE(tables_are_sound, kKinds, kind) {
  const suite::KindSchema& schema = *kind->schema;
  std::set<std::string_view> fields, expects;
  for (const suite::Field& field : schema.fields) {
    BOOST_TEST(fields.insert(field.name).second, field.name);
    BOOST_TEST(!field.help.empty(), field.name);
    BOOST_TEST((field.type != suite::FieldType::word || !field.words.empty()), field.name);
  }
  for (const suite::ExpectField& expect : schema.expects) {
    BOOST_TEST(expects.insert(expect.name).second, expect.name);
    BOOST_TEST(!expect.help.empty(), expect.name);
    BOOST_TEST(!expect.subject.empty(), expect.name);
  }
  BOOST_TEST(schema.head.required);
  BOOST_TEST(!schema.summary.empty());
  BOOST_TEST(!schema.default_contract.empty());
  BOOST_TEST((std::ranges::find(schema.sources, schema.main_text) != schema.sources.end()));
}

BOOST_AUTO_TEST_CASE(defaults_of_the_contract_are_marked_as_not_stated) {
  const auto settings = [](std::string_view kind, Value head) {
    return suite::Settings::resolve(*probes::find_kind(kind)->schema, {std::move(head), {}}, {}, suite::Scope())
        .value();
  };
  const auto* http = probes::find_kind("http");
  const auto asked = settings("http", "GET http://127.0.0.1:81/x");
  BOOST_TEST(http->default_contract(asked, "").empty());
  const auto contract = http->default_contract(asked, "web");
  BOOST_REQUIRE(contract.size() == 2U);
  BOOST_TEST(contract[0].kind->name == "listener");
  BOOST_TEST(contract[0].settings["svc"].as_string() == "web");
  BOOST_TEST(!contract[0].stated);
  BOOST_TEST(contract[1].settings["min_bytes_in"].as_int() == 1);
  BOOST_TEST(
      probes::find_kind("exec")->default_contract(settings("exec", argv({"ls"})), "")[0].settings["exe"].as_string() ==
      "ls");
}

BOOST_AUTO_TEST_CASE(addresses_are_told_so_that_services_can_be_found) {
  const auto address = [](std::string_view kind, Value head, suite::LocatedMap fields = {}) {
    const auto* found = probes::find_kind(kind);
    return found->address(
        suite::Settings::resolve(*found->schema, {std::move(head), {}}, fields, suite::Scope()).value());
  };
  BOOST_TEST(address("http", "GET http://127.0.0.1:8080/x") == "127.0.0.1:8080");
  BOOST_TEST(address("http", "http://localhost/x") == "localhost:80");
  BOOST_TEST(address("http", "HTTPS://[::1]/x") == "[::1]:443");
  BOOST_TEST(address("http", "http://shop.test/", {{"connect_to", {Value("127.0.0.1:9"), {}}}}) == "127.0.0.1:9");
  BOOST_TEST(address("tcp", "127.0.0.1:6379") == "127.0.0.1:6379");
  BOOST_TEST(address("tcp", "unix:/run/x.sock") == "unix:/run/x.sock");
  BOOST_TEST(address("load", "POST http://127.0.0.1:8080/x?y={{unique}}") == "127.0.0.1:8080");
  BOOST_TEST(address("load", "https://[::1]") == "[::1]:443");
  BOOST_TEST(address("load", "unix:/run/x.sock") == "unix:/run/x.sock");
  BOOST_TEST(address("file", "x") == "");
}

BOOST_DATA_TEST_CASE(every_kind_has_targets_and_an_unreachable_one_is_an_error, kKinds, kind) {
  if (kind->schema->alone) return;  // it needs services and other cases: tests/e2e/chaos_test.cpp
  const Server server{{fixture("answers")}};
  for (const Targets& row : targets(server)) {
    if (row.kind != kind->schema->name) continue;
    Attempt attempt;
    BOOST_REQUIRE(write_atomically(attempt.trial.folder + "/written", "42\n").ok());
    BOOST_TEST(attempt.observe(row.kind, row.honest, row.fields).ok());
    BOOST_TEST(attempt.observe(row.kind, row.broken, row.fields).ok());
    attempt.trial.deadline = Deadline::in(std::chrono::milliseconds(300));
    BOOST_TEST(!attempt.observe(row.kind, row.unreachable, row.fields).ok());
    return;
  }
  BOOST_ERROR("no targets for this kind");
}
BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::test
