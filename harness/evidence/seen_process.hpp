#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "harness/base/process.hpp"

namespace mccoy::evidence {
/// A process identified by its image file, never by its name.
struct SeenProcess {
  ProcessId id;
  std::int64_t started_wall_ms = 0;
  std::string exe, exe_sha256;
  std::uint64_t device = 0, inode = 0;
  std::vector<std::string> argv;  ///< as it shows itself: to explain, not to decide
  std::string script;             ///< for interpreters: the script file argv names, if it exists
  std::string script_sha256;
};

/// A declared mode without effect, found where it was declared.
struct DeclaredMode {
  /// no_tests: it builds, or prepares, and leaves the tests out; that is a pretence only where tests are claimed.
  enum class Kind { dry_run, help, version, list_only, syntax_only, no_tests } kind = Kind::dry_run;
  std::string flag;   ///< "--dry-run"
  std::string where;  ///< "argv", "environment"
};
}  // namespace mccoy::evidence
