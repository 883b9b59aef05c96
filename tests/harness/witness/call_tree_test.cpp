// Who made whom, and when they lived: the tree of the witness held against that of strace.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <fstream>
#include <map>
#include <optional>
#include <regex>

#include "tests/harness/witness/watched.hpp"

namespace mccoy::test {
namespace {
/// For each program that was started: how many processes are above its own, and what ran in the nearest of them that
/// had become a program, as "worker < sh: 2".
using Tree = std::multiset<std::string>;

Tree told_by_witness(const Activity& activity) {
  Tree tree;
  for (const SeenProgram& program : activity.programs) {
    if (program.forked) continue;
    int depth = 0;
    std::string above;
    auto id = program.process.id;
    for (int up = program.parent; up >= 0; up = activity.programs[static_cast<std::size_t>(up)].parent) {
      const SeenProgram& parent = activity.programs[static_cast<std::size_t>(up)];
      if (parent.process.id != id) ++depth;
      id = parent.process.id;
      if (above.empty() && !parent.forked) above = parent.process.argv.at(0);
    }
    tree.insert(program.process.argv.at(0) + " < " + above + ": " + std::to_string(depth));
  }
  return tree;
}

/// `strace -f`: lines begin with the pid; made processes show as the result of clone, fork or vfork.
class Forest {
 public:
  void take(const std::string& line) {
    static const std::regex kExecuted(R"re(^(\d+) +execve\("[^"]*", \["([^"]*)".*= 0$)re");
    static const std::regex kMade(R"re(^(\d+) +(?:clone|clone3|fork|vfork)\(.*\) += (\d+)$)re");
    static const std::regex kMadeLater(R"re(^(\d+) +<\.\.\. (?:clone|clone3|fork|vfork) resumed>.*= (\d+)$)re");
    static const std::regex kExecutes(R"re(^(\d+) +execve\("[^"]*", \["([^"]*)".*<unfinished \.\.\.>$)re");
    static const std::regex kExecutedLater(R"re(^(\d+) +<\.\.\. execve resumed>.*= 0$)re");
    std::smatch match;
    if (std::regex_match(line, match, kMade) || std::regex_match(line, match, kMadeLater))
      parents_[std::stoi(match[2])] = std::stoi(match[1]);
    if (std::regex_match(line, match, kExecuted)) lines_.emplace_back(std::stoi(match[1]), match[2]);
    if (std::regex_match(line, match, kExecutes)) unfinished_[std::stoi(match[1])] = match[2];
    if (std::regex_match(line, match, kExecutedLater))
      lines_.emplace_back(std::stoi(match[1]), unfinished_[std::stoi(match[1])]);
  }
  Tree tree() const {
    Tree tree;
    std::map<int, std::vector<std::string>> images;
    for (const auto& [pid, image] : lines_) {
      int depth = 0;
      std::string above = images[pid].empty() ? "" : images[pid].back();
      for (int up = parent_of(pid); up != 0; up = parent_of(up)) {
        ++depth;
        if (above.empty() && !images[up].empty()) above = images[up].back();
      }
      tree.insert(image + " < " + above + ": " + std::to_string(depth));
      images[pid].push_back(image);
    }
    return tree;
  }

 private:
  int parent_of(int pid) const {
    const auto found = parents_.find(pid);
    return found == parents_.end() ? 0 : found->second;
  }
  std::map<int, int> parents_;
  std::map<int, std::string> unfinished_;  ///< execve that has begun, by process
  std::vector<std::pair<int, std::string>> lines_;
};

Tree told_by_strace(Command command) {
  const Folder logs;
  command.argv.insert(command.argv.begin(), {"strace", "-f", "-qq", "-e", "trace=execve,clone,clone3,fork,vfork", "-e",
                                             "signal=none", "-o", logs.at("log")});
  const auto ran = run_command(command, Deadline::in(std::chrono::seconds(120)));
  BOOST_REQUIRE(ran.ok());
  BOOST_REQUIRE(ran->ended.exited);
  Forest forest;
  std::ifstream lines(logs.at("log"));
  for (std::string line; std::getline(lines, line);) forest.take(line);
  return forest.tree();
}

const char* const kScripts[] = {
    "( ( /bin/true; :; ); : ); :",
    "f() { /bin/true; :; }; f & wait",
    "f() { ( /bin/true; : ); :; }; ( f & wait ) & wait",
    "x=$( ( /bin/echo 1; : ); : ); ( /bin/echo $x; : )",
    "( seq 3; : ) | ( cat; : ) | ( ( wc -l; : ); : )",
    "( ( ( ( ( /bin/true; : ); : ); : ); : ); : )",
    "( exec env /bin/true ); ( ( exec nice sh -c '( /bin/echo a; : ); :' ) )",
};
}  // namespace

BOOST_AUTO_TEST_SUITE(call_tree)

BOOST_DATA_TEST_CASE(the_witness_and_strace_draw_the_same_tree, boost::unit_test::data::make(kScripts), script) {
  const Tree witness = told_by_witness(watch_all(sh(script)));
  BOOST_TEST(witness == told_by_strace(sh(script)));
}

BOOST_AUTO_TEST_CASE(only_the_command_itself_has_no_parent) {
  for (const char* script : kScripts) {
    const Activity seen = watch_all(sh(script));
    for (std::size_t i = 1; i < seen.programs.size(); ++i) BOOST_TEST(seen.programs[i].parent >= 0, script);
  }
}

BOOST_AUTO_TEST_CASE(a_child_of_the_program_before_is_not_one_of_the_program_after) {
  const Activity seen = watch_all(sh("( /bin/sleep 0.2; : ) & exec /bin/sleep 0.4"));
  const auto after = std::ranges::find_if(
      seen.programs, [](const SeenProgram& each) { return !each.forked && each.process.argv.back() == "0.4"; });
  BOOST_REQUIRE((after != seen.programs.end()));
  const int index = static_cast<int>(after - seen.programs.begin());
  for (int i = 0; i < static_cast<int>(seen.programs.size()); ++i)
    BOOST_TEST((i == index || !is_below(seen, i, index)));
}

BOOST_AUTO_TEST_CASE(lives_are_told_by_when_they_began_and_ended) {
  const Activity seen = watch_all(sh("/bin/true; /bin/sleep 0.3 & /bin/sleep 0.2; wait"));
  const SeenProgram& before = program(seen, "/bin/true");
  std::vector<const SeenProgram*> sleepers;
  for (const SeenProgram& each : seen.programs)
    if (!each.forked && each.process.argv[0] == "/bin/sleep") sleepers.push_back(&each);
  BOOST_REQUIRE(sleepers.size() == 2U);
  for (const SeenProgram* sleeper : sleepers) {
    BOOST_TEST(before.ended_ns <= sleeper->began_ns);
    BOOST_TEST(sleeper->ended_ns - sleeper->began_ns >= 190'000'000);
  }
  BOOST_TEST(sleepers[0]->began_ns < sleepers[1]->ended_ns);
  BOOST_TEST(sleepers[1]->began_ns < sleepers[0]->ended_ns);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::test
