// What of an activity goes into the journal: a build opens tens of thousands of files, and a judgement rests on few.
#pragma once
#include <vector>

#include "harness/evidence/facts.hpp"
#include "harness/judge/judge.hpp"
#include "harness/suite/suite.hpp"

namespace mccoy::run {
/// Holds the facts against the catalogue and the suite's additions, and puts those that mark something into the terms.
/// Then leaves out files that neither the contract, nor a fingerprint, nor another fact is about, beyond the first few,
/// and counts them.
///   shape  two runs are to be compared by the files they opened, which are kept then
void keep_what_matters(evidence::Facts& facts, judge::Terms& terms, const std::vector<suite::Fingerprint>& additions,
                       bool shape = false);
/// Of those, the ones that the suite names, in its services or in this case: it says itself that they are meant.
void note_named_stand_ins(judge::Terms& terms, const suite::Suite& suite, const suite::Case& which);
}  // namespace mccoy::run
