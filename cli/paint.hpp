// Colours for a terminal. Every coloured word says by itself what its colour says, so that nothing is lost without
// them.
#pragma once
#include <string>
#include <string_view>

namespace mccoy::cli {
enum class Tone { plain, good, bad, unsure, quiet, strong };

class Paint {
 public:
  explicit Paint(bool on = false) : on_(on) {}
  /// The text in that tone; unchanged when colours are off.
  std::string operator()(Tone tone, std::string_view text) const;

 private:
  bool on_;
};

/// word: auto | always | never. auto: a terminal that is not dumb, and NO_COLOR is not set.
bool want_colours(const std::string& word, int fd);
/// Columns of the terminal, 80 when unknown.
int terminal_width(int fd);
bool is_terminal(int fd);  ///< a tty, and TERM is not "dumb"
/// At most so many columns of it (wide characters count twice), a cut marked with "…". No control bytes in `text`.
std::string fit(std::string_view text, int columns);
/// Padded with blanks to so many columns.
std::string padded(std::string_view text, int columns);
}  // namespace mccoy::cli
