// What the operators of a check mean: one row each. A row sees what the subject led to and answers yes, no or "not to
// be known", with what was there.
#pragma once
#include <string>
#include <string_view>

#include "harness/judge/checks.hpp"
#include "harness/judge/found.hpp"

namespace mccoy::judge {
struct Answer {
  Held held = Held::unknown;
  std::string actual, why;
};
struct OperatorRow {
  suite::Op op;
  std::string_view words;  ///< of `expected`, before the operand
  /// `found` is a value or a text; what is absent or unknown never comes here.
  Answer (*answer)(const Found& found, const Value& operand);
};
const OperatorRow& operator_row(suite::Op op);
}  // namespace mccoy::judge
