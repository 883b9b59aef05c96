// From the words of the command line to an exit code. One file of cli/ for each command; CLI11 stays in their .cpp.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace mccoy::cli {
// Besides those of judge::Verdict (0 proven, 1 failed, 2 unknown, 3 not proven, 4 evidence lost, 130 interrupted):
constexpr int kUsage = 64;        ///< wrong options, or a suite that cannot be read
constexpr int kEvidenceLost = 4;  ///< evidence or a report could not be kept, or a bundle does not verify
constexpr int kUnknown = 2;       ///< something could not be found out
constexpr int kCannotStart = 2;

/// What a parsed command will do; its result is the exit code.
using Action = std::function<int()>;

/// behind  the words after "--", none of which is ours
void add_exec(CLI::App& app, Action& chosen, const std::vector<std::string>& behind);
void add_run(CLI::App& app, Action& chosen);
void add_check(CLI::App& app, Action& chosen);
void add_verify(CLI::App& app, Action& chosen);
void add_report(CLI::App& app, Action& chosen);
void add_probes(CLI::App& app, Action& chosen);
void add_schema(CLI::App& app, Action& chosen);
void add_undo(CLI::App& app, Action& chosen);

/// Parses and executes. Never throws; mistakes in the words are told on stderr and are kUsage.
int run_app(int argc, char** argv);
}  // namespace mccoy::cli
