// How many ran, at the same time, and which calls were made and how often. What was not seen to be so is contradicted
// only where all programs were seen and their lives, taken as long as they can have been, do not allow it.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "harness/base/clock.hpp"
#include "harness/judge/programs.hpp"
#include "harness/judge/weigh_activity.hpp"

namespace mccoy::judge {
namespace {
using evidence::Activity;
using evidence::SeenProgram;
constexpr std::int64_t kTickNs = 10'000'000;  ///< proc(5): a process' start is told in hundredths of a second
constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

/// One process as a program: from its first image that is meant to the end of the last.
struct Life {
  int program = evidence::kNoProgram;
  std::int64_t began = 0, may_have_begun = 0, ended = 0, cpu = 0;
};

std::int64_t end_of(const SeenProgram& program) {
  return program.ended_ns != 0 ? program.ended_ns : kForever;
}

/// A fork is known from its first watched call on, and may have begun with its process.
std::int64_t earliest(const SeenProgram& program) {
  const auto started = static_cast<std::int64_t>(program.process.id.start_ticks) * kTickNs;
  return program.forked && started > 0 ? std::min(started, program.began_ns) : program.began_ns;
}

using ProcessKey = std::pair<std::int64_t, std::int64_t>;
ProcessKey process_of(const Activity& activity, int program) {
  const ProcessId& id = program_at(activity, program).process.id;
  return {id.pid, id.start_ticks};
}

/// In the order of the activity: parents before their children.
///   which  nullptr: any program
std::vector<Life> lives_of(const Activity& activity, const suite::Obligation* which) {
  std::map<ProcessKey, std::size_t> known;
  std::vector<Life> lives;
  for (int index = 0; index < static_cast<int>(activity.programs.size()); ++index) {
    const SeenProgram& program = program_at(activity, index);
    if (program.forked && program.replaced) continue;  // about to become another program
    if (which != nullptr && same_program(program.process, *which, "exe") != Same::yes) continue;
    const auto [at, is_new] = known.emplace(process_of(activity, index), lives.size());
    if (is_new) lives.push_back({.program = index, .began = program.began_ns, .may_have_begun = earliest(program)});
    lives[at->second].ended = end_of(program);
    lives[at->second].cpu = program.cpu_ns;
  }
  return lives;
}

/// Counts who is alive while time goes on. One that has a counted child then waits for it, or gave it the work, and
/// does not count itself.
class Crowd {
 public:
  Crowd(const Activity& activity, const std::vector<Life>& lives) : above_(lives.size()), here_(lives.size()) {
    std::map<int, std::size_t> life_at;
    for (std::size_t i = 0; i < lives.size(); ++i) {
      for (int up = program_at(activity, lives[i].program).parent; is_index(activity, up);) {
        if (const auto found = life_at.find(up); found != life_at.end()) {
          above_[i] = above_[found->second];
          above_[i].push_back(found->second);
          break;
        }
        const int parent = program_at(activity, up).parent;
        if (parent >= up) break;
        up = parent;
      }
      life_at.emplace(lives[i].program, i);
    }
  }
  void begins(std::size_t life) {
    here_[life].alive = true;
    for (const std::size_t above : above_[life]) ++here_[above].below;
  }
  void ends(std::size_t life) {
    here_[life].alive = false;
    for (const std::size_t above : above_[life]) --here_[above].below;
  }
  bool counts(std::size_t life) const { return here_[life].alive && here_[life].below == 0; }
  const std::vector<std::size_t>& above(std::size_t life) const { return above_[life]; }

 private:
  struct Here {
    bool alive = false;
    std::int64_t below = 0;  ///< counted ones among its children and theirs that are alive
  };
  std::vector<std::vector<std::size_t>> above_;  ///< the lives that it descends from
  std::vector<Here> here_;
};

/// The most that were alive at any one time.
std::int64_t most_at_once(const Activity& activity, const std::vector<Life>& lives, std::int64_t Life::*from) {
  struct Event {
    std::int64_t at;
    bool begins;
    std::size_t life;
    auto operator<=>(const Event&) const = default;  // at one moment, ends come first
  };
  std::vector<Event> events;
  for (std::size_t i = 0; i < lives.size(); ++i) {
    events.push_back({lives[i].*from, true, i});
    events.push_back({lives[i].ended, false, i});
  }
  std::ranges::sort(events);
  Crowd crowd(activity, lives);
  std::int64_t now = 0, most = 0;
  for (const Event& event : events) {
    std::vector<std::size_t> touched = crowd.above(event.life);
    touched.push_back(event.life);
    for (const std::size_t life : touched) now -= crowd.counts(life) ? 1 : 0;
    event.begins ? crowd.begins(event.life) : crowd.ends(event.life);
    for (const std::size_t life : touched) now += crowd.counts(life) ? 1 : 0;
    most = std::max(most, now);
  }
  return most;
}

bool times_are_known(const Activity& activity) {
  return std::ranges::any_of(activity.programs, [](const SeenProgram& program) { return program.began_ns != 0; });
}

Weight too_few(const Activity& activity, std::int64_t seen, std::int64_t possible, std::int64_t wanted) {
  const std::string words = fmt::format("at most {} were alive at the same time, {} were wanted", seen, wanted);
  return activity.programs_complete && possible < wanted ? broken(words) : unseen("as far as it was seen, " + words);
}

/// Of lives that have begun: the two that last longest, of different processes.
struct Longest {
  Life first, second;
  void add(const Life& life) {
    if (first.program == evidence::kNoProgram || life.ended > first.ended)
      second = std::exchange(first, life);
    else if (second.program == evidence::kNoProgram || life.ended > second.ended)
      second = life;
  }
  /// Nanoseconds that this one shares with any of them; -1: none.
  std::int64_t shared_with(const Activity& activity, const Life& life, std::int64_t began) const {
    std::int64_t best = -1;
    for (const Life* other : {&first, &second})
      if (other->program != evidence::kNoProgram && !is_same_process(activity, other->program, life.program))
        best = std::max(best, std::min(other->ended, life.ended) - began);
    return best;
  }
};

/// The longest time that one of each was alive; -1: never.
std::int64_t longest(const Activity& activity, const std::vector<Life>& ones, const std::vector<Life>& others,
                     std::int64_t Life::*from) {
  std::vector<std::pair<const Life*, bool>> all;
  for (const Life& life : ones) all.emplace_back(&life, true);
  for (const Life& life : others) all.emplace_back(&life, false);
  std::ranges::stable_sort(all, [from](const auto& a, const auto& b) { return a.first->*from < b.first->*from; });
  Longest of_ones, of_others;
  std::int64_t best = -1;
  for (const auto& [life, is_one] : all) {
    best = std::max(best, (is_one ? of_others : of_ones).shared_with(activity, *life, life->*from));
    (is_one ? of_ones : of_others).add(*life);
  }
  return best;
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
