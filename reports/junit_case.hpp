// One case as a JUnit consumer needs it, before it is written as XML in one of the dialects.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/run/run_view.hpp"
#include "reports/standing.hpp"

namespace mccoy::reports {
/// Everything in it is clean: valid UTF-8, only XML 1.0 characters, nothing that a CI system would act on.
struct JunitCase {
  std::string classname, name, file;
  int line = 0;
  std::int64_t started_ms = 0, time_ms = 0;
  enum class Result { passed, failure, error, skipped } result = Result::passed;
  std::string type, message;  ///< of the result; message is one line
  std::string details;        ///< for people: checks, obligations, challenges, what is missing
  std::string out, err;       ///< excerpts of the captured texts, the second those of stderr
  struct Earlier {
    bool error = false;
    std::string message;
  };
  std::vector<Earlier> earlier;                                 ///< attempts before the last one that were no waiting
  std::vector<std::pair<std::string, std::string>> properties;  ///< {"provenance", "mock"}: of this case
};
/// errors  a kept text is missing from the bundle or was changed
Result<JunitCase> junit_case(const run::RunView& run, const run::CaseView& view);

/// For attributes: one line of at most 4 KiB.
std::string junit_line(std::string_view bytes);
/// For text nodes: at most 8,000,000 bytes, as parsers refuse more than 10,000,000.
std::string junit_text(std::string_view bytes);
/// Milliseconds, rounded to the nearest, within 0 … 365 days: consumers overflow or refuse others.
std::int64_t junit_ms(std::int64_t ns);
}  // namespace mccoy::reports
