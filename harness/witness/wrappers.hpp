// Programs that run another one, whose command stands in their own argv.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace mccoy::witness {
/// Lists are words between blanks, with a blank at both ends. The command begins behind its options and `operands`
/// further words.
struct Wrapper {
  std::string_view names;
  std::string_view with_value;  ///< options whose value is the next word
  int operands = 0;
  std::string_view word = {};  ///< only behind these words: "uv run", "docker compose exec"
  enum class How : std::uint8_t {
    words,       ///< what follows is the argv of the command
    text,        ///< it is joined to the text of a shell
    entrypoint,  ///< the same as words; options alone are for the program that the last operand is named after
    python,      ///< it is the argv of python without its name
  } how = How::words;
  bool more_options = false;  ///< options may follow the operands
  bool keeps_modes = false;   ///< it has modes of its own
  bool elsewhere = false;
};
std::span<const Wrapper> wrappers();
}  // namespace mccoy::witness
