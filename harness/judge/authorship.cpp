#include "harness/judge/authorship.hpp"

#include <algorithm>

#include "harness/judge/programs.hpp"

namespace mccoy::judge {
namespace {
using evidence::Activity;
using evidence::SeenHolder;
using evidence::SeenProgram;
using evidence::SeenRead;
using evidence::SeenWrite;
constexpr std::size_t kReadersKept = 16;  ///< of one file; there may have been more

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

/// The kernel does not count what a program puts into a file through its memory (mmap, splice). Shells have no words
/// for that; of any other program that opened a file and lives on, it is not known.
bool is_shell(std::string_view exe) {
  static constexpr std::string_view kShells[] = {"/bin/sh",          "/usr/bin/sh",   "/usr/bin/dash", "/bin/dash",
                                                 "/usr/bin/bash",    "/bin/bash",     "/usr/bin/zsh",  "/bin/zsh",
                                                 "/usr/bin/ksh93",   "/usr/bin/mksh", "/bin/busybox",  "/usr/bin/fish",
                                                 "/usr/bin/busybox", "/bin/mksh"};
  return std::ranges::find(kShells, exe) != std::end(kShells);
}

/// A fork below the opener that ran no program of its own, nor did any between them but such that began with the file:
/// it has what the opener has.
bool is_silent_child(const Activity& activity, const SeenWrite& write, int child, int opener) {
  if (!program_at(activity, child).forked) return false;
  int up = program_at(activity, child).parent;
  if (up >= child) return false;
  while (up > opener) {
    const bool began_with_it = std::ranges::find(write.held_by, up, &SeenHolder::by) != write.held_by.end();
    const int parent = program_at(activity, up).parent;
    if ((!program_at(activity, up).forked && !began_with_it) || parent >= up) return false;
    up = parent;
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
    const bool handed_on = silent && is_shell(program_at(activity_, program).process.exe);
    return !owners_.empty() && (handed_on || std::ranges::any_of(owners_, is_it)) &&
           std::ranges::none_of(owners_, [&](const SeenHolder& owner) {
             return has_silent_child(activity_, write_, program, owner.by);
           });
  }

  /// Those who had the file open and are none of them. Whoever gave a finished file its name has not written it.
  std::vector<int> strangers() const {
    std::vector<int> others;
    for (const int program : write_.by)
      if (!writers_.includes(program) && !is_harmless_opener(program)) others.push_back(program);
    const bool only_named_it = !write_.renamed_from.empty() && others.size() == 1 && write_.by.size() > 1;
    if (only_named_it && others.front() == write_.by.front()) others.clear();
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
}  // namespace

Weight authorship(const Activity& activity, const SeenWrite& write, const suite::Obligation& obligation) {
  const Writers writers(activity, obligation);
  return Authorship(activity, write, writers).weigh();
}

std::string first_of(const Activity& activity, const std::vector<int>& programs) {
  return programs.empty() || !is_index(activity, programs.front())
             ? "somebody"
             : describe(program_at(activity, programs.front()).process);
}

Origins::Origins(const Activity& activity, const SeenWrite& write) : activity_(activity) {
  const bool by_holders = is_filled_by_holders(write);
  if (!by_holders) sources_ = write.by;
  for (const SeenHolder& holder : write.held_by)
    if (holder.grew != 0) sources_.push_back(holder.by);
  for (int index = 0; index < static_cast<int>(activity.programs.size()); ++index) add(index);
  const auto is_of_writer = [&](const auto& seen) { return is_index(activity, seen.by) && wrote(seen.by); };
  const auto talked = [&](const evidence::SeenConnection& seen) { return seen.made > 0 && is_of_writer(seen); };
  fed_ = fed_ || std::ranges::any_of(activity.connections, talked) ||
         std::ranges::any_of(activity.listeners, is_of_writer);
}

/// The bytes that this program read may be in it: it, or who made it, had it open, or could be handed them in time.
bool Origins::include(int reader) const {
  if (sources_.empty() || wrote(reader)) return true;
  return fed_ && (open_end_ || program_at(activity_, reader).began_ns < until_);
}
bool Origins::include(const SeenRead& read) const {
  return read.by.size() >= kReadersKept || std::ranges::any_of(read.by, [&](int reader) { return include(reader); });
}

/// Who opened it put nothing into it, but handed it on.
bool Origins::is_filled_by_holders(const SeenWrite& write) const {
  const auto alone = [&](const SeenHolder& holder) {
    const auto beside = [&](int opener) { return has_silent_child(activity_, write, opener, holder.by); };
    return holder.grew == 0 || (holder.clean && holder.alone && std::ranges::none_of(write.by, beside));
  };
  return activity_.descriptors_complete && write.left_alone && std::ranges::all_of(write.held_by, alone);
}

/// Itself, or started by one that had it.
bool Origins::wrote(int program) const {
  return std::ranges::any_of(sources_, [&](int source) { return descends(activity_, program, source); });
}

void Origins::add(int index) {
  if (!wrote(index)) return;
  const SeenProgram& program = program_at(activity_, index);
  fed_ = fed_ || program.fed;
  open_end_ = open_end_ || program.ended_ns == 0;
  until_ = std::max(until_, program.ended_ns);
}
}  // namespace mccoy::judge
