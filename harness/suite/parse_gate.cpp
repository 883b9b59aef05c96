// "p(95){request: login} < 50ms" -> a gate; declared in gate.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "harness/base/text.hpp"
#include "harness/suite/gate.hpp"
#include "harness/suite/gate_words.hpp"
#include "harness/suite/reading.hpp"

namespace mccoy::suite {
namespace {
using Aggregate = Gate::Aggregate;
using Against = Gate::Against;
using Kind = Comparison::Kind;

/// Aggregates, the sorts of metrics they can be taken of, and what k6 and others call them.
struct AggregateRow {
  std::string_view word;
  Aggregate aggregate;
  std::vector<MetricSort> of;
};
const std::vector<AggregateRow>& aggregates() {
  using enum MetricSort;
  static const std::vector<AggregateRow> rows = {
      {"p", Aggregate::percentile, {times}},
      {"avg", Aggregate::avg, {times}},
      {"min", Aggregate::min, {times}},
      {"max", Aggregate::max, {times}},
      {"med", Aggregate::med, {times}},
      {"count", Aggregate::count, {counter, share, times}},
      {"rate", Aggregate::rate, {counter}},
      {"share", Aggregate::share, {share}},
      {"value", Aggregate::value, {counter, time}},
  };
  return rows;
}

struct Sign {
  std::string_view text;
  Kind kind;
};
constexpr Sign kSigns[] = {{"<", Kind::lt}, {"<=", Kind::le},  {">", Kind::gt},  {">=", Kind::ge}, {"==", Kind::eq},
                           {"=", Kind::eq}, {"===", Kind::eq}, {"!=", Kind::ne}, {"!==", Kind::ne}};

Aggregate natural(MetricSort sort) {
  if (sort == MetricSort::share) return Aggregate::share;
  return sort == MetricSort::times ? Aggregate::percentile : Aggregate::value;
}
bool is_time(const Gate& gate) {
  return gate.aggregate == Aggregate::percentile || gate.aggregate == Aggregate::avg ||
         gate.aggregate == Aggregate::min || gate.aggregate == Aggregate::max || gate.aggregate == Aggregate::med ||
         (gate.aggregate == Aggregate::value && gate.sort == MetricSort::time);
}

const Metric* find_metric(std::span<const Metric> metrics, std::string_view name) {
  const auto found = std::ranges::find_if(metrics, [&](const Metric& metric) {
    return metric.name == name || std::ranges::find(metric.aliases, name) != metric.aliases.end();
  });
  return found == metrics.end() ? nullptr : &*found;
}

std::vector<std::string_view> known_words(const GateGrammar& grammar, bool with_aliases) {
  std::vector<std::string_view> known;
  for (const Metric& metric : grammar.metrics) known.push_back(metric.name);
  for (const AggregateRow& row : aggregates()) known.push_back(row.word == "p" ? "p(95)" : row.word);
  for (const Metric& metric : grammar.metrics)
    if (with_aliases) known.insert(known.end(), metric.aliases.begin(), metric.aliases.end());
  return known;
}

/// {request: login, stage: hold}; k6 says name for the request.
Status read_labels(const GateWord& word, const GateGrammar& grammar,
                   std::vector<std::pair<std::string, std::string>>& labels) {
  for (const std::string& part : split(word.text, ',')) {
    const auto colon = part.find(':');
    std::string_view name = trim(std::string_view(part).substr(0, colon));
    std::string_view value = colon == std::string::npos ? "" : trim(std::string_view(part).substr(colon + 1));
    if (value.size() > 1 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0])
      value = value.substr(1, value.size() - 2);
    if (name == "name" && !grammar.selectors.empty()) name = grammar.selectors.front();
    const std::vector<std::string_view> known(grammar.selectors.begin(), grammar.selectors.end());
    if (std::ranges::find(known, name) == known.end())
      return gate_error(word, fmt::format("nothing is told apart by \"{}\"", visible_line(name, 40)),
                        near_or(name, known, "one of: " + listed(known)));
    if (value.empty())
      return gate_error(word, fmt::format("{} of what name?", name), fmt::format("write {{{}: NAME}}", name));
    if (std::ranges::find(labels, name, &std::pair<std::string, std::string>::first) != labels.end())
      return gate_error(word, fmt::format("{} is selected twice", name), "a gate is about one of each");
    labels.emplace_back(name, value);
  }
  std::ranges::sort(labels);
  return {};
}

class GateParser {
 public:
  GateParser(std::vector<GateWord> words, const GateGrammar& grammar, const GateSubject& about)
      : words_(std::move(words)), grammar_(grammar), metric_(about.metric), given_(about.metric != nullptr) {
    gate_.labels = about.labels;
  }

  Result<Gate> parse() {
    MCCOY_DO(left());
    MCCOY_DO(agree());
    MCCOY_DO(sign());
    MCCOY_DO(limit());
    MCCOY_DO(says_something());
    return std::move(gate_);
  }

 private:
  const GateWord& now() const { return words_[next_]; }
  bool take(std::string_view text) {
    if (!now().is(text) || now().kind == GateWord::Kind::end) return false;
    ++next_;
    return true;
  }
  static Error example(const GateWord& word, std::string what) {
    return gate_error(word, std::move(what), "for example p(95) < 500ms, errors < 0.1%, rate >= 95% of target");
  }

  Status left() {
    first_ = now();
    while (now().kind == GateWord::Kind::word || now().kind == GateWord::Kind::labels) {
      if (now().kind == GateWord::Kind::labels) {
        MCCOY_DO(read_labels(now(), grammar_, gate_.labels));
        ++next_;
      } else {
        MCCOY_DO(left_word());
      }
    }
    if (metric_ == nullptr && !aggregate_) return example(now(), "this does not say what is measured");
    return {};
  }

  Status left_word() {
    const GateWord word = words_[next_++];
    const auto row = std::ranges::find(aggregates(), word.text, &AggregateRow::word);
    if (row != aggregates().end() && !aggregate_) return aggregate(*row, word);
    if (const Metric* metric = find_metric(grammar_.metrics, word.text); metric != nullptr && metric_ == nullptr) {
      metric_ = metric;
      return {};
    }
    const bool repeated = row != aggregates().end() || find_metric(grammar_.metrics, word.text) != nullptr;
    if (repeated) return example(word, fmt::format("\"{}\" is one too many here", word.text));
    return gate_error(word, fmt::format("nothing called \"{}\" is measured", visible_line(word.text, 40)),
                      hint_for(word.text));
  }

  std::string hint_for(std::string_view word) const {
    constexpr std::pair<std::string_view, std::string_view> kOthers[] = {
        {"mean", "avg"},     {"average", "avg"},      {"median", "med"},      {"percentile", "p(95)"},
        {"p50", "p(50)"},    {"p90", "p(90)"},        {"p95", "p(95)"},       {"p99", "p(99)"},
        {"p999", "p(99.9)"}, {"latency", "response"}, {"failures", "errors"}, {"error_rate", "errors"},
        {"rps", "rate"},     {"throughput", "rate"}};
    for (const auto& [other, ours] : kOthers)
      if (other == word) return fmt::format("did you mean \"{}\"?", ours);
    return near_or(word, known_words(grammar_, true), "one of: " + listed(known_words(grammar_, false)));
  }

  Status aggregate(const AggregateRow& row, const GateWord& word) {
    aggregate_ = &row;
    gate_.aggregate = row.aggregate;
    if (row.aggregate != Aggregate::percentile) return {};
    if (!take("(")) return gate_error(word, "p wants a percentage in parentheses", "write p(95)");
    const GateWord percent = words_[next_];
    MCCOY_TRY(number, plain(percent));
    ++next_;
    if (number <= 0 || number > 100)
      return gate_error(percent, fmt::format("p({}) is no percentile", percent.text), "more than 0, at most 100");
    gate_.percentile = number;
    if (!take(")")) return gate_error(now(), "the ) of the percentile is missing", "write p(95)");
    return {};
  }

  /// What is measured and what is taken of it must fit; either stands for the other where it is left out.
  Status agree() {
    if (metric_ == nullptr) {
      const auto found =
          std::ranges::find_if(aggregate_->of, [&](MetricSort sort) { return first_of(sort) != nullptr; });
      if (found == aggregate_->of.end())
        return gate_error(first_, fmt::format("{} of what?", aggregate_->word), hint_for(""));
      metric_ = first_of(*found);
    }
    gate_.metric = metric_->name;
    gate_.sort = metric_->sort;
    if (!aggregate_) {
      if (metric_->sort == MetricSort::times)
        return gate_error(first_, fmt::format("{} is many times; which of them?", metric_->name),
                          fmt::format("for example {} p(95) < 500ms", metric_->name));
      gate_.aggregate = natural(metric_->sort);
      return {};
    }
    // k6 calls the share of a "rate metric" its rate.
    if (aggregate_->aggregate == Aggregate::rate && metric_->sort == MetricSort::share) {
      gate_.aggregate = Aggregate::share;
      return {};
    }
    if (std::ranges::find(aggregate_->of, metric_->sort) == aggregate_->of.end())
      return gate_error(first_, fmt::format("{} has no {}", metric_->name, aggregate_->word), of_this_sort());
    return {};
  }

  const Metric* first_of(MetricSort sort) const {
    const auto found = std::ranges::find(grammar_.metrics, sort, &Metric::sort);
    return found == grammar_.metrics.end() ? nullptr : &*found;
  }
  std::string of_this_sort() const {
    std::vector<std::string_view> fitting;
    for (const AggregateRow& row : aggregates())
      if (std::ranges::find(row.of, metric_->sort) != row.of.end())
        fitting.push_back(row.word == "p" ? "p(95)" : row.word);
    return "it has: " + listed(fitting);
  }

  Status sign() {
    const auto* found = std::ranges::find(kSigns, now().text, &Sign::text);
    if (now().kind != GateWord::Kind::sign || found == std::end(kSigns))
      return gate_error(now(), "here must stand how it is compared", "write <, <=, >, >=, == or !=");
    gate_.sign = found->kind;
    ++next_;
    return {};
  }

  static Result<double> plain(const GateWord& word) {
    double number = 0;
    const char* end = word.text.data() + word.text.size();
    const auto [stop, problem] = std::from_chars(word.text.data(), end, number);
    if (word.kind != GateWord::Kind::number || problem != std::errc() || stop != end || !std::isfinite(number))
      return gate_error(word,
                        word.text.empty() ? std::string("here a number is missing")
                                          : fmt::format("\"{}\" is no number", visible_line(word.text, 40)),
                        "for example p(95) < 500ms");
    return number;
  }

  Status limit() {
    limit_ = now();
    if (take("baseline")) {
      MCCOY_DO(baseline(1));
    } else {
      MCCOY_TRY(number, plain(now()));
      ++next_;
      MCCOY_DO(quantity(number));
    }
    if (now().kind != GateWord::Kind::end)
      return gate_error(now(), fmt::format("\"{}\" is too much", visible_line(now().text, 40)),
                        "a gate is one comparison; write two gates for two");
    return {};
  }

  Status baseline(double factor) {
    if (take("*")) {
      MCCOY_TRY(number, plain(now()));
      factor *= number;
      ++next_;
    }
    const bool quantile = gate_.aggregate == Aggregate::percentile || gate_.aggregate == Aggregate::med;
    if (!quantile)
      return gate_error(limit_, fmt::format("{} is not compared with a baseline", subject_of(gate_)),
                        "percentiles are: p(95) < 1.1 * baseline");
    if (gate_.sign == Kind::eq || gate_.sign == Kind::ne)
      return gate_error(limit_, "no measured time equals an earlier one", "write <= or >=");
    gate_.against = Against::baseline;
    gate_.limit = factor;
    return {};
  }

  Status quantity(double number) {
    if (take("*")) {
      if (!take("baseline")) return example(now(), "times what?");
      return baseline(number);
    }
    if (take("%")) return percent(number);
    if (take("/")) return per(number);
    if (now().kind == GateWord::Kind::word) return with_unit(number);
    if (is_time(gate_)) number *= 1e6;  // as in k6
    gate_.limit = number;
    if (gate_.aggregate == Aggregate::rate && !given_ && number <= 1)
      return gate_error(limit_, "rate by itself is requests per second", "write errors < 1%, or a unit: rate >= 100/s");
    return {};
  }

  Status percent(double number) {
    gate_.limit = number / 100;
    if (take("of")) {
      if (take("baseline")) return baseline(number / 100);
      if (!take("target")) return gate_error(now(), "percent of what?", "write 95% of target");
      if (gate_.aggregate != Aggregate::rate)
        return gate_error(limit_, fmt::format("{} has no target", subject_of(gate_)),
                          "rate has: rate >= 95% of target");
      gate_.against = Against::target;
      return {};
    }
    if (gate_.aggregate == Aggregate::share) return {};
    return misfit("%", gate_.aggregate == Aggregate::rate ? "write 95% of target" : "");
  }

  Status per(double number) {
    constexpr std::pair<std::string_view, double> kSpans[] = {{"s", 1}, {"min", 60}, {"m", 60}, {"h", 3600}};
    for (const auto& [word, seconds] : kSpans) {
      if (!take(word)) continue;
      if (gate_.aggregate != Aggregate::rate) return misfit("/" + std::string(word), "");
      gate_.limit = number / seconds;
      return {};
    }
    return gate_error(now(), "per what?", "write 100/s, 100/min or 100/h");
  }

  Status with_unit(double number) {
    constexpr std::pair<std::string_view, double> kUnits[] = {{"ns", 1},   {"us", 1e3},   {"ms", 1e6},  {"s", 1e9},
                                                              {"m", 60e9}, {"min", 60e9}, {"h", 3600e9}};
    const GateWord word = words_[next_++];
    const auto* found = std::ranges::find(kUnits, word.text, &std::pair<std::string_view, double>::first);
    if (found == std::end(kUnits))
      return gate_error(word, fmt::format("\"{}\" is no unit", visible_line(word.text, 40)), "write ms, s, % or /s");
    if (!is_time(gate_)) return misfit(word.text, "");
    gate_.limit = number * found->second;
    return {};
  }

  Status misfit(std::string_view unit, std::string_view hint) const {
    const std::string_view fitting = is_time(gate_)                        ? "write a time: 500ms"
                                     : gate_.aggregate == Aggregate::share ? "write a share: 0.1%"
                                     : gate_.aggregate == Aggregate::rate  ? "write a rate: 100/s"
                                                                           : "write a plain number";
    return gate_error(limit_, fmt::format("{} is not measured in {}", subject_of(gate_), unit),
                      std::string(hint.empty() ? fitting : hint));
  }

  /// Refuses what holds for anything and what holds for nothing.
  Status says_something() const {
    const bool low_side = gate_.limit == 0 && gate_.against == Against::limit;
    if (gate_.limit < 0) return gate_error(limit_, "nothing that is measured is below 0", "write 0 or more");
    if (gate_.against != Against::limit && gate_.limit == 0)
      return gate_error(limit_, "0 times something is 0", "for example 1.1 * baseline");
    const bool share = gate_.aggregate == Aggregate::share;
    if (share && gate_.limit > 1)
      return gate_error(limit_, fmt::format("{} is a share, at most 100%", gate_.metric), "write 1% or 0.01");
    const bool whole = share && gate_.limit == 1 && gate_.against == Against::limit;
    if ((low_side && gate_.sign == Kind::ge) || (whole && gate_.sign == Kind::le))
      return gate_error(limit_, "this holds for anything, so it checks nothing", "give it a limit that can be missed");
    if ((low_side && gate_.sign == Kind::lt) || (whole && gate_.sign == Kind::gt))
      return gate_error(limit_, "this can never hold", low_side ? "write == 0 or <= 0" : "write == 100% or >= 100%");
    if (is_time(gate_) && (gate_.sign == Kind::eq || gate_.sign == Kind::ne))
      return gate_error(limit_, "no measured time is exactly that", "write < or >");
    return gate_.against == Against::limit ? can_be_missed() : Status();
  }

  /// What is measured has limits of its own: no time of a request is nothing or over an hour, no count is broken.
  Status can_be_missed() const {
    constexpr double kLongest = 3600e9;
    const bool above = gate_.sign == Kind::gt || gate_.sign == Kind::ge;
    if (gate_.sort == MetricSort::times && is_time(gate_) && above && gate_.limit == 0)
      return gate_error(limit_, "every time is longer than none, so it checks nothing",
                        "give it a limit that can be missed");
    if (is_time(gate_) && gate_.sort == MetricSort::times && gate_.limit >= kLongest)
      return gate_error(limit_,
                        above ? "this can never hold: times are measured up to an hour"
                              : "this holds for anything: times are measured up to an hour",
                        "for example 500ms");
    const bool counts = gate_.aggregate == Aggregate::count ||
                        (gate_.aggregate == Aggregate::value && gate_.sort == MetricSort::counter);
    const bool exact = gate_.sign == Kind::eq || gate_.sign == Kind::ne;
    if (counts && exact && std::trunc(gate_.limit) != gate_.limit)
      return gate_error(limit_, "no count is that", "write a whole number");
    if (counts && gate_.sign == Kind::ne && gate_.limit != 0)
      return gate_error(limit_, "this holds for nearly anything", "write >= or <=");
    return {};
  }

  std::vector<GateWord> words_;
  const GateGrammar& grammar_;
  const Metric* metric_;
  bool given_;
  const AggregateRow* aggregate_ = nullptr;
  std::size_t next_ = 0;
  GateWord first_, limit_;
  Gate gate_;
};
}  // namespace

Result<Gate> parse_gate(std::string_view text, const GateGrammar& grammar, const GateSubject& about) {
  MCCOY_TRY(words, gate_words(text));
  if (words.size() == 1) return gate_error(words[0], "a gate is empty", "for example p(95) < 500ms");
  return GateParser(std::move(words), grammar, about).parse();
}

Result<GateSubject> parse_gate_subject(std::string_view text, const GateGrammar& grammar) {
  MCCOY_TRY(words, gate_words(text));
  GateSubject subject{.metric = find_metric(grammar.metrics, words[0].text), .labels = {}};
  if (subject.metric == nullptr)
    return gate_error(
        words[0], fmt::format("nothing called \"{}\" is measured", visible_line(words[0].text, 40)),
        near_or(words[0].text, known_words(grammar, true), "one of: " + listed(known_words(grammar, false))));
  std::size_t next = 1;
  if (words[next].kind == GateWord::Kind::labels) MCCOY_DO(read_labels(words[next++], grammar, subject.labels));
  if (words[next].kind != GateWord::Kind::end)
    return gate_error(words[next], fmt::format("\"{}\" is too much", visible_line(words[next].text, 40)),
                      "write the gate itself behind the colon: errors: [\"rate < 1%\"]");
  return subject;
}
}  // namespace mccoy::suite
