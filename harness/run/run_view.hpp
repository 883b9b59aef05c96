// A bundle as a report needs it: the plan in order, what became of each case, and the whole. Built only from the
// journal and its blobs, so a report rendered again later is the same to the byte.
#pragma once
#include <string>
#include <vector>

#include "harness/evidence/bundle.hpp"
#include "harness/judge/judge.hpp"

namespace mccoy::run {
/// A captured stream, its kept bytes still in the bundle.
struct TextView {
  std::string name;  ///< "stdout"
  std::int64_t bytes = 0, dropped = 0, head_bytes = 0;
  std::string sha256, blob;
  std::string inlined;  ///< the text itself when it is short and stands in the journal; then there is no blob
};
/// An attempt that was followed by another one.
struct EarlierAttempt {
  int attempt = 0;  ///< 1-based
  std::int64_t started_ms = 0;
  judge::Outcome outcome = judge::Outcome::not_run;
  std::string why;  ///< the error or the first check that did not hold; raw bytes of the target: clean before showing
};
struct CaseView {
  std::string id, suite, name, kind, file;
  int line = 0;
  suite::Requirement require = suite::Requirement::real;
  bool soft = false, optional = false;
  std::string owner, expires, skip, why_not_run;
  std::vector<std::string> tags, covers;
  bool judged = false;  ///< the journal holds its judgement; false: the run ended before it
  judge::Judgement judgement;
  std::string claim;  ///< unit | integration | …
  std::int64_t started_ms = 0, wall_ns = 0;
  int attempts = 0;
  bool waited = false;                     ///< earlier attempts belong to `until`
  std::vector<EarlierAttempt> earlier;     ///< oldest first
  std::string nonce;                       ///< of the last attempt
  std::string error;                       ///< of the last attempt
  Value figures;                           ///< of the last attempt: Observation::values
  std::vector<judge::CheckResult> checks;  ///< of the last attempt
  std::vector<judge::ObligationResult> obligations;
  std::vector<judge::ChallengeResult> challenges;
  std::vector<judge::ChallengeRecord> perturbations;  ///< what was done for each of the challenges, in the same order
  std::vector<TextView> texts;                        ///< of the last attempt
  evidence::Facts facts;
};
struct RunView {
  std::string folder;
  Value open;
  std::vector<CaseView> cases;              ///< every planned one, in plan order; not-run when the journal says no more
  std::vector<Value> preflights, services;  ///< record bodies
  std::vector<std::string> problems, notes;
  judge::Summary summary;  ///< recomputed; evidence_lost unless the journal is closed and sealed
  bool closed = false, interrupted = false, sealed = false;
  evidence::JournalReading journal;
  std::int64_t started_ms = 0, ended_ms = 0;
};
/// errors  not a bundle, a corrupt journal or one that is not what was sealed, records that do not fit the plan
///         (a report never claims more than a valid journal holds)
Result<RunView> read_run(const std::string& bundle_folder);
/// Head and tail of a text, each at most `keep` bytes, with the number of bytes between them.
struct Excerpt {
  std::string head, tail;
  std::int64_t between = 0;
};
/// errors  the blob is missing or was changed
Result<Excerpt> excerpt(const RunView& run, const TextView& text, std::size_t keep);
}  // namespace mccoy::run
