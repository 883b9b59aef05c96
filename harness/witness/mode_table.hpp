// What is known of switches that make a tool pretend, as rows.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "harness/evidence/facts.hpp"

namespace mccoy::witness {
using ModeKind = evidence::DeclaredMode::Kind;

/// Where a flag has to stand to be one.
enum class Place : std::uint8_t {
  options,          ///< among the options of the tool
  before_operands,  ///< the same, but in front of the first operand
  behind_operand,   ///< the same, but behind it
  behind_dashes,    ///< behind "--"
  alone,            ///< as the only word
};

/// When a flag is the mode of its row. Lists of words as in ModeRow.
struct Only {
  std::string_view value = {};         ///< it has one of these values: "-run ^$", "-run=^$"
  std::string_view with = {};          ///< one of these words stands there too
  std::string_view without = {};       ///< none of these does
  std::string_view without_part = {};  ///< no operand behind the flag has this in it
  Place place = Place::options;
};

/// All lists are words between blanks, with a blank at both ends.
struct ModeRow {
  ModeKind kind;
  std::string_view tools;
  std::string_view subcommand;  ///< the first words that are no options; "" = any; " a | b " = one of them
  std::string_view flags;       ///< or operands: "test=True"; "" = the subcommand is the mode
  bool clusters = false;        ///< "-n" also inside "-avn"
  Only only = {};
};
std::span<const ModeRow> mode_rows();

/// Long flags that mean nothing else, whatever the tool.
struct PlainFlag {
  ModeKind kind;
  std::string_view flag;
  std::string_view value = {};  ///< behind "="
};
std::span<const PlainFlag> plain_flags();

/// Variables a tool reads its switches from.
struct ModeVariable {
  ModeKind kind;
  std::string_view tools, name;
  std::string_view word;             ///< a word of its value; "" = any value but an empty one, 0 and false
  std::string_view subcommand = {};  ///< as in ModeRow
};
std::span<const ModeVariable> mode_variables();

/// Tools that print or look at the words they are given: a flag among them is one only when it stands alone.
inline constexpr std::string_view kOfText =
    " grep egrep fgrep rg ag sed awk gawk mawk cat jq yq logger cut tr head tail sort uniq tee find wall basename "
    "dirname expr seq figlet ";
/// Tools that take every word as it is.
inline constexpr std::string_view kPrints = " echo printf test [ ";
/// Tools for which plain flags mean nothing, something else, or only what the rows of the table say. The dry run of a
/// formatter is its check, and the whole work.
inline constexpr std::string_view kOwnMeaning =
    " git gpg gpg2 npm clang-format git-clang-format php-cs-fixer rector google-java-format ktfmt ";
/// Tools that hand on what stands behind "--" (or behind the script) to what they run: "npm run x -- --dry-run".
inline constexpr std::string_view kHandsOn = " npm pnpm yarn bun deno cargo composer dotnet bazel bazelisk swift java ";
/// What `npm` runs without looking at flags that are not its own.
inline constexpr std::string_view kNpmScripts =
    " run | run-script | rum | urn | test | tst | t | start | stop | restart ";
}  // namespace mccoy::witness
