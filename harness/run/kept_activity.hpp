// What of an activity goes into the journal: a build opens tens of thousands of files, and a judgement rests on few.
#pragma once
#include <vector>

#include "harness/evidence/facts.hpp"
#include "harness/judge/judge.hpp"
#include "harness/suite/fingerprint.hpp"

namespace mccoy::run {
/// Holds the facts against the catalogue and the suite's additions, and puts those that mark something into the terms.
/// Then leaves out files that neither the contract, nor a fingerprint, nor another fact is about, beyond the first few,
/// and counts them.
void keep_what_matters(evidence::Facts& facts, judge::Terms& terms, const std::vector<suite::Fingerprint>& additions);
}  // namespace mccoy::run
