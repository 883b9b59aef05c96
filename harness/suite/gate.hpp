// A gate: one sentence about what was measured many times ("p(95) < 500ms"). Its grammar is that of k6's thresholds and
// some more; docs/load.md tells it. Parsed when the suite is read; evaluated by the judge from what was recorded.
//   GATE       [METRIC] [AGGREGATE] [SELECTOR] SIGN LIMIT     METRIC or AGGREGATE must be there
//   AGGREGATE  p(95) avg min max med count rate value share
//   SELECTOR   {request: login, stage: hold}
//   SIGN       < <= > >= == !=
//   LIMIT      50ms | 50 (ms) | 0.1% | 0.001 | 100/s | 12 | 95% of target | baseline | 1.1 * baseline
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/base/error.hpp"
#include "harness/base/value.hpp"
#include "harness/suite/check.hpp"
#include "harness/suite/field.hpp"

namespace mccoy::suite {
struct Gate {
  enum class Aggregate : std::uint8_t { value, percentile, avg, min, max, med, count, rate, share };
  /// What the figure is compared with.
  enum class Against : std::uint8_t {
    limit,     ///< `limit`: nanoseconds of times, a fraction of shares, per second of rates, else a plain number
    target,    ///< `limit` times the rate that was asked for
    baseline,  ///< `limit` times the same figure of an earlier run
  };
  std::string metric;  ///< its name in the kind's table, never an alias
  MetricSort sort = MetricSort::counter;
  Aggregate aggregate = Aggregate::value;
  double percentile = 0;                                    ///< 0 < p <= 100
  std::vector<std::pair<std::string, std::string>> labels;  ///< selector, sorted by name; none: all there was
  Comparison::Kind sign = Comparison::Kind::lt;
  Against against = Against::limit;
  double limit = 0;
  bool abort = false;  ///< what is measured is stopped when the gate cannot be held any more …
  Duration delay{};    ///< … but not before this much of it
};
/// "errors", "response{request:login,stage:hold}": how a series is called in what was recorded. Labels are sorted.
std::string series_key(std::string_view metric, const std::vector<std::pair<std::string, std::string>>& labels);
/// "response p(95){request: login}"
std::string subject_of(const Gate& gate);
/// "< 50ms", ">= 95% of target", "< 1.1 * baseline"
std::string limit_of(const Gate& gate);
/// A figure of this gate as people read it: "48.2ms", "0.12%", "99.8/s", "12".
std::string figure_in_words(const Gate& gate, double figure);

struct GateGrammar {
  std::span<const Metric> metrics;
  std::span<const std::string_view> selectors;  ///< names of labels: request, stage
};
/// A metric (or alias) as k6 writes it in front of a list of thresholds: "http_req_duration{name:login}".
struct GateSubject {
  const Metric* metric = nullptr;
  std::vector<std::pair<std::string, std::string>> labels;
};
///   errors  unknown metric, aggregate or label, a unit that does not fit, a gate that always holds; where.column is
///   the
///           1-based offset in the text and where.length its bytes, the rest of `where` is left empty
Result<Gate> parse_gate(std::string_view text, const GateGrammar& grammar, const GateSubject& about = {});
Result<GateSubject> parse_gate_subject(std::string_view text, const GateGrammar& grammar);

/// As a check: op is Op::gate, the operand holds the gate.
Check to_check(const Gate& gate, Span span);
/// errors  the operand of a recorded gate does not say what is measured
Result<Gate> gate_of(const Check& check);
}  // namespace mccoy::suite
