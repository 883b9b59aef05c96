#include "probes/load_arrivals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "harness/base/text.hpp"
#include "harness/judge/checks.hpp"
#include "probes/http_transfer.hpp"

namespace mccoy::probes {
namespace {
/// The counter is asked by the way: whoever answers it is not who answers the load.
class Unwatched final : public Watch {
  void exchanged(int, std::int64_t, std::int64_t) override {}
  void starting(Command&) override {}
  void ran(const Command&, const Captured&) override {}
};

Result<double> number_of(const Value& value) {
  if (value.is_number()) return value.as_double();
  const std::string_view text = trim(value.as_string());
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem == std::errc() && end == text.data() + text.size() && !text.empty() && std::isfinite(number))
    return number;
  return Error{.what = fmt::format("what it answered is no number: {}", visible_line(to_json(value), 60))};
}

/// Requests sent, and those of them that were answered, of the names that are counted; warm-up too.
std::pair<std::uint64_t, std::uint64_t> sent_and_answered(const load::Report& report, const ArrivalsAsk& ask) {
  std::uint64_t sent = 0, answered = 0;
  for (const load::Cell& cell : report.cells) {
    const std::string& name = report.requests[cell.request].name;
    if (!ask.of.empty() && std::ranges::find(ask.of, name) == ask.of.end()) continue;
    sent += cell.tally.sent;
    answered += cell.tally.finished();
  }
  return {sent, answered};
}
}  // namespace

Result<double> ArrivalsCount::read() const {
  HttpRequest request;
  const auto blank = ask_.url.find(' ');
  request.url =
      trim(blank == std::string::npos ? std::string_view(ask_.url) : std::string_view(ask_.url).substr(blank));
  request.keep = 1 << 20;
  request.span = ask_.span;
  Unwatched nobody;
  Trial trial = trial_;
  trial.watch = &nobody;
  trial.deadline = trial_.deadline.earlier(Deadline::in(std::chrono::seconds(10)));
  MCCOY_TRY(answer, transfer(request, trial));
  if (answer.values["status"].as_int() != 200)
    return Error{.what = fmt::format("it answered with status {}", answer.values["status"].as_int())};
  MCCOY_TRY(extractor, suite::parse_extractor(ask_.extract, "body"));
  MCCOY_TRY(found, judge::extract(extractor, answer));
  return number_of(found);
}

void ArrivalsCount::after(const load::Report& report, evidence::Observation& observation) {
  const auto [sent, answered] = sent_and_answered(report, ask_);
  Value arrivals = Value::map({{"counter", ask_.url}, {"sent", sent}, {"answered", answered}});
  Value metric = Value::map();
  const auto now = read();
  if (!before_.ok() || !now.ok()) {
    const std::string why = "the service's counter: " + (before_.ok() ? now.error().what : before_.error().what);
    arrivals.set("why", why);
    metric.set("why", why);
  } else {
    const double counted = *now - *before_;
    arrivals.set("before", *before_).set("after", *now).set("counted", counted);
    // What was sent and never answered may have arrived or not.
    const auto most = static_cast<double>(std::max(sent, answered));
    const double wanted = std::clamp(counted, static_cast<double>(answered), most);
    metric.set("part", static_cast<std::int64_t>(std::llround(counted)));
    metric.set("of", static_cast<std::int64_t>(std::llround(wanted)));
  }
  Value metrics = observation.values["metrics"];
  observation.values.set("metrics", metrics.set("arrived", std::move(metric)));
  observation.values.set("arrivals", std::move(arrivals));
}
}  // namespace mccoy::probes
