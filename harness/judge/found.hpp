// Where a check's subject leads inside an observation: to a figure, to a text (perhaps cut), to nothing, or to
// something that was not kept. The last two differ: a missing key is an answer, bytes that were dropped are none.
#pragma once
#include <string>

#include "harness/evidence/observation.hpp"
#include "harness/suite/check.hpp"

namespace mccoy::judge {
struct Found {
  enum class Kind : std::uint8_t {
    value,    ///< `value`
    text,     ///< a whole text of the observation: `text`, not owned
    absent,   ///< it is known that there is no such thing; `why` says what there is instead
    unknown,  ///< it cannot be known; `why` says because of what
  };
  Kind kind = Kind::unknown;
  Value value;
  const Output* text = nullptr;
  bool textual = false;  ///< value was taken out of a text, so a number in it is still written as text
  std::string why;
};
/// The observation must outlive the answer.
Found find(const suite::Extractor& extractor, const evidence::Observation& observation);

/// "10 MiB came, 2 MiB of it were kept"
std::string cut_words(const Output& text);
/// A text as a shell's $(…) would give it: without its last line end.
std::string_view without_last_line_end(std::string_view text);
/// A number written in decimal and nothing else; null when it is none.
Value number_in(std::string_view text);
}  // namespace mccoy::judge
