// One trial of one case: fresh folder, nonce and variables; set-up; the probe acts while observers watch; checks.
#pragma once
#include <string>
#include <vector>

#include "harness/judge/judge.hpp"
#include "harness/run/context.hpp"

namespace mccoy::run {
/// What is different in this trial from the case as written. Default: nothing.
struct Perturbation {
  const suite::Challenge* challenge = nullptr;
  const Value* vary = nullptr;  ///< the value of ${vary}; null: the first of the case's `vary`, if it has one
  std::string nonce = {};       ///< the value of ${nonce}; "" = a fresh one
};

struct TrialRun {
  judge::Trial trial;
  judge::Terms terms;
  Value captured = Value::map();   ///< of a trial that passed
  std::optional<Value> extracted;  ///< what `vary.of` found
  std::string extract_why;         ///< why it found nothing
  bool vary_used = false;          ///< ${vary} stands somewhere in what was asked
  bool nonce_used = false;         ///< so does ${nonce}
  std::string nonce;
  bool perturbed =
      true;  ///< every command of the challenge's `before` ran and gave 0, a file that was to break is broken
  std::string perturbed_why;
  bool asked = false;  ///< the probe was put to it; false: it went wrong before
  std::optional<bool> oracle_agrees;
  bool interrupted = false;
  std::string last_output, last_output_name;
  Value figures;  ///< what was recorded of a load: {"load", "arrivals"}, of chaos: {"chaos", "metrics", "load"}; else
                  ///< null
  judge::Outcome outcome() const { return trial.outcome(); }
  std::string why() const;  ///< the error or the first check that is not held, in one line; "" for a pass
};

/// Which trial of its case this is; no two are alike.
struct TrialPlace {
  std::string phase;  ///< "baseline", "challenge NAME", "repeat NAME", "same input NAME", "out NAME"
  int attempt = 1;
  int round = 1;        ///< of an attempt that waits with `until`
  std::string of = {};  ///< the case whose challenge it belongs to; "" = the one that is tried
  bool asked = false;   ///< by that case (neighbours.hpp): whom it leads to is looked at in any case
};

/// Runs it and journals it.
TrialRun run_trial(SuiteContext& context, const suite::Case& which, const Perturbation& perturbation, TrialPlace place);
}  // namespace mccoy::run
