#include "harness/witness/call_witness.hpp"

#include "harness/base/clock.hpp"
#include "harness/witness/call_thread.hpp"
#include "harness/witness/end_window.hpp"

namespace mccoy::witness {
struct CallWitness::State {
  Window window;
  CallThread thread;  ///< ends before the window goes
};

CallWitness::CallWitness() = default;
CallWitness::CallWitness(CallWitness&&) noexcept = default;
CallWitness& CallWitness::operator=(CallWitness&&) noexcept = default;
CallWitness::~CallWitness() = default;

void CallWitness::watch(Command& command, const std::vector<std::string>& counted) {
  MCCOY_CHECK(state_ == nullptr);
  state_ = std::make_unique<State>();
  state_->thread.with_recorder([&](Recorder& recorder) {
    recorder.counts(counted);
    recorder.begin(state_->window);
  });
  state_->thread.watch(command, Watching::command, counted);
}

evidence::Activity CallWitness::end() {
  MCCOY_CHECK(state_ != nullptr);
  const std::unique_ptr<State> state = std::move(state_);
  state->thread.end();
  evidence::Activity activity = end_window(state->thread, state->window);
  const std::string why_not = state->thread.why_not();
  if (const std::string why = state->thread.why_traced(); !why.empty()) {
    activity.mechanism = "ptrace";
    activity.notices.push_back("programs that trace others could not: ptrace watched, for " + why);
    if (state->thread.with_recorder([](Recorder& recorder) { return recorder.hides_from_tracers(); })) {
      activity.notices.push_back("a program was started so that no tracer sees it (CLONE_UNTRACED)");
      activity.programs_complete = activity.reads_complete = activity.writes_complete = false;
      activity.sockets_complete = activity.descriptors_complete = activity.counts_complete = false;
    }
  }
  if (!why_not.empty()) {
    activity = {};
    activity.notices.push_back(why_not);
  }
  return activity;
}
}  // namespace mccoy::witness
