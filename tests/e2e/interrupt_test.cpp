// A run that is stopped: by one signal, by two, and by kill -9 at many points of its work.
#include <poll.h>
#include <signal.h>

#include <regex>
#include <thread>

#include "harness/base/text.hpp"
#include "tests/e2e/mccoy.hpp"

using namespace mccoy;
using e2e::holds;
using e2e::Place;
using namespace std::string_literals;

namespace {
constexpr std::string_view kEndless =
    "suite: s\n"
    "services:\n"
    "  orders:\n"
    "    run: [\"${env.MCCOY_FIXTURES}/orders\", --port, \"${port}\", --db, \"${dir}/o.db\"]\n"
    "    ready: { http: \"http://127.0.0.1:${port}/health\" }\n"
    "cases:\n"
    "  works: { http: \"${services.orders.url}/health\", expect: { status: 200 } }\n"
    "  hangs: { needs: [works], services: [orders], exec: [sh, -c, 'trap \"\" TERM INT HUP; while :; do sleep 1; "
    "done'], within: 100s, expect: { exit: 0 } }\n"
    "  after: { needs: [hangs], exec: [\"true\"], expect: { exit: 0 } }\n";

/// Its service takes longer to stop than any test waits.
constexpr std::string_view kStubborn =
    "suite: s\n"
    "services:\n"
    "  stays: { run: [sh, -c, 'trap \"\" TERM; echo up; while :; do sleep 1; done'], ready: { log: up },\n"
    "           stop: { within: 1000s } }\n"
    "cases:\n"
    "  hangs: { services: [stays], exec: [sleep, \"1000\"], within: 1000s, expect: { exit: 0 } }\n";

/// mccoy while it runs; what it writes is read as it comes.
class Running {
 public:
  explicit Running(const Command& command) : tree_(std::move(ProcessTree::start(command)).value()) {}
  bool wait_for(std::string_view words) {
    const Deadline deadline = Deadline::in(e2e::kPatience);
    while (!holds(out_, words) && !deadline.passed()) read(deadline);
    return holds(out_, words);
  }
  void signal(int number) { BOOST_TEST(tree_.signal_root(number).ok()); }
  /// Exit code; -1: by a signal.
  int wait() {
    const auto ended = tree_.wait(Deadline::in(e2e::kPatience));
    BOOST_REQUIRE(ended.ok());
    return ended->exited ? ended->code : -1;
  }
  /// True when nothing of it is alive any more within so much time.
  bool gone_within(Duration time) {
    for (const Deadline deadline = Deadline::in(time); !tree_.members().empty();) {
      if (deadline.passed()) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
  }

 private:
  void read(Deadline deadline) {
    pollfd ready[] = {{tree_.out(), POLLIN, 0}, {tree_.err(), POLLIN, 0}};
    ::poll(ready, 2, deadline.poll_ms());
    for (const auto& stream : ready) {
      char chunk[4096];
      const ssize_t n = stream.revents ? ::read(stream.fd, chunk, sizeof chunk) : 0;
      if (n > 0) out_.append(chunk, static_cast<std::size_t>(n));
    }
  }
  ProcessTree tree_;
  std::string out_;
};

Running start_endless(const Place& place, std::string_view suite = kEndless, std::vector<std::string> argv = {}) {
  place.write("suite.yaml", suite);
  for (const auto& word : {e2e::kMccoy, "run"s, "suite.yaml"s, "--out"s, place.out(), "--progress"s, "json"s})
    argv.push_back(word);
  Running running(place.command(std::move(argv)));
  BOOST_REQUIRE(running.wait_for(R"("type":"started","body":{"case":"s/hangs"})"));
  return running;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(interrupts)

BOOST_AUTO_TEST_CASE(one_signal_stops_tears_down_and_keeps_what_is_known) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    const Place place;
    Running running = start_endless(place);
    running.signal(number);
    BOOST_TEST(running.wait() == 130);
    BOOST_TEST(running.gone_within(std::chrono::seconds(2)));
    BOOST_TEST(place.result_of("s/works") == "pass real");
    for (const char* id : {"s/hangs", "s/after"}) BOOST_TEST(holds(place.result_of(id), "not-run"), id);
    BOOST_TEST(place.records().back().type == "close");
    BOOST_TEST(place.records().back().body["reason"].as_string() == "interrupted");
    BOOST_TEST(place.mccoy({"verify", place.out()}).code == 130);
  }
}

BOOST_AUTO_TEST_CASE(a_second_signal_ends_it_at_once_and_nothing_is_left_alive) {
  const Place place;
  Running running = start_endless(place, kStubborn);
  running.signal(SIGINT);
  BOOST_TEST(running.wait_for("once more to stop at once"));
  std::this_thread::sleep_for(std::chrono::milliseconds(400));  // what comes sooner belongs to the first
  running.signal(SIGINT);
  BOOST_TEST(running.wait() == 130);
  BOOST_TEST(running.gone_within(std::chrono::seconds(2)));
  BOOST_TEST(place.records().back().type != "close");
}

BOOST_AUTO_TEST_CASE(timeout_signals_process_and_group_and_that_is_one_request_to_stop) {
  const Place place;
  Running running = start_endless(place, kEndless, {"timeout", "1000"});
  running.signal(SIGTERM);
  BOOST_TEST(running.wait() == 130);
  BOOST_TEST(place.records().back().type == "close");
  BOOST_TEST(place.records().back().body["reason"].as_string() == "interrupted");
}

BOOST_AUTO_TEST_CASE(after_kill_9_nothing_is_left_alive_and_verify_says_incomplete) {
  const Place place;
  Running running = start_endless(place);
  running.signal(SIGKILL);
  BOOST_TEST(running.wait() == -1);
  BOOST_TEST(running.gone_within(std::chrono::seconds(2)));
  const auto verified = place.mccoy({"verify", place.out()});
  BOOST_TEST(verified.code == 4);
  BOOST_TEST(holds(verified.out, "incomplete"), verified.out << verified.err);
}

BOOST_AUTO_TEST_SUITE_END()
