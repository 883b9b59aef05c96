// A load case -> the profile the engine runs. The same reader finds the mistakes of a suite (with ${…} not yet known)
// and makes the profile of a trial.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "probes/load/profile.hpp"
#include "probes/load_said.hpp"

namespace mccoy::probes {
/// `arrivals`: a counter of the service that is read before and after.
struct ArrivalsAsk {
  std::string url;              ///< GET is all it takes
  std::string extract;          ///< extractor over the body: "json /count"
  std::vector<std::string> of;  ///< names of requests it counts; none: all
  bool at_least = false;        ///< others use the service, too
  double tolerance = 0;         ///< share by which it may be off
  Span span;
};

struct LoadPlan {
  load::Profile profile;
  std::optional<ArrivalsAsk> arrivals;
  std::vector<std::string> requests;  ///< names, in order
  Duration span() const;              ///< of all stages
};

/// The name of the only request, and of the only stage, of a case that names none.
inline constexpr std::string_view kOnlyRequest = "main", kOnlyStage = "load", kWarmUp = "warm-up";

/// What stands in a case, as one map: the fields, and the head under "load".
///   folder  where files begin
///   errors  the first mistake, at its place
Result<LoadPlan> plan_load(const Said& said, const std::string& folder);
/// Stages alone; also tells the model and the course of the load.
Status plan_stages(const Said& said, load::Profile& profile);
/// Journeys, targets and tables.
Status plan_requests(const Said& said, const std::string& folder, LoadPlan& plan);
}  // namespace mccoy::probes
