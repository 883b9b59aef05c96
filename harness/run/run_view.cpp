#include "harness/run/run_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <unordered_map>

#include "harness/run/records.hpp"

namespace mccoy::run {
namespace {
constexpr std::string_view kUnjudged = "the run ended before this case was judged";
constexpr std::string_view kBaseline = "baseline";

std::vector<std::string> texts_of(const Value& list) {
  std::vector<std::string> texts;
  for (const Value& text : list.as_list()) texts.push_back(text.as_string());
  return texts;
}

/// A word this version does not know asks for the most.
suite::Requirement requirement(const std::string& word) {
  if (word == "none") return suite::Requirement::none;
  return word == "real" || word.empty() ? suite::Requirement::real : suite::Requirement::challenged;
}

CaseView planned_case(const Value& entry) {
  CaseView view;
  view.id = entry["id"].as_string();
  view.suite = entry["suite"].as_string();
  view.name = entry["name"].as_string();
  view.kind = entry["kind"].as_string();
  view.file = entry["file"].as_string();
  view.line = static_cast<int>(entry["line"].as_int());
  view.require = requirement(entry["require"].as_string());
  view.soft = entry["soft"].as_bool();
  view.optional = entry["optional"].as_bool();
  view.owner = entry["owner"].as_string();
  view.expires = entry["expires"].as_string();
  view.skip = entry["skip"].as_string();
  view.tags = texts_of(entry["tags"]);
  view.covers = texts_of(entry["covers"]);
  view.why_not_run = kUnjudged;
  return view;
}

TextView text_view(const std::string& name, const Value& text) {
  TextView view{.name = name,
                .bytes = text["bytes"].as_int(),
                .dropped = text["dropped"].as_int(),
                .head_bytes = text["head"].as_int(-1),
                .sha256 = text["sha256"].as_string(),
                .blob = text["blob"].as_string(),
                .inlined = text["inline"].as_string()};
  if (view.head_bytes < 0) view.head_bytes = view.bytes;
  return view;
}

std::string why_of(const judge::Trial& trial) {
  if (!trial.error.empty()) return trial.error;
  for (const judge::CheckResult& check : trial.checks)
    if (check.held != judge::Held::yes)
      return check.subject + " " + check.expected + ": " + (check.why.empty() ? check.actual : check.why);
  return {};
}

/// Takes the records of one journal in order. The first that does not fit ends it with an error.
class Builder {
 public:
  explicit Builder(RunView& run) : run_(run) {}

  void take(const evidence::Record& record) {
    if (error_) return;
    run_.ended_ms = record.wall_ms;
    if ((record.seq == 1) != (record.type == record::kOpen)) return refuse("does not begin with one \"open\" record");
    const auto row = std::ranges::find(kTakers, record.type, &Taker::type);
    if (row != std::end(kTakers)) (this->*row->take)(record.body);
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  struct Taker {
    std::string_view type;
    void (Builder::*take)(const Value& body);
  };
  static const Taker kTakers[11];

  void refuse(std::string what) {
    error_ = Error{.what = "the journal " + std::move(what), .hint = "it was not written by a run of mccoy"};
  }

  void take_open(const Value& body) {
    if (body["format"].as_int() != 1) return refuse("has a format that this version does not know");
    run_.open = body;
    run_.started_ms = body["run"]["started_ms"].as_int();
  }

  void take_plan(const Value& body) {
    for (const Value& entry : body["cases"].as_list()) {
      CaseView view = planned_case(entry);
      if (!places_.emplace(view.id, run_.cases.size()).second) return refuse("plans the case " + view.id + " twice");
      run_.cases.push_back(std::move(view));
    }
  }

  void take_planned(const Value& body) {
    if (body["cases"].as_int(-1) != static_cast<std::int64_t>(run_.cases.size()))
      refuse("holds another number of planned cases than it says");
  }

  CaseView* case_of(const Value& body) {
    const auto place = places_.find(body["case"].as_string());
    if (place != places_.end()) return &run_.cases[place->second];
    refuse("speaks of a case that was not planned: " + body["case"].as_string());
    return nullptr;
  }

  void take_trial(const Value& body) {
    CaseView* view = case_of(body);
    if (view == nullptr || body["phase"].as_string() != kBaseline) return;
    judge::Trial trial = trial_of(body);
    const auto attempt = static_cast<int>(body["attempt"].as_int(view->attempts + 1));
    view->earlier.push_back({attempt, body["started_ms"].as_int(), trial.outcome(), why_of(trial)});
    view->attempts = attempt;
    view->nonce = body["nonce"].as_string();
    view->error = std::move(trial.error);
    view->checks = std::move(trial.checks);
    view->facts = std::move(trial.facts);
    view->figures = body["observation"]["values"];
    view->texts.clear();
    for (const auto& [name, text] : body["observation"]["texts"].as_map()) view->texts.push_back(text_view(name, text));
  }

  static judge::Trial trial_of(const Value& body) {
    judge::Trial trial;
    for (const Value& check : body["checks"].as_list()) trial.checks.push_back(judge::check_result_from_value(check));
    trial.error = body["error"].as_string();
    trial.timed_out = body["timed_out"].as_bool();
    trial.facts = evidence::facts_from_value(body["facts"]);
    return trial;
  }

  void take_challenge(const Value& body) {
    CaseView* view = case_of(body);
    if (view == nullptr) return;
    view->perturbations.push_back(judge::challenge_from_value(body));
    view->challenges.push_back(judge::conclude(view->perturbations.back()));
  }

  void take_case(const Value& body) {
    CaseView* view = case_of(body);
    if (view == nullptr) return;
    if (view->judged) return refuse("judges the case " + view->id + " twice");
    auto terms = judge::terms_from_value(body["terms"]);
    if (!terms.ok()) return refuse("has terms that are not understood: " + terms.error().what);
    view->judged = true;
    view->judgement = judge::judgement_from_value(body["judgement"]);
    view->why_not_run = body["why_not_run"].as_string();
    view->claim = terms->claim;
    view->waited = body["waited"].as_bool();
    view->attempts = static_cast<int>(body["attempts"].as_int(view->attempts));
    view->started_ms = body["started_ms"].as_int();
    view->wall_ns = body["wall_ns"].as_int();
    view->obligations = judge::weigh(*terms, view->facts);
    for (std::size_t i = 0; i < view->perturbations.size(); ++i)
      view->challenges[i] = judge::conclude(view->perturbations[i], *terms, view->facts);
    if (!view->earlier.empty()) view->earlier.pop_back();  // the last attempt is what the rest of the view tells
    view->earlier.shrink_to_fit();
  }

  void take_preflight(const Value& body) { run_.preflights.push_back(body); }
  void take_service(const Value& body) { run_.services.push_back(body); }
  void take_close(const Value& body) {
    run_.closed = true;
    run_.interrupted = body["reason"].as_string() == "interrupted";
  }
  void take_problem(const Value& body) { run_.problems.push_back(body["text"].as_string()); }
  void take_note(const Value& body) { run_.notes.push_back(body["text"].as_string()); }

  RunView& run_;
  std::unordered_map<std::string, std::size_t> places_;  ///< case id -> index in run_.cases
  std::optional<Error> error_;
};

const Builder::Taker Builder::kTakers[] = {
    {record::kOpen, &Builder::take_open},           {record::kPlan, &Builder::take_plan},
    {record::kPlanned, &Builder::take_planned},     {record::kPreflight, &Builder::take_preflight},
    {record::kService, &Builder::take_service},     {record::kTrial, &Builder::take_trial},
    {record::kChallenge, &Builder::take_challenge}, {record::kCase, &Builder::take_case},
    {record::kProblem, &Builder::take_problem},     {record::kNote, &Builder::take_note},
    {record::kClose, &Builder::take_close}};

/// A seal that is there must be this journal's; blobs are checked when they are read.
Status check_seal(RunView& run) {
  const auto seal = evidence::read_seal(run.folder);
  if (!seal.ok()) return seal.error().cause.value() == ENOENT ? Status() : Status(seal.error());
  if (seal->journal.root != run.journal.root || seal->journal.records != run.journal.records ||
      seal->journal.bytes != run.journal.file_bytes)
    return Error{.what = run.folder + ": the journal is not the one that was sealed",
                 .hint = "`mccoy verify` says what is different"};
  run.sealed = true;
  return {};
}

void summarise(RunView& run) {
  std::vector<judge::Weighed> weighed;
  weighed.reserve(run.cases.size());
  for (const CaseView& view : run.cases) weighed.push_back({view.judgement, view.require, view.soft, view.optional});
  run.summary = judge::summarise(weighed, run.open["options"]["strict"].as_bool(), run.interrupted,
                                 !run.closed || !run.sealed, run.problems.size());
}
}  // namespace

Result<RunView> read_run(const std::string& bundle_folder) {
  RunView run;
  run.folder = bundle_folder;
  Builder builder(run);
  const std::string path = bundle_folder + '/' + std::string(evidence::kJournalFile);
  MCCOY_TRY(reading, evidence::read_journal(path, [&](const evidence::Record& record) { builder.take(record); }));
  run.journal = std::move(reading);
  if (run.journal.state == evidence::JournalState::corrupt)
    return Error{.what = path + ": " + run.journal.why, .hint = "nothing in a changed journal can be reported"};
  if (builder.error()) return Error{.what = path + ": " + builder.error()->what, .hint = builder.error()->hint};
  if (run.journal.records == 0) return Error{.what = path + ": holds no whole record"};
  MCCOY_DO(check_seal(run));
  summarise(run);
  return run;
}

Result<Excerpt> excerpt(const RunView& run, const TextView& text, std::size_t keep) {
  std::string kept = text.inlined;
  if (!text.blob.empty()) {
    const evidence::Blobs blobs(run.folder + '/' + std::string(evidence::kBlobsFolder));
    MCCOY_TRY(bytes, blobs.get(text.blob));
    kept = std::move(bytes);
  }
  const std::size_t size = kept.size();
  const std::size_t head_kept =
      text.dropped == 0 ? size : std::min(size, static_cast<std::size_t>(std::max<std::int64_t>(text.head_bytes, 0)));
  if (text.dropped == 0 && size <= 2 * keep) return Excerpt{.head = std::move(kept), .tail = {}, .between = 0};
  const std::size_t head = std::min(keep, head_kept);
  const std::size_t tail = std::min(keep, size - (text.dropped == 0 ? head : head_kept));
  return Excerpt{.head = kept.substr(0, head),
                 .tail = kept.substr(size - tail),
                 .between = std::max<std::int64_t>(text.dropped, 0) + static_cast<std::int64_t>(size - head - tail)};
}
}  // namespace mccoy::run
