// The commands that an argv really means: what stands behind env, sudo, timeout, npx, xargs, `find -exec`, `docker run`
// and the like, and in the text of `sh -c`. Text is split as a shell would, without running anything: variables and
// substitutions stay as they are.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mccoy::witness {
struct CommandWords {
  std::vector<std::string> argv;  ///< argv[0] is the tool
  std::vector<std::string> env;   ///< NAME=value that the wrappers or the shell text put in front
  std::size_t hands_on = 0;  ///< of a wrapper itself: so many commands just in front of it in the list are what it runs
  bool elsewhere = false;    ///< it runs in a container or on another machine, where nobody watches
};
/// Innermost commands, in order; at least one unless argv is empty.
std::vector<CommandWords> look_through(const std::vector<std::string>& argv);
/// The simple commands of a shell text: between ; & | newline and brackets.
std::vector<CommandWords> simple_commands(std::string_view shell_text);
bool is_shell(std::string_view tool);
}  // namespace mccoy::witness
