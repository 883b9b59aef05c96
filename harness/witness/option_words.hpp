// An argv read the way its tool reads it, as far as the tool is known: which words are options, which are only the
// value of one ("git commit -m --dry-run"), which belong to somebody else ("python3 x.py -n"). Of a tool that is not
// known every word with a dash is an option.
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mccoy::witness {
/// What is known of the options of a tool. Lists of words stand between blanks, with a blank at both ends.
struct Usage {
  std::string_view tools;
  std::string_view subcommand;     ///< only behind these operands, " a | b " one of them; "" = all along
  std::string_view letters;        ///< short options that take the rest of their word or the next one
  std::string_view attached = {};  ///< the same, but never the next one: "-j" of make
  std::string_view words = {};     ///< longer options that take the next word
  std::string_view ends = {};      ///< what stands behind these is not for the tool: "--" ends every tool's options
  bool operand_ends = false;       ///< the first operand (of those behind the subcommand) ends the options too
  bool in_front = false;           ///< only in front of the first operand
};

class OptionWords {
 public:
  enum class Role : std::uint8_t { option, value, operand, behind };

  /// argv is kept by reference.
  OptionWords(const std::vector<std::string>& argv, const std::set<std::string>& names);

  /// Of argv[at], at >= 1. What stands behind `--` or a script is `behind`.
  Role role(std::size_t at) const { return roles_[at]; }
  /// The options in the word "-avn" as letters, up to one that takes the rest of the word as its value.
  std::string_view letters(std::size_t at) const { return letters_[at]; }
  /// Of "--name=value" the value, else the next word or "".
  std::string_view value(std::size_t at) const;
  /// "--name" of "--name=value"; an operand whole.
  std::string_view name(std::size_t at) const;

  /// Are the first operands these words? " a | b " = one of them, "" = always.
  bool has_subcommand(std::string_view wanted) const;
  /// Where the words behind `--` begin; size() when there are none.
  std::size_t behind_dashes() const { return behind_dashes_; }
  std::size_t first_operand() const;
  std::size_t size() const { return argv_.size(); }

 private:
  void read();
  void read_option(std::size_t& at);
  bool takes_next(const std::string& word, std::string& letters) const;
  bool ends_here(const std::string& word) const;
  bool operand_ends() const;
  bool applies(const Usage& usage) const;

  const std::vector<std::string>& argv_;
  std::vector<const Usage*> usages_;  ///< those of the tool
  std::vector<Role> roles_;
  std::vector<std::string> letters_;
  std::vector<std::string> operands_;
  std::size_t behind_dashes_;
};
}  // namespace mccoy::witness
