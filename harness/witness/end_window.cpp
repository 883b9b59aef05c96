#include "harness/witness/end_window.hpp"

#include <poll.h>

#include "harness/base/clock.hpp"

namespace mccoy::witness {
namespace {
/// The kernel says farewell from a queue of its own, which a busy machine serves late; what it never says costs this
/// time, and so do sockets of other network namespaces.
constexpr auto kMostWaitForFarewells = std::chrono::seconds(1);
/// For the other end of a connection, which may have been reset and so says nothing of it.
constexpr auto kMostWaitForOtherEnds = std::chrono::milliseconds(100);
constexpr int kPauseMs = 1;
}  // namespace

evidence::Activity end_window(CallThread& thread, Window& window) {
  const Deadline deadline = Deadline::in(kMostWaitForFarewells);
  const Deadline other_ends = Deadline::in(kMostWaitForOtherEnds);
  const auto all_told = [&](Recorder& recorder) {
    return recorder.all_told(window, other_ends.passed() ? OtherEnds::left_open : OtherEnds::awaited);
  };
  while (!thread.with_recorder(all_told) && !deadline.passed()) ::poll(nullptr, 0, kPauseMs);
  thread.with_recorder([&](Recorder& recorder) { recorder.end(window); });
  return finish(window);
}
}  // namespace mccoy::witness
