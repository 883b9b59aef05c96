// A glob pattern compiled to a small nondeterministic automaton that is fed one code point at a time. All branches
// advance together, so time is at most (states of the pattern) x (code points of the path): no pattern blows up.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/base/error.hpp"

namespace mccoy {
class GlobPattern {
 public:
  /// errors: an unclosed "[" or "{", braces over 32 levels deep, a last "\".
  static Result<GlobPattern> parse(std::string_view pattern);

  /// How far a path has come through the pattern. A plain value: a walker keeps one per folder.
  struct Progress {
    std::vector<std::uint32_t> states;  ///< each once; empty: nothing that starts like this can match
    bool at_name_start = true;
  };
  Progress start() const;
  Progress feed(Progress progress, std::string_view path_part) const;
  bool accepts(const Progress& progress) const;

  /// The part before the first wildcard, up to and with its last slash, escapes taken out: where a search begins.
  const std::string& fixed_folder() const { return fixed_folder_; }
  bool has_wildcards() const { return has_wildcards_; }
  /// The only path that matches, when there are no wildcards.
  const std::string& fixed_path() const { return fixed_path_; }

 private:
  friend class GlobCompiler;
  enum class Op : std::uint8_t { literal, any, one_of, split, match };
  struct State {
    Op op = Op::match;
    char32_t character = 0;   ///< literal
    bool names_dot = false;   ///< literal: a dot written where a name starts
    std::uint32_t set = 0;    ///< one_of: index into sets_
    std::uint32_t next = 0;   ///< and split: its first way
    std::uint32_t other = 0;  ///< split: its second way
  };
  struct Set {
    std::vector<std::pair<char32_t, char32_t>> ranges;
    bool negated = false;
  };

  bool steps(const State& state, char32_t character, bool at_name_start) const;
  void add(std::vector<std::uint32_t>& states, std::vector<bool>& seen, std::uint32_t state) const;

  std::vector<State> states_;
  std::vector<Set> sets_;
  std::string fixed_folder_;
  std::string fixed_path_;
  bool has_wildcards_ = false;
};
}  // namespace mccoy
