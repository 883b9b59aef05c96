#include "harness/judge/weigh_activity.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <vector>

#include "harness/base/text.hpp"
#include "harness/judge/paths.hpp"
#include "harness/judge/shorten.hpp"

namespace mccoy::judge {
namespace {
using evidence::Activity;
using evidence::SeenConnection;
using evidence::SeenProgram;
using evidence::SeenWrite;

const SeenProgram& at(const Activity& activity, int index) {
  return activity.programs[static_cast<std::size_t>(index)];
}
bool is_index(const Activity& activity, int index) {
  return index >= 0 && static_cast<std::size_t>(index) < activity.programs.size();
}

/// How the process ended: the image itself, or what it became by execve.
const SeenProgram& last_image(const Activity& activity, const SeenProgram& program) {
  const SeenProgram* last = &program;
  for (std::size_t next = 0; last->replaced && next < activity.programs.size(); ++next) {
    const SeenProgram& candidate = activity.programs[next];
    const bool follows = is_index(activity, candidate.parent) && &at(activity, candidate.parent) == last &&
                         candidate.process.id == last->process.id && !candidate.forked;
    if (follows) last = &candidate;
  }
  return *last;
}

std::string ended_words(const SeenProgram& program) {
  if (program.exit_code) return fmt::format("it ended with status {}", *program.exit_code);
  if (program.alive) return "it was still running";
  return program.signal == "?" ? "it was killed" : fmt::format("it was ended by signal {}", program.signal);
}

bool argv_matches(const Value& pattern, const std::vector<std::string>& argv) {
  if (pattern.is_null()) return true;
  const RE2 regex(pattern.as_string(), RE2::Quiet);
  const std::vector<std::string> words(argv.begin() + (argv.empty() ? 0 : 1), argv.end());
  return regex.ok() && RE2::PartialMatch(join(words, " "), regex);
}

/// Any of these programs is one the obligation names.
bool is_by(const Activity& activity, const std::vector<int>& programs, const Question& question,
           std::string_view field) {
  return std::ranges::any_of(programs, [&](int index) {
    return is_index(activity, index) &&
           same_program(at(activity, index).process, question.obligation, field) == Same::yes;
  });
}

std::string first_of(const Activity& activity, const std::vector<int>& programs) {
  return programs.empty() || !is_index(activity, programs.front()) ? "somebody"
                                                                   : describe(at(activity, programs.front()).process);
}

bool was_made(const SeenWrite& write) {
  return write.change == SeenWrite::Change::created || write.change == SeenWrite::Change::changed;
}

bool peer_is_service(const SeenConnection& connection, const evidence::SeenService& service) {
  return std::ranges::any_of(connection.peers, [&](const evidence::SeenProcess& peer) {
    return std::ranges::any_of(service.listeners, [&](const auto& listener) { return listener.id == peer.id; });
  });
}

std::vector<const SeenConnection*> connections_to(const Question& question, const Activity& activity,
                                                  const std::string& to) {
  const evidence::SeenService* service = find_service(question.facts, to);
  std::vector<const SeenConnection*> found;
  for (const SeenConnection& connection : activity.connections) {
    const bool local_name = connection.to == "unix:" + to;
    if (local_name || same_endpoint(connection.to, to) || (service != nullptr && peer_is_service(connection, *service)))
      found.push_back(&connection);
  }
  return found;
}

struct Exchange {
  std::int64_t tried = 0, made = 0, out = 0, in = 0;
  bool counted = true;  ///< the bytes are all that were exchanged
};
Exchange sum(const std::vector<const SeenConnection*>& connections) {
  Exchange all;
  for (const SeenConnection* connection : connections) {
    all.tried += connection->tried;
    all.made += connection->made;
    all.out += connection->bytes_out;
    all.in += connection->bytes_in;
    all.counted = all.counted && connection->bytes_complete;
  }
  return all;
}
}  // namespace

const Activity* watched(const evidence::Facts& facts) {
  return facts.activity && !facts.activity->mechanism.empty() ? &*facts.activity : nullptr;
}

// ---- exec

std::optional<Weight> exec_seen(const Question& question, std::optional<std::int64_t> wanted_exit) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr || question.setting("exe").is_null()) return std::nullopt;
  const SeenProgram *last = nullptr, *alike = nullptr;
  std::int64_t ran = 0, other_arguments = 0;
  for (const SeenProgram& program : activity->programs) {
    if (program.forked) continue;
    const Same same = same_program(program.process, question.obligation, "exe");
    if (same == Same::unresolved) return unseen("the name leads to no file that could be recognised");
    if (same == Same::alike) alike = &program;
    if (same != Same::yes) continue;
    if (!argv_matches(question.setting("argv"), program.process.argv)) {
      ++other_arguments;
      continue;
    }
    ++ran;
    last = &program;
  }
  if (last == nullptr && alike != nullptr)
    return unseen(describe(alike->process) + " ran, which has the name but is another file");
  if (last == nullptr && other_arguments > 0) return unseen("it ran with other arguments only");
  if (last == nullptr) {
    if (!activity->programs_complete) return unseen("it was not seen to run, and not all programs could be seen");
    return broken(fmt::format("{} programs ran, and it was none of them", activity->programs.size()));
  }
  const SeenProgram& end = last_image(*activity, *last);
  if (wanted_exit && end.exit_code != *wanted_exit) {
    if (end.alive) return unseen(ended_words(end));
    return broken(fmt::format("{}, not {}", ended_words(end), *wanted_exit), "R2");
  }
  if (const std::int64_t least = quantity(question.setting("min"), 1); ran < least)
    return activity->programs_complete ? broken(fmt::format("it ran {} times, {} were wanted", ran, least))
                                       : unseen(fmt::format("it was seen to run {} times", ran));
  const std::string times = ran > 1 ? fmt::format(", {} times", ran) : "";
  return held(fmt::format("{}, {}{}", describe(last->process), ended_words(end), times));
}

// ---- files

std::optional<Weight> read_seen(const Question& question) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return std::nullopt;
  const std::string& pattern = question.setting("path").as_string();
  const auto read =
      std::ranges::find_if(activity->reads, [&](const auto& item) { return is_meant(pattern, item.path); });
  if (read != activity->reads.end()) {
    if (const std::int64_t least = quantity(question.setting("min_bytes"), 1); read->size < least)
      return broken(fmt::format("{} holds {} bytes, {} were wanted", read->path, read->size, least));
    return held(fmt::format("{} opened {}", first_of(*activity, read->by), read->path));
  }
  if (!activity->reads_complete) return unseen("it was not seen to be opened, and not all opened files could be seen");
  return broken("no program opened it");
}

std::optional<Weight> written_by(const Question& question, std::string_view pattern) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return std::nullopt;
  std::string writer;
  for (const SeenWrite& write : activity->writes) {
    if (!was_made(write) || !is_meant(pattern, write.path)) continue;
    if (is_by(*activity, write.by, question, "by")) return held("it was written by the program that had to");
    writer = first_of(*activity, write.by);
  }
  if (writer.empty()) return unseen("it was written, but none of the programs below the command was seen to do it");
  return broken("it was written by " + writer);
}

std::optional<Weight> copied_from_input(const Question& question, std::string_view pattern) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return std::nullopt;
  for (const SeenWrite& write : activity->writes) {
    if (!was_made(write) || write.same_as_read.empty() || !is_meant(pattern, write.path)) continue;
    std::string why = fmt::format("{} holds the bytes of {}, which {} had read", write.path, write.same_as_read,
                                  first_of(*activity, write.by));
    // What a case only expects to be written may be written by copying.
    return question.setting("expected").as_bool() ? unseen(std::move(why)) : broken(std::move(why), "R9");
  }
  return std::nullopt;
}

std::optional<Weight> nothing_written(const Question& question) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return std::nullopt;
  const std::string& place = question.setting("path").as_string();
  for (const SeenWrite& write : activity->writes) {
    const bool changed = write.change != SeenWrite::Change::none;
    if (changed && (is_meant(place, write.path) || is_below(place, write.path)))
      return broken(fmt::format("{} wrote {}", first_of(*activity, write.by), write.path));
  }
  if (!activity->writes_complete) return unseen("not all written files could be seen");
  return held("no program wrote there");
}

// ---- sockets and signals

std::optional<Weight> connection_seen(const Question& question) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return std::nullopt;
  const std::string& to = question.setting("to").as_string();
  const auto connections = connections_to(question, *activity, to);
  if (connections.empty() || sum(connections).made == 0) {
    if (!activity->sockets_complete) return unseen("no connection was seen, and not all could be seen");
    return broken(connections.empty() ? "no program connected to it" : "it was tried, and no connection was made");
  }
  if (!question.setting("peer_exe").is_null()) {
    std::vector<evidence::SeenProcess> peers;
    for (const SeenConnection* connection : connections)
      peers.insert(peers.end(), connection->peers.begin(), connection->peers.end());
    const Same same = same_program(peers, question.obligation, "peer_exe");
    if (same == Same::no) return broken(describe(peers.front()) + " answered, which is another program");
    if (same != Same::yes) return unseen("which program answered could not be recognised");
  }
  const Exchange all = sum(connections);
  const auto in = std::max<std::int64_t>(1, quantity(question.setting("min_bytes_in"), 1));
  const auto out = std::max<std::int64_t>(1, quantity(question.setting("min_bytes_out"), 1));
  const std::string counted = fmt::format("{} connections, {} bytes out, {} bytes in", all.made, all.out, all.in);
  if (all.out < out || all.in < in)
    return all.counted ? broken(counted) : unseen(counted + "; more may have been exchanged unseen");
  if (const auto requests = quantity(question.setting("min_requests"), 0); requests > 0)
    return unseen(counted + "; single requests are not counted");
  return held(counted);
}

std::optional<Weight> delegation_seen(const Question& question) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return std::nullopt;
  const auto connections = connections_to(question, *activity, question.setting("to").as_string());
  const Exchange all = sum(connections);
  if (connections.empty() && activity->sockets_complete) return broken("no program connected to it");
  if (all.made == 0) return unseen("no connection to it was seen");
  if (!question.setting("exec").is_null())
    return unseen("it was connected to; which programs it ran for that is not watched");
  return held(fmt::format("{} connections were made", all.made));
}

std::optional<Weight> signal_seen(const Question& question) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return std::nullopt;
  std::string name = question.setting("sig").as_string();
  if (name.starts_with("SIG")) name.erase(0, 3);
  const evidence::SeenService* service = find_service(question.facts, question.setting("to").as_string());
  for (const evidence::SeenSignal& signal : activity->signals) {
    const bool to_service = service != nullptr && std::ranges::any_of(service->listeners, [&](const auto& process) {
                              return process.id.pid == signal.pid;
                            });
    if (to_service && signal.signal == name) return held(fmt::format("SIG{} was sent to pid {}", name, signal.pid));
  }
  return unseen("no such signal was seen to be sent to it");
}
}  // namespace mccoy::judge
