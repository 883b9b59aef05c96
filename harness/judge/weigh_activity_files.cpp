// What was read, what was written, and by whom. The witness sees who opened a file and who began with it open; it does
// not see single writes, so where two had it open at once it cannot be told whose bytes are in it.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/judge/paths.hpp"
#include "harness/judge/programs.hpp"
#include "harness/judge/weigh_activity.hpp"

namespace mccoy::judge {
namespace {
using evidence::Activity;
using evidence::SeenHolder;
using evidence::SeenProgram;
using evidence::SeenRead;
using evidence::SeenWrite;
constexpr std::size_t kReadersKept = 16;  ///< of one file; there may have been more

bool was_made(const SeenWrite& write) {
  return write.change == SeenWrite::Change::created || write.change == SeenWrite::Change::changed;
}

std::string first_of(const Activity& activity, const std::vector<int>& programs) {
  return programs.empty() || !is_index(activity, programs.front())
             ? "somebody"
             : describe(program_at(activity, programs.front()).process);
}

const std::vector<int>& readers_of(const Activity& activity, const std::string& path) {
  static const std::vector<int> kNobody;
  const auto read = std::ranges::find(activity.reads, path, &SeenRead::path);
  return read == activity.reads.end() ? kNobody : read->by;
}

/// The programs that had to write, and all that they started.
class Writers {
 public:
  Writers(const Activity& activity, const suite::Obligation& obligation)
      : activity_(activity), runs_(runs_of(activity, obligation, "by")) {}

  bool any() const { return !runs_.empty(); }
  bool includes(int program) const {
    return std::ranges::any_of(runs_, [&](int run) { return descends(activity_, program, run); });
  }
  /// The same process, before it became one of them: what a shell does for `worker > file`.
  bool is_what_became(int program) const { return includes(last_image(activity_, program)); }
  bool may_have_been_handed(int program) const {
    return std::ranges::any_of(runs_, [&](int run) { return descends(activity_, run, program); });
  }
  /// By a message over a socket, which nobody looks at.
  bool may_have_been_sent_files() const {
    return std::ranges::any_of(runs_, [&](int run) { return program_at(activity_, run).given_socket; }) ||
           std::ranges::any_of(activity_.connections, [&](const evidence::SeenConnection& connection) {
             return connection.protocol == "unix" && includes(connection.by);
           });
  }

 private:
  const Activity& activity_;
  std::vector<int> runs_;
};

/// A fork below the opener that ran no program of its own, nor did any between them but such that began with the file:
/// it has what the opener has.
bool is_silent_child(const Activity& activity, const SeenWrite& write, int child, int opener) {
  if (!program_at(activity, child).forked) return false;
  int up = program_at(activity, child).parent;
  while (up > opener) {
    const bool began_with_it = std::ranges::find(write.held_by, up, &SeenHolder::by) != write.held_by.end();
    if (!program_at(activity, up).forked && !began_with_it) return false;
    up = program_at(activity, up).parent;
  }
  return up == opener;
}

/// One that lived while the owner did had the file as well.
bool has_silent_child(const Activity& activity, const SeenWrite& write, int opener, int owner) {
  const SeenProgram& given = program_at(activity, owner);
  for (int child = opener + 1; child < static_cast<int>(activity.programs.size()); ++child) {
    if (is_same_process(activity, child, owner) || descends(activity, child, owner)) continue;
    const SeenProgram& program = program_at(activity, child);
    const bool over_before = program.ended_ns != 0 && program.ended_ns <= given.began_ns;
    const bool came_later = given.ended_ns != 0 && program.began_ns >= given.ended_ns;
    if (!over_before && !came_later && is_silent_child(activity, write, child, opener)) return true;
  }
  return false;
}

/// One file, and whose bytes are in it. Where the record says what programs began with (descriptors_complete), a file
/// that was handed on is known to be; older records do not say.
class Authorship {
 public:
  Authorship(const Activity& activity, const SeenWrite& write, const Writers& writers)
      : activity_(activity), write_(write), writers_(writers), told_(activity.descriptors_complete) {
    for (const SeenHolder& holder : write.held_by)
      if (writers.includes(holder.by) && !writers.includes(program_at(activity, holder.by).parent))
        owners_.push_back(holder);
  }

  Weight weigh() const {
    if (write_.by.empty()) return unseen("it is not known who wrote it");
    const std::vector<int> others = strangers();
    const int owner = first_owner();
    if (owner == evidence::kNoProgram) return nobody_of_them(others);
    if (!others.empty()) return unseen(first_of(activity_, others) + " had it open for writing as well");
    const std::string name = describe(program_at(activity_, owner).process);
    if (!owners_.empty() && !is_all_theirs()) return unseen("something was put into it outside of the life of " + name);
    if (!opened_by_them() && write_.size == 0) return unseen(name + " was given it, and nothing is in it");
    return held(name + " wrote it");
  }

 private:
  bool opened_by_them() const {
    return std::ranges::any_of(write_.by, [&](int program) { return writers_.includes(program); });
  }

  /// The first of the programs that had to write which opened the file or began with it.
  int first_owner() const {
    if (!owners_.empty()) return owners_.front().by;
    for (const int program : write_.by) {
      if (writers_.includes(program)) return program;
      if (!told_ && is_harmless_opener(program)) return last_image(activity_, program);
    }
    return evidence::kNoProgram;
  }

  /// Nothing was added but while one of them had it.
  bool is_all_theirs() const {
    return write_.left_alone && std::ranges::all_of(owners_, [](const SeenHolder& holder) { return holder.clean; });
  }

  /// It opened the file for one of them: became it itself, or wrote nothing as long as any of them lived.
  bool is_harmless_opener(int program) const {
    if (!told_) return program_at(activity_, program).forked && writers_.is_what_became(program);
    const auto is_it = [&](const SeenHolder& holder) { return is_same_process(activity_, program, holder.by); };
    const bool silent = std::ranges::all_of(owners_, [](const SeenHolder& holder) { return holder.alone; });
    return !owners_.empty() && (silent || std::ranges::any_of(owners_, is_it)) &&
           std::ranges::none_of(owners_, [&](const SeenHolder& owner) {
             return has_silent_child(activity_, write_, program, owner.by);
           });
  }

  /// Those who had the file open and are none of them. Whoever gave a finished file its name has not written it.
  std::vector<int> strangers() const {
    std::vector<int> others;
    for (const int program : write_.by)
      if (!writers_.includes(program) && !is_harmless_opener(program)) others.push_back(program);
    if (!write_.renamed_from.empty() && others.size() == 1 && write_.by.size() > 1) others.clear();
    for (const SeenHolder& holder : write_.held_by)
      if (!writers_.includes(holder.by) && !writers_.is_what_became(holder.by) && holder.grew != 0)
        others.push_back(holder.by);
    return others;
  }

  Weight nobody_of_them(const std::vector<int>& others) const {
    const std::string other = first_of(activity_, others);
    if (told_ && !writers_.may_have_been_sent_files())
      return broken("it was written by " + other + (writers_.any() ? ", which handed it to none of them" : ""));
    const bool handed =
        std::ranges::any_of(others, [&](int program) { return writers_.may_have_been_handed(program); });
    return handed ? unseen(other + " opened it; whether it handed it on to be written is not seen")
                  : broken("it was written by " + other);
  }

  const Activity& activity_;
  const SeenWrite& write_;
  const Writers& writers_;
  const bool told_;
  std::vector<SeenHolder> owners_;  ///< of the programs that had to write, those that were given it from outside
};

int severity(const Weight& weight) {
  return weight.status == ObligationStatus::broken ? 2 : weight.status == ObligationStatus::unseen ? 1 : 0;
}

/// Where the bytes of a file can have come from.
class Origins {
 public:
  Origins(const Activity& activity, const SeenWrite& write) : activity_(activity) {
    const bool by_holders = is_filled_by_holders(write);
    if (!by_holders) sources_ = write.by;
    for (const SeenHolder& holder : write.held_by)
      if (holder.grew != 0) sources_.push_back(holder.by);
    for (int index = 0; index < static_cast<int>(activity.programs.size()); ++index) add(index);
    const auto talked = [&](const auto& seen) { return is_index(activity, seen.by) && wrote(seen.by); };
    fed_ = fed_ || std::ranges::any_of(activity.connections, talked) || std::ranges::any_of(activity.listeners, talked);
  }

  /// The bytes that this program read may be in it: it, or who made it, had it open, or could be handed them in time.
  bool include(int reader) const {
    if (sources_.empty() || wrote(reader)) return true;
    return fed_ && (open_end_ || program_at(activity_, reader).began_ns < until_);
  }
  bool include(const SeenRead& read) const {
    return read.by.size() >= kReadersKept || std::ranges::any_of(read.by, [&](int reader) { return include(reader); });
  }

 private:
  /// Who opened it put nothing into it, but handed it on.
  bool is_filled_by_holders(const SeenWrite& write) const {
    const auto alone = [&](const SeenHolder& holder) {
      const auto beside = [&](int opener) { return has_silent_child(activity_, write, opener, holder.by); };
      return holder.grew == 0 || (holder.clean && holder.alone && std::ranges::none_of(write.by, beside));
    };
    return activity_.descriptors_complete && write.left_alone && std::ranges::all_of(write.held_by, alone);
  }

  /// Itself, or started by one that had it.
  bool wrote(int program) const {
    return std::ranges::any_of(sources_, [&](int source) { return descends(activity_, program, source); });
  }

  void add(int index) {
    if (!wrote(index)) return;
    const SeenProgram& program = program_at(activity_, index);
    fed_ = fed_ || program.fed;
    open_end_ = open_end_ || program.ended_ns == 0;
    until_ = std::max(until_, program.ended_ns);
  }

  const Activity& activity_;
  std::vector<int> sources_;
  bool fed_ = false;        ///< one of them could get bytes from others: by a pipe, a socket, a connection
  bool open_end_ = false;   ///< when one of them ended is not known
  std::int64_t until_ = 0;  ///< when the last of them ended
};

/// A file of the same bytes that was read by somebody who may have handed them on; nullptr: there is none.
const SeenRead* equal_read(const Activity& activity, const SeenWrite& write, const Origins& origins) {
  for (const SeenRead& read : activity.reads)
    if (std::ranges::find(write.equal_reads, read.path) != write.equal_reads.end() && origins.include(read))
      return &read;
  return nullptr;
}

/// The suite itself says that this file is read: it is an input, and a result may be equal to it.
bool is_stated_input(const Question& question, const std::string& path) {
  return std::ranges::any_of(question.contract, [&](const suite::Obligation& other) {
    return other.stated && other.kind->name == "read" &&
           is_meant(other.settings["path"].as_string(), path, question.facts.folder);
  });
}

/// What a case only expects to be written may be written by copying; a filter may find nothing to change.
Weight copied(const Question& question, const Activity& activity, const SeenWrite& write) {
  std::string why = fmt::format("{} holds the bytes of {}, which {} had read", write.path, write.same_as_read,
                                first_of(activity, readers_of(activity, write.same_as_read)));
  const bool may_be_honest = question.setting("expected").as_bool() || is_stated_input(question, write.same_as_read);
  return may_be_honest ? unseen(std::move(why)) : broken(std::move(why), "R9");
}
}  // namespace

std::optional<Weight> read_seen(const Question& question) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return std::nullopt;
  const std::string& pattern = question.setting("path").as_string();
  const std::int64_t least = quantity(question.setting("min_bytes"), 1);
  const SeenRead* small = nullptr;
  for (const SeenRead& read : activity->reads) {
    if (!is_meant(pattern, read.path, question.facts.folder)) continue;
    if (read.size >= least) return held(fmt::format("{} opened {}", first_of(*activity, read.by), read.path));
    small = &read;
  }
  if (!activity->reads_complete) return unseen("it was not seen to be opened, and not all opened files could be seen");
  if (small != nullptr)
    return broken(fmt::format("{} holds {} bytes, {} were wanted", small->path, small->size, least));
  return broken("no program opened it");
}

std::optional<Weight> written_by(const Question& question, std::string_view pattern) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return std::nullopt;
  if (question.setting("resolved").as_list().empty())
    return unseen("it was written, but the programs named lead to no file that could be recognised");
  const Writers writers(*activity, question.obligation);
  std::optional<Weight> worst;
  for (const SeenWrite& write : activity->writes) {
    if (!was_made(write) || !is_meant(pattern, write.path, question.facts.folder)) continue;
    Weight weight = Authorship(*activity, write, writers).weigh();
    if (!worst || severity(weight) > severity(*worst)) worst = std::move(weight);
  }
  return worst.value_or(unseen("it was written, but none of the programs below the command was seen to do it"));
}

std::optional<Weight> copied_from_input(const Question& question, std::string_view pattern) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return std::nullopt;
  std::optional<Weight> doubt;
  for (const SeenWrite& write : activity->writes) {
    if (!was_made(write) || !is_meant(pattern, write.path, question.facts.folder)) continue;
    if (!write.same_as_read.empty()) return copied(question, *activity, write);
    if (const SeenRead* fed = equal_read(*activity, write, Origins(*activity, write)))
      doubt = unseen(fmt::format("{} holds the bytes of {}, which {} had read and may have handed on", write.path,
                                 fed->path, first_of(*activity, fed->by)));
  }
  return doubt;
}

bool was_written_again(const Question& question, const std::string& path) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return false;
  return std::ranges::any_of(activity->writes, [&](const SeenWrite& write) {
    const bool from_nothing = write.emptied || (write.before.inode != 0 && write.before != write.after);
    return write.change == SeenWrite::Change::changed && from_nothing && write.size > 0 &&
           is_meant(path, write.path, question.facts.folder);
  });
}

bool was_made_anew(const Question& question, const std::string& path, const std::string& older) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr || !activity->reads_complete || !activity->writes_complete || !activity->programs_complete)
    return false;
  const std::string& base = question.facts.folder;
  const auto write = std::ranges::find_if(
      activity->writes, [&](const SeenWrite& item) { return was_made(item) && is_meant(path, item.path, base); });
  if (write == activity->writes.end() || (write->by.empty() && write->held_by.empty())) return false;
  const Origins origins(*activity, *write);
  const auto came_from = [&](const SeenRead& read) {
    return is_meant(older, read.path, base) && origins.include(read);
  };
  return std::ranges::none_of(activity->reads, came_from) && equal_read(*activity, *write, origins) == nullptr;
}

std::optional<Weight> nothing_written(const Question& question) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return std::nullopt;
  const std::string& place = question.setting("path").as_string();
  for (const SeenWrite& write : activity->writes) {
    const bool stays = write.change != SeenWrite::Change::none && write.change != SeenWrite::Change::passing;
    const std::string& base = question.facts.folder;
    if (stays && (is_meant(place, write.path, base) || is_below(place, write.path, base)))
      return broken(fmt::format("{} wrote {}", first_of(*activity, write.by), write.path));
  }
  if (!activity->writes_complete) return unseen("not all written files could be seen");
  return held("no program wrote there");
}
}  // namespace mccoy::judge
