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
  std::string_view subcommand;  ///< the first words that are no options; "" = any; " a | b " = one of them
  std::string_view flags;  ///< "-n" also inside a cluster ("-avn") where `clusters`; "" = the subcommand is the mode
  bool clusters = false;
  std::string_view with_value = {};  ///< letters of short options that take the rest of their word or the next one
  std::string_view attached = {};    ///< the same, but never the next one: "-j" of make
  std::string_view value = {};       ///< the flag must have this value: "-run ^$", "-run=^$"
  std::string_view unless = {};      ///< one of these words makes it none
  bool behind_dashes = false;        ///< the flag stands behind "--"
};
std::span<const ModeRow> mode_rows();

/// Long flags that mean nothing else, whatever the tool.
struct PlainFlag {
  ModeKind kind;
  std::string_view flag;
  std::string_view value = {};  ///< as in ModeRow, behind "="
};
std::span<const PlainFlag> plain_flags();

/// Variables a tool reads its switches from.
struct ModeVariable {
  ModeKind kind;
  std::string_view tools, name;
  std::string_view word;  ///< a word of its value; "" = any value but an empty one, 0 and false
};
std::span<const ModeVariable> mode_variables();

/// Tools whose arguments are text or patterns, or whose dry run is the whole work (a formatter that checks): a plain
/// flag among them is no pretence.
inline constexpr std::string_view kOwnMeaning =
    " echo printf grep egrep fgrep rg ag sed awk gawk mawk test [ cat jq clang-format git-clang-format ";
/// Options in front of a subcommand that take the next word.
inline constexpr std::string_view kGlobalWithValue =
    " -C -c -n -f -H --git-dir --work-tree --namespace --context --kubeconfig --kube-context --prefix "
    "--project-directory --project-name --env-file --file --profile --region --endpoint-url --output --manifest-path "
    "--config --color --settings --changelog-file --url --username --password --target-dir --host --log-level ";
}  // namespace mccoy::witness
