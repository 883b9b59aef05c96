// What was read, what was written, and by whom. The witness sees who opened a file; a descriptor may have been handed
// to a child, so an opener who is not the one that had to write contradicts only when no such child ran.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/judge/paths.hpp"
#include "harness/judge/programs.hpp"
#include "harness/judge/weigh_activity.hpp"

namespace mccoy::judge {
namespace {
using evidence::Activity;
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

/// The programs that had to write, and all that they started.
class Writers {
 public:
  Writers(const Activity& activity, const suite::Obligation& obligation)
      : activity_(activity), runs_(runs_of(activity, obligation, "by")) {}

  bool any() const { return !runs_.empty(); }
  bool includes(int program) const {
    return std::ranges::any_of(runs_, [&](int run) { return descends(activity_, program, run); });
  }
  /// A fork that opened the file before it became one of them: what a shell does for `worker > file`.
  bool opened_for(int program) const {
    return program_at(activity_, program).forked && includes(last_image(activity_, program));
  }
  bool may_have_been_handed(int program) const {
    return std::ranges::any_of(runs_, [&](int run) { return descends(activity_, run, program); });
  }

 private:
  const Activity& activity_;
  std::vector<int> runs_;
};

/// Whoever gave a finished file its name has not written it.
std::vector<int> strangers(const SeenWrite& write, const Writers& writers) {
  std::vector<int> others;
  for (const int program : write.by)
    if (!writers.includes(program) && !writers.opened_for(program)) others.push_back(program);
  if (!write.renamed_from.empty() && others.size() == 1 && write.by.size() > 1) others.clear();
  return others;
}

Weight written_once(const Activity& activity, const SeenWrite& write, const Writers& writers) {
  const std::vector<int> others = strangers(write, writers);
  if (others.empty() && !write.by.empty()) return held(fmt::format("{} wrote it", first_of(activity, write.by)));
  const std::string other = first_of(activity, others);
  if (others.size() < write.by.size()) return unseen(other + " wrote it as well");
  if (write.by.empty()) return unseen("it is not known who wrote it");
  const bool handed = std::ranges::any_of(others, [&](int program) { return writers.may_have_been_handed(program); });
  return handed ? unseen(other + " opened it; whether it handed it on to be written is not seen")
                : broken("it was written by " + other);
}

int severity(const Weight& weight) {
  return weight.status == ObligationStatus::broken ? 2 : weight.status == ObligationStatus::unseen ? 1 : 0;
}

/// All that could have put bytes there: who opened it, what that became, and their children.
bool may_have_written(const Activity& activity, const SeenWrite& write, int program) {
  return write.by.empty() ||
         std::ranges::any_of(write.by, [&](int writer) { return descends(activity, program, writer); });
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
    Weight weight = written_once(*activity, write, writers);
    if (!worst || severity(weight) > severity(*worst)) worst = std::move(weight);
  }
  return worst.value_or(unseen("it was written, but none of the programs below the command was seen to do it"));
}

std::optional<Weight> copied_from_input(const Question& question, std::string_view pattern) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return std::nullopt;
  for (const SeenWrite& write : activity->writes) {
    if (!was_made(write) || write.same_as_read.empty() || !is_meant(pattern, write.path, question.facts.folder))
      continue;
    std::string why = fmt::format("{} holds the bytes of {}, which {} had read", write.path, write.same_as_read,
                                  first_of(*activity, write.by));
    // What a case only expects to be written may be written by copying.
    return question.setting("expected").as_bool() ? unseen(std::move(why)) : broken(std::move(why), "R9");
  }
  return std::nullopt;
}

bool was_made_anew(const Question& question, const std::string& path, const std::string& older) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr || !activity->reads_complete || !activity->writes_complete || !activity->programs_complete)
    return false;
  const std::string& base = question.facts.folder;
  const auto write = std::ranges::find_if(
      activity->writes, [&](const SeenWrite& item) { return was_made(item) && is_meant(path, item.path, base); });
  if (write == activity->writes.end() || write->by.empty()) return false;
  for (const SeenRead& read : activity->reads) {
    if (!is_meant(older, read.path, base)) continue;
    if (read.by.size() >= kReadersKept) return false;
    for (const int reader : read.by)
      if (may_have_written(*activity, *write, reader)) return false;
  }
  return true;
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
