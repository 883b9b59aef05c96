// yaml-cpp's events put together as nodes; depth, aliases and duplicate keys are bounded before memory is spent.
#pragma once
#include <string>
#include <string_view>
#include <variant>

#include "harness/suite/node.hpp"

namespace mccoy::suite {
/// What yaml-cpp itself did not like.
struct YamlComplaint {
  std::string message;  ///< in its words
  int line = 0;         ///< 1-based
  int column = 0;       ///< 1-based, in bytes of the file
  Span open_bracket;    ///< the innermost [ or { still open; line 0 when there is none
};

///   text              without its byte order mark
///   first_line_shift  bytes of that mark
///   returns           the document, an error of ours, or the parser's complaint
std::variant<Node, Error, YamlComplaint> build_nodes(std::string_view text, std::string_view file,
                                                     int first_line_shift);
}  // namespace mccoy::suite
