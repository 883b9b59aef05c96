// One JUnit file being filled, in one dialect. The only place that knows the XML library.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/junit_case.hpp"

namespace mccoy::reports {
/// No document satisfies all published schemas, so the differences are named here, one column each.
struct JunitDialect {
  std::string_view name;
  bool root_counts = false;    ///< attributes on <testsuites>
  bool suite_texts = false;    ///< Ant: every suite has package, id, hostname, system-out and system-err
  bool case_texts = false;     ///< system-out and system-err stand in the case, not in its result
  bool case_place = false;     ///< file and line on the case
  bool zone = false;           ///< timestamps with fraction and Z; Ant takes local form only, which is then UTC
  bool suite_is_root = false;  ///< Surefire: one suite per file, with flaky and rerun elements
};

using JunitProperties = std::vector<std::pair<std::string, std::string>>;

struct JunitSuite {
  std::string name, hostname;
  std::int64_t started_ms = 0;  ///< used when no case of it was started
  JunitProperties properties;
  std::string out, err;
};

class JunitFile {
 public:
  explicit JunitFile(const JunitDialect& dialect);
  JunitFile(JunitFile&&) noexcept;
  JunitFile& operator=(JunitFile&&) noexcept;
  ~JunitFile();

  void begin_suite(const JunitSuite& suite);
  void add(const JunitCase& one);
  void end_suite();
  std::size_t cases() const;
  /// Bytes at most; exact would cost a rendering.
  std::size_t bytes() const;
  static std::size_t bytes_of(const JunitCase& one);
  std::string text();

 private:
  struct State;
  std::unique_ptr<State> state_;
};
}  // namespace mccoy::reports
