// What services did while they were asked, with real servers: nginx, Redis and PostgreSQL of the distribution, and the
// order service of the quickstart. Skipped where one is not installed.
#include "tests/e2e/mccoy.hpp"

using namespace mccoy;
using e2e::Place;

namespace {
boost::test_tools::assertion_result installed(boost::unit_test::test_unit_id) {
  for (const auto* program : {"/usr/lib/postgresql/15/bin/postgres", "/usr/bin/redis-server", "/usr/sbin/nginx"}) {
    if (std::filesystem::exists(program)) continue;
    boost::test_tools::assertion_result missing(false);
    missing.message() << program << " is not installed";
    return missing;
  }
  return true;
}

/// Why an obligation of a case is as it is: "held: …", from the facts of its judgement or what it misses.
std::string words_of(const Place& place, const std::string& id, std::string_view part) {
  const auto all = place.cases();
  const auto found = all.find(id);
  if (found == all.end()) return "no record";
  for (const std::string_view list : {"facts", "missing"})
    for (const Value& item : found->second["judgement"][list].as_list())
      if (e2e::holds(item.as_string(), part)) return item.as_string();
  return found->second["judgement"]["reason"].as_string();
}

void verifies(const Place& place, int code) {
  BOOST_TEST(place.mccoy({"verify", place.out()}).code == code);
}

constexpr std::string_view kWeb = R"(
  web:
    before:
      - [mkdir, -p, "${dir}/tmp"]
      - - sh
        - -c
        - |
          cat > nginx.conf <<'END'
          daemon off;
          worker_processes 2;
          pid ${dir}/nginx.pid;
          events {}
          http {
            access_log off;
            client_body_temp_path ${dir}/tmp/body;
            proxy_temp_path ${dir}/tmp/proxy;
            fastcgi_temp_path ${dir}/tmp/fastcgi;
            uwsgi_temp_path ${dir}/tmp/uwsgi;
            scgi_temp_path ${dir}/tmp/scgi;
            upstream orders { server 127.0.0.1:${services.orders.port}; KEEPALIVE }
            server {
              listen 127.0.0.1:${port};
              location = /ready { return 204; }
              location / { PASS }
            }
          }
          END
    run: [/usr/sbin/nginx, -p, "${dir}", -e, "${dir}/error.log", -c, "${dir}/nginx.conf"]
    user: unprivileged
    ready: { http: "http://127.0.0.1:${port}/ready", within: 20s }
)";

std::string with(std::string text, const std::string& what, const std::string& instead) {
  const auto at = text.find(what);
  BOOST_REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), instead);
}

/// nginx in front of an order service.
std::string behind_nginx(const std::string& program, const std::string& pass, const std::string& more = "") {
  const std::string orders =
      "suite: s\nservices:\n  orders:\n"
      "    run: [\"${env.MCCOY_FIXTURES}/" +
      program + "\", --port, \"${port}\", --db, \"${dir}/orders.db\"]\n" + more +
      "    ready: { http: \"http://127.0.0.1:${port}/health\", within: 20s }";
  const std::string cases =
      "cases:\n  taken:\n    http: POST ${services.web.url}/orders\n    json: { item: \"${nonce}\" }\n"
      "    expect: { status: 201 }\n"
      "    evidence: { listener: web, connect: orders, service: { orders: { write: [\"${dir}/orders.db*\"] } } }\n";
  return orders + with(with(std::string(kWeb), "PASS", pass), "KEEPALIVE", "") + cases;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(services, *boost::unit_test::precondition(installed))

BOOST_AUTO_TEST_CASE(the_chain_leads_through_nginx_to_who_answered) {
  const Place place;
  const auto ran = place.suite(behind_nginx("orders", "proxy_pass http://orders;"), {"--json", place.path("r.json")});
  BOOST_TEST(place.result_of("s/taken") == "pass real", ran.out << ran.err);
  BOOST_TEST(words_of(place, "s/taken", "which asked service orders (pid ") != "");
  BOOST_TEST(e2e::holds(words_of(place, "s/taken", "a conversation with orders"), "by way of service web"));
  const auto report = from_json(read_file(place.path("r.json"), 1 << 24).value());
  BOOST_REQUIRE(report.ok());
  const Value* hop = report->pointer("/cases/0/chain/0");
  BOOST_REQUIRE(hop != nullptr);
  BOOST_TEST((*hop)["from"].as_string() == "web");
  BOOST_TEST((*hop)["to"].as_string() == "orders");
  BOOST_TEST((*hop)["exe"].as_string() == e2e::kFixtures + "/orders");
  BOOST_TEST((*hop)["bytes_in"].as_int() > 0);
  verifies(place, 0);
}

BOOST_AUTO_TEST_CASE(a_store_that_forgets_behind_nginx_is_found_out) {
  const Place place;
  place.suite(behind_nginx("orders_forgetful", "proxy_pass http://orders;"));
  BOOST_TEST(place.result_of("s/taken") == "pass unproven");
  BOOST_TEST(e2e::holds(words_of(place, "s/taken", "orders.db"), "is as it was before the trial"));
  verifies(place, 3);
}

BOOST_AUTO_TEST_CASE(an_nginx_that_answers_by_itself_is_found_out) {
  const Place place;
  place.suite(behind_nginx("orders", "return 201 '{}';"));
  BOOST_TEST(place.result_of("s/taken") == "pass unproven");
  BOOST_TEST(e2e::holds(words_of(place, "s/taken", "a conversation with orders"), "no program connected to it"));
}

BOOST_AUTO_TEST_CASE(what_nobody_watched_is_unseen) {
  const Place place;
  place.suite(behind_nginx("orders", "proxy_pass http://orders;", "    watch: false\n"));
  BOOST_TEST(place.result_of("s/taken") == "pass unproven");
  BOOST_TEST(e2e::holds(words_of(place, "s/taken", "orders.db"), "the suite says `watch: false`"));
}

BOOST_AUTO_TEST_CASE(redis_appends_to_a_log_it_has_open_since_its_start) {
  for (const std::string keeps : {"yes", "no"}) {
    const Place place;
    const auto ran = place.suite(
        "suite: s\nservices:\n  cache:\n"
        "    run: [redis-server, --bind, 127.0.0.1, --port, \"${port}\", --dir, \"${dir}\", --save, \"\", "
        "--appendonly, \"" +
        keeps +
        "\"]\n    user: unprivileged\n    ready: { tcp: \"127.0.0.1:${port}\", within: 20s }\n"
        "cases:\n  set:\n    exec: [redis-cli, -p, \"${services.cache.port}\", SET, word, \"${nonce}\"]\n"
        "    expect: { stdout: OK }\n    control: { stop: cache }\n"
        "    evidence: { connect: cache, service: { cache: { write: \"${dir}/append*/*.aof\" } } }\n");
    BOOST_TEST(place.result_of("s/set") == (keeps == "yes" ? "pass real" : "pass unproven"), ran.out << ran.err);
    if (keeps == "yes") BOOST_TEST(e2e::holds(words_of(place, "s/set", "wrote"), "had it open for writing"));
    verifies(place, keeps == "yes" ? 0 : 3);
  }
}

BOOST_AUTO_TEST_CASE(postgres_writes_its_log_when_a_row_is_inserted_and_not_when_it_is_asked) {
  for (const std::string sql : {"create table words as select 1", "select 1"}) {
    const Place place;
    const std::string bin = "/usr/lib/postgresql/15/bin/";
    const auto ran = place.suite(
        "suite: s\nservices:\n  db:\n"
        "    before: [[" +
        bin +
        "initdb, -D, \"${dir}/data\", -U, postgres, -A, trust]]\n"
        "    run: [" +
        bin +
        "postgres, -D, \"${dir}/data\", -p, \"${port}\", -h, 127.0.0.1, -k, \"${dir}\"]\n"
        "    user: unprivileged\n"
        "    ready: { command: [" +
        bin +
        "pg_isready, -q, -h, 127.0.0.1, -p, \"${port}\"], within: 60s }\n"
        "    stop: { signal: QUIT, within: 20s }\n"
        "cases:\n  sql:\n    exec: [" +
        bin + "psql, -XAtq, -h, 127.0.0.1, -p, \"${services.db.port}\", -U, postgres, -c, \"" + sql +
        "\"]\n    expect: { exit: 0 }\n"
        "    evidence: { connect: db, service: { db: { write: \"${dir}/data/base/*/[0-9]*\" } } }\n");
    BOOST_TEST(place.result_of("s/sql") == (sql == "select 1" ? "pass unproven" : "pass real"), ran.out << ran.err);
    verifies(place, sql == "select 1" ? 3 : 0);
  }
}

BOOST_AUTO_TEST_CASE(a_service_that_detaches_is_watched_and_so_is_the_one_that_is_started_again) {
  const Place place;
  const auto ran = place.suite(
      "suite: s\nservices:\n  orders:\n"
      "    run: [sh, -c, 'setsid \"$0\" --port \"$1\" --db \"$2\" > /dev/null 2>&1 & exit 0',"
      " \"${env.MCCOY_FIXTURES}/orders\", \"${port}\", \"${dir}/orders.db\"]\n"
      "    ready: { http: \"http://127.0.0.1:${port}/health\", within: 20s }\n"
      "cases:\n  taken:\n    http: POST ${services.orders.url}/orders\n    json: { item: \"${nonce}\" }\n"
      "    expect: { status: 201 }\n    claim: liveness\n    control: { stop: orders }\n"
      "    evidence: { service: { name: orders, write: [\"${dir}/orders.db*\"] } }\n");
  BOOST_TEST(place.result_of("s/taken") == "pass real", ran.out << ran.err);
  int watched = 0;
  for (const auto& record : place.records()) {
    if (record.type != "trial" || record.body["phase"].as_string() == "challenge without orders") continue;
    const Value* writes = record.body.pointer("/facts/services/0/activity/writes");
    BOOST_TEST((writes != nullptr && !writes->as_list().empty()), record.body["phase"].as_string());
    ++watched;
  }
  BOOST_TEST(watched == 2);
}

BOOST_AUTO_TEST_CASE(below_another_watcher_it_goes_on_unwatched_and_says_so) {
  const Place place;
  place.write("suite.yaml", behind_nginx("orders", "proxy_pass http://orders;"));
  const auto ran = place.mccoy({"exec", "--", e2e::kMccoy, "run", "suite.yaml", "--out", place.out()});
  BOOST_TEST(place.result_of("s/taken") == "pass unproven", ran.out << ran.err);
  BOOST_TEST(e2e::holds(words_of(place, "s/taken", "orders.db"), "another watcher is above this run"));
}

BOOST_AUTO_TEST_SUITE_END()
