// Events of a run as lines for a person: harmless text, without line ends, ready to be shown. The plain and the live
// terminal say the same words.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/paint.hpp"
#include "harness/run/run.hpp"

namespace mccoy::cli {
using Lines = std::vector<std::string>;

/// One line for a case that needs no more, several for one that does: where, what was claimed, what was there, what to
/// do.
Lines tell_case(const run::CaseEnd& end, std::optional<suite::Requirement> require, const Paint& paint);
Lines tell_preflight(const Value& record, const Paint& paint);
Lines tell_service(const Value& record, const Paint& paint);  ///< empty for events that need no telling
Lines tell_note(std::string_view text, const Paint& paint);
/// The table outcome x provenance, problems, the verdict, where the evidence lies and how to verify it.
Lines tell_end(const run::RunResult& result, const Paint& paint);
/// The table alone; empty rows and columns are left out.
Lines tell_table(const judge::Totals& totals, const Paint& paint);
/// "real, challenged"; "unproven"
std::string provenance_words(const judge::Judgement& judgement);
}  // namespace mccoy::cli
