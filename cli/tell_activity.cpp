#include "cli/tell_activity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/judge/fingerprints.hpp"

namespace mccoy::cli {
namespace {
using evidence::Activity;
using evidence::SeenProgram;
using evidence::SeenWrite;
constexpr std::size_t kMostLines = 40, kMostFiles = 25, kMostWords = 90;

/// "4 files written:" and at most so many lines; the rest is counted.
class Section {
 public:
  Section(Lines& lines, const Paint& paint, std::size_t most) : lines_(lines), paint_(paint), most_(most) {}
  void title(const std::string& text) { lines_.push_back(paint_(Tone::strong, text)); }
  void add(const std::string& text, Tone tone = Tone::plain) {
    if (++count_ <= most_) lines_.push_back("  " + paint_(tone, text));
  }
  ~Section() {
    if (count_ > most_) lines_.push_back(paint_(Tone::quiet, fmt::format("  … and {} more", count_ - most_)));
  }

 private:
  Lines& lines_;
  const Paint& paint_;
  std::size_t most_, count_ = 0;
};

std::string command_words(const SeenProgram& program) {
  std::vector<std::string> words = program.process.argv;
  if (words.empty()) words.push_back(program.process.exe);
  return fit(visible_line(shell_quoted(words)), kMostWords);
}

std::string end_words(const SeenProgram& program) {
  if (program.replaced) return "became";
  if (program.exit_code) return fmt::format("exit {}", *program.exit_code);
  if (program.alive) return "still running";
  return program.signal == "?" || program.signal.empty() ? "killed" : "SIG" + program.signal;
}

bool failed(const SeenProgram& program) {
  return !program.replaced && !program.alive && (!program.exit_code || *program.exit_code != 0);
}

/// A name that stands for another file is worth a word.
std::string image_words(const SeenProgram& program) {
  const auto& argv = program.process.argv;
  const std::string image = basename(program.process.exe);
  if (program.forked) return " (fork)";
  return argv.empty() || basename(argv[0]) == image ? "" : " [" + visible_line(program.process.exe) + "]";
}

using Children = std::vector<std::vector<int>>;

/// A fork that did nothing worth a line: shells make them for every "$(…)".
bool is_idle(const SeenProgram& program, const std::vector<int>& children) {
  return program.forked && children.empty() && program.exit_code == 0;
}

void add_tree(const Activity& activity, const Children& children, int index, int depth, Section& section) {
  const SeenProgram& program = activity.programs[static_cast<std::size_t>(index)];
  const auto& below = children[static_cast<std::size_t>(index)];
  if (is_idle(program, below)) return;
  section.add(
      fmt::format("{:{}}{}{}  {}", "", 2 * depth, command_words(program), image_words(program), end_words(program)),
      failed(program) ? Tone::unsure : Tone::plain);
  for (const int child : below) {
    const bool same_process = activity.programs[static_cast<std::size_t>(child)].process.id == program.process.id;
    add_tree(activity, children, child, same_process ? depth : depth + 1, section);
  }
}

void tell_programs(const Activity& activity, Lines& lines, const Paint& paint) {
  Children children(activity.programs.size());
  std::vector<int> roots;
  for (int i = 0; i < static_cast<int>(activity.programs.size()); ++i) {
    const int parent = activity.programs[static_cast<std::size_t>(i)].parent;
    (parent >= 0 && parent < i ? children[static_cast<std::size_t>(parent)] : roots).push_back(i);
  }
  Section section(lines, paint, kMostLines);
  section.title(fmt::format("programs: {}", activity.programs.size()));
  for (const int root : roots) add_tree(activity, children, root, 0, section);
}

/// It outlived the command and was ended by mccoy.
bool was_left(const evidence::Facts& facts, const SeenProgram& program) {
  const std::string pid = fmt::format("pid {} ", program.process.id.pid);
  return std::ranges::any_of(facts.leftovers, [&](const std::string& left) { return left.starts_with(pid); });
}

void tell_left(const evidence::Facts& facts, Lines& lines, const Paint& paint) {
  if (facts.leftovers.empty()) return;
  Section section(lines, paint, kMostFiles);
  section.title("left running by the command, ended by mccoy:");
  for (const std::string& left : facts.leftovers) section.add(visible_line(left));
}

/// Programs below the command that failed although the command did not.
void tell_swallowed(const evidence::Facts& facts, Lines& lines, const Paint& paint) {
  if (facts.exit_code != 0) return;
  Section section(lines, paint, kMostFiles);
  bool first = true;
  for (const SeenProgram& program : facts.activity->programs) {
    if (!failed(program) || program.forked || was_left(facts, program)) continue;
    if (std::exchange(first, false)) section.title("failures below it that its own status does not show:");
    section.add(fmt::format("{}  {}", command_words(program), end_words(program)), Tone::unsure);
  }
}

std::string_view change_word(SeenWrite::Change change) {
  switch (change) {
    case SeenWrite::Change::created:
      return "created";
    case SeenWrite::Change::changed:
      return "changed";
    case SeenWrite::Change::removed:
      return "removed";
    case SeenWrite::Change::passing:
      return "made and removed";
    case SeenWrite::Change::none:
      break;
  }
  return "opened, not changed";
}

void tell_writes(const Activity& activity, Lines& lines, const Paint& paint) {
  Section section(lines, paint, kMostFiles);
  std::map<SeenWrite::Change, std::size_t> counts;
  for (const SeenWrite& write : activity.writes) ++counts[write.change];
  section.title(fmt::format("files written: {} ({} created, {} changed, {} removed); files read: {}",
                            activity.writes.size() - counts[SeenWrite::Change::none],
                            counts[SeenWrite::Change::created], counts[SeenWrite::Change::changed],
                            counts[SeenWrite::Change::removed], activity.reads.size()));
  for (const SeenWrite& write : activity.writes) {
    if (write.change == SeenWrite::Change::passing || write.change == SeenWrite::Change::none) continue;
    const std::string copy = write.same_as_read.empty() ? "" : "  same bytes as " + visible_line(write.same_as_read);
    section.add(fmt::format("{} {}{}", change_word(write.change), visible_line(write.path), copy));
  }
}

void tell_connections(const Activity& activity, Lines& lines, const Paint& paint) {
  if (activity.connections.empty() && activity.listeners.empty()) return;
  Section section(lines, paint, kMostFiles);
  section.title("connections:");
  for (const auto& connection : activity.connections) {
    std::set<std::string> peers;
    for (const auto& peer : connection.peers) peers.insert(fmt::format("pid {} {}", peer.id.pid, peer.exe));
    const std::string who = peers.empty() ? "" : ", answered by " + *peers.begin();
    std::string what = fmt::format("{} tried", connection.tried);
    if (connection.made > 0 && connection.protocol == "udp")
      what = fmt::format("{} made", connection.made);  // what is sent over them is not counted
    else if (connection.made > 0)
      what = fmt::format("{} made, {} bytes out, {} in", connection.made, connection.bytes_out, connection.bytes_in);
    else if (connection.protocol != "udp")
      what += ", none made";
    section.add(fmt::format("{} {}: {}{}", connection.protocol, visible_line(connection.to), what, visible_line(who)),
                connection.made == 0 ? Tone::quiet : Tone::plain);
  }
  for (const auto& listener : activity.listeners)
    section.add(fmt::format("listened on {}, accept called {} times", visible_line(listener.at), listener.accepted));
}

bool is_no_substitute(const judge::Fingerprint& entry) {
  return entry.kind == judge::Fingerprint::Kind::runner || entry.kind == judge::Fingerprint::Kind::no_double;
}

void tell_substitutes(const Activity& activity, Lines& lines, const Paint& paint) {
  Section section(lines, paint, kMostFiles);
  std::set<std::string> told;
  for (const judge::Match& match : judge::match(judge::catalogue(), activity)) {
    if (match.always_loaded() || is_no_substitute(*match.what) || !told.insert(match.what->id).second) continue;
    if (told.size() == 1) section.title("known substitutes that were loaded (loaded is not used):");
    section.add(fmt::format("{} ({}): {}", match.what->library, to_text(match.what->kind), visible_line(match.path)),
                Tone::unsure);
  }
}

void tell_modes(const evidence::Facts& facts, Lines& lines, const Paint& paint) {
  for (const auto& mode : facts.modes)
    lines.push_back(paint(
        Tone::unsure, fmt::format("it declares a mode without effect: {} ({})", visible_line(mode.flag), mode.where)));
}

void tell_coverage(const Activity& activity, Lines& lines, const Paint& paint) {
  Section section(lines, paint, kMostFiles);
  std::vector<std::string> blind = activity.notices;
  if (activity.mechanism.empty()) blind.insert(blind.begin(), "nobody watched the system calls");
  const std::pair<bool, const char*> kinds[] = {{activity.programs_complete, "not all programs"},
                                                {activity.reads_complete, "not all files read"},
                                                {activity.writes_complete, "not all files written"},
                                                {activity.sockets_complete, "not all connections"}};
  for (const auto& [complete, words] : kinds)
    if (!complete && !activity.mechanism.empty()) blind.push_back(std::string(words) + " could be seen");
  if (blind.empty()) return;
  section.title("what limits the view:");
  for (const std::string& sentence : blind) section.add(visible_line(sentence), Tone::quiet);
}
}  // namespace

Lines tell_activity(const evidence::Facts& facts, const Paint& paint) {
  Lines lines;
  if (!facts.activity) return lines;
  const Activity& activity = *facts.activity;
  if (!activity.mechanism.empty()) {
    tell_programs(activity, lines, paint);
    tell_writes(activity, lines, paint);
    tell_connections(activity, lines, paint);
    tell_substitutes(activity, lines, paint);
    tell_swallowed(facts, lines, paint);
    tell_left(facts, lines, paint);
  }
  tell_modes(facts, lines, paint);
  tell_coverage(activity, lines, paint);
  return lines;
}
}  // namespace mccoy::cli
