#include "cli/signals.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <string_view>

#include "harness/judge/verdict.hpp"

namespace mccoy::cli {
namespace {
constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};
constexpr std::string_view kStopping =
    "\nstopping: what runs is ended and what is known is kept; once more to stop at once\n";
static_assert(std::atomic<Interrupt*>::is_always_lock_free);
std::atomic<Interrupt*> asked{nullptr};  ///< null: not asked for, or asked for already

void on_signal(int /*signal*/) {
  const int saved = errno;
  Interrupt* const first = asked.exchange(nullptr);
  if (!first) ::_exit(judge::exit_code(judge::Verdict::interrupted));
  first->raise();
  [[maybe_unused]] const auto told = ::write(STDERR_FILENO, kStopping.data(), kStopping.size());
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
  for (const int signal : kSignals) handle(signal, on_signal);
  handle(SIGPIPE, SIG_IGN);  // a reader of our output that went away does not end a run
}

SignalWatch::~SignalWatch() {
  for (const int signal : kSignals) handle(signal, SIG_DFL);
  asked = nullptr;
}
}  // namespace mccoy::cli
