#include "cli/signals.hpp"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <string_view>

#include "harness/judge/verdict.hpp"

namespace mccoy::cli {
namespace {
/// Between a first signal and one that is meant as a second.
constexpr std::chrono::nanoseconds kApart = std::chrono::milliseconds(300);
constexpr std::string_view kStopping =
    "\nstopping: what runs is ended and what is known is kept; once more to stop at once\n";
static_assert(std::atomic<Interrupt*>::is_always_lock_free && std::atomic<std::int64_t>::is_always_lock_free);
std::atomic<Interrupt*> asked{nullptr};    ///< set before the first signal is handled
std::atomic<std::int64_t> first_at_ns{0};  ///< 0: there was none yet

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void on_signal(int /*signal*/) {
  const int saved = errno;
  const std::int64_t now = now_ns();
  std::int64_t first = 0;
  if (first_at_ns.compare_exchange_strong(first, now)) {
    asked.load()->raise();
    [[maybe_unused]] const auto told = ::write(STDERR_FILENO, kStopping.data(), kStopping.size());
  } else if (now - first >= kApart.count()) {
    ::_exit(judge::exit_code(judge::Verdict::interrupted));
  }
  errno = saved;
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(signal, &action, nullptr);
}
}  // namespace

SignalWatch::SignalWatch(Interrupt& interrupt) {
  asked = &interrupt;
  first_at_ns = 0;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) handle(kSignals[i], on_signal);
  }
  handle(SIGPIPE, SIG_IGN);  // a reader of our output that went away does not end a run
}

SignalWatch::~SignalWatch() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
}
}  // namespace mccoy::cli
