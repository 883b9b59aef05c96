// One case of a journal tried again: its trials as they were recorded, every check of them made anew, its challenges
// held against the trials they are about. Lives from the case's first record to its `case` record.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "harness/evidence/blobs.hpp"
#include "harness/evidence/observation.hpp"
#include "harness/judge/judge.hpp"

namespace mccoy::judge {
/// Takes one sentence about what the journal says and what follows instead.
using Disagree = std::function<void(std::string sentence)>;

class Retrial {
 public:
  void take_trial(const Value& body, const evidence::Blobs& blobs, const Disagree& disagree);
  void take_challenge(const Value& body, const Disagree& disagree);
  bool tried() const { return !trials_.empty(); }
  std::int64_t checks() const { return checks_; }
  /// What the judge needs, with the flags of the `case` record.
  CaseEvidence evidence(Terms terms, const Value& case_body) &&;

 private:
  struct Tried {
    std::string phase, nonce;
    std::int64_t attempt = 0;
    Trial trial;
    Value terms;  ///< of a case that another one asked
    evidence::Observation observation;
  };
  void observe(const Value& body, const evidence::Blobs& blobs, const Disagree& disagree, Tried& again);
  void conclude(const Disagree& disagree, Tried& again);
  void compare_neighbours(const Disagree& disagree, Tried& again) const;
  void check(const Value& asked, const Disagree& disagree, Tried& again);
  std::vector<const Tried*> settled(const std::string& phase) const;
  void compare(const ChallengeRecord& record, const Disagree& disagree) const;
  void compare_traces(const ChallengeRecord& record, const std::vector<const Tried*>& trials,
                      const std::vector<const Tried*>& repeats, const Disagree& disagree) const;
  void compare_passage(const ChallengeRecord& record, const std::vector<const Tried*>& trials,
                       const Disagree& disagree) const;
  static std::vector<Value> outputs(const ChallengeRecord& record, const std::vector<const Tried*>& trials);
  std::vector<Trial> attempts(bool waited) &&;

  std::vector<Tried> trials_;
  std::vector<ChallengeRecord> challenges_;
  std::int64_t checks_ = 0;
  bool settled_ =
      false;  ///< the challenge of these trials has its record: the next trial of a challenge begins another
};
}  // namespace mccoy::judge
