// Profiles for tests, and what must be true of every report.
#pragma once
#include <boost/test/unit_test.hpp>
#include <string>

#include "probes/load/engine.hpp"

namespace mccoy::load::testing {
using std::chrono::milliseconds;
using std::chrono::seconds;

inline Template literal(std::string text) {
  return {{.kind = Piece::Kind::literal, .text = std::move(text)}};
}

inline Request get(std::string path, std::string name = "get") {
  Request request;
  request.name = std::move(name);
  request.path = literal(std::move(path));
  return request;
}

inline Check status_is(int first, int last, std::string name = "status") {
  Check check;
  check.kind = Check::Kind::status;
  check.name = std::move(name);
  check.ranges = {{first, last}};
  return check;
}

inline Target at_port(int port) {
  Target target;
  target.name = "http://127.0.0.1:" + std::to_string(port);
  target.host = "127.0.0.1";
  target.port = port;
  return target;
}

/// One request, at a rate or by users.
inline Profile profile(int port, Model model, double level, Duration span) {
  Profile asked;
  asked.model = model;
  asked.stages = {{"load", level, level, span}};
  asked.targets = {at_port(port)};
  asked.journeys = {{.name = "get", .weight = 1, .steps = {get("/")}, .variables = 0}};
  asked.nonce_key = "a test";
  asked.drain = seconds(5);
  return asked;
}

/// Every request that was due has become one thing, and only one.
inline void check_adds_up(const Report& report) {
  for (const auto& cell : report.cells) {
    const Tally& t = cell.tally;
    BOOST_TEST(t.due == t.ok + t.check_failed + t.failures() + t.dropped + t.never_sent + t.abandoned);
    BOOST_TEST(t.sent >= t.finished());
    BOOST_TEST(t.response.count() == t.finished());
    BOOST_TEST(t.service.count() == t.finished());
    BOOST_TEST(t.failure.count() == t.failures());
    std::uint64_t statuses = 0;
    for (const auto& [status, count] : t.statuses) statuses += count;
    BOOST_TEST(statuses <= t.finished());
  }
  Tally all, summed;
  for (const auto& cell : report.cells) all.due += cell.tally.due, all.ok += cell.tally.ok;
  for (const auto& second : report.seconds) summed.due += second.due, summed.ok += second.ok;
  BOOST_TEST(all.due == summed.due);
  BOOST_TEST(all.ok == summed.ok);
}

inline Report run_checked(const Profile& asked, Hooks hooks = {}) {
  if (hooks.deadline.never()) hooks.deadline = Deadline::in(seconds(60));
  auto report = run(asked, hooks);
  BOOST_REQUIRE_MESSAGE(report.ok(), (report.ok() ? "" : render(report.error())));
  check_adds_up(*report);
  return std::move(*report);
}

inline std::uint64_t failed_by(const Report& report, Cause cause) {
  return report.all().failed[static_cast<std::size_t>(cause)];
}
}  // namespace mccoy::load::testing
