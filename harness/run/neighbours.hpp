// A case asks other cases of its suite: each time a trial of its own, journalled under the one that asks. Whoever makes
// this holds the world (world.hpp) for as long as it is used. Thread-safe.
#pragma once
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "harness/probe.hpp"
#include "harness/run/trial.hpp"

namespace mccoy::run {
class NeighbourTrials final : public Neighbours {
 public:
  /// `asker` and its place are those of the trial that asks.
  NeighbourTrials(SuiteContext& context, const suite::Case& asker, TrialPlace place)
      : context_(context), asker_(asker), place_(std::move(place)) {}
  Answer ask(const std::string& name, std::string_view role, Deadline deadline) override;
  Answer run(const std::string& name, std::string_view role, std::span<const std::string> words,
             Deadline deadline) override;
  std::vector<judge::Neighbour> take();

 private:
  Answer try_once(suite::Case asked, const std::string& name, std::string_view role, Deadline deadline);
  static std::string literal(std::string_view text);

  SuiteContext& context_;
  const suite::Case& asker_;
  const TrialPlace place_;
  std::mutex mutex_;
  std::map<std::string, int, std::less<>> attempts_;  ///< by phase
  std::vector<judge::Neighbour> asked_;
};
}  // namespace mccoy::run
