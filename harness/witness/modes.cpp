#include "harness/witness/modes.hpp"

#include <limits.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <set>

#include "harness/base/file.hpp"
#include "harness/base/process.hpp"
#include "harness/base/text.hpp"
#include "harness/witness/command_words.hpp"
#include "harness/witness/mode_table.hpp"

namespace mccoy::witness {
namespace {
using evidence::DeclaredMode;

bool in_words(std::string_view words, std::string_view word) {
  return !word.empty() && word.find(' ') == std::string_view::npos &&
         words.find(" " + std::string(word) + " ") != std::string_view::npos;
}

/// "python3.11" and "clang-14" are python and clang.
std::string without_version(std::string name) {
  const auto last = name.find_last_not_of("0123456789.-");
  if (last != std::string::npos && name.find_first_of("0123456789", last + 1) != std::string::npos)
    name.resize(last + 1);
  return name;
}

/// "jest.js" is jest, "phpunit.phar" is phpunit.
std::string without_ending(const std::string& name) {
  for (const std::string_view ending : {".js", ".mjs", ".cjs", ".py", ".rb", ".phar", ".sh", ".exe"})
    if (name.size() > ending.size() && name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  return name;
}

/// The names a tool goes by: as it was called, and the file that this leads to.
std::set<std::string> names_of(const std::string& tool, const std::vector<std::string>& env) {
  std::set<std::string> names;
  auto add = [&](const std::string& name) { names.insert({name, without_version(name), without_ending(name)}); };
  add(basename(tool));
  const std::string file = find_program(tool, get_env(env, "PATH"), "/");
  std::array<char, PATH_MAX> real;
  if (!file.empty() && ::realpath(file.c_str(), real.data()) != nullptr) {
    add(basename(real.data()));
  }
  return names;
}

bool is_any_of(std::string_view tools, const std::set<std::string>& names) {
  return std::ranges::any_of(names, [&](const std::string& name) { return in_words(tools, name); });
}

/// "--dry-run=none", "--dry-run=false", or the same as two words: switched off.
bool means_off(std::string_view value) {
  return in_words(" none false False no off 0 ", value);
}

/// "+nightly" in front of a subcommand of cargo is an option.
bool is_operand(std::string_view word) {
  return !word.starts_with('-') && !word.starts_with('+');
}

bool is_subcommand(std::string_view wanted, const std::vector<std::string>& argv) {
  std::string first = " ";
  const auto words = static_cast<std::size_t>(std::ranges::count(wanted, ' ') - 1);
  for (std::size_t at = 1, found = 0; at < argv.size() && found < words; ++at) {
    if (in_words(kGlobalWithValue, argv[at])) {
      ++at;
    } else if (is_operand(argv[at])) {
      first += argv[at] + " ";
      ++found;
    }
  }
  return first == wanted;
}

bool is_one_of_subcommands(std::string_view wanted, const std::vector<std::string>& argv) {
  if (wanted.empty()) return true;
  const auto all = split(wanted, '|');
  return std::ranges::any_of(all, [&](const std::string& one) { return is_subcommand(one, argv); });
}

bool takes_value(const ModeRow& row, char letter) {
  return row.with_value.find(letter) != std::string_view::npos || row.attached.find(letter) != std::string_view::npos;
}

bool is_short(std::string_view word) {
  return word.size() >= 2 && word[0] == '-' && word[1] != '-';
}

/// Is the letter of a flag "-n" in a cluster like "-avn", and not in the value of an option like "-fname"?
bool in_cluster(const ModeRow& row, std::string_view flag, std::string_view word) {
  if (flag.size() != 2 || !is_short(word)) return false;
  for (const char letter : word.substr(1)) {
    if (letter == flag[1]) return true;
    if (takes_value(row, letter)) return false;
  }
  return false;
}

/// Its last letter takes the next word: "-e", "-ave".
bool wants_next_word(const ModeRow& row, std::string_view word) {
  if (!is_short(word)) return false;
  for (std::size_t at = 1; at < word.size(); ++at)
    if (takes_value(row, word[at]))
      return at + 1 == word.size() && row.with_value.find(word[at]) != std::string_view::npos;
  return false;
}

/// The flag of the row that this word is, or "".
///   next  the word behind it
std::string_view flag_in(const ModeRow& row, std::string_view word, std::string_view next) {
  const auto equals = word.find('=');
  const bool has_value = word.starts_with('-') && equals != std::string_view::npos;
  const std::string_view name = has_value ? word.substr(0, equals) : word;
  const std::string_view value = has_value ? word.substr(equals + 1) : next;
  if (in_words(row.flags, name)) {
    if (!row.value.empty()) return value == row.value ? name : std::string_view();
    const bool may_be_off = has_value || name.starts_with("--");
    return may_be_off && means_off(value) ? std::string_view() : name;
  }
  for (const std::string& flag : split(row.flags, ' '))
    if (row.clusters && in_cluster(row, flag, word)) return word;
  return {};
}

class Finder {
 public:
  Finder(const CommandWords& command, const std::vector<std::string>& env) : argv_(command.argv), env_(env) {
    for (const std::string& entry : command.env) {
      const auto equals = entry.find('=');
      set_env(env_, entry.substr(0, equals), entry.substr(equals + 1));
    }
    names_ = names_of(argv_[0], env_);
  }
  const std::set<std::string>& names() const { return names_; }

  std::vector<DeclaredMode> modes() {
    for (const ModeRow& row : mode_rows())
      if (is_any_of(row.tools, names_) && is_one_of_subcommands(row.subcommand, argv_)) try_row(row);
    program_of_interpreter();
    if (!is_any_of(kOwnMeaning, names_)) try_plain();
    try_environment();
    return std::move(found_);
  }

 private:
  void add(ModeKind kind, std::string_view flag, std::string_view where) {
    const bool known = std::ranges::any_of(found_, [&](const DeclaredMode& mode) { return mode.flag == flag; });
    if (!known) found_.push_back({.kind = kind, .flag = std::string(flag), .where = std::string(where)});
  }
  /// Words that are options of the tool itself: up to "--", and not what a shell or an interpreter hands on.
  std::size_t end_of_options() const {
    static constexpr std::string_view kHandOn = " sh bash dash zsh ksh ash python node nodejs perl ruby php ";
    for (std::size_t at = 1; at < argv_.size(); ++at) {
      if (argv_[at] == "--" || (argv_[at] == "-args" && is_any_of(" go ", names_))) return at;
      if (!is_any_of(kHandOn, names_)) continue;
      if (!argv_[at].starts_with('-')) return at;  // the script: what follows is its own
      if (in_words(" -c -e -p -E --eval ", argv_[at]) && !is_any_of(" node nodejs perl ruby ", names_)) return at;
      if (in_words(" -m -o -O ", argv_[at])) ++at;
    }
    return argv_.size();
  }
  bool holds_one_of(std::string_view words) const {
    return std::ranges::any_of(argv_, [&](const std::string& word) {
      return in_words(words, word.substr(0, word.starts_with('-') ? word.find('=') : std::string::npos));
    });
  }
  void try_row(const ModeRow& row) {
    if (row.flags.empty()) return add(row.kind, trim(row.subcommand), "argv");
    if (!row.unless.empty() && holds_one_of(row.unless)) return;
    const std::size_t end = row.behind_dashes ? argv_.size() : end_of_options();
    std::size_t at = row.behind_dashes ? behind_dashes() : 1;
    for (; at < end; ++at) {
      const std::string_view next = at + 1 < argv_.size() ? std::string_view(argv_[at + 1]) : std::string_view();
      if (const auto flag = flag_in(row, argv_[at], next); !flag.empty())
        add(row.kind, row.value.empty() ? std::string(flag) : std::string(flag) + " " + std::string(row.value), "argv");
      if (wants_next_word(row, argv_[at])) ++at;
    }
  }
  std::size_t behind_dashes() const {
    return static_cast<std::size_t>(std::ranges::find(argv_, "--") - argv_.begin()) + 1;
  }
  void try_plain() {
    if (argv_.size() == 2 && argv_[1] == "--version") add(ModeKind::version, "--version", "argv");
    const bool hands_on = is_any_of(" npm pnpm yarn cargo ", names_);
    for (std::size_t at = 1; at < argv_.size() && (hands_on || argv_[at] != "--"); ++at) {
      const std::string_view word = argv_[at];
      const auto equals = word.find('=');
      const bool off = equals != std::string_view::npos ? means_off(word.substr(equals + 1))
                                                        : at + 1 < argv_.size() && means_off(argv_[at + 1]);
      for (const PlainFlag& plain : plain_flags()) {
        if (off || word.substr(0, equals) != plain.flag) continue;
        const bool meant =
            plain.value.empty() || (equals != std::string_view::npos && word.substr(equals + 1) == plain.value);
        if (meant) add(plain.kind, plain.value.empty() ? plain.flag : word, "argv");
      }
    }
  }
  /// `python -m pytest …` is pytest; `node node_modules/.bin/jest …` is jest.
  void program_of_interpreter() {
    static constexpr std::string_view kTakeNext = " -W -X -r --require --import --loader -I -d -o -O ";
    if (!is_any_of(" python node nodejs ruby php perl sh bash dash ", names_)) return;
    for (std::size_t at = 1; at < argv_.size(); ++at) {
      const std::string& word = argv_[at];
      const bool module = word == "-m" && is_any_of(" python ", names_);
      if (module || !word.starts_with('-')) return add_modes_of(at + (module ? 1U : 0U));
      if (in_words(" -c -e -E -p --eval --print ", word)) return;
      if (in_words(kTakeNext, word)) ++at;
    }
  }
  void add_modes_of(std::size_t begin) {
    if (begin >= argv_.size()) return;
    const std::vector<std::string> rest(argv_.begin() + static_cast<std::ptrdiff_t>(begin), argv_.end());
    if (std::ranges::any_of(names_of(rest[0], env_), [&](const std::string& name) { return names_.contains(name); }))
      return;
    for (auto& mode : Finder({.argv = rest, .env = {}}, env_).modes()) add(mode.kind, mode.flag, mode.where);
  }
  void try_environment() {
    for (const ModeVariable& variable : mode_variables()) {
      const std::string value = get_env(env_, variable.name);
      if (value.empty() || (!variable.tools.empty() && !is_any_of(variable.tools, names_))) continue;
      const bool on = variable.word.empty() ? !means_off(value) : holds(value, variable.word);
      if (on) add(variable.kind, std::string(variable.name) + "=" + value, "environment");
    }
  }
  /// A switch among those of a variable; make also writes letters without a dash in front: MAKEFLAGS=n, MAKEFLAGS="kn
  /// -j4".
  static bool holds(const std::string& value, std::string_view word) {
    static constexpr ModeRow kMakeFlags{.kind = ModeKind::dry_run,
                                        .tools = "",
                                        .subcommand = "",
                                        .flags = "",
                                        .clusters = true,
                                        .with_value = "IfCoW",
                                        .attached = "jl"};
    const auto words = split(value, ' ');
    for (std::size_t at = 0; at < words.size(); ++at) {
      if (words[at] == word) return true;
      if (word.size() != 2) continue;
      const bool letters = at == 0 && words[0].find_first_of("-=") == std::string::npos;
      if (letters && words[0].find(word[1]) != std::string::npos) return true;
      if (in_cluster(kMakeFlags, word, words[at])) return true;
    }
    return false;
  }

  const std::vector<std::string> argv_;
  std::vector<std::string> env_;
  std::set<std::string> names_;
  std::vector<DeclaredMode> found_;
};
}  // namespace

bool takes_switches_from_variables(const std::vector<std::string>& argv, std::string_view path) {
  const std::set<std::string> names{without_version(basename(std::string(path))),
                                    argv.empty() ? "" : without_version(basename(argv.front()))};
  return std::ranges::any_of(mode_variables(), [&](const ModeVariable& variable) {
    return !variable.tools.empty() && is_any_of(variable.tools, names);
  });
}

std::vector<std::string> switches_among(std::vector<std::string> env) {
  std::erase_if(env, [](const std::string& entry) {
    const std::string_view name = std::string_view(entry).substr(0, entry.find('='));
    return std::ranges::find(mode_variables(), name, &ModeVariable::name) == mode_variables().end();
  });
  return env;
}

std::vector<std::string> with_switches(std::vector<std::string> env, const std::vector<std::string>& switches) {
  for (const std::string& entry : switches_among(env)) std::erase(env, entry);
  env.insert(env.end(), switches.begin(), switches.end());
  return env;
}

std::vector<DeclaredMode> declared_modes(const std::vector<std::string>& argv, const std::vector<std::string>& env) {
  struct Seen {
    std::set<std::string> names;
    std::vector<DeclaredMode> modes;
    bool hands_on = false;  ///< a shell with a text, whose commands are here as well
  };
  std::vector<Seen> seen;
  for (const CommandWords& command : look_through(argv)) {
    Finder finder(command, env);
    auto modes = finder.modes();
    const bool has_text = std::ranges::any_of(command.argv, [](const std::string& word) {
      return word.size() > 1 && word[0] == '-' && word[1] != '-' && word.back() == 'c';
    });
    seen.push_back({finder.names(), std::move(modes), is_shell(command.argv[0]) && has_text});
  }
  // A preview and then the real run of the same tool, in one shell text: the whole does not pretend.
  const auto also_runs_for_real = [&](const Seen& one) {
    return std::ranges::any_of(seen,
                               [&](const Seen& other) { return other.modes.empty() && other.names == one.names; });
  };
  std::vector<DeclaredMode> all;
  for (const Seen& one : seen)
    if (!also_runs_for_real(one)) all.insert(all.end(), one.modes.begin(), one.modes.end());
  // Another tool in the same text, which does not pretend: that may be the one that does the work.
  const auto may_be_the_work = [](const Seen& other) {
    static constexpr std::string_view kIdle =
        " cd set export unset echo printf true : false exit test [ [[ sleep wait eval tee "
        "if then else elif fi for do done while until case esac ! { } ";
    return other.modes.empty() && !other.hands_on && !is_any_of(kIdle, other.names);
  };
  if (std::ranges::any_of(seen, may_be_the_work)) return {};
  // A build without tests that something else follows: that may be the tests.
  if (seen.size() > 1) std::erase_if(all, [](const DeclaredMode& mode) { return mode.kind == ModeKind::no_tests; });
  return all;
}
}  // namespace mccoy::witness
