// Obligations weighed by what the system-call witness saw below a command. Each answers nothing when it was not
// watching. That something did not happen is concluded only where the witness saw all of that kind.
#pragma once
#include <optional>
#include <string_view>

#include "harness/judge/weigh.hpp"

namespace mccoy::judge {
const evidence::Activity* watched(const evidence::Facts& facts);  ///< nullptr: nobody watched
/// A program ran: itself, with these arguments, so often, and the last of them with this status.
std::optional<Weight> exec_seen(const Question& question, std::optional<std::int64_t> wanted_exit);
std::optional<Weight> read_seen(const Question& question);
/// Who wrote files that match, and whether one of them is a copy of something its writer had read.
std::optional<Weight> written_by(const Question& question, std::string_view pattern);
std::optional<Weight> copied_from_input(const Question& question, std::string_view pattern);
std::optional<Weight> nothing_written(const Question& question);
std::optional<Weight> connection_seen(const Question& question);
std::optional<Weight> delegation_seen(const Question& question);
std::optional<Weight> signal_seen(const Question& question);
}  // namespace mccoy::judge
