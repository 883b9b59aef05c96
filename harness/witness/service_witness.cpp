#include "harness/witness/service_witness.hpp"

#include <utility>

#include "harness/base/text.hpp"
#include "harness/witness/call_thread.hpp"
#include "harness/witness/end_window.hpp"

namespace mccoy::witness {
struct ServiceWitness::State {
  CallThread thread;
};

struct ServiceWitness::Window::State {
  std::shared_ptr<ServiceWitness> witness;
  witness::Window window;
  bool is_open = true;
};

ServiceWitness::ServiceWitness() : state_(std::make_unique<State>()) {}
ServiceWitness::~ServiceWitness() = default;

std::shared_ptr<ServiceWitness> ServiceWitness::make() {
  return std::shared_ptr<ServiceWitness>(new ServiceWitness);
}

void ServiceWitness::watch(Command& command, bool reads, std::shared_ptr<CallFaults> faults) {
  state_->thread.watch(command, reads ? Watching::service_reads : Watching::service, {}, std::move(faults));
}

void ServiceWitness::end() {
  state_->thread.end();
}

std::string ServiceWitness::why_not() const {
  if (std::string why = state_->thread.why_not(); !why.empty()) return why;
  return state_->thread.watches() ? "" : "its command was not taken over";
}

std::string ServiceWitness::what_it_takes() const {
  return state_->thread.with_recorder([](Recorder& recorder) { return join(recorder.program_notices(), "; "); });
}

std::unique_ptr<ServiceWitness::Window> ServiceWitness::open(bool files) {
  auto state = std::make_unique<Window::State>();
  state->witness = shared_from_this();
  state->window.what = files ? Record::service : Record::connections;
  state_->thread.with_recorder([&](Recorder& recorder) { recorder.begin(state->window); });
  return std::unique_ptr<Window>(new Window(std::move(state)));
}

ServiceWitness::Window::Window(std::unique_ptr<State> state) : state_(std::move(state)) {}

ServiceWitness::Window::~Window() {
  if (state_->is_open)
    state_->witness->state_->thread.with_recorder([&](Recorder& recorder) { recorder.end(state_->window); });
}

evidence::Activity ServiceWitness::Window::close() {
  MCCOY_CHECK(std::exchange(state_->is_open, false));
  return end_window(state_->witness->state_->thread, state_->window);
}
}  // namespace mccoy::witness
