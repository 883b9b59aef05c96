// A run from the plan to the sealed bundle: preflight, services, trials, controls, judgement, everything journalled on
// the way.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/base/process.hpp"
#include "harness/judge/judge.hpp"
#include "harness/probe.hpp"
#include "harness/suite/suite.hpp"

namespace mccoy::run {
struct RunOptions {
  std::vector<std::string> only;              ///< globs over case names and "suite/case"; what they need is taken along
  std::vector<std::string> tags;              ///< any of these
  int shard = 1, shards = 1;                  ///< this run is shard 1..shards of the plan
  int jobs = 0;                               ///< cases at the same time; 0: number of processors + 2
  std::optional<suite::Requirement> require;  ///< instead of the suites' own
  bool strict = false;                        ///< a flaky pass is a failure
  bool fail_fast = false;                     ///< the first case that does not pass ends the run; the rest is not-run
  std::uint64_t seed = 0;                     ///< 0: a fresh one
  std::string baseline;                       ///< an earlier bundle that gates are compared with; "" = the cases' own
  bool auto_challenge = false;                ///< what a pass was seen to use is broken, see auto_challenge.hpp
  bool dry_run = false;                       ///< faults of chaos cases are planned, and not injected
  bool beyond_suite = false;                  ///< they may touch what is not the suite's own
  bool attached = false;                      ///< commands get our whole environment and share our standard streams
  std::string out;                            ///< bundle folder; must not exist or be empty
  std::vector<std::string> command_line;
  std::string version;  ///< of mccoy
};
int jobs_of(const RunOptions& options);  ///< those asked for, or as many as there are processors and two more

/// What there is to say about a case that ended.
struct CaseEnd {
  const suite::Case* which = nullptr;
  judge::Judgement judgement;
  std::string why_not_run;                 ///< "needs builds, which failed"
  std::string error;                       ///< of the last attempt
  std::vector<judge::CheckResult> checks;  ///< of the last attempt
  Value figures;                           ///< of the last attempt of a load: {"load", "arrivals"}; else null
  std::vector<judge::ChallengeResult> challenges;
  std::string last_output;  ///< last bytes of stderr or stdout or body, raw; at most 4 KiB
  std::string last_output_name;
  std::vector<std::string> leftovers;  ///< of the last attempt: "pid 312 /usr/bin/sleep", outlived it and were killed
  int attempts = 0;
  Duration wall{};
};

/// Told what happens while it happens. Calls never overlap. Nothing told here is evidence.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void planned(std::int64_t cases, std::string_view bundle) = 0;
  virtual void preflight(const Value& record) = 0;  ///< body of a "preflight" record
  virtual void service(const Value& record) = 0;    ///< body of a "service" record
  virtual void started(const suite::Case& which) = 0;
  virtual void phase(const suite::Case& which,
                     std::string_view what) = 0;  ///< "control: service db stopped", "attempt 2"
  /// Figures of a case that takes long, about once a second: {elapsed_ns, span_ns, asked, rate, …} of a load.
  virtual void measuring(const suite::Case& which, const Value& figures) {
    static_cast<void>(which);
    static_cast<void>(figures);
  }
  virtual void ended(const CaseEnd& end) = 0;
  virtual void note(std::string_view text) = 0;
};

struct RunResult {
  judge::Summary summary;
  std::string bundle;
  std::string run_id;
  std::vector<std::string> problems;   ///< beyond cases: failed preflights, services that died, leftovers
  std::optional<Error> evidence_lost;  ///< the journal could not be written: verdict evidence_lost
};

/// Finds the kinds of probes; the catalogue of probes/ (an arrow that may not run from here).
using KindFinder = const ProbeKind* (*)(std::string_view name);

/// Runs the plan of these suites into a new bundle. Returns when everything it started is gone and the bundle is
/// sealed.
///   interrupt  raised: no new case, running ones are ended and are not-run, services are stopped, the bundle is closed
///   errors     nothing was run: no plan (filters match nothing), the bundle folder cannot be made
Result<RunResult> run_suites(const std::vector<suite::Suite>& suites, const RunOptions& options, KindFinder kinds,
                             Progress& progress, const Interrupt& interrupt);

/// What a run would do: for `mccoy check` and --list. Cases in an order that respects needs.
struct Planned {
  const suite::Suite* suite = nullptr;
  const suite::Case* which = nullptr;
  std::vector<suite::Obligation> contract;  ///< stated and default
};
Result<std::vector<Planned>> plan_of(const std::vector<suite::Suite>& suites, const RunOptions& options,
                                     KindFinder kinds);
}  // namespace mccoy::run
