// The fields of one case, expanded for one trial and typed by the kind's table.
#pragma once
#include <string>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/suite/scope.hpp"
#include "harness/suite/suite.hpp"

namespace mccoy::suite {
class Settings {
 public:
  /// Expands and types the head and every field that was given; fills in the defaults of the table.
  ///   errors  a value that does not fit its type after expansion, at its place in the suite
  static Result<Settings> resolve(const KindSchema& kind, const Located& head, const LocatedMap& given,
                                  const Scope& scope);

  bool has(std::string_view name) const;            ///< given, or with a default
  const Value& value(std::string_view name) const;  ///< null when absent; durations are ns, sizes are bytes
  const Value& head() const { return head_; }
  std::string text(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;
  std::vector<std::string> head_texts() const;
  bool flag(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  Duration duration(std::string_view name) const;
  Span span(std::string_view name) const;
  Span head_span() const { return head_span_; }

 private:
  Value head_;
  Span head_span_;
  Value values_;
  std::vector<std::pair<std::string, Span>> spans_;
};
/// A scalar as text: numbers and booleans as a suite would write them.
std::string scalar_text(const Value& value);
/// Checks with every ${…} of their operands expanded.
Result<std::vector<Check>> expand_checks(const std::vector<Check>& checks, const Scope& scope);
}  // namespace mccoy::suite
