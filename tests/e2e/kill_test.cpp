// kill -9 at many points of a run: before each write, sync and open of the evidence. Whatever is left is a valid
// prefix, nothing claims more than it holds, and no process of the run is alive two seconds later.
#include <set>

#include "harness/base/text.hpp"
#include "harness/run/run_view.hpp"
#include "tests/e2e/mccoy.hpp"

using namespace mccoy;
using e2e::Place;

namespace {
constexpr int kCases = 31;
constexpr double kGoneWithinS = 2.0;
constexpr double kSlackS = 3.0;  ///< for a machine that is busy with something else

struct Point {
  const char* call;
  const char* file;  ///< below the bundle
};
constexpr Point kPoints[] = {
    {"write", "journal.jsonl"}, {"fdatasync", "journal.jsonl"}, {"openat", "journal.jsonl"}, {"rename", "seal.json"}};

std::string suite_text() {
  std::string text =
      "suite: s\nservices:\n  orders:\n"
      "    run: [\"${env.MCCOY_FIXTURES}/orders\", --port, \"${port}\", --db, \"${dir}/o.db\"]\n"
      "    ready: { http: \"http://127.0.0.1:${port}/health\" }\n"
      "cases:\n  healthy: { http: \"${services.orders.url}/health\", expect: { status: 200 } }\n";
  for (int i = 0; i < kCases; ++i) text += "  c" + std::to_string(i) + ": { exec: [echo, x], expect: { stdout: x } }\n";
  return text;
}

struct Killed {
  bool killed = false;
  double gone_after_s = 0;  ///< from the kill to the end of the last process
};

/// Reads strace's log: "1234 1795.123456 +++ killed by SIGKILL +++".
Killed read_trace(const std::string& path) {
  Killed result;
  double kill_s = 0, last_s = 0;
  const auto log = read_file(path, 64 << 20);
  for (const auto& line : split(log.ok() ? *log : "", '\n')) {
    const std::size_t space = line.find_first_not_of(' ', line.find(' '));
    if (space == std::string::npos) continue;
    last_s = std::strtod(line.c_str() + space, nullptr);
    if (!result.killed && e2e::holds(line, "+++ killed by SIGKILL")) {
      result.killed = true;
      kill_s = last_s;
    }
  }
  result.gone_after_s = last_s - kill_s;
  return result;
}

Killed kill_at(const Place& place, const Point& point, int n) {
  std::filesystem::remove_all(place.out());
  std::filesystem::remove(place.path("r.json"));
  const std::string call = point.call;
  place.run({"strace",     "-f",
             "-q",         "-ttt",
             "-o",         "trace",
             "-P",         place.out() + "/" + point.file,
             "-e",         "trace=" + call,
             "-e",         "inject=" + call + ":signal=KILL:when=" + std::to_string(n),
             e2e::kMccoy,  "run",
             "suite.yaml", "-j",
             "1",          "--out",
             place.out(),  "--json",
             "r.json"});
  return read_trace(place.path("trace"));
}

std::set<std::string> passes_in_journal(const Place& place) {
  std::set<std::string> passed;
  for (const auto& record : place.records())
    if (record.type == "case" && record.body["judgement"]["outcome"].as_string() == "pass")
      passed.insert(record.body["case"].as_string());
  return passed;
}

void check_what_is_left(const Place& place, const std::string& where) {
  if (!std::filesystem::exists(place.out() + "/journal.jsonl")) return;
  const auto reading = evidence::read_journal(place.out() + "/journal.jsonl", {});
  BOOST_REQUIRE(reading.ok());
  BOOST_TEST((reading->state != evidence::JournalState::corrupt), where << ": " << reading->why);
  const bool sealed = std::filesystem::exists(place.out() + "/seal.json");
  BOOST_TEST((!sealed || reading->state == evidence::JournalState::complete), where);
  BOOST_TEST((sealed || !std::filesystem::exists(place.path("r.json"))), where << ": a report without a seal");
  const auto view = run::read_run(place.out());
  if (!view.ok()) return;  // the plan had not been written
  const auto passed = passes_in_journal(place);
  for (const auto& one : view->cases)
    BOOST_TEST((one.judgement.outcome != judge::Outcome::pass || passed.contains(one.id)),
               where << ": a report would claim " << one.id);
}
}  // namespace

BOOST_AUTO_TEST_SUITE(kill_9)

BOOST_AUTO_TEST_CASE(at_each_point_the_journal_is_a_valid_prefix_and_nothing_lives_on) {
  const Place place;
  place.write("suite.yaml", suite_text());
  int points = 0;
  double slowest_s = 0;
  for (const auto& point : kPoints)
    for (int n = 1;; ++n) {
      const std::string where = std::string(point.call) + " " + std::to_string(n) + " of " + point.file;
      const Killed killed = kill_at(place, point, n);
      check_what_is_left(place, where);
      if (!killed.killed) break;
      ++points;
      slowest_s = std::max(slowest_s, killed.gone_after_s);
      BOOST_TEST(killed.gone_after_s < kGoneWithinS + kSlackS, where);
    }
  BOOST_TEST_MESSAGE("killed at " << points << " points, all processes gone within " << slowest_s << " s");
  BOOST_TEST(points >= 100);
}

BOOST_AUTO_TEST_SUITE_END()
