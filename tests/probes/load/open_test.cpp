// The open model against real servers of the test: what is due is sent, counted and timed whatever the target does.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <set>

#include "tests/probes/load/profiles.hpp"
#include "tests/probes/load/server.hpp"

using namespace mccoy;
using namespace mccoy::load;
using namespace mccoy::load::testing;

BOOST_AUTO_TEST_SUITE(load_open)

BOOST_AUTO_TEST_CASE(every_arrival_is_sent_answered_and_counted_by_both_sides) {
  std::atomic<std::uint64_t> answered = 0;
  Server server(each_request([&](const std::string&) {
    ++answered;
    return response("hello");
  }));
  Profile asked = profile(server.port(), Model::open, 500, seconds(2));
  asked.threads = 2;
  const Report report = run_checked(asked);
  const Tally all = report.all();
  BOOST_TEST(all.due == 1000U);
  BOOST_TEST(all.ok == 1000U);
  BOOST_TEST(all.sent == 1000U);
  BOOST_TEST(all.of_class(2) == 1000U);
  BOOST_TEST(answered == 1000U);
  BOOST_TEST(all.response.count() == 1000U);
  BOOST_TEST(all.arrival.count() == 1000U);
  BOOST_TEST(report.connections[0].opened == server.accepted());
  BOOST_TEST(report.connections[0].opened + report.connections[0].reused == 1000U);
  BOOST_TEST((report.ended == load::Ended::finished));
  BOOST_TEST(report.generator.threads.size() == 2U);
  BOOST_TEST(report.generator.cpu_s > 0);
  BOOST_TEST(report.journeys_finished == 1000U);
  BOOST_TEST(!report.peers.empty());
  BOOST_TEST(report.peers[0].remote == "127.0.0.1:" + std::to_string(server.port()));
}

BOOST_AUTO_TEST_CASE(stages_and_warm_up_are_kept_apart) {
  Server server(each_request([](const std::string&) { return response(""); }));
  Profile asked = profile(server.port(), Model::open, 0, seconds(1));
  asked.stages = {{"warm-up", 100, 100, milliseconds(500), false}, {"up", 100, 300, seconds(1)}};
  const Report report = run_checked(asked);
  BOOST_TEST(report.of_stage(0).due == 50U);
  BOOST_TEST(report.of_stage(1).due == 200U);
  BOOST_TEST(report.all().due == 200U);
  BOOST_TEST(report.counted_seconds() == 1.0, boost::test_tools::tolerance(0.01));
  BOOST_TEST(report.stages[1].asked == 200.0, boost::test_tools::tolerance(1e-9));
}

/// Answers nobody until all of the freeze is over, as a process that was stopped would.
class Freezing {
 public:
  std::string answer() {
    std::unique_lock lock(mutex_);
    if (first_ == Clock::time_point{}) first_ = Clock::now();
    const auto begin = first_ + seconds(1), end = begin + seconds(1);
    if (const auto now = Clock::now(); now >= begin && now < end) thawed_.wait_until(lock, end);
    return response("ok");
  }

 private:
  std::mutex mutex_;
  std::condition_variable thawed_;
  Instant first_;
};

BOOST_AUTO_TEST_CASE(a_target_that_stands_still_for_a_second_of_three_is_seen_as_its_arrivals_saw_it) {
  Freezing freezing;
  Server server(each_request([&](const std::string&) { return freezing.answer(); }));
  Profile asked = profile(server.port(), Model::open, 300, seconds(3));
  const Report report = run_checked(asked);
  const Tally all = report.all();
  BOOST_TEST(all.ok == 900U);
  // A third of the arrivals fell into the freeze and waited evenly from 1 s down to nothing.
  const auto ms = [&](double q) { return static_cast<double>(all.response.percentile(q)) * 1e-6; };
  for (const double q : {0.70, 0.80, 0.90, 0.95, 0.99}) {
    const double truth = 1000 * (1 - (1 - q) * 3);
    BOOST_TEST(std::abs(ms(q) - truth) < 100, "p" << q << ": " << ms(q) << " ms, truth " << truth);
  }
  BOOST_TEST(ms(0.5) < 300);
}

BOOST_AUTO_TEST_CASE(arrivals_beyond_what_may_be_in_flight_are_dropped_and_counted) {
  Server server(each_request([](const std::string&) {
    std::this_thread::sleep_for(milliseconds(300));
    return response("");
  }));
  Profile asked = profile(server.port(), Model::open, 200, seconds(1));
  asked.max_in_flight = 5;
  const Report report = run_checked(asked);
  const Tally all = report.all();
  BOOST_TEST(all.due == 200U);
  BOOST_TEST(all.dropped > 100U);
  BOOST_TEST(all.ok >= 5U);
  BOOST_TEST(all.ok + all.dropped == 200U);
  BOOST_TEST(report.connections[0].open_max <= 5U);
}

BOOST_AUTO_TEST_CASE(those_who_wait_for_a_connection_have_their_wait_in_the_response_time) {
  Server server(each_request([](const std::string&) {
    std::this_thread::sleep_for(milliseconds(20));
    return response("");
  }));
  Profile asked = profile(server.port(), Model::open, 100, seconds(1));
  asked.connections = 1;
  const Report report = run_checked(asked);
  const Tally all = report.all();
  BOOST_TEST(all.ok == 100U);
  BOOST_TEST(report.connections[0].opened == 1U);
  BOOST_TEST(all.late > 20U);
  BOOST_TEST(all.response.percentile(0.9) > 2 * all.service.percentile(0.9));
}

BOOST_AUTO_TEST_CASE(the_same_seed_asks_for_the_same_things_whatever_the_number_of_threads) {
  const auto asked_for = [](int threads, std::uint64_t seed) {
    std::mutex mutex;
    std::multiset<std::string> seen;
    Server server(each_request([&](const std::string& request) {
      const std::lock_guard lock(mutex);
      seen.insert(request.substr(0, request.find('\r')));
      return response("");
    }));
    Profile asked = profile(server.port(), Model::open, 400, milliseconds(500));
    asked.spacing = Spacing::poisson;
    asked.threads = threads;
    asked.seed = seed;
    asked.tables = {{Table::Order::random, {{"ann"}, {"bob"}, {"cem"}}}};
    Request other = get("/", "other");
    other.path = {{.text = "/"}, {.kind = Piece::Kind::column},
                  {.text = "/"}, {.kind = Piece::Kind::random, .high = 99},
                  {.text = "/"}, {.kind = Piece::Kind::unique}};
    asked.journeys.push_back({.name = "other", .weight = 3, .steps = {other}, .variables = 0});
    run_checked(asked);
    return seen;
  };
  const auto once = asked_for(1, 5);
  BOOST_TEST((once == asked_for(3, 5)));
  BOOST_TEST((once != asked_for(1, 6)));
  const double plain = static_cast<double>(once.count("GET / HTTP/1.1")) / static_cast<double>(once.size());
  BOOST_TEST(plain > 0.1);
  BOOST_TEST(plain < 0.4);
}

BOOST_AUTO_TEST_CASE(a_limit_of_journeys_ends_the_load_early) {
  Server server(each_request([](const std::string&) { return response(""); }));
  Profile asked = profile(server.port(), Model::open, 100, seconds(30));
  asked.max_journeys = 20;
  const Report report = run_checked(asked);
  BOOST_TEST(report.all().ok == 20U);
  BOOST_TEST((report.elapsed < seconds(10)));
}

BOOST_AUTO_TEST_CASE(such_a_load_lasts_as_long_as_they_were_asked_for_or_answered) {
  Server server(each_request([](const std::string&) {
    std::this_thread::sleep_for(milliseconds(300));
    return response("");
  }));
  Profile asked = profile(server.port(), Model::open, 100, seconds(30));
  asked.max_journeys = 10;
  const Report report = run_checked(asked);
  BOOST_TEST(report.all().came == 10U);
  BOOST_TEST((report.asked_until == milliseconds(100)));
  BOOST_TEST(report.counted_seconds() >= 0.39);
  BOOST_TEST(report.counted_seconds() < 1.5);
}

BOOST_AUTO_TEST_CASE(an_interrupt_leaves_a_valid_partial_report) {
  Server server(each_request([](const std::string&) { return response(""); }));
  const Profile asked = profile(server.port(), Model::open, 200, seconds(600));
  Interrupt interrupt;
  Hooks hooks;
  hooks.interrupt = &interrupt;
  int told = 0;
  hooks.progress = [&](const Progress& progress) {
    ++told;
    BOOST_TEST(progress.last.due > 0U);
    if (progress.last.ok > 0) interrupt.raise();
  };
  const Report report = run_checked(asked, hooks);
  BOOST_TEST((report.ended == load::Ended::interrupted));
  BOOST_TEST(report.all().ok > 100U);
  BOOST_TEST(told >= 2);
}

BOOST_AUTO_TEST_CASE(a_hook_may_abort_with_a_reason) {
  Server server(each_request([](const std::string&) { return response("", "500 Oops"); }));
  Profile asked = profile(server.port(), Model::open, 100, seconds(600));
  asked.journeys[0].steps[0].checks = {status_is(200, 299)};
  Hooks hooks;
  hooks.abort = [](const Progress& progress) {
    return progress.so_far->all().check_failed > 10 ? std::string("hopeless") : std::string();
  };
  const Report report = run_checked(asked, hooks);
  BOOST_TEST((report.ended == load::Ended::aborted));
  BOOST_TEST(report.reason == "hopeless");
  BOOST_TEST(report.all().ok == 0U);
}

BOOST_AUTO_TEST_CASE(a_deadline_ends_a_run_that_waits_for_replies) {
  Server server([](int fd) {
    char byte;
    while (::recv(fd, &byte, 1, 0) > 0) {
    }
  });
  const Profile asked = profile(server.port(), Model::open, 50, seconds(600));
  Hooks hooks;
  hooks.deadline = Deadline::in(milliseconds(1500));
  const Report report = run_checked(asked, hooks);
  BOOST_TEST((report.ended == load::Ended::deadline));
  BOOST_TEST(report.all().abandoned > 20U);
  BOOST_TEST(report.all().ok == 0U);
}

BOOST_AUTO_TEST_CASE(who_answers_can_be_asked_while_the_connection_is_open) {
  Server server(each_request([](const std::string&) { return response("hello"); }));
  const Profile asked = profile(server.port(), Model::open, 100, seconds(1));
  Hooks hooks;
  hooks.exchanges = 2;
  int asked_times = 0;
  hooks.exchanged = [&](int fd, std::int64_t out, std::int64_t in) {
    ++asked_times;
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    BOOST_TEST(::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0);
    BOOST_TEST(ntohs(peer.sin_port) == server.port());
    BOOST_TEST(out > 0);
    BOOST_TEST(in > 0);
  };
  run_checked(asked, hooks);
  BOOST_TEST(asked_times >= 1);
  BOOST_TEST(asked_times <= 2);
}

BOOST_AUTO_TEST_CASE(whoever_answers_the_last_request_can_be_asked_too) {
  Server server(each_request([](const std::string&) { return response("hello"); }));
  Profile asked = profile(server.port(), Model::open, 50, milliseconds(500));
  asked.reuse = false;
  Hooks hooks;
  hooks.exchanges_last = 4;
  std::vector<int> told;
  std::atomic<int> answered = 0;
  hooks.finished = [&](const Finished&) { ++answered; };
  hooks.exchanged = [&](int, std::int64_t, std::int64_t) { told.push_back(answered); };
  run_checked(asked, hooks);
  BOOST_TEST((told.size() >= 2 && told.front() == 0 && told.back() == 24));
}

BOOST_AUTO_TEST_CASE(without_an_abort_hook_nothing_is_added_up_while_the_load_goes_on) {
  Server server(each_request([](const std::string&) { return response(""); }));
  const Profile asked = profile(server.port(), Model::open, 50, milliseconds(2500));
  Hooks hooks;
  std::vector<bool> added_up;
  hooks.progress = [&](const Progress& progress) { added_up.push_back(progress.so_far != nullptr); };
  const Report report = run_checked(asked, hooks);
  BOOST_REQUIRE(added_up.size() >= 2U);
  BOOST_TEST(!added_up.front());
  BOOST_TEST(added_up.back());
  hooks.abort = [&](const Progress& progress) {
    const auto elapsed = progress.so_far->load_elapsed;
    BOOST_TEST((elapsed > Duration{} && elapsed <= progress.elapsed));
    BOOST_TEST(progress.so_far->all().due > 0U);
    return std::string();
  };
  BOOST_TEST(run_checked(asked, hooks).all().due == report.all().due);
}

BOOST_AUTO_TEST_CASE(an_impossible_profile_is_refused_with_the_field_named) {
  Profile asked = profile(1, Model::open, 100, seconds(1));
  asked.stages[0].span = {};
  BOOST_TEST(run(asked, {}).error().what.find("stage \"load\"") != std::string::npos);
  asked.stages[0] = {"load", -1, 5, seconds(1)};
  BOOST_TEST(!check(asked).ok());
  asked.stages[0] = {"load", 1e12, 1e12, seconds(1)};
  BOOST_TEST(!check(asked).ok());
  asked.stages[0] = {"load", 0, 0, seconds(1)};
  BOOST_TEST(!check(asked).ok());
  asked = profile(1, Model::open, 100, seconds(1));
  asked.journeys[0].steps[0].path = literal("/a\r\nX: y");
  BOOST_TEST(!check(asked).ok());
  asked = profile(1, Model::open, 100, seconds(1));
  for (int i = 0; i < 50; ++i) asked.stages.push_back(asked.stages[0]);
  for (int i = 0; i < 50; ++i) asked.journeys.push_back({"j", 1, {get("/", "r" + std::to_string(i))}, 0});
  BOOST_TEST(!check(asked).ok());
  asked = profile(1, Model::open, 100, seconds(1));
  asked.targets[0].host = "no-such-host.invalid";
  BOOST_TEST(run(asked, {}).error().what.find("unknown") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
