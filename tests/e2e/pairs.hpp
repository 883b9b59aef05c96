// The labelled pairs of tests/e2e/pairs, read and run. See the README there for their form.
#pragma once
#include <map>
#include <string>
#include <vector>

namespace mccoy::e2e {
struct Program {
  std::string expected;   ///< "pass real R14"
  std::string says = {};  ///< part of the reason; "" = any
  std::map<std::string, std::string> files;
};
struct Pair {
  std::string name, title;
  Program honest, lying;
  std::vector<std::string> needs;  ///< programs
  std::string may_lack;            ///< of the machine; then both are not-run
};
std::vector<Pair> read_pairs(const std::string& folder);

/// What came of one program: "pass real R14", and the reason; or what went wrong.
struct Result {
  std::string answer, reason;
};
/// Runs both of each, several at a time. A result is empty where a program is not installed.
struct Results {
  Result honest, lying;
};
std::map<std::string, Results> run_pairs(const std::vector<Pair>& pairs);
}  // namespace mccoy::e2e
