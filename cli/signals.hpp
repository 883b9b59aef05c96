// What the user's signals mean to a run: the first INT, TERM or HUP asks it to stop, tear down and say what is known;
// the second ends mccoy at once, and the keepers kill whatever still runs.
#pragma once
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
};
}  // namespace mccoy::cli
