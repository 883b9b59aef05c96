// Watches one command and everything below it through a seccomp user notification: the kernel shows every call of
// call_table.hpp before it is carried out. Needs no root and no change to the program; cannot be shaken off by it.
// Where the kernel refuses that, through ptrace (tracer.hpp).
// What it cannot see: calls through io_uring, addresses in sendmsg of a service, and a program whose kernel interface
// is not one of this machine's. Programs that raise their user (sudo) run without that power unless mccoy is root.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "harness/base/process.hpp"
#include "harness/evidence/activity.hpp"

namespace mccoy::witness {
class CallWitness {
 public:
  CallWitness();
  CallWitness(CallWitness&&) noexcept;
  CallWitness& operator=(CallWitness&&) noexcept;
  ~CallWitness();
  /// Prepares a command that is about to be started; the witness must outlive all that runs below it. Where the kernel
  /// does not allow it the command is left as it is, and the activity says so.
  ///   counted  calls that are to be counted (see suite::countable_calls)
  void watch(Command& command, const std::vector<std::string>& counted = {});
  /// Once nothing below the command lives any more (or it was never started). Digests of files are taken here.
  ///   returns  mechanism "" when nothing was watched; then notices say why
  evidence::Activity end();

 private:
  struct State;
  std::unique_ptr<State> state_;
};
}  // namespace mccoy::witness
