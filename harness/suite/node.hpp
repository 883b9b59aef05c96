// A YAML document as written: every node with its place. Built from yaml-cpp's event stream, so that depth, aliases,
// duplicate keys and size are bounded while reading and not after.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/error.hpp"
#include "harness/base/value.hpp"

namespace mccoy::suite {
constexpr int kMaxDepth = 64;
constexpr std::int64_t kMaxSuiteBytes = 32 << 20;  ///< 100,000 cases need about 10 MiB
constexpr std::size_t kMaxAliasNodes = 100000;     ///< nodes added by expanding aliases, in all

/// Kept small: a suite of 100,000 cases has a million of them, alive only while it is read.
struct Node {
  enum class Kind : std::uint8_t { null, scalar, list, map };
  Kind kind = Kind::null;
  bool quoted = false;  ///< a scalar in quotes, or a block scalar, is text, whatever it looks like
  int line = 0;         ///< 1-based
  int column = 0;       ///< 1-based, in bytes of the file
  int length = 1;       ///< bytes to underline, on that line
  std::string text;     ///< scalar
  /// list: its items; map: key, value, key, value … in file order; keys are scalars
  std::vector<Node> items;

  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }
  std::size_t size() const { return is_map() ? items.size() / 2 : items.size(); }  ///< items or members
  const Node& key(std::size_t member) const { return items[2 * member]; }
  const Node& value(std::size_t member) const { return items[2 * member + 1]; }
  Node& value(std::size_t member) { return items[2 * member + 1]; }
  const Node* find(std::string_view key) const;  ///< nullptr when absent or no map
  Span span(std::string_view file) const { return {.file = file, .line = line, .column = column, .length = length}; }
};

/// errors (each with line and column): syntax, not UTF-8, control bytes, too large (seen before reading), too deep,
/// duplicate key, alias bomb, merge key, foreign tag, more than one document.
/// A byte order mark and CRLF are accepted.
Result<Node> parse_yaml(const std::string& path);
Result<Node> parse_yaml_text(std::string_view text, std::string_view name);
/// The bytes of a suite file. errors: not a regular file, over kMaxSuiteBytes, cannot be read
Result<std::string> read_suite_bytes(const std::string& path);
/// YAML 1.2 core schema: plain true/false, null, integers and floats are typed, all else is text.
Value to_value(const Node& node);
/// The typed value of a plain scalar's text.
Value plain_value(std::string_view text);
/// "text", "a list", "a map", "nothing"
std::string_view kind_in_words(const Node& node);
}  // namespace mccoy::suite
