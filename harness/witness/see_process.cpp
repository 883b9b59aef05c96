// A process by what it runs: the file behind /proc/PID/exe and, for an interpreter, the script it was given.
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "harness/base/digest.hpp"
#include "harness/base/file.hpp"
#include "harness/witness/responder.hpp"
#include "harness/witness/see_script.hpp"

namespace mccoy::witness {
namespace {
/// Programs that run what a file says. Options in `with_value` take the next word; in `no_script` nothing behind them
/// is the script's file; behind `script_next` it is the next word.
struct Interpreter {
  std::string_view name;                                ///< the file's name, version digits left out
  std::string_view with_value, no_script, script_next;  ///< words between blanks
};
constexpr Interpreter kInterpreters[] = {
    {"python", " -W -X --check-hash-based-pycs ", " -c -m ", ""},
    {"pypy", " -W -X ", " -c -m ", ""},
    {"node", " -r --require --import --loader --experimental-loader -C --conditions --env-file ",
     " -e -p --eval --print ", ""},
    {"nodejs", " -r --require --import --loader -C ", " -e -p --eval --print ", ""},
    {"ruby", " -I -r -C -E ", " -e ", ""},
    {"perl", " -I ", " -e -E ", ""},
    {"php", " -d -c ", " -r ", " -f "},
    {"java", " -cp -classpath --class-path -p --module-path --add-modules ", " -m --module ", " -jar "},
    {"bash", " -o -O --rcfile --init-file ", " -c -s ", ""},
    {"dash", " -o ", " -c -s ", ""},
    {"sh", " -o ", " -c -s ", ""},
    {"busybox", "", " -c ", ""},
    {"zsh", " -o ", " -c -s ", ""},
    {"lua", " -l ", " -e ", ""},
    {"Rscript", "", " -e ", ""},
};

bool in_words(std::string_view words, std::string_view word) {
  return !word.empty() && words.find(" " + std::string(word) + " ") != std::string_view::npos;
}

const Interpreter* interpreter_behind(const std::string& exe) {
  std::string name = basename(exe);
  name.erase(std::min(name.find_first_of("0123456789"), name.size()));
  const auto* found = std::ranges::find(kInterpreters, std::string_view(name), &Interpreter::name);
  return found == std::end(kInterpreters) ? nullptr : found;
}

/// The word of argv that names the script; empty when there is none.
std::string script_word(const Interpreter& interpreter, const std::vector<std::string>& argv) {
  for (std::size_t at = 1; at < argv.size(); ++at) {
    const std::string& word = argv[at];
    if (in_words(interpreter.no_script, word) || word == "-") return {};
    if (in_words(interpreter.script_next, word)) return at + 1 < argv.size() ? argv[at + 1] : std::string();
    if (in_words(interpreter.with_value, word))
      ++at;
    else if (word != "--" && !word.starts_with('-'))
      return word;
  }
  return {};
}

std::string link_target(const std::string& link) {
  std::array<char, PATH_MAX> target;
  const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
  return length > 0 ? std::string(target.data(), static_cast<std::size_t>(length)) : std::string();
}

void add_image(const std::string& proc, evidence::SeenProcess& seen) {
  const std::string link = proc + "/exe";
  struct stat image {};
  if (::stat(link.c_str(), &image) != 0) return;
  seen.device = image.st_dev;
  seen.inode = image.st_ino;
  const auto file = identify_executable(link);
  const bool same = file.ok() && file->device == image.st_dev && file->inode == image.st_ino;
  if (same) {
    seen.exe_sha256 = file->sha256;
  } else if (auto digest = sha256_file(link); digest.ok()) {  // deleted, or behind another mount
    seen.exe_sha256 = *digest;
  }
}

void add_script(const std::string& proc, evidence::SeenProcess& seen) {
  const Interpreter* interpreter = interpreter_behind(seen.exe);
  if (interpreter == nullptr) return;
  const std::string word = script_word(*interpreter, seen.argv);
  if (word.empty()) return;
  const std::string path = absolute(word, link_target(proc + "/cwd"));
  const std::string root = link_target(proc + "/root");
  const auto file = identify_executable(root == "/" || root.empty() ? path : proc + "/root" + path);
  if (!file.ok()) return;
  seen.script = path;
  seen.script_sha256 = file->sha256;
}
}  // namespace

std::string script_named_by(const std::string& exe, const std::vector<std::string>& argv, const std::string& cwd) {
  const Interpreter* interpreter = interpreter_behind(exe);
  const std::string word = interpreter == nullptr ? "" : script_word(*interpreter, argv);
  if (word.empty()) return {};
  std::string path = absolute(word, cwd);
  struct stat file {};
  return ::stat(path.c_str(), &file) == 0 && S_ISREG(file.st_mode) ? path : std::string();
}

evidence::SeenProcess see_process(pid_t pid) {
  evidence::SeenProcess seen;
  seen.id.pid = pid;
  const auto info = process_info(pid);
  if (!info) return seen;
  seen.id = info->id;
  seen.started_wall_ms = info->started_wall_ms;
  seen.exe = info->exe;
  seen.argv = info->argv;
  const std::string proc = "/proc/" + std::to_string(pid);
  add_image(proc, seen);
  add_script(proc, seen);
  return seen;
}
}  // namespace mccoy::witness
