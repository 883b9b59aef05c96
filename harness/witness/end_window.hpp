// The end of a window of a CallThread.
#pragma once
#include "harness/witness/call_thread.hpp"

namespace mccoy::witness {
/// Waits a moment (a second at most) for what the kernel has yet to say of sockets that were closed in it.
evidence::Activity end_window(CallThread& thread, Window& window);
}  // namespace mccoy::witness
