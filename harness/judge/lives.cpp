#include "harness/judge/lives.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "harness/judge/programs.hpp"

namespace mccoy::judge {
namespace {
using evidence::Activity;
using evidence::SeenProgram;
constexpr std::int64_t kTickNs = 10'000'000;  ///< proc(5): a process' start is told in hundredths of a second

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

/// Counts who is alive while time goes on. One that has a counted child then waits for it, or gave it the work, and
/// does not count itself.
class Crowd {
 public:
  Crowd(const Activity& activity, const std::vector<Life>& lives) : here_(lives.size()) {
    std::map<int, std::size_t> life_at;
    for (std::size_t i = 0; i < lives.size(); ++i) {
      here_[i].above = nearest(activity, program_at(activity, lives[i].program).parent, life_at);
      life_at.emplace(lives[i].program, i);
    }
  }

  void begins(std::size_t life) { change(life, true, 1); }
  void ends(std::size_t life) { change(life, false, -1); }
  std::int64_t count() const { return count_; }

 private:
  static constexpr std::size_t kNobody = std::numeric_limits<std::size_t>::max();
  struct Here {
    bool alive = false;
    std::int64_t below = 0;       ///< counted ones among its children and theirs that are alive
    std::size_t above = kNobody;  ///< the nearest of those that it descends from
    std::int64_t counts() const { return alive && below == 0 ? 1 : 0; }
  };

  /// Parents come before their children, so the way up ends.
  static std::size_t nearest(const Activity& activity, int up, const std::map<int, std::size_t>& life_at) {
    while (is_index(activity, up)) {
      if (const auto found = life_at.find(up); found != life_at.end()) return found->second;
      const int parent = program_at(activity, up).parent;
      up = parent < up ? parent : evidence::kNoProgram;
    }
    return kNobody;
  }

  void change(std::size_t life, bool alive, std::int64_t step) {
    count_ -= here_[life].counts();
    here_[life].alive = alive;
    count_ += here_[life].counts();
    for (std::size_t up = here_[life].above; up != kNobody; up = here_[up].above) {
      count_ -= here_[up].counts();
      here_[up].below += step;
      count_ += here_[up].counts();
    }
  }

  std::vector<Here> here_;
  std::int64_t count_ = 0;
};

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

}  // namespace

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

std::int64_t most_at_once(const Activity& activity, const std::vector<Life>& lives, std::int64_t Life::*from) {
  struct Event {
    std::int64_t at;
    bool begins;
    std::size_t life;
    // At one moment, ends come first. clang-tidy 14 takes the operator for a null pointer.
    auto operator<=>(const Event&) const = default;  // NOLINT(modernize-use-nullptr)
  };
  std::vector<Event> events;
  for (std::size_t i = 0; i < lives.size(); ++i) {
    events.push_back({lives[i].*from, true, i});
    events.push_back({lives[i].ended, false, i});
  }
  std::ranges::sort(events);
  Crowd crowd(activity, lives);
  std::int64_t most = 0;
  for (const Event& event : events) {
    event.begins ? crowd.begins(event.life) : crowd.ends(event.life);
    most = std::max(most, crowd.count());
  }
  return most;
}

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

}  // namespace mccoy::judge
