// The tree is the architecture: arrows between rooms run one way, heavy headers stay in .cpp files, one place starts
// processes, and no file grows until it holds two rooms.
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {
namespace fs = std::filesystem;
using Rooms = std::set<std::string, std::less<>>;

/// The rooms each room may include, besides itself.
const std::map<std::string, Rooms, std::less<>> kMayInclude = {
    {"base", {}},
    {"suite", {"base"}},
    {"evidence", {"base"}},
    {"witness", {"base", "evidence"}},
    {"judge", {"base", "suite", "evidence"}},
    {"target", {"base", "suite", "evidence", "witness"}},
    {"run", {"base", "suite", "evidence", "witness", "judge", "target"}},
    {"probes", {"base", "suite", "evidence", "witness", "judge", "target", "run"}},
    {"reports", {"base", "suite", "evidence", "witness", "judge", "target", "run"}},
    {"cli", {"base", "suite", "evidence", "witness", "judge", "target", "run", "probes", "reports"}},
};
constexpr std::array<std::string_view, 6> kHeavyHeaders = {"nlohmann/", "yaml-cpp/", "curl/",
                                                           "spdlog/",   "pugixml",   "CLI/"};
constexpr int kMaxLines = 600;

/// harness/base/file.hpp -> "base"; harness/probe.hpp -> "run" (the doors belong to it); "" outside the tree.
std::string room_of(const std::string& path) {
  if (path == "harness/probe.hpp" || path == "harness/report.hpp") return "run";
  const std::string below = path.starts_with("harness/") ? path.substr(8) : path;
  const std::string room = below.substr(0, below.find('/'));
  return kMayInclude.contains(room) ? room : "";
}

struct Source {
  std::string path;  ///< from the root of the project
  std::string text;
  std::vector<std::string> includes;
};

std::vector<std::string> includes_of(const std::string& text) {
  static const std::regex kInclude(R"re((^|\n)[ \t]*#[ \t]*include[ \t]*["<]([^">]+)[">])re");
  std::vector<std::string> found;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), kInclude); at != std::sregex_iterator(); ++at)
    found.push_back((*at)[2]);
  return found;
}

const std::vector<Source>& sources() {
  static const std::vector<Source> kAll = [] {
    std::vector<Source> all;
    for (const char* folder : {"harness", "probes", "reports", "cli"})
      for (const auto& entry : fs::recursive_directory_iterator(fs::path(MCCOY_SOURCE_DIR) / folder)) {
        if (entry.path().extension() != ".cpp" && entry.path().extension() != ".hpp") continue;
        std::ostringstream text;
        text << std::ifstream(entry.path()).rdbuf();
        const std::string path = entry.path().lexically_relative(MCCOY_SOURCE_DIR).string();
        all.push_back({path, text.str(), includes_of(text.str())});
      }
    return all;
  }();
  return kAll;
}

/// Comments and string literals removed, so that a word in a sentence is not taken for a call.
std::string code_of(const std::string& text) {
  static const std::regex kNoCode(R"re(//[^\n]*|"(\\.|[^"\\\n])*")re");
  return std::regex_replace(text, kNoCode, "");
}

bool depends_on_itself(const std::map<std::string, Rooms>& arrows, const std::string& start) {
  std::vector<std::string> todo(1, start);
  Rooms seen;
  while (!todo.empty()) {
    const std::string room = todo.back();
    todo.pop_back();
    const auto found = arrows.find(room);
    if (found == arrows.end()) continue;
    for (const auto& next : found->second) {
      if (next == start) return true;
      if (seen.insert(next).second) todo.push_back(next);
    }
  }
  return false;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(tree)

BOOST_AUTO_TEST_CASE(the_tree_was_found) {
  BOOST_TEST(sources().size() > 50U);
}

BOOST_AUTO_TEST_CASE(every_source_lies_in_a_room) {
  for (const auto& source : sources()) BOOST_TEST(!room_of(source.path).empty(), source.path << " lies in no room");
}

BOOST_AUTO_TEST_CASE(no_arrow_runs_back) {
  for (const auto& source : sources()) {
    const std::string from = room_of(source.path);
    for (const auto& include : source.includes) {
      const std::string to = room_of(include);
      if (to.empty() || from.empty() || to == from) continue;
      BOOST_TEST(kMayInclude.at(from).contains(to),
                 source.path << " includes " << include << ": " << from << " may not see " << to);
    }
  }
}

BOOST_AUTO_TEST_CASE(rooms_form_no_cycle) {
  std::map<std::string, Rooms> arrows;
  for (const auto& source : sources())
    for (const auto& include : source.includes)
      if (const auto to = room_of(include); !to.empty() && to != room_of(source.path))
        arrows[room_of(source.path)].insert(to);
  for (const auto& [room, to] : arrows)
    BOOST_TEST(!depends_on_itself(arrows, room), room << " includes itself by way of others");
}

BOOST_AUTO_TEST_CASE(includes_of_ours_are_written_from_the_root) {
  for (const auto& source : sources())
    for (const auto& include : source.includes)
      BOOST_TEST(!(include.ends_with(".hpp") && include.find('/') == std::string::npos && include != "pugixml.hpp"),
                 source.path << " includes " << include);
}

/// The door to libcurl is a header with libcurl in it; it stays harmless as long as no other header opens it.
constexpr std::string_view kLibraryDoor = "harness/target/libcurl.hpp";

BOOST_AUTO_TEST_CASE(heavy_headers_stay_out_of_our_headers) {
  for (const auto& source : sources()) {
    if (!source.path.ends_with(".hpp") || source.path == kLibraryDoor) continue;
    BOOST_TEST(!std::ranges::count(source.includes, kLibraryDoor), source.path << " includes " << kLibraryDoor);
    for (const auto& include : source.includes)
      for (const auto heavy : kHeavyHeaders)
        BOOST_TEST(!include.starts_with(heavy), source.path << " includes " << include);
  }
}

BOOST_AUTO_TEST_CASE(no_file_is_longer_than_600_lines) {
  for (const auto& source : sources())
    BOOST_TEST(std::count(source.text.begin(), source.text.end(), '\n') <= kMaxLines, source.path << " is too long");
}

BOOST_AUTO_TEST_CASE(processes_are_started_in_one_place) {
  static const std::regex kSpawns(
      R"re((^|[^\w.>])(fork|vfork|posix_spawnp?|execve|execvp|system|popen|clone3?)[ ]*\()re");
  for (const auto& source : sources()) {
    if (room_of(source.path) == "base") continue;
    BOOST_TEST(!std::regex_search(code_of(source.text), kSpawns), source.path << " starts a process by itself");
  }
}

BOOST_AUTO_TEST_SUITE_END()
