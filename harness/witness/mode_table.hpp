// What is known of switches that make a tool pretend, as rows.
#pragma once
#include <span>
#include <string_view>

#include "harness/evidence/facts.hpp"

namespace mccoy::witness {
using ModeKind = evidence::DeclaredMode::Kind;

/// All lists are words between blanks, with a blank at both ends.
struct ModeRow {
  ModeKind kind;
  std::string_view tools;
  std::string_view subcommand;  ///< the first words that are no options; "" = any
  std::string_view
      flags;  ///< "-n" also inside a cluster ("-avn") where `clusters`; "" = the subcommand itself is the mode
  bool clusters = false;
  std::string_view with_value =
      {};  ///< letters of short options that take a value: the rest of a cluster is that value
};
std::span<const ModeRow> mode_rows();

/// Long flags that mean nothing else, whatever the tool.
struct PlainFlag {
  ModeKind kind;
  std::string_view flag;
};
std::span<const PlainFlag> plain_flags();

/// Variables a tool reads its switches from.
struct ModeVariable {
  ModeKind kind;
  std::string_view tools, name;
  std::string_view word;  ///< a word of its value; "" = any value but an empty one, 0 and false
};
std::span<const ModeVariable> mode_variables();

/// Tools whose arguments are text or patterns: a plain flag among them is not theirs.
inline constexpr std::string_view kTextTools = " echo printf grep egrep fgrep rg ag sed awk gawk mawk test [ cat jq ";
/// Options in front of a subcommand that take the next word.
inline constexpr std::string_view kGlobalWithValue =
    " -C -c -n -f --git-dir --work-tree --namespace --context --kubeconfig --prefix --project-directory --file "
    "--profile --region ";
}  // namespace mccoy::witness
