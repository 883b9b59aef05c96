// Obligations weighed by what the system-call witness saw below a command. Each answers nothing when it was not
// watching. That something did not happen is concluded only where the witness saw all of that kind.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/judge/weigh.hpp"

namespace mccoy::judge {
const evidence::Activity* watched(const evidence::Facts& facts);  ///< nullptr: nobody watched

/// A program ran: itself, with these arguments, so often, and no failure of it was the last word.
///   wanted_exit  status it must have ended with; nullopt: the suite leaves it open
std::optional<Weight> exec_seen(const Question& question, std::optional<std::int64_t> wanted_exit);
std::optional<Weight> signal_seen(const Question& question);

std::optional<Weight> read_seen(const Question& question);
/// The file holds the bytes it had before, and they were cut off and written again.
bool was_written_again(const Question& question, const std::string& path);
/// Who wrote the files that match.
std::optional<Weight> written_by(const Question& question, std::string_view pattern);
/// One of the files that match is a copy of something its writer had read.
std::optional<Weight> copied_from_input(const Question& question, std::string_view pattern);
/// A file has the bytes of an older one. True: it was made anew, since nobody who wrote it had read the older one.
bool was_made_anew(const Question& question, const std::string& path, const std::string& older);
std::optional<Weight> nothing_written(const Question& question);

/// Sockets of the system that programs ask for names and users.
bool is_system_socket(std::string_view to);
std::optional<Weight> connection_seen(const Question& question);
/// The same of any activity: a conversation of its programs (those that had to do the work) with an address or service.
Weight conversation(const Question& question, const evidence::Activity& activity, const std::string& to);
std::optional<Weight> delegation_seen(const Question& question);
/// Of a command: nothing was exchanged with the engine, or nobody can say so. Nothing when something was.
std::optional<Weight> engine_untouched(const Question& question);
/// Who was at the other end of the connections to an address.
struct Answering {
  std::vector<evidence::SeenProcess> processes;
  bool own = false;          ///< programs below the command itself
  bool asks_others = false;  ///< and they made connections in turn
};
Answering who_answers(const Question& question, const std::string& at);
/// So many processes were alive at once; two programs ran at the same time; a call was made.
std::optional<Weight> children_seen(const Question& question);
std::optional<Weight> overlap_seen(const Question& question);
std::optional<Weight> calls_seen(const Question& question);
/// The programs below the command that listened at a port.
std::vector<evidence::SeenProcess> own_listeners(const evidence::Facts& facts, std::string_view port);
}  // namespace mccoy::judge
