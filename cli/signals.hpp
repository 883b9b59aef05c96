// What the user's signals mean to a run: the first INT, TERM or HUP asks it to stop, tear down and say what is known;
// one that comes 300 ms later or after that ends mccoy at once, and the keepers kill whatever still runs. What comes in
// between belongs to the first: timeout(1) signals the process and its group, a terminal that closes hangs up twice.
// A signal that was ignored when mccoy started (nohup: HUP; a job in the background of a script: INT) stays ignored.
#pragma once
#include <array>
#include <csignal>

#include "harness/base/process.hpp"

namespace mccoy::cli {
/// Handles the signals for as long as it lives. One at a time.
class SignalWatch {
 public:
  /// interrupt must outlive this
  explicit SignalWatch(Interrupt& interrupt);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  static constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, kSignals.size()> before_{};  ///< what they did until now
};
}  // namespace mccoy::cli
