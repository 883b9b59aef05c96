// Gates in words and as recorded checks.
#include "harness/suite/gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace mccoy::suite {
namespace {
using Aggregate = Gate::Aggregate;
using Kind = Comparison::Kind;

constexpr std::array<std::string_view, 9> kAggregates = {"value", "percentile", "avg",  "min",  "max",
                                                         "med",   "count",      "rate", "share"};
constexpr std::array<std::string_view, 3> kAgainst = {"limit", "target", "baseline"};
constexpr std::array<std::string_view, 4> kSorts = {"times", "time", "counter", "share"};
constexpr std::array<std::string_view, 6> kSigns = {"==", "!=", "<", "<=", ">", ">="};

template <class Enum, std::size_t n>
bool word_to(const std::array<std::string_view, n>& words, const std::string& word, Enum& out) {
  const auto* found = std::ranges::find(words, word);
  if (found == words.end()) return false;
  out = static_cast<Enum>(found - words.begin());
  return true;
}

/// Four digits are more than a measurement has.
std::string rounded(double x) {
  const bool whole = std::trunc(x) == x && std::abs(x) < 1e15;
  return whole ? fmt::format("{}", static_cast<std::int64_t>(x)) : fmt::format("{:.4g}", x);
}

std::string duration_in_words(double ns) {
  struct Scale {
    double ns;
    std::string_view unit;
  };
  constexpr Scale kScales[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
  for (const Scale& scale : kScales)
    if (std::abs(ns) >= scale.ns) return rounded(ns / scale.ns) + std::string(scale.unit);
  return rounded(ns) + "ns";
}

std::string labels_in_words(const Gate& gate) {
  std::string out;
  for (const auto& [name, value] : gate.labels) out += (out.empty() ? "{" : ", ") + name + ": " + value;
  return out.empty() ? out : out + "}";
}
}  // namespace

std::string series_key(std::string_view metric, const std::vector<std::pair<std::string, std::string>>& labels) {
  std::string key(metric);
  for (std::size_t i = 0; i < labels.size(); ++i)
    key += (i == 0 ? "{" : ",") + labels[i].first + ":" + labels[i].second;
  return labels.empty() ? key : key + "}";
}

std::string subject_of(const Gate& gate) {
  std::string out = gate.metric;
  if (gate.aggregate == Aggregate::percentile)
    out += fmt::format(" p({})", gate.percentile);
  else if (gate.aggregate != Aggregate::value && gate.aggregate != Aggregate::share)
    out += ' ' + std::string(kAggregates[static_cast<std::size_t>(gate.aggregate)]);
  return out + labels_in_words(gate);
}

std::string limit_of(const Gate& gate) {
  const std::string sign = std::string(kSigns[static_cast<std::size_t>(gate.sign)]) + " ";
  if (gate.against == Gate::Against::target) return sign + rounded(gate.limit * 100) + "% of target";
  if (gate.against == Gate::Against::baseline)
    return sign + (gate.limit == 1 ? std::string("baseline") : rounded(gate.limit) + " * baseline");
  return sign + figure_in_words(gate, gate.limit);
}

std::string figure_in_words(const Gate& gate, double figure) {
  switch (gate.aggregate) {
    case Aggregate::percentile:
    case Aggregate::avg:
    case Aggregate::min:
    case Aggregate::max:
    case Aggregate::med:
      return duration_in_words(figure);
    case Aggregate::rate:
      return rounded(figure) + "/s";
    case Aggregate::share:
      return rounded(figure * 100) + "%";
    case Aggregate::count:
      return rounded(figure);
    case Aggregate::value:
      return gate.sort == MetricSort::time ? duration_in_words(figure) : rounded(figure);
  }
  return {};
}

Check to_check(const Gate& gate, Span span) {
  Value labels = Value::map();
  for (const auto& [name, value] : gate.labels) labels.set(name, value);
  Value operand = Value::map({{"metric", gate.metric},
                              {"sort", kSorts[static_cast<std::size_t>(gate.sort)]},
                              {"aggregate", kAggregates[static_cast<std::size_t>(gate.aggregate)]},
                              {"sign", kSigns[static_cast<std::size_t>(gate.sign)]},
                              {"against", kAgainst[static_cast<std::size_t>(gate.against)]},
                              {"limit", gate.limit}});
  if (gate.aggregate == Aggregate::percentile) operand.set("percentile", gate.percentile);
  if (!gate.labels.empty()) operand.set("labels", std::move(labels));
  if (gate.abort) operand.set("abort", true).set("delay", gate.delay.count());
  return {.subject = {.source = subject_of(gate), .argument = {}},
          .op = Op::gate,
          .operand = std::move(operand),
          .span = span};
}

Result<Gate> gate_of(const Check& check) {
  const Value& operand = check.operand;
  Gate gate{.metric = operand["metric"].as_string(),
            .percentile = operand["percentile"].as_double(),
            .labels = {},
            .limit = operand["limit"].as_double(),
            .abort = operand["abort"].as_bool(),
            .delay = Duration(operand["delay"].as_int())};
  const bool read = word_to(kSorts, operand["sort"].as_string(), gate.sort) &&
                    word_to(kAggregates, operand["aggregate"].as_string(), gate.aggregate) &&
                    word_to(kSigns, operand["sign"].as_string(), gate.sign) &&
                    word_to(kAgainst, operand["against"].as_string(), gate.against) && operand["limit"].is_number();
  const bool percent_fits = gate.aggregate != Aggregate::percentile || (gate.percentile > 0 && gate.percentile <= 100);
  if (check.op != Op::gate || gate.metric.empty() || !read || !percent_fits)
    return Error{.what = "a recorded gate does not say what is measured"};
  for (const auto& [name, value] : operand["labels"].as_map()) gate.labels.emplace_back(name, value.as_string());
  std::ranges::sort(gate.labels);
  return gate;
}
}  // namespace mccoy::suite
