#include "harness/witness/modes.hpp"

#include <algorithm>
#include <set>

#include "harness/base/file.hpp"
#include "harness/witness/command_words.hpp"
#include "harness/witness/mode_finder.hpp"
#include "harness/witness/mode_table.hpp"
#include "harness/witness/tool_names.hpp"

namespace mccoy::witness {
using evidence::DeclaredMode;

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

namespace {
/// One of the commands that an argv means.
struct Seen {
  std::set<std::string> names;
  std::vector<DeclaredMode> modes;
  bool hands_on = false;  ///< it only runs others, which are here as well: a shell with a text
};

bool has_text(const std::vector<std::string>& argv) {
  return is_shell(argv[0]) && std::ranges::any_of(argv, [](const std::string& word) {
           return word.size() > 1 && word[0] == '-' && word[1] != '-' && word.back() == 'c';
         });
}

std::vector<Seen> look_at_all(const std::vector<std::string>& argv, const std::vector<std::string>& env) {
  std::vector<Seen> seen;
  for (const CommandWords& command : look_through(argv)) {
    auto [names, modes] = modes_of(command, env);
    // What a wrapper only pretends to run does no work, whatever its own switches are.
    if (!modes.empty() && command.hands_on > 0) seen.resize(seen.size() - command.hands_on);
    seen.push_back({std::move(names), std::move(modes), command.hands_on > 0 || has_text(command.argv)});
  }
  return seen;
}

/// A preview and then the real run of the same tool, in one shell text: the whole does not pretend.
bool also_runs_for_real(const std::vector<Seen>& seen, const Seen& one) {
  return std::ranges::any_of(seen, [&](const Seen& other) { return other.modes.empty() && other.names == one.names; });
}

/// Another tool in the same text, which does not pretend: that may be the one that does the work.
bool may_be_the_work(const Seen& one) {
  static constexpr std::string_view kIdle =
      " cd set export unset echo printf true : false exit test [ [[ sleep wait eval tee "
      "if then else elif fi for do done while until case esac ! { } ";
  return one.modes.empty() && !one.hands_on && !is_any_of(kIdle, one.names);
}
}  // namespace

std::vector<DeclaredMode> declared_modes(const std::vector<std::string>& argv, const std::vector<std::string>& env) {
  const auto seen = look_at_all(argv, env);
  if (std::ranges::any_of(seen, &may_be_the_work)) return {};
  std::vector<DeclaredMode> all;
  for (const Seen& one : seen)
    if (!also_runs_for_real(seen, one)) all.insert(all.end(), one.modes.begin(), one.modes.end());
  // A build without tests that something else follows: that may be the tests.
  if (std::ranges::count(seen, false, &Seen::hands_on) > 1)
    std::erase_if(all, [](const DeclaredMode& mode) { return mode.kind == ModeKind::no_tests; });
  return all;
}
}  // namespace mccoy::witness
