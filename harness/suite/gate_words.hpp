// A gate's text cut into words, numbers and signs, each with its place.
#pragma once
#include <string_view>
#include <vector>

#include "harness/base/error.hpp"

namespace mccoy::suite {
struct GateWord {
  enum class Kind { word, number, sign, labels, end } kind = Kind::end;
  std::string_view text;  ///< labels: what stands between the braces
  std::size_t at = 0;     ///< bytes from the start
  bool is(std::string_view other) const { return kind != Kind::labels && text == other; }
};
/// The last one is `end`. errors: a character that means nothing, a brace that is not closed; where.column
Result<std::vector<GateWord>> gate_words(std::string_view text);
/// An error about these bytes of a gate.
Error gate_error(const GateWord& about, std::string what, std::string hint);
}  // namespace mccoy::suite
