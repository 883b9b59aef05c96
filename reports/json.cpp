// The JSON report: everything the bundle tells about a run, for engineers, auditors and programs.
// docs/report.schema.json says what stands where; members that have nothing to say are left out.
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/clock.hpp"
#include "harness/base/text.hpp"
#include "harness/judge/chain.hpp"
#include "harness/judge/follow.hpp"
#include "harness/report.hpp"
#include "reports/standing.hpp"

namespace mccoy::reports {
namespace {
constexpr int kFormat = 1;
constexpr std::size_t kExcerpt = 4096;  ///< bytes of head and of tail; the whole is in the bundle

/// Adds members that have something to say. Every text of it is made valid UTF-8 by the JSON writer.
class Members {
 public:
  Members& text(std::string_view name, const std::string& value) { return value.empty() ? *this : put(name, value); }
  Members& text(std::string_view name, std::string_view value) { return text(name, std::string(value)); }
  Members& flag(std::string_view name, bool value) { return value ? put(name, true) : *this; }
  Members& number(std::string_view name, std::int64_t value) { return value == 0 ? *this : put(name, value); }
  Members& texts(std::string_view name, const std::vector<std::string>& values) {
    Value list = Value::list();
    for (const std::string& value : values) list.push(value);
    return values.empty() ? *this : put(name, std::move(list));
  }
  Members& some(std::string_view name, Value value) {
    const bool nothing =
        value.is_null() || (value.is_list() && value.as_list().empty()) || (value.is_map() && value.as_map().empty());
    return nothing ? *this : put(name, std::move(value));
  }
  Members& put(std::string_view name, Value value) {
    map_.set(name, std::move(value));
    return *this;
  }
  Value take() { return std::move(map_); }

 private:
  Value map_ = Value::map();
};

template <class T>
Value each(const std::vector<T>& items, Value (*one)(const T&)) {
  Value list = Value::list();
  for (const T& item : items) list.push(one(item));
  return list;
}

/// All of it, zeros too: a reader can add rows and columns without knowing what may be missing.
Value matrix_value(const judge::Totals& totals) {
  Value matrix = Value::map();
  for (int o = 0; o < judge::kOutcomes; ++o) {
    Value row = Value::map();
    for (int p = 0; p < judge::kProvenances; ++p)
      row.set(judge::to_text(static_cast<judge::Provenance>(p)),
              totals.matrix[static_cast<std::size_t>(o)][static_cast<std::size_t>(p)]);
    matrix.set(judge::to_text(static_cast<judge::Outcome>(o)), std::move(row));
  }
  return matrix;
}

Value totals_value(const judge::Totals& totals) {
  Value value = Value::map({{"planned", totals.planned}});
  for (int o = 0; o < judge::kOutcomes; ++o) {
    const auto outcome = static_cast<judge::Outcome>(o);
    value.set(judge::to_text(outcome), totals.of(outcome));
  }
  value.set("proven", totals.proven).set("flaky", totals.flaky).set("waived", totals.waived);
  return value.set("matrix", matrix_value(totals));
}

Value judgement_value(const judge::Judgement& judgement) {
  return Members()
      .put("outcome", judge::to_text(judgement.outcome))
      .put("provenance", judge::to_text(judgement.provenance))
      .put("strength", judge::to_text(judgement.strength))
      .flag("flaky", judgement.flaky)
      .text("rule", judgement.rule)
      .text("reason", judgement.reason)
      .texts("facts", judgement.facts)
      .texts("missing", judgement.missing)
      .take();
}

Value check_value(const judge::CheckResult& check) {
  return Members()
      .put("held", to_text(check.held))
      .text("subject", check.subject)
      .text("expected", check.expected)
      .put("actual", check.actual)
      .text("why", check.why)
      .text("file", check.span.file)
      .number("line", check.span.line)
      .take();
}

Value obligation_value(const judge::ObligationResult& obligation) {
  return Members()
      .put("text", obligation.text)
      .put("status", judge::to_text(obligation.status))
      .flag("performing", obligation.performing)
      .flag("effect", obligation.effect)
      .put("stated", obligation.stated)
      .text("why", obligation.why)
      .take();
}

Value challenge_value(const judge::ChallengeResult& result, const judge::ChallengeRecord& done) {
  Value trials = Value::list();
  for (std::size_t i = 0; i < done.outcomes.size(); ++i)
    trials.push(Members()
                    .put("outcome", judge::to_text(done.outcomes[i]))
                    .text("why", i < done.outcome_whys.size() ? done.outcome_whys[i] : "")
                    .take());
  return Members()
      .put("name", result.name)
      .put("class", judge::to_text(result.cls))
      .put("status", judge::to_text(result.status))
      .text("why", result.why)
      .text("broke", done.broke)
      .put("perturbation_seen", done.perturbation_seen)
      .put("repeat_green", done.repeat_green)
      .text("repeat_why", done.repeat_why)
      .some("trials", std::move(trials))
      .some("inputs", Value(done.inputs))
      .some("outputs", Value(done.outputs))
      .texts("unseen", done.unseen)
      .take();
}

Value challenges_value(const run::CaseView& view) {
  Value list = Value::list();
  for (std::size_t i = 0; i < view.challenges.size(); ++i)
    list.push(challenge_value(view.challenges[i], view.perturbations[i]));
  return list;
}

Value earlier_value(const run::EarlierAttempt& attempt) {
  return Members()
      .put("attempt", attempt.attempt)
      .put("started", rfc3339(attempt.started_ms))
      .put("outcome", judge::to_text(attempt.outcome))
      .text("why", attempt.why)
      .take();
}

Result<Value> text_value(const run::RunView& run, const run::TextView& text) {
  Members members;
  members.put("bytes", text.bytes).text("sha256", text.sha256).number("not_kept", text.dropped).text("blob", text.blob);
  if (text.bytes == 0) return members.take();
  MCCOY_TRY(part, run::excerpt(run, text, kExcerpt));
  const bool exact = is_utf8(part.head) && is_utf8(part.tail);
  members.put("head", utf8_text(part.head));
  if (part.between > 0) members.put("left_out", part.between).put("tail", utf8_text(part.tail));
  return members.flag("not_utf8", !exact).take();
}

Result<Value> texts_value(const run::RunView& run, const run::CaseView& view) {
  Value map = Value::map();
  for (const run::TextView& text : view.texts) {
    MCCOY_TRY(value, text_value(run, text));
    map.set(text.name, std::move(value));
  }
  return map;
}

/// Who answered asked others in turn, as far as they are on this machine.
Value hop_value(const judge::Hop& hop) {
  const evidence::SeenProcess& process = hop.processes.front();
  return Members()
      .put("from", hop.from)
      .text("to", hop.to)
      .put("at", hop.at)
      .put("pid", process.id.pid)
      .put("exe", process.exe)
      .put("bytes_out", hop.bytes_out)
      .put("bytes_in", hop.bytes_in)
      .take();
}

std::vector<judge::Hop> chain_of(const evidence::Facts& facts) {
  const evidence::Facts direct = judge::followed(facts);
  return direct.responder ? judge::behind(direct, direct.responder->service) : std::vector<judge::Hop>{};
}

Value requirement_value(const run::CaseView& view) {
  return Members()
      .put("provenance", to_text(view.require))
      .flag("soft", view.soft)
      .text("owner", view.owner)
      .text("expires", view.expires)
      .flag("optional", view.optional)
      .take();
}

/// What a load gave, its course by seconds included; null for other kinds.
Result<Value> load_value(const run::RunView& run, const run::CaseView& view) {
  const Value& load = view.figures["load"];
  if (!load.is_map()) return Value();
  Value value = load;
  if (const Value& arrivals = view.figures["arrivals"]; arrivals.is_map()) value.set("arrivals", arrivals);
  if (view.figures["partial"].as_bool()) value.set("partial", true);
  const auto series = std::ranges::find(view.texts, "series", &run::TextView::name);
  if (series == view.texts.end()) return value;
  MCCOY_TRY(text, run::excerpt(run, *series, static_cast<std::size_t>(series->bytes) + 1));
  Value seconds = Value::list();
  for (const std::string& line : split(text.head, '\n'))
    if (auto second = from_json(line); second.ok()) seconds.push(std::move(second).value());
  return value.set("series", std::move(seconds));
}

/// The lines of a text that are JSON.
Result<Value> lines_of(const run::RunView& run, const run::CaseView& view, std::string_view name) {
  Value lines = Value::list();
  const auto found = std::ranges::find(view.texts, name, &run::TextView::name);
  if (found == view.texts.end()) return lines;
  MCCOY_TRY(text, run::excerpt(run, *found, static_cast<std::size_t>(found->bytes) + 1));
  for (const std::string& line : split(text.head, '\n'))
    if (auto value = from_json(line); value.ok()) lines.push(std::move(value).value());
  return lines;
}

/// Faults, what was measured of them, and everything that happened, in order of time; null for other kinds.
Result<Value> chaos_value(const run::RunView& run, const run::CaseView& view) {
  const Value& chaos = view.figures["chaos"];
  if (!chaos.is_map()) return Value();
  Value value = chaos;
  for (const char* name : {"plan", "steady_after", "during", "metrics"})
    if (!view.figures[name].is_null()) value.set(name, view.figures[name]);
  MCCOY_TRY(timeline, lines_of(run, view, "timeline"));
  return value.set("timeline", std::move(timeline));
}

/// Without what has a section of its own.
Value figures_value(const Value& figures) {
  const bool load = figures["load"].is_map(), chaos = figures["chaos"].is_map();
  if (!load && !chaos) return figures;
  Value rest = Value::map();
  for (const auto& [name, value] : figures.as_map()) {
    const bool of_chaos = name == "chaos" || name == "plan" || name == "steady_after" || name == "during";
    if (name != "load" && name != "metrics" && name != "arrivals" && !(chaos && of_chaos)) rest.set(name, value);
  }
  return rest;
}

Result<Value> case_value(const run::RunView& run, const run::CaseView& view) {
  const Told told = tell(view, is_strict(run));
  MCCOY_TRY(texts, texts_value(run, view));
  Members members;
  members.put("id", view.id).put("suite", view.suite).put("name", view.name).text("kind", view.kind);
  members.text("file", view.file).number("line", view.line).text("claim", view.claim);
  members.put("requires", requirement_value(view)).texts("tags", view.tags).texts("covers", view.covers);
  members.put("standing", to_text(told.standing)).text("standing_why", told.why);
  members.put("judgement", judgement_value(view.judgement));
  members.text("skip", view.skip).text("why_not_run", view.why_not_run).text("error", view.error);
  if (view.started_ms > 0) members.put("started", rfc3339(view.started_ms));
  members.put("wall_ns", view.wall_ns).put("attempts", view.attempts).flag("waited", view.waited);
  members.some("earlier_attempts", each(view.earlier, earlier_value)).text("nonce", view.nonce);
  members.some("checks", each(view.checks, check_value)).some("obligations", each(view.obligations, obligation_value));
  members.some("challenges", challenges_value(view))
      .some("figures", figures_value(view.figures))
      .some("texts", std::move(texts));
  MCCOY_TRY(load, load_value(run, view));
  members.some("load", std::move(load));
  MCCOY_TRY(chaos, chaos_value(run, view));
  members.some("chaos", std::move(chaos));
  members.some("chain", each(chain_of(view.facts), hop_value));
  return members.some("facts", evidence::to_value(view.facts)).take();
}

Value run_value(const run::RunView& run) {
  const Value& open = run.open;
  Members members;
  members.text("id", open["run"]["id"].as_string());
  members.put("started", rfc3339(run.started_ms)).put("ended", rfc3339(run.ended_ms));
  members.put("ended_how", run.interrupted ? "interrupted" : run.closed ? "finished" : "cut-off");
  for (const char* name : {"command_line", "seed", "cwd", "user", "host", "ci", "options", "suites"})
    members.some(name, open[name]);
  return members.take();
}

Value evidence_value(const run::RunView& run) {
  return Members()
      .put("journal", Value::map({{"state", evidence::to_text(run.journal.state)},
                                  {"records", run.journal.records},
                                  {"bytes", run.journal.valid_bytes},
                                  {"root", run.journal.root},
                                  {"head", run.journal.head},
                                  {"sha256", run.journal.sha256}}))
      .put("sealed", run.sealed)
      .put("signed", false)
      .put("signature", "UNSIGNED")
      .texts("troubles", troubles(run))
      .take();
}

/// What stands before the cases; `cases` is written by hand so that a large run is never in memory twice.
Value head_value(const run::RunView& run) {
  Value value = Value::map({{"format", kFormat}, {"kind", "mccoy.report"}});
  value.set("verdict", judge::to_text(run.summary.verdict)).set("sentence", run.summary.sentence);
  value.set("exit_code", judge::exit_code(run.summary.verdict));
  value.set("evidence", evidence_value(run)).set("run", run_value(run)).set("mccoy", run.open["mccoy"]);
  value.set("totals", totals_value(run.summary.totals));
  value.set("preflights", Value(run.preflights)).set("services", Value(run.services));
  Value problems = Value::list(), notes = Value::list();
  for (const std::string& problem : run.problems) problems.push(problem);
  for (const std::string& note : run.notes) notes.push(note);
  return value.set("problems", std::move(problems)).set("notes", std::move(notes));
}

std::vector<std::string_view> no_dialects() {
  return {};
}

/// The head is spread over lines for people; each case stands on one line, so that grep and diff are of use.
Result<ReportFiles> render(const run::RunView& run, std::string_view) {
  std::string text = to_pretty_json(head_value(run));
  MCCOY_CHECK(text.ends_with("\n}"));
  text.resize(text.size() - 2);
  text += ",\n  \"cases\": [";
  for (std::size_t i = 0; i < run.cases.size(); ++i) {
    MCCOY_TRY(value, case_value(run, run.cases[i]));
    text += i == 0 ? "\n    " : ",\n    ";
    text += to_json(value);
    if (i == 0) text.reserve(text.size() + run.cases.size() * (text.size() / 4));
  }
  text += run.cases.empty() ? "]\n}\n" : "\n  ]\n}\n";
  return ReportFiles{{"", std::move(text)}};
}
}  // namespace

extern const ReportKind json_kind;
const ReportKind json_kind{"json", "everything, for programs and auditors (docs/report.schema.json)", no_dialects,
                           render};
}  // namespace mccoy::reports
