#include "harness/witness/mode_finder.hpp"

#include <algorithm>

#include "harness/base/process.hpp"
#include "harness/base/text.hpp"
#include "harness/witness/mode_table.hpp"
#include "harness/witness/option_words.hpp"
#include "harness/witness/tool_names.hpp"

namespace mccoy::witness {
namespace {
using evidence::DeclaredMode;
using Role = OptionWords::Role;

/// "--dry-run=none", "--dry-run=false", or the same as two words: switched off.
bool means_off(std::string_view value) {
  return in_words(" none false False no off 0 ", value);
}

class Finder {
 public:
  Finder(const CommandWords& command, const std::vector<std::string>& env)
      : argv_(command.argv), env_(with(env, command.env)), names_(names_of(argv_[0], env_)), words_(argv_, names_) {}
  Finder(const Finder&) = delete;
  Finder& operator=(const Finder&) = delete;

  const std::set<std::string>& names() const { return names_; }

  std::vector<DeclaredMode> modes() {
    for (const ModeRow& row : mode_rows())
      if (is_any_of(row.tools, names_) && words_.has_subcommand(row.subcommand)) try_row(row);
    program_of_interpreter();
    try_plain();
    try_environment();
    return std::move(found_);
  }

 private:
  static std::vector<std::string> with(std::vector<std::string> env, const std::vector<std::string>& more) {
    for (const std::string& entry : more) {
      const auto equals = entry.find('=');
      set_env(env, entry.substr(0, equals), entry.substr(equals + 1));
    }
    return env;
  }
  void add(ModeKind kind, std::string_view flag, std::string_view where) {
    const bool known = std::ranges::any_of(found_, [&](const DeclaredMode& mode) { return mode.flag == flag; });
    if (!known) found_.push_back({.kind = kind, .flag = std::string(flag), .where = std::string(where)});
  }

  // ---- Rows of the table
  void try_row(const ModeRow& row) {
    if (!row.only.with.empty() && !holds_one_of(row.only.with)) return;
    if (!row.only.without.empty() && holds_one_of(row.only.without)) return;
    if (row.flags.empty()) return add(row.kind, trim(row.subcommand), "argv");
    for (std::size_t at = 1; at < argv_.size(); ++at)
      if (is_at_its_place(row.only.place, at) && is_flag(row, at)) add(row.kind, shown(row, at), "argv");
  }
  bool holds_one_of(std::string_view list) const {
    for (std::size_t at = 1; at < argv_.size(); ++at)
      if (in_words(list, words_.name(at))) return true;
    return false;
  }
  bool is_at_its_place(Place place, std::size_t at) const {
    if (place == Place::behind_dashes) return at >= words_.behind_dashes();
    if (place == Place::alone && argv_.size() != 2) return false;
    if (place == Place::before_operands && at > words_.first_operand()) return false;
    if (place == Place::behind_operand && at < words_.first_operand()) return false;
    return words_.role(at) == Role::option || words_.role(at) == Role::operand;
  }
  bool is_flag(const ModeRow& row, std::size_t at) const {
    if (!row.only.without_part.empty() && operand_behind_has(row.only.without_part, at)) return false;
    if (!in_words(row.flags, words_.name(at))) return row.clusters && has_letter_of(row, at);
    const std::string_view value = words_.value(at);
    if (!row.only.value.empty()) return in_words(row.only.value, value);
    const bool may_be_off = words_.name(at) != argv_[at] || argv_[at].starts_with("--");
    return !(may_be_off && means_off(value));
  }
  bool has_letter_of(const ModeRow& row, std::size_t at) const {
    const std::string letters =
        words_.role(at) == Role::behind ? letters_for_make(argv_[at]) : std::string(words_.letters(at));
    return std::ranges::any_of(split(row.flags, ' '), [&](const std::string& flag) {
      return flag.size() == 2 && is_short(flag) && letters.find(flag[1]) != std::string::npos;
    });
  }
  /// What gets the words behind the dashes of `cmake --build b -- -kn` reads them as make does.
  static std::string letters_for_make(const std::string& word) {
    const std::vector<std::string> argv{"make", word};
    const std::set<std::string> make{"make"};
    return std::string(OptionWords(argv, make).letters(1));
  }
  static bool is_short(std::string_view word) { return word.size() >= 2 && word[0] == '-' && word[1] != '-'; }
  bool operand_behind_has(std::string_view part, std::size_t at) const {
    for (++at; at < argv_.size(); ++at)
      if (words_.role(at) == Role::operand && argv_[at].find(part) != std::string::npos) return true;
    return false;
  }
  std::string shown(const ModeRow& row, std::size_t at) const {
    if (row.only.value.empty()) return std::string(in_words(row.flags, words_.name(at)) ? words_.name(at) : argv_[at]);
    return std::string(words_.name(at)) + " " + std::string(words_.value(at));
  }

  // ---- Flags that mean the same everywhere
  void try_plain() {
    if (is_any_of(kPrints, names_)) return;
    if (argv_.size() == 2 && argv_[1] == "--version") add(ModeKind::version, "--version", "argv");
    if (is_any_of(kOfText, names_)) {
      if (argv_.size() == 2 && argv_[1] == "--help") add(ModeKind::help, "--help", "argv");
      return;
    }
    const bool runs_it = is_any_of(" go ", names_) && words_.has_subcommand(" run ");
    const bool hands_on = runs_it || is_any_of(kHandsOn, names_);
    const bool script = is_any_of(" npm ", names_) && words_.has_subcommand(kNpmScripts);
    if (is_any_of(kOwnMeaning, names_) && !script) return;
    for (std::size_t at = script ? words_.behind_dashes() : 1; at < argv_.size(); ++at) {
      const bool counts = words_.role(at) == Role::option || (hands_on && words_.role(at) == Role::behind);
      if (counts) try_plain(at);
    }
  }
  void try_plain(std::size_t at) {
    const std::string_view value = words_.value(at);
    if (means_off(value)) return;
    for (const PlainFlag& plain : plain_flags()) {
      if (words_.name(at) != plain.flag) continue;
      const bool meant = plain.value.empty() || (words_.name(at) != argv_[at] && value == plain.value);
      if (meant) add(plain.kind, plain.value.empty() ? plain.flag : std::string_view(argv_[at]), "argv");
    }
  }

  // ---- What an interpreter runs
  /// `python -m pytest …` is pytest; `node node_modules/.bin/jest …` is jest.
  void program_of_interpreter() {
    if (!is_any_of(" python node nodejs ruby php perl sh bash dash zsh ksh ash ", names_)) return;
    for (std::size_t at = 1; at < argv_.size(); ++at) {
      if (words_.role(at) == Role::operand) return add_modes_of(at);
      if (words_.role(at) != Role::option) continue;
      if (argv_[at] == "-m" && is_any_of(" python ", names_)) return add_modes_of(at + 1);
      if (is_program_text(at)) return;
    }
  }
  bool is_program_text(std::size_t at) const {
    if (is_any_of(" perl ruby ", names_)) {
      const auto letters = words_.letters(at);
      return !letters.empty() && (letters.back() == 'e' || (letters.back() == 'E' && is_any_of(" perl ", names_)));
    }
    if (is_any_of(" node nodejs ", names_)) return in_words(" -e --eval -p --print -pe ", argv_[at]);
    if (is_any_of(" php ", names_)) return in_words(" -r --run ", argv_[at]);
    return is_short(argv_[at]) && argv_[at].ends_with('c');
  }
  void add_modes_of(std::size_t begin) {
    if (begin >= argv_.size()) return;
    const std::vector<std::string> rest(argv_.begin() + static_cast<std::ptrdiff_t>(begin), argv_.end());
    if (std::ranges::any_of(names_of(rest[0], env_), [&](const std::string& name) { return names_.contains(name); }))
      return;
    for (auto& mode : Finder({.argv = rest, .env = {}}, env_).modes()) add(mode.kind, mode.flag, mode.where);
  }

  // ---- Variables
  void try_environment() {
    for (const ModeVariable& variable : mode_variables()) {
      const std::string value = get_env(env_, variable.name);
      if (value.empty() || (!variable.tools.empty() && !is_any_of(variable.tools, names_))) continue;
      if (!words_.has_subcommand(variable.subcommand)) continue;
      const bool on = variable.word.empty() ? !means_off(value) : holds(variable, value);
      if (on) add(variable.kind, std::string(variable.name) + "=" + value, "environment");
    }
  }
  /// A switch among those of a variable; make also writes letters without a dash in front: MAKEFLAGS=n, MAKEFLAGS="kn
  /// -j4".
  static bool holds(const ModeVariable& variable, const std::string& value) {
    auto words = split(value, ' ');
    if (std::ranges::find(words, variable.word) != words.end()) return true;
    if (!variable.name.ends_with("MAKEFLAGS")) return false;
    if (words[0].find_first_of("-=") == std::string::npos) words[0].insert(0, "-");
    words.insert(words.begin(), "make");
    const std::set<std::string> make{"make"};
    const OptionWords read(words, make);
    for (std::size_t at = 1; at < words.size(); ++at)
      if (read.letters(at).find(variable.word[1]) != std::string_view::npos) return true;
    return false;
  }

  const std::vector<std::string> argv_;
  const std::vector<std::string> env_;
  const std::set<std::string> names_;
  const OptionWords words_;
  std::vector<DeclaredMode> found_;
};
}  // namespace

ModesOfCommand modes_of(const CommandWords& command, const std::vector<std::string>& env) {
  Finder finder(command, env);
  return {.names = finder.names(), .modes = finder.modes()};
}
}  // namespace mccoy::witness
