// How many ran, at the same time, and which calls were made and how often. What was not seen to be so is contradicted
// only where all programs were seen and their lives, taken as long as they can have been, do not allow it.
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/clock.hpp"
#include "harness/judge/lives.hpp"
#include "harness/judge/programs.hpp"
#include "harness/judge/weigh_activity.hpp"

namespace mccoy::judge {
namespace {
using evidence::Activity;
using evidence::SeenProgram;
bool times_are_known(const Activity& activity) {
  return std::ranges::any_of(activity.programs, [](const SeenProgram& program) { return program.began_ns != 0; });
}

Weight too_few(const Activity& activity, std::int64_t seen, std::int64_t possible, std::int64_t wanted) {
  const std::string words = fmt::format("at most {} were alive at the same time, {} were wanted", seen, wanted);
  return activity.programs_complete && possible < wanted ? broken(words) : unseen("as far as it was seen, " + words);
}

/// The same obligation about the other program.
suite::Obligation about_other(const suite::Obligation& obligation) {
  suite::Obligation other = obligation;
  other.settings.set("exe", obligation.settings["with"]).set("resolved", obligation.settings["resolved_with"]);
  return other;
}

std::string words_of(std::int64_t ns) {
  return human_duration(Duration(ns));
}
}  // namespace

std::optional<Weight> children_seen(const Question& question) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return std::nullopt;
  const bool named = !question.setting("exe").is_null();
  if (named && question.setting("resolved").as_list().empty())
    return unseen("the name leads to no file that could be recognised");
  if (!times_are_known(*activity)) return unseen("when programs began and ended is not in the record");
  std::vector<Life> lives = lives_of(*activity, named ? &question.obligation : nullptr);
  const std::int64_t wanted = quantity(question.setting("min"), 1);
  const std::int64_t least = quantity(question.setting("cpu"), 0);
  std::vector<Life> possible = lives;  // those whose time was not measured may have used it
  std::erase_if(possible, [least](const Life& life) { return life.cpu >= 0 && life.cpu < least; });
  if (least > 0) std::erase_if(lives, [least](const Life& life) { return life.cpu < least; });
  const std::int64_t seen = most_at_once(*activity, lives, &Life::began);
  if (seen < wanted) return too_few(*activity, seen, most_at_once(*activity, possible, &Life::may_have_begun), wanted);
  return held(fmt::format("{} were alive at the same time", seen));
}

std::optional<Weight> overlap_seen(const Question& question) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return std::nullopt;
  const bool two = !question.setting("with").is_null();
  if (question.setting("resolved").as_list().empty() || (two && question.setting("resolved_with").as_list().empty()))
    return unseen("a name leads to no file that could be recognised");
  if (!times_are_known(*activity)) return unseen("when programs began and ended is not in the record");
  const std::vector<Life> ones = lives_of(*activity, &question.obligation);
  const suite::Obligation other = about_other(question.obligation);
  const std::vector<Life> others = two ? lives_of(*activity, &other) : ones;
  const std::int64_t wanted = std::max<std::int64_t>(quantity(question.setting("min"), 0), 1);
  const std::int64_t seen = longest(*activity, ones, others, &Life::began);
  if (seen >= wanted)
    return held(seen >= kForever / 2 ? "both were alive until the looking ended"
                                     : fmt::format("both were alive for {}", words_of(seen)));
  if (ones.empty() || others.empty())
    return activity->programs_complete ? broken("one of them did not run") : unseen("one of them was not seen to run");
  const bool impossible = longest(*activity, ones, others, &Life::may_have_begun) < wanted;
  const std::string words = seen < 0 ? "one was over before the other began"
                                     : fmt::format("both were alive for no more than {}", words_of(seen));
  return activity->programs_complete && impossible ? broken(words) : unseen("as far as it was seen, " + words);
}

std::optional<Weight> calls_seen(const Question& question) {
  const Activity* activity = watched(question.facts);
  const std::string& call = question.setting("call").as_string();
  if (activity == nullptr || !question.setting("errno").is_null()) return std::nullopt;
  if (std::ranges::find(activity->counted, call) == activity->counted.end())
    return unseen(fmt::format("calls of {} were not counted", call));
  const bool named = !question.setting("by").is_null();
  if (named && question.setting("resolved").as_list().empty())
    return unseen("the programs named lead to no file that could be recognised");
  const auto runs = named ? runs_of(*activity, question.obligation, "by") : std::vector<int>{};
  const auto counts = [&](const evidence::SeenCalls& seen) {
    return seen.call == call && is_index(*activity, seen.by) &&
           (!named || std::ranges::any_of(runs, [&](int run) { return descends(*activity, seen.by, run); }));
  };
  std::int64_t times = 0;
  for (const evidence::SeenCalls& seen : activity->counts) times += counts(seen) ? seen.times : 0;
  const std::int64_t wanted = quantity(question.setting("min"), 1);
  if (times >= wanted) return held(fmt::format("it was called {} times; what it returned is not seen", times));
  const std::string words = fmt::format("it was called {} times, {} were wanted", times, wanted);
  return activity->counts_complete ? broken(words) : unseen("as far as it was seen, " + words);
}
}  // namespace mccoy::judge
