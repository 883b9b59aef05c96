// Keepers whose command has ended and left nothing behind wait here for the next one: a fork of the guardian saved for
// each command. From any thread.
#pragma once
#include <sys/types.h>

#include "harness/base/error.hpp"
#include "harness/base/owned.hpp"

namespace mccoy {
/// One that waits, else a new one.
///   returns  our end of its control socket
///   errors   as new_keeper()
Result<UniqueFd> take_keeper();
/// Its command is over, and so is all that it had started. Too many are let go.
void give_back_keeper(UniqueFd control, pid_t keeper);
void let_idle_keepers_go();
}  // namespace mccoy
