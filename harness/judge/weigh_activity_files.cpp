// What was read, what was written, and by whom. The witness sees who opened a file and who began with it open; it does
// not see single writes, so where two had it open at once it cannot be told whose bytes are in it.
#include <fmt/format.h>

#include <algorithm>

#include "harness/judge/authorship.hpp"
#include "harness/judge/paths.hpp"
#include "harness/judge/programs.hpp"
#include "harness/judge/weigh_activity.hpp"

namespace mccoy::judge {
namespace {
using evidence::Activity;
using evidence::SeenRead;
using evidence::SeenWrite;

bool was_made(const SeenWrite& write) {
  return write.change == SeenWrite::Change::created || write.change == SeenWrite::Change::changed;
}

const std::vector<int>& readers_of(const Activity& activity, const std::string& path) {
  static const std::vector<int> kNobody;
  const auto read = std::ranges::find(activity.reads, path, &SeenRead::path);
  return read == activity.reads.end() ? kNobody : read->by;
}

int severity(const Weight& weight) {
  return weight.status == ObligationStatus::broken ? 2 : weight.status == ObligationStatus::unseen ? 1 : 0;
}

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
  std::optional<Weight> worst;
  for (const SeenWrite& write : activity->writes) {
    if (!was_made(write) || !is_meant(pattern, write.path, question.facts.folder)) continue;
    Weight weight = authorship(*activity, write, question.obligation);
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
