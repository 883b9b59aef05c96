#include "harness/witness/command_words.hpp"

#include <algorithm>
#include <iterator>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/witness/tool_names.hpp"
#include "harness/witness/wrappers.hpp"

namespace mccoy::witness {
namespace {
constexpr int kMostLayers = 8;

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

/// Behind the words of the wrapper ("compose exec") and what may stand between them; npos when they are others.
std::size_t behind_words(const Wrapper& wrapper, const std::vector<std::string>& argv, std::size_t at) {
  if (wrapper.word.empty()) return at;
  for (const std::string& word : split(wrapper.word, ' ')) {
    if (at >= argv.size() || argv[at] != word) return std::string::npos;
    at = behind_options(wrapper, argv, at + 1);
  }
  return at;
}

/// "registry:5000/team/image:1.2@sha256:…" is image.
std::string name_of_image(const std::string& image) {
  const std::string name = basename(image);
  return name.substr(0, name.find_first_of(":@"));
}

/// The command behind a wrapper; empty argv when nothing stands behind it.
///   at  becomes where it begins
CommandWords behind(const Wrapper& wrapper, CommandWords command, std::size_t& at) {
  const auto& argv = command.argv;
  at = behind_words(wrapper, argv, behind_options(wrapper, argv, 1));
  if (at == std::string::npos) return {};
  if (in_words(wrapper.names, "env"))
    while (at < argv.size() && is_assignment(argv[at])) command.env.push_back(argv[at++]);
  at = std::min(at + static_cast<std::size_t>(wrapper.operands), argv.size());
  const std::string operand = argv[at - 1];
  if (wrapper.more_options) at = behind_options(wrapper, argv, at);
  command.argv.erase(command.argv.begin(), command.argv.begin() + static_cast<std::ptrdiff_t>(at));
  if (command.argv.empty()) return {};
  if (wrapper.how == Wrapper::How::entrypoint && command.argv.front().starts_with('-'))
    command.argv.insert(command.argv.begin(), name_of_image(operand));
  if (wrapper.how == Wrapper::How::python) command.argv.insert(command.argv.begin(), "python");
  command.elsewhere = command.elsewhere || wrapper.elsewhere;
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

void look_into(CommandWords command, int layers, std::vector<CommandWords>& found);

/// Every simple command of a text; what is known of the command around it holds for them too.
void look_into_text(std::string_view text, const CommandWords& around, int layers, std::vector<CommandWords>& found) {
  for (auto& inner : simple_commands(text)) {
    inner.env.insert(inner.env.begin(), around.env.begin(), around.env.end());
    inner.elsewhere = around.elsewhere;
    look_into(std::move(inner), layers, found);
  }
}

/// `find … -exec COMMAND ;`: the words up to ";" or "+".
bool look_behind_exec(const CommandWords& command, int layers, std::vector<CommandWords>& found) {
  const auto exec = std::ranges::find_if(
      command.argv, [](const std::string& word) { return in_words(" -exec -execdir -ok -okdir ", word); });
  const auto end = std::find_if(exec, command.argv.end(), [](const auto& word) { return word == ";" || word == "+"; });
  if (end - exec < 2) return false;
  look_into({.argv = {exec + 1, end}, .env = command.env, .elsewhere = command.elsewhere}, layers, found);
  return true;
}

bool look_behind(const Wrapper& wrapper, const CommandWords& command, int layers, std::vector<CommandWords>& found) {
  std::size_t at = 0;
  auto inner = behind(wrapper, command, at);
  if (inner.argv.empty()) return false;
  const std::size_t before = found.size();
  if (wrapper.how == Wrapper::How::text) {
    const auto data = std::ranges::find_if(inner.argv, [](const auto& word) { return word.starts_with(":::"); });
    inner.argv.erase(data, inner.argv.end());
    look_into_text(join(inner.argv, " "), inner, layers, found);
  } else {
    look_into(std::move(inner), layers, found);
  }
  if (wrapper.keeps_modes)
    found.push_back({.argv = {command.argv.begin(), command.argv.begin() + static_cast<std::ptrdiff_t>(at)},
                     .env = command.env,
                     .hands_on = found.size() - before,
                     .elsewhere = command.elsewhere});
  return true;
}

void look_into(CommandWords command, int layers, std::vector<CommandWords>& found) {
  take_assignments(command);
  if (command.argv.empty()) return;
  const std::string tool = basename(command.argv[0]);
  if (layers > 0) {
    for (const Wrapper& wrapper : wrappers())
      if (in_words(wrapper.names, tool) && look_behind(wrapper, command, layers - 1, found)) return;
    if (tool == "find" && look_behind_exec(command, layers - 1, found)) return;
  }
  const std::string* text = layers > 0 && is_shell(tool) ? shell_text(command.argv) : nullptr;
  if (text != nullptr) look_into_text(*text, command, layers - 1, found);
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
