// Commands that the tests of processes run.
#pragma once
#include <boost/test/unit_test.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "harness/base/process.hpp"

namespace mccoy::test {
inline Command command(std::vector<std::string> argv) {
  return {.argv = std::move(argv), .env = base_environment()};
}
inline Command shell(const std::string& script) {
  return command({"/bin/sh", "-c", script});
}
inline Command daemonizer(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), MCCOY_BINARY_DIR "/fixtures/daemonizer");
  return command(std::move(arguments));
}

inline Deadline soon() {
  return Deadline::in(std::chrono::seconds(60));
}

/// Fails the test when the command cannot be run.
inline Captured run(const Command& what, Deadline deadline = soon(), std::size_t keep = kKeepOutput) {
  auto result = run_command(what, deadline, keep);
  BOOST_REQUIRE_MESSAGE(result.ok(), (result.ok() ? "" : render(result.error())));
  return std::move(result).value();
}

inline ProcessTree start(const Command& what) {
  auto result = ProcessTree::start(what);
  BOOST_REQUIRE_MESSAGE(result.ok(), (result.ok() ? "" : render(result.error())));
  return std::move(result).value();
}

/// The numbers N of the lines "WORD N" in a text.
inline std::vector<pid_t> numbers_after(const std::string& word, const std::string& text) {
  std::vector<pid_t> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(word + " ")) found.push_back(std::stoi(line.substr(word.size() + 1)));
  return found;
}

inline bool alive(pid_t pid) {
  const auto info = process_info(pid);
  return info && info->state != 'Z' && info->state != 'X';
}
}  // namespace mccoy::test
