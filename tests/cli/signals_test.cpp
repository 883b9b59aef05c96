// What signals do to the process that watches for them; each in a process of its own, because some end it.
#include "cli/signals.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <thread>

using namespace mccoy;
using cli::SignalWatch;

namespace {
constexpr int kAlive = 42, kInterrupted = 130;

/// Runs it in a child. Returns its exit status, or minus the signal that ended it.
template <class Body>
int in_a_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

constexpr int kHandled[] = {SIGINT, SIGTERM, SIGHUP};
}  // namespace

BOOST_AUTO_TEST_SUITE(signals)

BOOST_AUTO_TEST_CASE(each_signal_asks_the_run_to_stop) {
  for (const int signal : kHandled)
    BOOST_TEST(in_a_child([signal] {
                 Interrupt interrupt;
                 const SignalWatch watch(interrupt);
                 ::raise(signal);
                 return interrupt.raised() ? kAlive : 1;
               }) == kAlive);
}

BOOST_AUTO_TEST_CASE(signals_that_come_together_are_one) {
  for (const int second : kHandled)
    BOOST_TEST(in_a_child([second] {
                 Interrupt interrupt;
                 const SignalWatch watch(interrupt);
                 ::raise(SIGTERM);
                 ::raise(second);
                 return interrupt.raised() ? kAlive : 1;
               }) == kAlive);
}

BOOST_AUTO_TEST_CASE(a_later_signal_ends_it_at_once) {
  BOOST_TEST(in_a_child([] {
               Interrupt interrupt;
               const SignalWatch watch(interrupt);
               ::raise(SIGINT);
               std::this_thread::sleep_for(std::chrono::milliseconds(310));
               ::raise(SIGINT);
               return kAlive;
             }) == kInterrupted);
}

BOOST_AUTO_TEST_CASE(a_signal_that_was_ignored_stays_ignored) {
  for (const int ignored : kHandled)
    BOOST_TEST(in_a_child([ignored] {
                 ::signal(ignored, SIG_IGN);
                 Interrupt interrupt;
                 {
                   const SignalWatch watch(interrupt);
                   ::raise(ignored);
                   if (interrupt.raised()) return 1;
                   ::raise(ignored == SIGTERM ? SIGINT : SIGTERM);
                   if (!interrupt.raised()) return 2;
                 }
                 return ::signal(ignored, SIG_DFL) == SIG_IGN ? kAlive : 3;
               }) == kAlive);
}

BOOST_AUTO_TEST_CASE(afterwards_a_signal_does_what_it_did_before) {
  BOOST_TEST(in_a_child([] {
               {
                 Interrupt interrupt;
                 const SignalWatch watch(interrupt);
               }
               ::raise(SIGTERM);
               return kAlive;
             }) == -SIGTERM);
}

BOOST_AUTO_TEST_SUITE_END()
