#include <algorithm>

#include "harness/base/digest.hpp"
#include "harness/base/process.hpp"

namespace mccoy {
/// The tail is a ring once `keep` bytes are in it: `oldest` is where the next byte goes.
struct OutputCollector::State {
  std::size_t keep;
  std::int64_t bytes = 0;
  Sha256 digest = {};
  std::string head = {}, ring = {};
  std::size_t oldest = 0;

  void add_to_tail(std::string_view part) {
    if (part.size() > keep) part.remove_prefix(part.size() - keep);  // dropped bytes shift nothing: all is overwritten
    const std::size_t grown = std::min(keep - ring.size(), part.size());
    ring.append(part.substr(0, grown));
    part.remove_prefix(grown);
    while (!part.empty()) {
      const std::size_t step = std::min(part.size(), keep - oldest);
      part.copy(ring.data() + oldest, step);
      oldest = (oldest + step) % keep;
      part.remove_prefix(step);
    }
  }
};

OutputCollector::OutputCollector(std::size_t keep) : state_(std::make_unique<State>(State{.keep = keep})) {}
OutputCollector::~OutputCollector() = default;
OutputCollector::OutputCollector(OutputCollector&&) noexcept = default;

void OutputCollector::add(std::string_view bytes) {
  State& state = *state_;
  state.bytes += static_cast<std::int64_t>(bytes.size());
  state.digest.update(bytes);
  const std::size_t headed = std::min(state.keep - state.head.size(), bytes.size());
  state.head.append(bytes.substr(0, headed));
  state.add_to_tail(bytes.substr(headed));
}

Output OutputCollector::finish() {
  State& state = *state_;
  std::rotate(state.ring.begin(), state.ring.begin() + static_cast<std::ptrdiff_t>(state.oldest), state.ring.end());
  Output output{.bytes = state.bytes, .sha256 = state.digest.hex()};
  output.dropped = state.bytes - static_cast<std::int64_t>(state.head.size() + state.ring.size());
  output.head = std::move(state.head);
  output.tail = std::move(state.ring);
  return output;
}
}  // namespace mccoy
