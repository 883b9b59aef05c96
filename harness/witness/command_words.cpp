#include "harness/witness/command_words.hpp"

#include <algorithm>
#include <iterator>

#include "harness/base/file.hpp"

namespace mccoy::witness {
namespace {
constexpr int kMostLayers = 8;

bool in_words(std::string_view words, std::string_view word) {
  return !word.empty() && words.find(" " + std::string(word) + " ") != std::string_view::npos;
}

/// A program that runs another one. The command begins behind its options and `operands` further words.
struct Wrapper {
  std::string_view name;
  std::string_view with_value;  ///< options whose value is the next word
  int operands = 0;
  std::string_view word = {};  ///< only behind this word: "uv run", "bundle exec"
};
constexpr Wrapper kWrappers[] = {
    {"env", " -u --unset -C --chdir "},
    {"sudo", " -u -g -h -p -C -r -t -T -U --user --group "},
    {"doas", " -u -C "},
    {"timeout", " -k --kill-after -s --signal ", 1},
    {"nice", " -n --adjustment "},
    {"ionice", " -c -n "},
    {"nohup", ""},
    {"setsid", ""},
    {"stdbuf", " -i -o -e "},
    {"time", " -f -o "},
    {"chrt", "", 1},
    {"taskset", "", 1},
    {"flock", " -w -E ", 1},
    {"strace", " -o -e -p -s "},
    {"npx", " -p --package -c "},
    {"bunx", ""},
    {"exec", " -a "},
    {"command", ""},
    {"busybox", ""},
    {"ccache", ""},
    {"faketime", " -p --date-prog ", 1},
    {"fiu-run", " -f -c -l "},
    {"xvfb-run", " -e --error-file -f --auth-file -n --server-num -p --xauth-protocol -s --server-args -w --wait "},
    {"dbus-run-session", " --config-file --dbus-daemon "},
    {"chroot", "", 1},
    {"setpriv", " --reuid --regid --groups --inh-caps --ambient-caps --bounding-set --securebits --pdeathsig "},
    {"dumb-init", " -r --rewrite "},
    {"tini", " -p -e "},
    {"valgrind", ""},
    {"uv", " -p --python --with --extra --group --env-file --directory --project --package ", 0, "run"},
    {"poetry", " -C --directory -P --project ", 0, "run"},
    {"pipenv", "", 0, "run"},
    {"pdm", " -p --project -e --env-file ", 0, "run"},
    {"rye", "", 0, "run"},
    {"hatch", " -e --env ", 0, "run"},
    {"bundle", "", 0, "exec"},
    {"pnpm", " -C --dir --filter -F ", 0, "exec"},
    {"yarn", "", 0, "exec"},
    {"npm", " -w --workspace -p --package ", 0, "exec"},
};

constexpr std::string_view kShells = " sh bash dash zsh ksh ash ";
constexpr std::string_view kKeywords = " if then else elif do while until ! { } time exec command builtin ";

bool is_assignment(std::string_view word) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  return std::ranges::all_of(word.substr(0, equals), [](char c) {
    return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

/// Moves NAME=value words from the front into env.
void take_assignments(CommandWords& command) {
  auto end = std::ranges::find_if_not(command.argv, is_assignment);
  command.env.insert(command.env.end(), command.argv.begin(), end);
  command.argv.erase(command.argv.begin(), end);
}

/// The first word that is no option of the wrapper, from `at` on.
std::size_t behind_options(const Wrapper& wrapper, const std::vector<std::string>& argv, std::size_t at) {
  while (at < argv.size() && argv[at].starts_with('-')) {
    if (argv[at] == "--") return at + 1;
    at += in_words(wrapper.with_value, argv[at]) ? 2U : 1U;
  }
  return at;
}

/// The command behind a wrapper; empty argv when nothing stands behind it.
CommandWords behind(const Wrapper& wrapper, CommandWords command) {
  const auto& argv = command.argv;
  std::size_t at = behind_options(wrapper, argv, 1);
  if (!wrapper.word.empty()) {
    if (at >= argv.size() || argv[at] != wrapper.word) return {};
    at = behind_options(wrapper, argv, at + 1);
  }
  if (wrapper.name == "env")
    while (at < argv.size() && is_assignment(argv[at])) command.env.push_back(argv[at++]);
  at = std::min(at + static_cast<std::size_t>(wrapper.operands), argv.size());
  command.argv.erase(command.argv.begin(), command.argv.begin() + static_cast<std::ptrdiff_t>(at));
  return command;
}

/// The text behind `sh … -c`, also as in `-lc`; nullptr when there is none.
const std::string* shell_text(const std::vector<std::string>& argv) {
  for (std::size_t at = 1; at + 1 < argv.size(); ++at) {
    const std::string& word = argv[at];
    if (!word.starts_with('-') && !word.starts_with('+')) return nullptr;
    if (word == "-o" || word == "+o" || word == "-O") {
      ++at;
    } else if (!word.starts_with("--") && word.ends_with('c')) {
      return &argv[at + 1];
    }
  }
  return nullptr;
}

void look_into(CommandWords command, int layers, std::vector<CommandWords>& found) {
  take_assignments(command);
  if (command.argv.empty()) return;
  const std::string tool = basename(command.argv[0]);
  const auto* wrapper = std::ranges::find(kWrappers, tool, &Wrapper::name);
  if (layers > 0 && wrapper != std::end(kWrappers)) {
    auto inner = behind(*wrapper, command);
    if (!inner.argv.empty()) return look_into(std::move(inner), layers - 1, found);
  }
  const std::string* text = layers > 0 && is_shell(tool) ? shell_text(command.argv) : nullptr;
  if (text != nullptr) {
    for (auto& inner : simple_commands(*text)) {
      inner.env.insert(inner.env.begin(), command.env.begin(), command.env.end());
      look_into(std::move(inner), layers - 1, found);
    }
  }
  found.push_back(std::move(command));
}

/// Splits a shell text into words and simple commands.
class Splitter {
 public:
  std::vector<CommandWords> split(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) at = take(text, at);
    end_command();
    return std::move(commands_);
  }

 private:
  std::size_t take(std::string_view text, std::size_t at) {
    const char c = text[at];
    if (c == '\'' || c == '"') return quoted(text, at);
    if (c == '\\' && at + 1 < text.size()) {
      add(text[at + 1]);
      return at + 1;
    }
    if (c == ' ' || c == '\t') {
      end_word();
    } else if (std::string_view(";&|\n()").find(c) != std::string_view::npos) {
      end_command();
    } else {
      add(c);
    }
    return at;
  }
  std::size_t quoted(std::string_view text, std::size_t at) {
    const auto end = std::min(text.find(text[at], at + 1), text.size());
    word_ += text.substr(at + 1, end - at - 1);
    in_word_ = true;
    return end;
  }
  void add(char c) {
    word_ += c;
    in_word_ = true;
  }
  void end_word() {
    const bool keyword = command_.argv.empty() && in_words(kKeywords, word_);
    if (in_word_ && !keyword) command_.argv.push_back(word_);
    word_.clear();
    in_word_ = false;
  }
  void end_command() {
    end_word();
    if (!command_.argv.empty()) commands_.push_back(std::move(command_));
    command_ = {};
  }
  std::vector<CommandWords> commands_;
  CommandWords command_;
  std::string word_;
  bool in_word_ = false;
};
}  // namespace

bool is_shell(std::string_view tool) {
  return in_words(kShells, tool);
}

std::vector<CommandWords> simple_commands(std::string_view text) {
  return Splitter().split(text);
}

std::vector<CommandWords> look_through(const std::vector<std::string>& argv) {
  std::vector<CommandWords> found;
  look_into({.argv = argv, .env = {}}, kMostLayers, found);
  return found;
}
}  // namespace mccoy::witness
