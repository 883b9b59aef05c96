// What a run shows while it runs and when it has ended. Three ways: live lines on a terminal, plain lines elsewhere,
// JSON events for programs. Whatever came from a target goes through harness/base/text.hpp before it is shown.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "cli/paint.hpp"
#include "harness/run/run.hpp"

namespace mccoy::cli {
class Terminal : public run::Progress {
 public:
  /// The last word: the table, the verdict and what to do with the evidence.
  virtual void finished(const run::RunResult& result) = 0;
};

struct TerminalOptions {
  std::string progress = "auto";  ///< auto | live | plain | json
  Paint paint{false};
  int fd = 1;
  std::optional<suite::Requirement> require;  ///< instead of the cases' own
};
std::unique_ptr<Terminal> make_terminal(const TerminalOptions& options);

// The three ways; make_terminal() chooses.
std::unique_ptr<Terminal> make_plain_terminal(const TerminalOptions& options);
std::unique_ptr<Terminal> make_live_terminal(const TerminalOptions& options);
std::unique_ptr<Terminal> make_json_terminal(const TerminalOptions& options);
}  // namespace mccoy::cli
