#include "harness/judge/shape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/judge/judge.hpp"
#include "harness/judge/weigh_activity.hpp"

namespace mccoy::judge {
namespace {
using evidence::Activity;
using evidence::Facts;
using Names = std::set<std::string>;
constexpr std::size_t kMostNamed = 3;

bool is_or_is_below(const std::string& path, const std::string& folder) {
  return path == folder || (path.starts_with(folder) && path.substr(folder.size()).starts_with('/'));
}

/// Without what differs from run to run: what the arguments name, the folder of the trial, the number of a process.
std::string placed(const std::string& path, const Facts& facts) {
  const std::vector<std::string> none;
  const auto& argv = facts.root ? facts.root->argv : none;
  for (std::size_t at = 1; at < argv.size(); ++at) {
    const std::string named = argv[at].empty() ? "" : absolute(argv[at], facts.folder);
    if (!named.empty() && named != facts.folder && is_or_is_below(path, named))
      return fmt::format("argument {}{}", at, path.substr(named.size()));
  }
  if (!facts.folder.empty() && is_or_is_below(path, facts.folder)) return "@" + path.substr(facts.folder.size());
  if (!path.starts_with("/proc/")) return path;
  const auto digits = path.find_first_not_of("0123456789", 6);
  return digits == 6 ? path : "/proc/*" + (digits == std::string::npos ? "" : path.substr(digits));
}

Names programs_run(const Facts& facts) {
  Names names;
  for (const evidence::SeenProgram& program : facts.activity->programs) {
    if (program.forked) continue;
    const auto& process = program.process;
    names.insert(placed(process.script.empty() ? process.exe : process.script, facts));
  }
  return names;
}

/// Without what the command wrote itself: that is its product and no input.
Names files_opened(const Facts& facts) {
  Names own, names;
  for (const auto& write : facts.activity->writes) own.insert(write.path);
  for (const auto& read : facts.activity->reads)
    if (!own.contains(read.path)) names.insert(placed(read.path, facts));
  return names;
}

Names without(const Names& names, const Names& others) {
  Names left;
  std::ranges::set_difference(names, others, std::inserter(left, left.end()));
  return left;
}
Names both(const Names& names, const Names& others) {
  Names common;
  std::ranges::set_intersection(names, others, std::inserter(common, common.end()));
  return common;
}

std::string listed(const Names& names) {
  std::vector<std::string> words;
  for (const std::string& name : names)
    if (words.size() < kMostNamed) words.push_back(name);
  std::string text = join(words, ", ");
  if (names.size() > kMostNamed) text += fmt::format(" and {} more", names.size() - kMostNamed);
  return text;
}

std::string difference(const Names& missing, const Names& added) {
  std::vector<std::string> parts;
  if (!missing.empty()) parts.push_back("no longer " + listed(missing));
  if (!added.empty()) parts.push_back("new: " + listed(added));
  return join(parts, "; ");
}

struct Trace {
  std::string_view name;
  Names (*shape)(const Facts& facts);
  bool (*complete)(const Activity& activity);
  bool may_be_exchanged;  ///< as many others in their place are the inputs that the disturbance put there
};
constexpr Trace kTraces[] = {
    {"programs-run", &programs_run, [](const Activity& a) { return a.programs_complete; }, false},
    {"files-opened", &files_opened,
     [](const Activity& a) { return a.programs_complete && a.reads_complete && a.reads_left_out == 0; }, true},
};

std::string why_not(const Trace& trace, std::initializer_list<const Facts*> runs) {
  for (const Facts* facts : runs) {
    const Activity* activity = watched(*facts);
    if (activity == nullptr) return std::string(kNeedsWitness);
    if (!trace.complete(*activity)) return "not all of it could be seen";
  }
  return {};
}
}  // namespace

ShapeComparison compare_shape(std::string_view trace, const Facts& before, const Facts& after, const Facts& disturbed) {
  const auto* row = std::ranges::find(kTraces, trace, &Trace::name);
  if (row == std::end(kTraces)) return {.why = "this version does not know it", .changed = {}};
  if (std::string why = why_not(*row, {&before, &after, &disturbed}); !why.empty())
    return {.why = std::move(why), .changed = {}};
  const Names first = row->shape(before), last = row->shape(after), now = row->shape(disturbed);
  const Names missing = without(both(first, last), now);
  Names added = without(without(now, first), last);
  if (first != last && added.size() > missing.size()) added.clear();  // what comes and goes by itself may be new again
  const bool exchanged = row->may_be_exchanged && missing.size() == added.size();
  return {.compared = true, .why = {}, .changed = exchanged ? "" : difference(missing, added)};
}

void compare_shapes(ChallengeRecord& record, const Facts& before, const Facts& after,
                    const std::vector<const Facts*>& disturbed) {
  record.unseen.clear();
  record.changed.clear();
  for (const std::string& trace : record.same) {
    std::set<std::string> unseen, changed;
    for (const Facts* facts : disturbed) {
      const ShapeComparison comparison = compare_shape(trace, before, after, *facts);
      if (!comparison.compared) unseen.insert(trace + ": " + comparison.why);
      if (!comparison.changed.empty()) changed.insert(trace + ": " + comparison.changed);
    }
    record.unseen.insert(record.unseen.end(), unseen.begin(), unseen.end());
    record.changed.insert(record.changed.end(), changed.begin(), changed.end());
  }
}
}  // namespace mccoy::judge
