#include "harness/judge/gates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/base/digest.hpp"
#include "harness/judge/quantile_ratio.hpp"

namespace mccoy::judge {
namespace {
using suite::Gate;
using Aggregate = Gate::Aggregate;

/// One figure, and of how much it was taken.
struct Figure {
  double value = 0;
  std::uint64_t samples = 0;
};

std::string key_of(const Gate& gate) {
  return suite::series_key(gate.metric, gate.labels);
}

Error no_samples(const Gate& gate) {
  return {.what = fmt::format("there are no samples of {}", key_of(gate))};
}

Result<Histogram> histogram(const Gate& gate, const evidence::Observation& observation, const std::string& name) {
  const auto text = observation.texts.find(name);
  if (text == observation.texts.end()) return Error{.what = fmt::format("no {} were recorded", name)};
  MCCOY_TRY(found, histogram_in(text->second, key_of(gate)));
  if (found.empty()) return no_samples(gate);
  return found;
}

double quantile_of(const Gate& gate) {
  return gate.aggregate == Aggregate::med ? 0.5 : gate.percentile / 100;
}

double taken(const Gate& gate, const Histogram& times) {
  switch (gate.aggregate) {
    case Aggregate::avg:
      return times.mean();
    case Aggregate::min:
      return static_cast<double>(times.min());
    case Aggregate::max:
      return static_cast<double>(times.max());
    case Aggregate::count:
      return static_cast<double>(times.count());
    default:
      return static_cast<double>(times.percentile(quantile_of(gate)));
  }
}

Result<Figure> of_times(const Gate& gate, const evidence::Observation& observation) {
  MCCOY_TRY(times, histogram(gate, observation, "histograms"));
  return Figure{taken(gate, times), times.count()};
}

Result<Figure> of_counts(const Gate& gate, const Value& recorded) {
  const std::string_view part = gate.sort == suite::MetricSort::share ? "part" : "count";
  const std::int64_t of = recorded["of"].as_int(), count = recorded[part].as_int(-1);
  if (of <= 0 || count < 0) return no_samples(gate);
  const auto samples = static_cast<std::uint64_t>(of);
  if (gate.aggregate == Aggregate::share) return Figure{static_cast<double>(count) / static_cast<double>(of), samples};
  if (gate.aggregate != Aggregate::rate) return Figure{static_cast<double>(count), samples};
  const auto span_ns = static_cast<double>(recorded["span_ns"].as_int());
  if (span_ns <= 0) return Error{.what = fmt::format("{} took no time, so it has no rate", key_of(gate))};
  // What came while the load drained is counted, and no rate of the time before.
  return Figure{static_cast<double>(recorded["came"].as_int(count)) * 1e9 / span_ns, samples};
}

Result<Figure> figure_of(const Gate& gate, const evidence::Observation& observation) {
  if (gate.sort == suite::MetricSort::times) return of_times(gate, observation);
  const Value* recorded = observation.values["metrics"].find(key_of(gate));
  if (recorded == nullptr) return no_samples(gate);
  if (const std::string& why = (*recorded)["why"].as_string(); !why.empty()) return Error{.what = why};
  if (gate.sort != suite::MetricSort::time) return of_counts(gate, *recorded);
  if (!(*recorded)["time_ns"].is_number()) return no_samples(gate);
  return Figure{(*recorded)["time_ns"].as_double(), 1};
}

std::string shown(const Gate& gate, const Figure& figure) {
  const std::string_view noun = figure.samples == 1 ? "sample" : "samples";
  return fmt::format("{} ({} {})", suite::figure_in_words(gate, figure.value), figure.samples, noun);
}

void judge_limit(const Gate& gate, const Figure& figure, const evidence::Observation& observation,
                 CheckResult& result) {
  double limit = gate.limit;
  if (gate.against == Gate::Against::target) {
    const double target = observation.values["metrics"][key_of(gate)]["target"].as_double();
    if (!(target > 0)) {
      result.why = "no rate was asked for, so there is no target";
      return;
    }
    limit *= target;
    result.actual += fmt::format(", {:.4g}% of {:.4g}/s", figure.value / target * 100, target);
  }
  const suite::Comparison comparison{.kind = gate.sign, .low = limit, .high = limit};
  result.held = comparison.holds(figure.value) ? Held::yes : Held::no;
}

void judge_baseline(const Gate& gate, const evidence::Observation& observation, CheckResult& result) {
  if (observation.texts.find("baseline") == observation.texts.end()) {
    const std::string& why = observation.values["baseline"]["why"].as_string();
    result.why = why.empty() ? "there is no baseline (name an earlier bundle: baseline: FOLDER, or --baseline)" : why;
    return;
  }
  const auto now = histogram(gate, observation, "histograms");
  const auto before = histogram(gate, observation, "baseline");
  if (!now.ok() || !before.ok()) {
    result.why = now.ok() ? "of the baseline: " + before.error().what : now.error().what;
    return;
  }
  const QuantileRatio ratio = compare_quantiles(*now, *before, quantile_of(gate));
  const auto earlier = static_cast<double>(before->percentile(quantile_of(gate)));
  result.actual += fmt::format(", {:.3g} times the baseline's {}", ratio.ratio, suite::figure_in_words(gate, earlier));
  if (!ratio.bounded) {
    result.why = "too few samples to compare this percentile";
    return;
  }
  result.actual += fmt::format(" (95 %: {:.3g} to {:.3g})", ratio.low, ratio.high);
  const bool below = gate.sign == suite::Comparison::Kind::lt || gate.sign == suite::Comparison::Kind::le;
  if (below ? ratio.high < gate.limit : ratio.low > gate.limit) result.held = Held::yes;
  if (below ? ratio.low > gate.limit : ratio.high < gate.limit) result.held = Held::no;
  if (result.held == Held::unknown) result.why = "the samples are too few to tell it from the limit";
}
}  // namespace

CheckResult evaluate_gate(const suite::Check& check, const evidence::Observation& observation) {
  CheckResult result{.subject = check.subject.text(), .expected = {}, .actual = {}, .why = {}, .span = check.span};
  const auto gate = suite::gate_of(check);
  if (!gate.ok()) {
    result.why = gate.error().what;
    return result;
  }
  result.expected = suite::limit_of(*gate);
  const auto figure = figure_of(*gate, observation);
  if (!figure.ok() || !std::isfinite(figure->value)) {
    result.actual = "nothing";
    result.why = figure.ok() ? "the figure is no number" : figure.error().what;
    return result;
  }
  result.actual = shown(*gate, *figure);
  if (gate->against == Gate::Against::baseline)
    judge_baseline(*gate, observation, result);
  else
    judge_limit(*gate, *figure, observation, result);
  return result;
}

std::string void_reason(const evidence::Observation& observation) {
  return observation.values["void"].as_string();
}

std::string histogram_line(std::string_view key, const Histogram& histogram) {
  return fmt::format("{}\t{}\n", key, histogram.text());
}

Result<Histogram> histogram_in(const Output& text, std::string_view key) {
  if (!text.whole()) return Error{.what = "the recorded histograms are not whole"};
  const std::string& all = text.head;
  const std::string start = std::string(key) + '\t';
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find('\n', at), all.size());
    const std::string_view line = std::string_view(all).substr(at, end - at);
    if (line.starts_with(start)) return Histogram::parse(line.substr(start.size()));
    at = end + 1;
  }
  return Error{.what = fmt::format("there are no samples of {}", key)};
}

Output whole_text(std::string text) {
  Output output{.bytes = static_cast<std::int64_t>(text.size()), .sha256 = sha256(text)};
  output.head = std::move(text);
  return output;
}
}  // namespace mccoy::judge
