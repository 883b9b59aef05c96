#include "cli/terminal.hpp"

#include "cli/logging.hpp"

namespace mccoy::cli {
std::unique_ptr<Terminal> make_terminal(const TerminalOptions& options) {
  if (options.progress == "json") return make_json_terminal(options);
  const bool live = options.progress == "live" || (options.progress == "auto" && is_terminal(options.fd));
  log_debug(live ? "terminal: live lines" : "terminal: plain lines");
  return live ? make_live_terminal(options) : make_plain_terminal(options);
}
}  // namespace mccoy::cli
