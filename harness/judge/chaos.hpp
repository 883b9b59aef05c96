// A chaos trial as the judge sees it: what was planned, injected, measured and undone, what was asked before, during
// and after, and which writes were acknowledged. Pure: `mccoy verify` concludes again from the recorded observation,
// which holds
//   values["chaos"]      {"faults": [{"fault", "service", "plan": {…}, "course": {…}}], "steady_state": [case],
//                         "expect_during": {case: fail|pass|any}, "recovers_within_ns", "lacks", "dry_run", "ledger"}
//   texts["timeline"]    one JSON object a line; "at": nanoseconds since the course of the trial began
//     {"at", "what": "asked", "case", "role": "steady" | "while" | "ledger", "attempt", "outcome", "took", "why"}
//     {"at", "what": "fault", "fault": index, "event": inject | injected | effect | no-effect | fell-short | heal |
//      healed | verified | not-healed | gone | lived, "text"}
//                      gone: the service did not come back, and nothing of the fault is left;
//                      lived: it ran when the fault was to be undone
//     {"at", "what": "traffic", "span", "ok", "errors", "lost", "first_failed", "last_failed", "p50", "max"}
//     {"at", "what": "left-out", "requests"}   that were made after the last span that is kept
//     {"at", "what": "phase" | "service", "name", "text"}
//   texts["ledger"]      ID TAB SENT TAB DONE TAB acknowledged|refused|unknown, a line for each write, times as "at";
//                        of several lines of one ID the first acknowledgement counts, else the last line
//   texts["read_back"]   what was there afterwards: a line for each, ID, or ID TAB present|absent|unknown
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/evidence/observation.hpp"
#include "harness/judge/verdict.hpp"

namespace mccoy::judge {
struct Asked {
  std::string name, role, outcome, why;
  std::int64_t at = 0, took = 0, attempt = 0;
  std::int64_t end() const { return at + took; }
  bool passed() const { return outcome == "pass"; }
};
/// What the background load did in one span of time. Lost: no complete answer came.
struct Traffic {
  std::int64_t at = 0, span = 0, ok = 0, errors = 0, lost = 0;
  std::int64_t first_failed = 0, last_failed = 0;  ///< moments; of older records the begin and the end of the span
  std::int64_t failed() const { return errors + lost; }
};
/// Moments; 0: never.
struct FaultTimes {
  std::int64_t inject = 0, injected = 0, effect = 0, heal = 0, healed = 0, verified = 0;
  bool gone = false, lived = false;
  std::string text;        ///< of the last event that went wrong
  std::string fell_short;  ///< why its effect was less than it was to be; "": it was all
};
struct Timeline {
  std::vector<Asked> asked;
  std::vector<Traffic> traffic;
  std::vector<FaultTimes> faults;
  std::vector<std::string> last_words;  ///< of services that did not live on
  std::int64_t left_out = 0;            ///< requests that stand in no span

  std::int64_t begun() const;       ///< the first injection; 0: there was none
  std::int64_t undone() const;      ///< when the last fault began to be undone; 0: none was
  std::int64_t all_healed() const;  ///< when the last one was; 0: one was not
};
/// errors  a line that is none, the text is not whole
Result<Timeline> read_timeline(const Output& text);

/// What became of the writes.
struct LedgerCount {
  std::int64_t acknowledged = 0, lost = 0, duplicated = 0, out_of_order = 0;
  std::int64_t unacknowledged_present = 0;  ///< refused or unanswered, and there all the same
  std::int64_t unacknowledged = 0;
  bool each = false;  ///< it was asked for one by one: whether a record is there twice, or where, was not seen
  std::string why;    ///< why it could not be counted; "" = it was
};
LedgerCount count_ledger(const evidence::Observation& observation);

/// What follows from the record, as members of Observation::values: "metrics" for gates, "steady_after" and "during"
/// ("as expected", or what was otherwise), "void" when nothing follows. The runner adds them; verify compares.
Value conclude_chaos(const evidence::Observation& observation);
bool is_chaos(const evidence::Observation& observation);

/// What was well before a fault and went wrong while it was there (chaos_signs.hpp): names of cases.
struct Signs {
  std::vector<std::string> steady, cases;  ///< of the steady state, and of those in `while`
  bool traffic = false;
  bool any() const { return traffic || !steady.empty() || !cases.empty(); }
};
struct ChaosFault {
  std::string kind, service;
  Signs signs;
  bool seen_by_its_use = true;  ///< false: it is about a file, and nobody looked whether it was ever opened
};

/// What the rules need to know.
struct ChaosFacts {
  bool dry_run = false;
  std::string lacks;               ///< why it cannot be done here; nothing was injected then
  bool effect = false;             ///< of every fault, measured
  std::vector<ChaosFault> faults;  ///< that were planned
  std::vector<std::string> told;   ///< a sentence for each fault: what was measured
  bool ledger = false;             ///< writes are counted …
  bool load = false;               ///< … which are the requests of a load
  std::vector<std::string> steady_state;
  std::int64_t begun = 0, healed = 0;  ///< the first injection; the last fault was undone. 0: never
  /// Cases that were asked, each outcome with its attempt: what the trials under this one must have given.
  std::vector<Asked> asked;
};
std::optional<ChaosFacts> chaos_facts(const evidence::Observation& observation);
}  // namespace mccoy::judge
