#include "harness/witness/involved.hpp"

#include <functional>
#include <utility>
#include <vector>

namespace mccoy::witness {
namespace {
using evidence::Activity;
using evidence::kNoProgram;

/// Every place where an entry names a program.
void each_index(Activity& activity, const std::function<void(int&)>& take) {
  for (auto& read : activity.reads)
    for (int& by : read.by) take(by);
  for (auto& write : activity.writes)
    for (int& by : write.by) take(by);
  for (auto& connection : activity.connections) {
    take(connection.by);
    for (int& peer : connection.peer_programs) take(peer);
  }
  for (auto& listener : activity.listeners) take(listener.by);
  for (auto& signal : activity.signals) {
    take(signal.by);
    take(signal.to);
  }
}
}  // namespace

void keep_involved(Activity& activity) {
  const std::size_t count = activity.programs.size();
  std::vector<bool> wanted(count, false);
  const auto want = [&](int index) {
    for (; index != kNoProgram && !wanted[static_cast<std::size_t>(index)];
         index = activity.programs[static_cast<std::size_t>(index)].parent)
      wanted[static_cast<std::size_t>(index)] = true;
  };
  each_index(activity, [&](int& index) { want(index); });
  for (std::size_t i = 0; i < count; ++i)
    if (!activity.programs[i].earlier) want(static_cast<int>(i));

  std::vector<int> now(count, kNoProgram);
  std::vector<evidence::SeenProgram> kept;
  for (std::size_t i = 0; i < count; ++i) {
    if (!wanted[i]) continue;
    now[i] = static_cast<int>(kept.size());
    kept.push_back(std::move(activity.programs[i]));
  }
  const auto renumber = [&](int& index) {
    if (index != kNoProgram) index = now[static_cast<std::size_t>(index)];
  };
  for (auto& program : kept) renumber(program.parent);
  each_index(activity, renumber);
  activity.programs = std::move(kept);
}
}  // namespace mccoy::witness
