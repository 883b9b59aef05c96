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

/// The names a tool goes by: as it was called, and the file that this leads to.
std::set<std::string> names_of(const std::string& tool, const std::vector<std::string>& env) {
  std::set<std::string> names{basename(tool), without_version(basename(tool))};
  const std::string file = find_program(tool, get_env(env, "PATH"), "/");
  std::array<char, PATH_MAX> real;
  if (!file.empty() && ::realpath(file.c_str(), real.data()) != nullptr) {
    const std::string name = basename(real.data());
    names.insert({name, without_version(name)});
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

bool is_subcommand(std::string_view wanted, const std::vector<std::string>& argv) {
  std::string first = " ";
  const auto words = static_cast<std::size_t>(std::ranges::count(wanted, ' ') - 1);
  for (std::size_t at = 1, found = 0; at < argv.size() && found < words; ++at) {
    if (in_words(kGlobalWithValue, argv[at])) {
      ++at;
    } else if (!argv[at].starts_with('-')) {
      first += argv[at] + " ";
      ++found;
    }
  }
  return first == wanted;
}

/// Is the letter of a flag "-n" in a cluster like "-avn", and not in the value of an option like "-fname"?
bool in_cluster(std::string_view flag, std::string_view word, std::string_view with_value) {
  if (flag.size() != 2 || word.size() < 2 || word[0] != '-' || word[1] == '-') return false;
  for (const char letter : word.substr(1)) {
    if (letter == flag[1]) return true;
    if (with_value.find(letter) != std::string_view::npos) return false;
  }
  return false;
}

/// The flag of the row that this word is, or "".
std::string_view flag_in(const ModeRow& row, std::string_view word) {
  const auto equals = word.find('=');
  const bool long_with_value = word.starts_with("--") && equals != std::string_view::npos;
  const std::string_view name = long_with_value ? word.substr(0, equals) : word;
  if (in_words(row.flags, name))
    return long_with_value && means_off(word.substr(equals + 1)) ? std::string_view() : name;
  for (const std::string& flag : split(row.flags, ' '))
    if (row.clusters && in_cluster(flag, word, row.with_value)) return word;
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
      if (is_any_of(row.tools, names_) && (row.subcommand.empty() || is_subcommand(row.subcommand, argv_)))
        try_row(row);
    module_of_interpreter();
    if (!is_any_of(kTextTools, names_)) try_plain();
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
      if (argv_[at] == "--") return at;
      if (!is_any_of(kHandOn, names_)) continue;
      if (!argv_[at].starts_with('-')) return at;  // the script: what follows is its own
      if (in_words(" -c -e -p -E --eval ", argv_[at]) && !is_any_of(" node nodejs perl ruby ", names_)) return at;
      if (in_words(" -m -o -O ", argv_[at])) ++at;
    }
    return argv_.size();
  }
  void try_row(const ModeRow& row) {
    if (row.flags.empty()) return add(row.kind, trim(row.subcommand), "argv");
    const std::size_t end = end_of_options();
    for (std::size_t at = 1; at < end; ++at)
      if (const auto flag = flag_in(row, argv_[at]); !flag.empty()) add(row.kind, flag, "argv");
  }
  void try_plain() {
    if (argv_.size() == 2 && argv_[1] == "--version") add(ModeKind::version, "--version", "argv");
    const bool hands_on = is_any_of(" npm pnpm yarn cargo ", names_);
    for (std::size_t at = 1; at < argv_.size() && (hands_on || argv_[at] != "--"); ++at) {
      const std::string_view word = argv_[at];
      const auto equals = word.find('=');
      const bool off = equals != std::string_view::npos ? means_off(word.substr(equals + 1))
                                                        : at + 1 < argv_.size() && means_off(argv_[at + 1]);
      for (const PlainFlag& plain : plain_flags())
        if (!off && word.substr(0, equals) == plain.flag) add(plain.kind, plain.flag, "argv");
    }
  }
  /// `python -m pytest …` is pytest.
  void module_of_interpreter() {
    if (!is_any_of(" python ", names_)) return;
    const auto module = std::ranges::find(argv_, "-m");
    if (module == argv_.end() || module + 1 == argv_.end()) return;
    for (auto& mode : Finder({.argv = {module + 1, argv_.end()}, .env = {}}, env_).modes())
      add(mode.kind, mode.flag, mode.where);
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
    const auto words = split(value, ' ');
    for (std::size_t at = 0; at < words.size(); ++at) {
      if (words[at] == word) return true;
      if (word.size() != 2) continue;
      const bool letters = at == 0 && words[0].find_first_of("-=") == std::string::npos;
      if (letters && words[0].find(word[1]) != std::string::npos) return true;
      if (in_cluster(word, words[at], "jlIfCoW")) return true;
    }
    return false;
  }

  const std::vector<std::string> argv_;
  std::vector<std::string> env_;
  std::set<std::string> names_;
  std::vector<DeclaredMode> found_;
};
}  // namespace

std::vector<DeclaredMode> declared_modes(const std::vector<std::string>& argv, const std::vector<std::string>& env) {
  struct Seen {
    std::set<std::string> names;
    std::vector<DeclaredMode> modes;
  };
  std::vector<Seen> seen;
  for (const CommandWords& command : look_through(argv)) {
    Finder finder(command, env);
    auto modes = finder.modes();
    seen.push_back({finder.names(), std::move(modes)});
  }
  // A preview and then the real run of the same tool, in one shell text: the whole does not pretend.
  const auto also_runs_for_real = [&](const Seen& one) {
    return std::ranges::any_of(seen,
                               [&](const Seen& other) { return other.modes.empty() && other.names == one.names; });
  };
  std::vector<DeclaredMode> all;
  for (const Seen& one : seen)
    if (!also_runs_for_real(one)) all.insert(all.end(), one.modes.begin(), one.modes.end());
  return all;
}
}  // namespace mccoy::witness
