// Which cases of these suites are to run, and in what order.
#include <algorithm>
#include <map>
#include <set>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/run/run.hpp"

namespace mccoy::run {
namespace {
bool selected(const suite::Case& which, const RunOptions& options) {
  const auto named = [&](const std::string& glob) {
    return glob_matches(glob, which.name) || glob_matches(glob, which.id);
  };
  const auto tagged = [&](const std::string& tag) { return std::ranges::find(which.tags, tag) != which.tags.end(); };
  return (options.only.empty() || std::ranges::any_of(options.only, named)) &&
         (options.tags.empty() || std::ranges::any_of(options.tags, tagged));
}

/// Depth first over `needs`, so that a case comes after everything it waits for. The reader has refused cycles.
class Orderer {
 public:
  Orderer(const suite::Suite& suite, std::vector<Planned>& plan) : suite_(suite), plan_(plan) {
    for (const suite::Case& which : suite.cases) by_name_.emplace(which.name, &which);
  }
  void add(const suite::Case& first) {
    std::vector<std::pair<const suite::Case*, std::size_t>> path{{&first, 0}};
    while (!path.empty()) {
      auto& [which, next] = path.back();
      if (next == 0 && taken_.contains(which)) {
        path.pop_back();
      } else if (next < which->needs.size()) {
        const auto need = by_name_.find(which->needs[next++]);
        if (need != by_name_.end() && !taken_.contains(need->second)) path.emplace_back(need->second, 0);
      } else {
        if (taken_.insert(which).second) plan_.push_back(Planned{&suite_, which, {}});
        path.pop_back();
      }
    }
  }

 private:
  const suite::Suite& suite_;
  std::vector<Planned>& plan_;
  std::map<std::string_view, const suite::Case*> by_name_;
  std::set<const suite::Case*> taken_;
};

/// The n-th of m shards takes every m-th selected case; what those need is run by every shard that needs it.
std::vector<Planned> select(const std::vector<suite::Suite>& suites, const RunOptions& options) {
  std::vector<Planned> plan;
  int turn = 0;
  for (const suite::Suite& suite : suites) {
    Orderer order(suite, plan);
    for (const suite::Case& which : suite.cases)
      if (selected(which, options) && turn++ % options.shards == options.shard - 1) order.add(which);
  }
  return plan;
}
}  // namespace

Result<std::vector<Planned>> plan_of(const std::vector<suite::Suite>& suites, const RunOptions& options,
                                     KindFinder kinds) {
  std::map<std::string_view, const suite::Suite*> names;
  for (const suite::Suite& suite : suites)
    if (const auto [known, fresh] = names.emplace(suite.name, &suite); !fresh)
      return Error{.where = {intern(suite.path), 0, 0},
                   .what = "the suite \"" + suite.name + "\" is given twice, also by " + known->second->path,
                   .hint = "suites of one run need different names"};
  auto plan = select(suites, options);
  if (plan.empty())
    return Error{.what = "no case is left to run",
                 .hint = "--only and --tag match none of the cases; `mccoy check` lists them"};
  for (const Planned& planned : plan)
    if (kinds(planned.which->kind->name) == nullptr)
      return Error{.where = planned.which->span,
                   .what = "no probe of the kind \"" + std::string(planned.which->kind->name) + "\" is built in"};
  for (Planned& planned : plan) planned.contract = planned.which->contract;
  return plan;
}
}  // namespace mccoy::run
