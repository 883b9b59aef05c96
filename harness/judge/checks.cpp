#include "harness/judge/checks.hpp"

#include <algorithm>
#include <array>

#include "harness/judge/found.hpp"
#include "harness/judge/gates.hpp"
#include "harness/judge/operators.hpp"
#include "harness/judge/shorten.hpp"

namespace mccoy::judge {
namespace {
using suite::Op;

bool is_bare(Op op) {
  return op == Op::compare || op == Op::lines || op == Op::bytes;
}

std::string expected_words(const suite::Check& check) {
  if (check.op == Op::empty) return check.operand.as_bool(true) ? "is empty" : "is not empty";
  const std::string operand =
      is_bare(check.op) && check.operand.is_string() ? shorten(check.operand.as_string()) : shorten_json(check.operand);
  return std::string(operator_row(check.op).words) + operand;
}

/// Nothing is there: only a check that wants nothing is held. A negative check needs something to look at.
Answer absent(const suite::Check& check, const Found& found) {
  const bool wanted = check.op == Op::empty && check.operand.as_bool(true);
  return {wanted ? Held::yes : Held::no, found.why, {}};
}

Answer answer(const suite::Check& check, const Found& found) {
  switch (found.kind) {
    case Found::Kind::unknown:
      return {Held::unknown, {}, found.why};
    case Found::Kind::absent:
      return absent(check, found);
    default:
      return operator_row(check.op).answer(found, check.operand);
  }
}

constexpr std::array<std::string_view, 3> kHeldWords = {"unknown", "yes", "no"};
}  // namespace

CheckResult evaluate(const suite::Check& check, const evidence::Observation& observation) {
  if (check.op == Op::gate) return evaluate_gate(check, observation);
  Answer result = answer(check, find(check.subject, observation));
  return {.held = result.held,
          .subject = check.subject.text(),
          .expected = expected_words(check),
          .actual = std::move(result.actual),
          .why = std::move(result.why),
          .span = check.span};
}

Outcome outcome_of(const std::vector<CheckResult>& results) {
  auto any = [&results](Held held) {
    return std::any_of(results.begin(), results.end(),
                       [held](const CheckResult& result) { return result.held == held; });
  };
  if (any(Held::no)) return Outcome::fail;
  return results.empty() || any(Held::unknown) ? Outcome::error : Outcome::pass;
}

Value to_value(const CheckResult& result) {
  Value value = Value::map({{"held", kHeldWords[static_cast<std::size_t>(result.held)]},
                            {"subject", result.subject},
                            {"expected", result.expected},
                            {"actual", result.actual}});
  if (!result.why.empty()) value.set("why", result.why);
  if (!result.span.file.empty()) value.set("file", result.span.file);
  if (result.span.line > 0) value.set("line", result.span.line).set("column", result.span.column);
  return value;
}

CheckResult check_result_from_value(const Value& value) {
  CheckResult result;
  const auto* word = std::find(kHeldWords.begin(), kHeldWords.end(), value["held"].as_string());
  if (word != kHeldWords.end()) result.held = static_cast<Held>(word - kHeldWords.begin());
  result.subject = value["subject"].as_string();
  result.expected = value["expected"].as_string();
  result.actual = value["actual"].as_string();
  result.why = value["why"].as_string();
  result.span.file = intern(value["file"].as_string());
  result.span.line = static_cast<int>(value["line"].as_int());
  result.span.column = static_cast<int>(value["column"].as_int());
  return result;
}
}  // namespace mccoy::judge
