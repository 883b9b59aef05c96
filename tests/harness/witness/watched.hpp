// A command run below a CallWitness, and questions to what was seen.
#pragma once
#include <sys/stat.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "harness/base/file.hpp"
#include "harness/base/process.hpp"
#include "harness/witness/call_witness.hpp"

namespace mccoy::test {
using evidence::Activity;
using evidence::SeenConnection;
using evidence::SeenProgram;
using evidence::SeenWrite;
using Change = evidence::SeenWrite::Change;

struct Watching {
  Captured captured;
  Activity activity;
};

inline Command fixture(const std::string& program, std::vector<std::string> words = {}) {
  words.insert(words.begin(), MCCOY_BINARY_DIR "/fixtures/" + program);
  return {.argv = std::move(words), .env = base_environment()};
}
inline Command words(std::vector<std::string> argv) {
  return {.argv = std::move(argv), .env = base_environment()};
}
inline Command sh(const std::string& script) {
  return words({"/bin/sh", "-c", script});
}

/// Where these tests run once more, with the kernel's notifications refused: "ptrace".
inline std::string mechanism() {
  const char* expected = std::getenv("MCCOY_TEST_MECHANISM");
  return expected != nullptr ? expected : "seccomp-notify";
}

/// Fails the test when it cannot be run, or takes longer than any of these may.
inline Watching watch(Command command, const std::string& folder = "/", int seconds = 60) {
  if (command.cwd.empty()) command.cwd = folder;
  witness::CallWitness witness;
  witness.watch(command);
  auto captured = run_command(command, Deadline::in(std::chrono::seconds(seconds)));
  Activity activity = witness.end();
  BOOST_REQUIRE_MESSAGE(captured.ok(), (captured.ok() ? "" : render(captured.error())));
  BOOST_TEST(!captured->deadline_passed);
  return {std::move(*captured), std::move(activity)};
}

/// The same, and it must be seen whole and end well.
inline Activity watch_all(Command command, const std::string& folder = "/", int exit_code = 0) {
  Watching seen = watch(std::move(command), folder);
  BOOST_TEST(seen.captured.ended.exited);
  BOOST_TEST(seen.captured.ended.code == exit_code,
             "exit " << seen.captured.ended.code << ": " << seen.captured.err.text());
  for (const std::string& notice : seen.activity.notices) BOOST_TEST_MESSAGE(notice);
  BOOST_TEST(seen.activity.mechanism == mechanism());
  BOOST_TEST(seen.activity.programs_complete);
  return std::move(seen.activity);
}

/// Of notices, one in a line.
inline std::string all(const std::vector<std::string>& notices) {
  std::string text;
  for (const std::string& notice : notices) text += notice + "\n";
  return text;
}

class Folder {
 public:
  Folder() : dir_(make()) {}
  const std::string& path() const { return dir_.path(); }
  std::string at(const std::string& name) const { return path() + "/" + name; }
  void put(const std::string& name, const std::string& text) const {
    BOOST_REQUIRE(write_atomically(at(name), text).ok());
  }
  /// So that other users come in.
  void open_to_all() const { std::filesystem::permissions(path(), std::filesystem::perms(0755)); }

 private:
  static TempDir make() {
    auto made = TempDir::make("/tmp", "mccoy-watched-");
    BOOST_REQUIRE(made.ok());
    return std::move(made).value();
  }
  TempDir dir_;
};

/// Programs that were started by execve, as "true from-a-thread".
inline std::vector<std::string> executed(const Activity& activity) {
  std::vector<std::string> seen;
  for (const SeenProgram& program : activity.programs) {
    if (program.forked) continue;
    std::string line;
    for (const std::string& word : program.process.argv) line += (line.empty() ? "" : " ") + word;
    seen.push_back(line);
  }
  return seen;
}
inline const SeenProgram& program(const Activity& activity, const std::string& first_word) {
  for (const SeenProgram& each : activity.programs)
    if (!each.forked && !each.process.argv.empty() && each.process.argv[0] == first_word) return each;
  BOOST_FAIL("no program " + first_word);
  std::abort();
}
inline bool is_below(const Activity& activity, int index, int ancestor) {
  for (; index >= 0; index = activity.programs[static_cast<std::size_t>(index)].parent)
    if (index == ancestor) return true;
  return false;
}
inline bool has_read(const Activity& activity, const std::string& path) {
  return std::ranges::any_of(activity.reads, [&](const auto& read) { return read.path == path; });
}
inline const SeenWrite* write_of(const Activity& activity, const std::string& path) {
  const auto found = std::ranges::find(activity.writes, path, &SeenWrite::path);
  return found == activity.writes.end() ? nullptr : &*found;
}
inline bool has_made(const Activity& activity, const std::string& path) {
  const SeenWrite* write = write_of(activity, path);
  return write != nullptr && write->change == Change::created;
}
/// Names of all that was touched below a folder, without the folder: nothing may be invented.
inline std::set<std::string> written_in(const Activity& activity, const std::string& folder) {
  std::set<std::string> names;
  for (const SeenWrite& write : activity.writes)
    if (write.path.starts_with(folder + "/")) names.insert(write.path.substr(folder.size() + 1));
  return names;
}
inline std::set<std::string> read_in(const Activity& activity, const std::string& folder) {
  std::set<std::string> names;
  for (const auto& read : activity.reads)
    if (read.path.starts_with(folder + "/")) names.insert(read.path.substr(folder.size() + 1));
  return names;
}
using Names = std::set<std::string>;
using Lines = std::vector<std::string>;
}  // namespace mccoy::test

namespace std {
inline ostream& operator<<(ostream& out, const set<string>& names) {
  for (const string& name : names) out << name << ' ';
  return out;
}
inline ostream& operator<<(ostream& out, const multiset<string>& names) {
  for (const string& name : names) out << name << ' ';
  return out;
}
inline ostream& operator<<(ostream& out, const vector<string>& lines) {
  for (const string& line : lines) out << line << " | ";
  return out;
}
inline ostream& operator<<(ostream& out, mccoy::evidence::SeenWrite::Change change) {
  static const char* const kWords[] = {"none", "created", "changed", "removed", "passing"};
  return out << kWords[static_cast<int>(change)];
}
}  // namespace std
