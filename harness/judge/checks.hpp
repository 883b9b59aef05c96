// Expectations against an observation: held, not held, or not to be found out. Pure.
#pragma once
#include <string>
#include <vector>

#include "harness/evidence/observation.hpp"
#include "harness/judge/verdict.hpp"
#include "harness/suite/check.hpp"

namespace mccoy::judge {
enum class Held : std::uint8_t { unknown, yes, no };

struct CheckResult {
  Held held = Held::unknown;
  std::string subject;   ///< "status", "stdout json /total"
  std::string expected;  ///< "equals 200", "contains \"ready\""
  std::string actual;    ///< what was there, shortened to 400 bytes; raw bytes of the target: clean before showing
  std::string why;       ///< for unknown: "1 GiB came, 2 MiB were kept, and the text was not among them"
  Span span;
};
Value to_value(const CheckResult& result);
CheckResult check_result_from_value(const Value& value);

/// A text that was cut can prove presence, never absence: `contains` not found in a cut text is unknown.
CheckResult evaluate(const suite::Check& check, const evidence::Observation& observation);

/// The value an extractor finds.
///   errors  no such value, not JSON, nothing matched
Result<Value> extract(const suite::Extractor& extractor, const evidence::Observation& observation);

/// fail if any is `no`, else error if any is `unknown`, else pass. Empty: error (a check of nothing says nothing).
Outcome outcome_of(const std::vector<CheckResult>& results);
}  // namespace mccoy::judge
