// What names mean across cases and services: needs, globs, cycles, captures.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/suite/read_parts.hpp"

namespace mccoy::suite {
namespace {
constexpr std::size_t kMostNeeds = 4'000'000;  ///< in all; "*" in each of 100,000 cases would be 10^10
using Index = std::unordered_map<std::string_view, std::size_t>;
using Graph = std::vector<std::vector<std::size_t>>;

Index index_of(const std::vector<Case>& cases) {
  Index index;
  index.reserve(cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) index.emplace(cases[i].name, i);
  return index;
}

class NeedsResolver {
 public:
  NeedsResolver(Reading& reading, Suite& suite) : reading_(reading), suite_(suite), index_(index_of(suite.cases)) {}

  void resolve() {
    for (std::size_t i = 0; i < suite_.cases.size() && spent_ <= kMostNeeds; ++i) resolve_case(i);
    for (std::size_t i = 0; i < suite_.cases.size(); ++i) {
      if (!resolved_.empty()) suite_.cases[i].needs = std::move(resolved_[i]);
    }
  }

 private:
  void resolve_case(std::size_t user) {
    Case& one = suite_.cases[user];
    if (one.needs.empty()) return;
    if (resolved_.empty()) resolved_.resize(suite_.cases.size());
    std::vector<std::size_t> needed;
    for (const auto& written : one.needs) {
      if (is_glob(written)) {
        add_matches(user, written, needed);
      } else if (const auto found = index_.find(written); found == index_.end()) {
        report_unknown(one, written);
      } else if (found->second == user) {
        reading_.add(reading_.within(one.needs_span, written),
                     fmt::format("the case \"{}\" needs itself", visible_line(one.name, 60)), "remove it from needs");
      } else {
        needed.push_back(found->second);
      }
    }
    std::ranges::sort(needed);
    needed.erase(std::unique(needed.begin(), needed.end()), needed.end());
    if ((spent_ += needed.size()) > kMostNeeds) {
      reading_.add(one.span, fmt::format("the needs of this suite come to over {}", kMostNeeds),
                   "need one case that needs the others");
      return;
    }
    for (const auto i : needed) resolved_[user].push_back(suite_.cases[i].name);
  }

  void add_matches(std::size_t user, const std::string& pattern, std::vector<std::size_t>& needed) {
    auto [known, is_new] = matches_.try_emplace(pattern);
    if (is_new) {
      for (std::size_t i = 0; i < suite_.cases.size(); ++i) {
        if (glob_matches(pattern, suite_.cases[i].name)) known->second.push_back(i);
      }
    }
    const auto before = needed.size();
    for (const auto i : known->second) {
      if (i != user) needed.push_back(i);
    }
    if (needed.size() > before) return;
    const Case& one = suite_.cases[user];
    reading_.add(reading_.within(one.needs_span, pattern),
                 fmt::format("\"{}\" matches no other case", visible_line(pattern, 60)),
                 "it would need nothing; mend or remove it");
  }

  void report_unknown(const Case& one, const std::string& name) {
    reading_.add(reading_.within(one.needs_span, name), fmt::format("no case is called \"{}\"", visible_line(name, 60)),
                 near_or(name, known_cases(suite_), "needs names cases of this suite"));
  }

  Reading& reading_;
  Suite& suite_;
  Index index_;
  std::vector<std::vector<std::string>> resolved_;
  std::unordered_map<std::string, std::vector<std::size_t>> matches_;
  std::size_t spent_ = 0;
};

/// Depth first without recursion: a chain of 100,000 needs must not use up the stack.
/// The nodes of the first cycle in order, the first one repeated at the end; empty when there is none.
std::vector<std::size_t> find_cycle(const Graph& graph) {
  enum class Mark : std::uint8_t { fresh, open, done };
  std::vector<Mark> marks(graph.size(), Mark::fresh);
  struct Step {
    std::size_t node, next;
  };
  std::vector<Step> path;
  for (std::size_t start = 0; start < graph.size(); ++start) {
    if (marks[start] != Mark::fresh) continue;
    path.push_back({start, 0});
    marks[start] = Mark::open;
    while (!path.empty()) {
      Step& step = path.back();
      if (step.next == graph[step.node].size()) {
        marks[step.node] = Mark::done;
        path.pop_back();
        continue;
      }
      const std::size_t next = graph[step.node][step.next++];
      if (marks[next] == Mark::fresh) {
        marks[next] = Mark::open;
        path.push_back({next, 0});
      } else if (marks[next] == Mark::open) {
        std::vector<std::size_t> cycle;
        auto at = std::ranges::find(path, next, &Step::node);
        for (; at != path.end(); ++at) cycle.push_back(at->node);
        cycle.push_back(next);
        return cycle;
      }
    }
  }
  return {};
}

template <class Items>
std::string path_text(const std::vector<std::size_t>& path, const Items& items) {
  constexpr std::size_t kMost = 12;
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (i >= kMost && i + 1 < path.size()) {
      if (i == kMost) out += " -> …";
      continue;
    }
    out += (i > 0 ? " -> " : "") + visible_line(items[path[i]].name, 40);
  }
  return out;
}

Graph graph_of(const std::vector<Case>& cases) {
  const Index index = index_of(cases);
  Graph graph(cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    for (const auto& needed : cases[i].needs) {
      if (const auto found = index.find(needed); found != index.end()) graph[i].push_back(found->second);
    }
  }
  return graph;
}

/// Walks needs: forwards from a user, or backwards from those who capture. Nearest first.
class Walk {
 public:
  explicit Walk(const Suite& suite)
      : needs_(graph_of(suite.cases)), needed_by_(needs_.size()), seen_(needs_.size(), 0) {
    for (std::size_t i = 0; i < needs_.size(); ++i) {
      for (const std::size_t needed : needs_[i]) needed_by_[needed].push_back(i);
    }
  }

  /// `user` needs one of these, over any number of steps.
  bool needs_one_of(std::size_t user, const std::vector<std::size_t>& wanted) {
    bool found = false;
    walk(needs_, {user}, [&](std::size_t at) { return found = std::ranges::find(wanted, at) != wanted.end(); });
    return found;
  }

  /// All who need one of these are marked; see needs_what_was_marked().
  void mark_users_of(const std::vector<std::size_t>& captors) {
    walk(needed_by_, captors, [](std::size_t) { return false; });
  }
  bool needs_what_was_marked(std::size_t user) const { return seen_[user] == stamp_; }

 private:
  template <class Visit>
  void walk(const Graph& graph, std::vector<std::size_t> queue, Visit stop_at) {
    ++stamp_;
    for (std::size_t head = 0; head < queue.size(); ++head) {
      for (const std::size_t next : graph[queue[head]]) {
        if (seen_[next] == stamp_) continue;
        seen_[next] = stamp_;
        if (stop_at(next)) return;
        queue.push_back(next);
      }
    }
  }

  Graph needs_, needed_by_;
  std::vector<std::size_t> seen_;
  std::size_t stamp_ = 0;
};

void report_not_needed(Reading& reading, const Suite& suite, const CaptureUse& use,
                       const std::vector<std::size_t>& captors) {
  const std::string captor = visible_line(suite.cases[captors.front()].name, 60);
  const bool own = captors.front() == use.user;
  reading.add(use.span, fmt::format("${{{}}} is captured by {}, which this case does not need", use.name, captor),
              own ? "a case cannot use what it captures itself" : fmt::format("add needs: [{}]", captor));
}

void report_unknown_name(Reading& reading, const CaptureUse& use) {
  std::vector<std::string_view> known{"nonce", "unique", "random", "vary", "port", "dir", "suite.dir", "case.dir"};
  for (const auto& [name, value] : reading.vars.as_map()) known.push_back(name);
  for (const auto& [name, captors] : reading.captured_by) known.push_back(name);
  reading.add(use.span, fmt::format("unknown variable ${{{}}}", use.name),
              near_or(use.name, known, "name it under vars:, or write $${ for a literal ${"));
}
}  // namespace

bool is_glob(std::string_view name) {
  return name.find_first_of("*?[{") != std::string_view::npos;
}

std::vector<std::string_view> known_cases(const Suite& suite) {
  constexpr std::size_t kMostCompared = 2000;
  std::vector<std::string_view> known;
  for (std::size_t i = 0; i < std::min(suite.cases.size(), kMostCompared); ++i) known.push_back(suite.cases[i].name);
  return known;
}

void resolve_needs(Reading& reading, Suite& suite) {
  NeedsResolver(reading, suite).resolve();
  const auto cycle = find_cycle(graph_of(suite.cases));
  if (cycle.empty()) return;
  const Case& first = suite.cases[cycle.front()];
  reading.add(reading.within(first.needs_span, suite.cases[cycle[1]].name),
              fmt::format("needs go round in a circle: {}", path_text(cycle, suite.cases)),
              "one of these must not need the next");
}

void resolve_passages(Reading& reading, Suite& suite) {
  const Index index = index_of(suite.cases);
  for (Case& one : suite.cases) {
    for (const Challenge& challenge : one.challenges) {
      if (!challenge.passage) continue;
      const auto& [out, within, span] = *challenge.passage;
      const auto found = index.find(out);
      if (found == index.end()) {
        reading.add(span, fmt::format("no case is called \"{}\"", visible_line(out, 60)),
                    near_or(out, known_cases(suite), "out names a case of this suite"));
      } else if (suite.cases[found->second].name == one.name) {
        reading.add(span, "what comes out by the door it went in shows no chain", "name a case that asks another door");
      } else {
        const auto& more = suite.cases[found->second].uses;
        one.uses.insert(one.uses.end(), more.begin(), more.end());
        std::ranges::sort(one.uses);
        one.uses.erase(std::unique(one.uses.begin(), one.uses.end()), one.uses.end());
      }
    }
  }
}

namespace {
void add_all(std::vector<std::string>& names, const std::vector<std::string>& more) {
  names.insert(names.end(), more.begin(), more.end());
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

/// What a case asks must be able to be asked: its services run, and what it needs has passed before.
void resolve_ask(Reading& reading, Suite& suite, const Index& index, Case& one, const std::string& name, Span span) {
  const auto found = index.find(name);
  if (found == index.end())
    return reading.add(span, fmt::format("no case is called \"{}\"", visible_line(name, 60)),
                       near_or(name, known_cases(suite), "name a case of this suite"));
  const Case& asked = suite.cases[found->second];
  if (asked.name == one.name)
    return reading.add(span, fmt::format("the case \"{}\" asks itself", visible_line(one.name, 60)),
                       "name a case that says how things are when all is well");
  if (!asked.asks.empty())
    return reading.add(span, fmt::format("\"{}\" asks other cases itself", visible_line(name, 60)),
                       "name a case that looks at the target, and not another such experiment");
  if (!asked.skip.empty())
    return reading.add(span, fmt::format("\"{}\" is skipped", visible_line(name, 60)),
                       "it says nothing as long as it is");
  add_all(one.uses, asked.uses);
  add_all(one.needs, asked.needs);
}
}  // namespace

void resolve_asks(Reading& reading, Suite& suite) {
  const Index index = index_of(suite.cases);
  for (Case& one : suite.cases)
    for (const auto& [name, span] : one.asks) resolve_ask(reading, suite, index, one, name, span);
  const auto cycle = find_cycle(graph_of(suite.cases));
  if (cycle.empty() || reading.count() > 0) return;
  reading.add(suite.cases[cycle.front()].span,
              fmt::format("needs go round in a circle: {}", path_text(cycle, suite.cases)),
              "what a case asks, and all that needs, comes before it");
}

void check_captures(Reading& reading, const Suite& suite) {
  constexpr std::size_t kFewUses = 16;  ///< of one name: asked one by one; more are marked in one walk
  if (reading.capture_uses.empty()) return;
  std::map<std::string_view, std::vector<const CaptureUse*>> uses_by_name;
  for (const CaptureUse& use : reading.capture_uses) uses_by_name[use.name].push_back(&use);
  Walk walk(suite);
  for (const auto& [name, uses] : uses_by_name) {
    const auto captors = reading.captured_by.find(name);
    const bool known = captors != reading.captured_by.end();
    const bool many = uses.size() > kFewUses;
    if (known && many) walk.mark_users_of(captors->second);
    for (const CaptureUse* use : uses) {
      if (reading.full()) return;
      if (!known) {
        report_unknown_name(reading, *use);
      } else if (!(many ? walk.needs_what_was_marked(use->user) : walk.needs_one_of(use->user, captors->second))) {
        report_not_needed(reading, suite, *use, captors->second);
      }
    }
  }
}

void check_service_needs(Reading& reading, const Suite& suite) {
  Graph graph(suite.services.size());
  Index index;
  for (std::size_t i = 0; i < suite.services.size(); ++i) index.emplace(suite.services[i].name, i);
  for (std::size_t i = 0; i < suite.services.size(); ++i) {
    for (const auto& needed : suite.services[i].needs) {
      if (const auto found = index.find(needed); found != index.end()) graph[i].push_back(found->second);
    }
  }
  const auto cycle = find_cycle(graph);
  if (cycle.empty()) return;
  reading.add(suite.services[cycle.front()].span,
              fmt::format("services need one another in a circle: {}", path_text(cycle, suite.services)),
              "naming ${services.x.…} is a need, too");
}
}  // namespace mccoy::suite
