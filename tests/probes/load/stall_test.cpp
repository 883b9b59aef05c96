// A generator that gets no processor for a second: what it slept through is no fault of the target.
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

#include "tests/probes/load/profiles.hpp"
#include "tests/probes/load/server.hpp"

using namespace mccoy;
using namespace mccoy::load;
using namespace mccoy::load::testing;

namespace {
std::atomic<int> stall_ms;

void stall(int) {
  const int ms = stall_ms;
  timespec left{ms / 1000, ms % 1000 * 1'000'000L};
  while (::nanosleep(&left, &left) != 0) continue;
}

/// Stops a generator's thread where it sleeps, as SIGSTOP would all of the process.
class Stall {
 public:
  explicit Stall(milliseconds length) {
    stall_ms = static_cast<int>(length.count());
    struct sigaction action {};
    action.sa_handler = &stall;
    ::sigaction(SIGUSR1, &action, &before_);
  }
  ~Stall() { ::sigaction(SIGUSR1, &before_, nullptr); }
  /// Tells which thread to stop.
  Hooks hooks() {
    Hooks hooks;
    hooks.exchanged = [this](int, std::int64_t, std::int64_t) { thread_ = ::gettid(); };
    return hooks;
  }
  /// Once, at this one of the requests.
  void at(int request) {
    if (++requests_ == request) ::tgkill(::getpid(), thread_, SIGUSR1);
  }

 private:
  struct sigaction before_ {};
  std::atomic<pid_t> thread_ = 0;
  std::atomic<int> requests_ = 0;
};

/// Its answers take as long as they take, and the generator sleeps through one moment of the load.
Report stalled(milliseconds stall_for, int request, milliseconds answer, Profile asked) {
  Stall stall(stall_for);
  Server server(each_request([&](const std::string&) {
    std::this_thread::sleep_for(answer);
    stall.at(request);
    return response("");
  }));
  asked.targets = {at_port(server.port())};
  asked.threads = 1;
  return run_checked(asked, stall.hooks());
}

std::uint64_t errors_of(const Report& report) {
  const Tally all = report.all();
  return all.failures() + all.abandoned + all.check_failed;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(load_stall)

BOOST_AUTO_TEST_CASE(answers_that_lie_there_when_it_wakes_up_did_not_time_out) {
  Profile asked = profile(1, Model::open, 200, seconds(2));
  asked.response_timeout = milliseconds(300);
  BOOST_TEST(errors_of(stalled(milliseconds(900), 100, milliseconds(20), asked)) == 0U);
  Profile users = profile(1, Model::closed, 8, seconds(2));
  users.response_timeout = milliseconds(300);
  BOOST_TEST(errors_of(stalled(milliseconds(900), 100, milliseconds(20), users)) == 0U);
}

BOOST_AUTO_TEST_CASE(nor_did_they_come_too_late_for_the_drain) {
  Profile asked = profile(1, Model::open, 40, seconds(1));
  asked.drain = milliseconds(800);
  BOOST_TEST(errors_of(stalled(milliseconds(1500), 28, milliseconds(400), asked)) == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_dropped_when_it_catches_up_is_told_apart) {
  Profile asked = profile(1, Model::open, 200, seconds(2));
  asked.max_in_flight = 50;
  const Tally all = stalled(milliseconds(800), 100, milliseconds(5), asked).all();
  BOOST_TEST(all.dropped > 20U);
  BOOST_TEST(all.dropped_late == all.dropped);
}

BOOST_AUTO_TEST_CASE(it_says_how_long_it_was_away) {
  for (const Model model : {Model::open, Model::closed}) {
    const Report report = stalled(milliseconds(800), 30, milliseconds(10), profile(1, model, 20, milliseconds(2500)));
    BOOST_TEST((report.generator.away >= milliseconds(600)));
    BOOST_TEST((report.generator.away < milliseconds(1500)));
    BOOST_TEST(report.generator.read_lag.max() >= 600'000'000U);
    BOOST_TEST(report.generator.lag.max() >= 600'000'000U);
  }
}

BOOST_AUTO_TEST_CASE(a_target_that_is_silent_has_no_time_for_ever) {
  Server silent([](int fd) {
    char byte;
    while (::recv(fd, &byte, 1, 0) > 0) continue;
  });
  Profile asked = profile(silent.port(), Model::open, 20, seconds(1));
  asked.response_timeout = milliseconds(200);
  const Report report = run_checked(asked);
  BOOST_TEST(failed_by(report, Cause::response_timeout) == 20U);
}

BOOST_AUTO_TEST_SUITE_END()
