#include "probes/load_observation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/judge/gates.hpp"
#include "harness/suite/gate.hpp"

namespace mccoy::probes {
namespace {
using Labels = std::vector<std::pair<std::string, std::string>>;

/// Those the target had a part in.
std::uint64_t begun(const load::Tally& tally) {
  return tally.due - tally.dropped - tally.never_sent;
}
/// Something became of them; while the load goes on, what is on its way is neither answered nor missing.
std::uint64_t decided(const load::Tally& tally) {
  return tally.due - tally.in_flight();
}

Value counter(std::uint64_t count, std::uint64_t of) {
  return Value::map({{"count", count}, {"of", of}});
}
Value share(std::uint64_t part, std::uint64_t of) {
  return Value::map({{"part", part}, {"of", of}});
}

/// What was under way when the run was broken off is nobody's error; at the end of a whole run it is one.
std::uint64_t errors_of(const load::Report& report, const load::Tally& tally) {
  const bool whole = report.ended == load::Ended::finished;
  return tally.check_failed + tally.failures() + (whole ? tally.abandoned : 0);
}

std::uint64_t total(const std::vector<std::uint64_t>& counts) {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : counts) sum += count;
  return sum;
}

/// One part of the load, and how long it took.
struct Part {
  Labels labels;
  load::Tally tally;
  std::uint64_t checks_run = 0, checks_failed = 0;  ///< of a part with several requests the tally cannot add them up
  double seconds = 0, asked_seconds = 0;            ///< that it lasted, and in which requests were asked for
};

class Recorder {
 public:
  explicit Recorder(const load::Report& report) : report_(report) {}

  void record(Part part) {
    metrics(part);
    const std::pair<const char*, const Histogram*> times[] = {
        {"response", &part.tally.response}, {"service", &part.tally.service}, {"arrival", &part.tally.arrival}};
    for (const auto& [name, histogram] : times)
      if (!histogram->empty()) histograms_ += judge::histogram_line(suite::series_key(name, part.labels), *histogram);
  }
  Value take_metrics() { return std::move(metrics_); }
  std::string take_histograms() { return std::move(histograms_); }

 private:
  void metrics(const Part& part) {
    const load::Tally& tally = part.tally;
    const auto set = [&](const char* name, Value value) {
      metrics_.set(suite::series_key(name, part.labels), std::move(value));
    };
    Value requests = counter(tally.finished(), tally.due);
    requests.set("came", tally.came).set("span_ns", static_cast<std::int64_t>(part.seconds * 1e9));
    if (report_.model == load::Model::open && part.asked_seconds > 0)
      requests.set("target", static_cast<double>(tally.due) / part.asked_seconds);
    set("requests", std::move(requests));
    set("errors", share(errors_of(report_, tally), begun(tally)));
    set("achieved", share(tally.finished(), decided(tally)));
    set("checks", share(part.checks_run - part.checks_failed, part.checks_run));
    set("dropped", counter(tally.dropped, tally.due));
    set("late", counter(tally.late, tally.sent));
    set("bytes_in", spread(tally.bytes_in, tally, part).set("came", tally.came_bytes));
    set("bytes_out", spread(tally.bytes_out, tally, part));
  }
  static Value spread(std::uint64_t bytes, const load::Tally& tally, const Part& part) {
    Value value = counter(bytes, tally.sent);
    return value.set("span_ns", static_cast<std::int64_t>(part.seconds * 1e9));
  }

  const load::Report& report_;
  Value metrics_ = Value::map();
  std::string histograms_;
};

double seconds_of(const load::StageInfo& stage, Duration until) {
  return std::max(0.0, std::chrono::duration<double>(std::min(stage.end, until) - stage.begin).count());
}

/// The tallies of the cells that are wanted, checks added up by themselves.
template <class Wanted>
Part part_of(const load::Report& report, Labels labels, Wanted wanted) {
  Part part{.labels = std::move(labels), .tally = {}};
  for (const load::Cell& cell : report.cells) {
    if (!wanted(cell)) continue;
    part.tally.merge(cell.tally);
    part.checks_run += total(cell.tally.checks_run);
    part.checks_failed += total(cell.tally.checks_failed);
  }
  return part;
}

std::string_view label(const Labels& labels, std::string_view name) {
  const auto found = std::ranges::find(labels, name, &Labels::value_type::first);
  return found == labels.end() ? std::string_view() : std::string_view(found->second);
}

bool is_in(const load::StageInfo& stage, const Labels& labels) {
  const std::string_view name = label(labels, "stage");
  return name.empty() ? stage.counted : stage.name == name;
}

/// The part of the load that labels select; none: all counted stages.
Part part_for(const load::Report& report, const Labels& labels) {
  const std::string_view request = label(labels, "request");
  Part part = part_of(report, labels, [&](const load::Cell& cell) {
    return is_in(report.stages[cell.stage], labels) &&
           (request.empty() || report.requests[cell.request].name == request);
  });
  for (const load::StageInfo& stage : report.stages) {
    if (!is_in(stage, labels)) continue;
    part.seconds += seconds_of(stage, report.load_elapsed);
    part.asked_seconds += seconds_of(stage, std::min(report.load_elapsed, report.asked_until));
  }
  return part;
}

/// What is on its way in stages that go on, counted as if it had come.
void add_what_may_come(const load::Report& report, Part& part) {
  std::uint64_t on_its_way = 0;
  for (const load::Cell& cell : report.cells) {
    const load::StageInfo& stage = report.stages[cell.stage];
    const std::string_view request = label(part.labels, "request");
    const bool meant = request.empty() || report.requests[cell.request].name == request;
    if (meant && is_in(stage, part.labels) && report.load_elapsed < stage.end) on_its_way += cell.tally.in_flight();
  }
  load::Tally& tally = part.tally;
  if (tally.came > 0) tally.came_bytes += tally.came_bytes / tally.came * on_its_way;
  tally.came += on_its_way;
}

void record_parts(const load::Report& report, Recorder& recorder) {
  recorder.record(part_for(report, {}));
  for (const load::RequestInfo& request : report.requests)
    recorder.record(part_for(report, {{"request", request.name}}));
  for (const load::StageInfo& stage : report.stages) recorder.record(part_for(report, {{"stage", stage.name}}));
  for (const load::Cell& cell : report.cells)
    recorder.record(
        part_for(report, {{"request", report.requests[cell.request].name}, {"stage", report.stages[cell.stage].name}}));
}

evidence::Observation taken(Recorder& recorder) {
  evidence::Observation observation;
  observation.values.set("metrics", recorder.take_metrics());
  observation.texts.emplace("histograms", judge::whole_text(recorder.take_histograms()));
  return observation;
}

Value percentiles(const Histogram& times) {
  if (times.empty()) return {};
  Value value = Value::map({{"count", times.count()}, {"min", times.min()}, {"mean", times.mean()}});
  constexpr std::pair<const char*, double> kShown[] = {
      {"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}, {"p999", 0.999}};
  for (const auto& [name, q] : kShown) value.set(name, times.percentile(q));
  return value.set("max", times.max());
}

Value figures(const load::Report& report, const load::Tally& tally) {
  Value causes = Value::map(), statuses = Value::map();
  for (std::size_t i = 0; i < load::kCauses; ++i)
    if (tally.failed[i] != 0) causes.set(load::to_text(static_cast<load::Cause>(i)), tally.failed[i]);
  for (const auto& [status, count] : tally.statuses) statuses.set(fmt::format("{}", status), count);
  Value value = Value::map({{"due", tally.due},
                            {"dropped", tally.dropped},
                            {"dropped_late", tally.dropped_late},
                            {"sent", tally.sent},
                            {"finished", tally.finished()},
                            {"ok", tally.ok},
                            {"never_sent", tally.never_sent},
                            {"came", tally.came},
                            {"check_failed", tally.check_failed},
                            {"failed", tally.failures()},
                            {"abandoned", tally.abandoned},
                            {"errors", errors_of(report, tally)},
                            {"late", tally.late},
                            {"late_generator", tally.late_generator},
                            {"bytes_out", tally.bytes_out},
                            {"bytes_in", tally.bytes_in},
                            {"causes", std::move(causes)},
                            {"statuses", std::move(statuses)}});
  value.set("response", percentiles(tally.response)).set("service", percentiles(tally.service));
  return value.set("arrival", percentiles(tally.arrival));
}

Value checks_of(const load::Report& report, std::size_t request) {
  const load::Tally tally = report.of_request(request);
  Value checks = Value::list();
  const auto& names = report.requests[request].checks;
  for (std::size_t i = 0; i < std::min(names.size(), tally.checks_run.size()); ++i)
    checks.push(Value::map({{"name", names[i]}, {"run", tally.checks_run[i]}, {"failed", tally.checks_failed[i]}}));
  return checks;
}

Value generator_of(const load::Report& report) {
  const load::Generator& g = report.generator;
  return Value::map({{"threads", g.threads.size()},
                     {"processors", g.processors},
                     {"cpu_s", g.cpu_s},
                     {"cpu_share", g.cpu_share},
                     {"grid_ns", g.grid.count()},
                     {"grid_chosen", g.grid_chosen},
                     {"late_after_ns", g.late_after.count()},
                     {"lag", percentiles(g.lag)},
                     {"read_lag", percentiles(g.read_lag)},
                     {"away_ns", g.away.count()},
                     {"ports_all", g.ports_all},
                     {"ports_used_max", g.ports_used_max},
                     {"files_limit", g.files_limit},
                     {"files_used_max", g.files_used_max},
                     {"retransmits", g.retransmits}});
}

Value connections_of(const load::Report& report) {
  Value list = Value::list();
  for (const load::Connections& c : report.connections) {
    Value one = Value::map({{"target", c.target},
                            {"opened", c.opened},
                            {"failed", c.failed},
                            {"reused", c.reused},
                            {"closed_by_peer", c.closed_by_peer},
                            {"open_max", c.open_max}});
    if (!c.tls_failure.empty()) one.set("tls_failure", c.tls_failure);
    list.push(std::move(one));
  }
  return list;
}

/// "POST /orders/{{…}}"; bytes have no such thing.
std::string asks_of(const load::Request& request, const load::Profile& profile) {
  if (profile.targets[request.target].protocol == load::Protocol::tcp) return "bytes";
  std::string text = request.method + " ";
  for (const load::Piece& piece : request.path) text += piece.kind == load::Piece::Kind::literal ? piece.text : "{{…}}";
  return text;
}

/// Of the counted stages: journeys per second or users, on average.
double level_of(const load::Profile& profile) {
  double area = 0, seconds = 0;
  for (const load::Stage& stage : profile.stages) {
    if (!stage.counted) continue;
    const double span = std::chrono::duration<double>(stage.span).count();
    area += (stage.from + stage.to) / 2 * span;
    seconds += span;
  }
  return seconds > 0 ? area / seconds : 0;
}

Value story_of(const load::Report& report, const load::Profile& profile) {
  Value stages = Value::list(), requests = Value::list();
  for (std::size_t i = 0; i < report.stages.size(); ++i) {
    const load::StageInfo& info = report.stages[i];
    Value stage = Value::map({{"name", info.name}, {"counted", info.counted}, {"asked", info.asked}});
    stage.set("begin_ns", info.begin.count()).set("end_ns", info.end.count());
    stages.push(stage.set("figures", figures(report, report.of_stage(i))));
  }
  std::size_t i = 0;
  for (const load::Journey& journey : profile.journeys)
    for (const load::Request& step : journey.steps) {
      const load::RequestInfo& info = report.requests[i];
      Value request = Value::map({{"name", info.name}, {"journey", info.journey}, {"target", info.target}});
      request.set("asks", asks_of(step, profile)).set("checks", checks_of(report, i));
      requests.push(request.set("figures", figures(report, report.of_request(i++))));
    }
  const bool open = report.model == load::Model::open;
  Value story = Value::map({{"model", open ? "open" : "closed"}});
  if (open) story.set("spacing", profile.spacing == load::Spacing::poisson ? "poisson" : "constant");
  story.set("seed", fmt::format("{}", profile.seed)).set("ended", load::to_text(report.ended));
  if (!report.reason.empty()) story.set("reason", report.reason);
  story.set("cut_off", report.journeys_cut_off);
  story.set("level", level_of(profile))
      .set("elapsed_ns", report.elapsed.count())
      .set("counted_s", report.counted_seconds());
  story.set("all", figures(report, report.all())).set("stages", std::move(stages));
  story.set("requests", std::move(requests)).set("generator", generator_of(report));
  return story.set("connections", connections_of(report));
}

std::string series_of(const load::Report& report) {
  std::string lines;
  for (const load::Second& s : report.seconds)
    lines += to_json(Value::map({{"second", s.second},
                                 {"asked", s.asked},
                                 {"due", s.due},
                                 {"dropped", s.dropped},
                                 {"sent", s.sent},
                                 {"finished", s.finished},
                                 {"ok", s.ok},
                                 {"errors", s.errors},
                                 {"in_flight", s.in_flight},
                                 {"p50_ns", s.p50},
                                 {"p95_ns", s.p95},
                                 {"p99_ns", s.p99},
                                 {"max_ns", s.max}})) +
             "\n";
  return lines;
}

std::string samples_of(const load::Report& report) {
  std::string lines;
  for (const load::NonceSample& sample : report.nonces)
    lines += to_json(Value::map({{"nonce", sample.nonce},
                                 {"request", report.requests[sample.request].name},
                                 {"returned", sample.returned}})) +
             "\n";
  return lines;
}

/// What `expect` and `capture` of the case may name.
void add_plain_values(const load::Report& report, Value& values) {
  const load::Tally all = report.all();
  const double seconds = report.counted_seconds();
  values.set("requests", all.finished()).set("sent", all.sent).set("dropped", all.dropped);
  values.set("errors", errors_of(report, all));
  if (begun(all) > 0)
    values.set("error_share", static_cast<double>(errors_of(report, all)) / static_cast<double>(begun(all)));
  if (seconds > 0) values.set("rate", static_cast<double>(all.came) / seconds);
  if (all.due > 0) values.set("achieved", static_cast<double>(all.finished()) / static_cast<double>(all.due));
  if (all.response.empty()) return;
  constexpr std::pair<const char*, double> kShown[] = {{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}, {"p999", 0.999}};
  for (const auto& [name, q] : kShown) values.set(name, all.response.percentile(q));
  values.set("max", all.response.max());
}
}  // namespace

double seconds_so_far(const load::Report& report, const Labels& labels) {
  return part_for(report, labels).seconds;
}

bool is_over(const load::Report& report, const Labels& labels) {
  return std::ranges::all_of(report.stages, [&](const load::StageInfo& stage) {
    return !is_in(stage, labels) || stage.end <= report.load_elapsed;
  });
}

evidence::Observation observe_so_far(const load::Report& report, const Labels& labels, bool in_favour) {
  Recorder recorder(report);
  Part part = part_for(report, labels);
  if (in_favour) add_what_may_come(report, part);
  recorder.record(std::move(part));
  return taken(recorder);
}

evidence::Observation observe_unhindered(const load::Report& report, const Labels& labels) {
  Recorder recorder(report);
  Part part = part_for(report, labels);
  load::Tally& tally = part.tally;
  const std::uint64_t lost = tally.never_sent + tally.dropped_late;
  tally.ok += lost;
  tally.came += lost;
  tally.dropped -= std::exchange(tally.dropped_late, 0);
  tally.never_sent = 0;
  tally.late -= tally.late_generator;
  part.seconds =
      std::max(part.seconds / 2, part.seconds - std::chrono::duration<double>(report.generator.away).count());
  recorder.record(std::move(part));
  return taken(recorder);
}

evidence::Observation observe_steady(const load::Report& report, const Labels& labels, Duration latency) {
  Recorder recorder(report);
  Part part = part_for(report, labels);
  part.seconds = std::max(1e-9, part.seconds - std::chrono::duration<double>(latency).count());
  recorder.record(std::move(part));
  return taken(recorder);
}

evidence::Observation observe_all_answered(const load::Report& report, const Labels& labels) {
  Recorder recorder(report);
  Part part = part_for(report, labels);
  part.tally.came = part.tally.finished();
  part.seconds = part.asked_seconds;
  recorder.record(std::move(part));
  return taken(recorder);
}

evidence::Observation observe_load(const load::Report& report, const load::Profile& profile) {
  Recorder recorder(report);
  record_parts(report, recorder);
  evidence::Observation observation = taken(recorder);
  add_plain_values(report, observation.values);
  observation.values.set("load", story_of(report, profile));
  observation.texts.emplace("series", judge::whole_text(series_of(report)));
  if (!report.nonces.empty()) observation.texts.emplace("samples", judge::whole_text(samples_of(report)));
  return observation;
}
}  // namespace mccoy::probes
