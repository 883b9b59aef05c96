// Challenges carried out after a case has passed: the same trial on something changed or broken, then again as it was.
#pragma once
#include <vector>

#include "harness/run/trial.hpp"

namespace mccoy::run {
/// Carries out these challenges of the case, each journalled. Stops early when the run is interrupted.
///   baseline   what was seen when the case passed
///   restoring  what went wrong while putting things back; sentences for the run's problems
std::vector<judge::ChallengeRecord> challenge(SuiteContext& context, const suite::Case& which,
                                              const evidence::Facts& baseline,
                                              const std::vector<suite::Challenge>& challenges,
                                              std::vector<std::string>& problems);
/// The trial of a case, or its trials until it passes or its `until` is over. Takes its share of the world unless told.
TrialRun settle_trial(SuiteContext& context, const suite::Case& which, const Perturbation& perturbation,
                      TrialPlace place, bool alone);
}  // namespace mccoy::run
