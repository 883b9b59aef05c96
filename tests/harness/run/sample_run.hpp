// Bundles written by hand in the vocabulary of records.hpp, so that views and reports are tested without a runner.
#pragma once
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "harness/base/file.hpp"
#include "harness/evidence/bundle.hpp"
#include "harness/evidence/observation.hpp"
#include "harness/judge/judge.hpp"
#include "harness/run/records.hpp"
#include "harness/run/run_view.hpp"

namespace mccoy::run {
constexpr std::int64_t kSampleStart = 1'795'259'983'123;

inline void must(const Status& status) {
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.error().what.c_str());
    std::abort();
  }
}

struct SampleCase {
  std::string suite = "shop", name = "healthy";
  Value plan = Value::map();  ///< further members of the plan's entry
  judge::Outcome outcome = judge::Outcome::pass;
  judge::Provenance provenance = judge::Provenance::real;
  judge::Strength strength = judge::Strength::challenged;
  bool flaky = false;
  std::string reason = "everything that must be seen was seen", rule = "R14";
  std::vector<std::string> missing = {};
  std::vector<judge::CheckResult> checks = {};
  std::string error = {}, why_not_run = {};
  std::map<std::string, std::string> texts = {};
  std::vector<judge::Trial> earlier = {};
  std::vector<judge::ChallengeRecord> challenges = {};
  evidence::Facts facts = {};
  std::int64_t wall_ns = 12'345'678;
  bool tried = true;  ///< false: skipped or not run, no trial record
  std::string id() const { return suite + "/" + name; }
};

inline judge::CheckResult sample_check(judge::Held held, const std::string& actual) {
  judge::CheckResult check;
  check.held = held;
  check.subject = "status";
  check.expected = "equals 200";
  check.actual = actual;
  check.span = {.file = intern("shop.yaml"), .line = 14, .column = 7, .length = 1};
  return check;
}

inline Output sample_output(const std::string& bytes) {
  OutputCollector collector(kKeepOutput);
  collector.add(bytes);
  return collector.finish();
}

using Cases = std::vector<SampleCase>;

class SampleRun {
 public:
  explicit SampleRun(Cases cases, std::vector<std::string> suites = {"shop"})
      : folder_(TempDir::make("/tmp", "mccoy-sample-").value()),
        bundle_(evidence::Bundle::create(path()).value()),
        cases_(std::move(cases)),
        suites_(std::move(suites)) {}

  std::string path() const { return folder_.path() + "/bundle"; }
  std::string beside(const std::string& name) const { return folder_.path() + '/' + name; }
  evidence::Bundle& bundle() { return bundle_; }
  Value options = Value::map();
  std::string host = "build-7";

  /// open, plan, planned
  SampleRun& plan() {
    Value suites = Value::list();
    for (const std::string& name : suites_)
      suites.push(Value::map({{"name", name}, {"path", name + ".yaml"}, {"sha256", std::string(64, 'a')}}));
    append(
        record::kOpen,
        Value::map({{"format", 1},
                    {"run", Value::map({{"id", "3f2a7c1e-0000-4000-8000-000000000000"}, {"started_ms", kSampleStart}})},
                    {"mccoy", Value::map({{"version", "0.1.0"}, {"sha256", std::string(64, 'b')}})},
                    {"command_line", Value(Value::List{"mccoy", "run", "shop.yaml"})},
                    {"seed", 7},
                    {"host", Value::map({{"name", host}, {"cpus", 2}})},
                    {"options", options},
                    {"suites", std::move(suites)},
                    {"signed", false}}));
    for (std::size_t first = 0; first < cases_.size(); first += record::kPlanChunk) {
      Value chunk = Value::list();
      for (std::size_t i = first; i < std::min(cases_.size(), first + record::kPlanChunk); ++i)
        chunk.push(plan_entry(cases_[i]));
      append(record::kPlan, Value::map({{"cases", std::move(chunk)}}));
    }
    append(record::kPlanned, Value::map({{"cases", cases_.size()}}));
    return *this;
  }
  SampleRun& run() {
    for (const SampleCase& one : cases_) add(one);
    return *this;
  }
  void add(const SampleCase& one) {
    int attempt = 0;
    for (const judge::Trial& trial : one.earlier) trial_record(one, trial, ++attempt, {});
    if (one.tried) trial_record(one, {one.checks, one.error, false, one.facts}, ++attempt, one.texts);
    for (const judge::ChallengeRecord& challenge : one.challenges) {
      Value body = judge::to_value(challenge);
      body.set("case", one.id());
      append(record::kChallenge, std::move(body));
    }
    case_record(one, attempt);
  }
  SampleRun& seal(const std::string& reason = "finished") {
    must(bundle_.seal(Value::map({{"reason", reason}})));
    return *this;
  }
  SampleRun& whole() { return plan().run().seal(); }
  RunView view() const {
    auto read = read_run(path());
    if (!read.ok()) must(read.error());
    return std::move(read).value();
  }
  void append(std::string_view type, Value body) {
    must(bundle_.journal().append(type, std::move(body), evidence::Durable::no));
  }

 private:
  static Value plan_entry(const SampleCase& one) {
    Value entry = Value::map({{"id", one.id()},
                              {"suite", one.suite},
                              {"name", one.name},
                              {"kind", "exec"},
                              {"file", "shop.yaml"},
                              {"line", 12},
                              {"require", "real"}});
    for (const auto& [name, value] : one.plan.as_map()) entry.set(name, value);
    return entry;
  }
  void trial_record(const SampleCase& one, const judge::Trial& trial, int attempt,
                    const std::map<std::string, std::string>& texts) {
    evidence::Observation seen;
    seen.values = Value::map({{"exit", 0}});
    for (const auto& [name, bytes] : texts) seen.texts[name] = sample_output(bytes);
    Value checks = Value::list();
    for (const judge::CheckResult& check : trial.checks) checks.push(judge::to_value(check));
    Value body = Value::map({{"case", one.id()},
                             {"phase", "baseline"},
                             {"attempt", attempt},
                             {"nonce", "n0nce" + std::to_string(attempt)},
                             {"started_ms", kSampleStart + 100},
                             {"observation", evidence::keep(seen, bundle_.blobs()).value()},
                             {"facts", evidence::to_value(trial.facts)},
                             {"checks", std::move(checks)}});
    if (!trial.error.empty()) body.set("error", trial.error);
    append(record::kTrial, std::move(body));
  }
  void case_record(const SampleCase& one, int attempts) {
    judge::Judgement judgement;
    judgement.outcome = one.outcome;
    judgement.provenance = one.provenance;
    judgement.strength = one.strength;
    judgement.flaky = one.flaky;
    judgement.rule = one.rule;
    judgement.reason = one.reason;
    judgement.missing = one.missing;
    judge::Terms terms;
    terms.case_id = one.id();
    terms.kind = "exec";
    Value body = Value::map({{"case", one.id()},
                             {"terms", judge::to_value(terms)},
                             {"attempts", attempts},
                             {"judgement", judge::to_value(judgement)},
                             {"started_ms", kSampleStart + 100},
                             {"wall_ns", one.wall_ns}});
    if (!one.why_not_run.empty()) body.set("why_not_run", one.why_not_run);
    append(record::kCase, std::move(body));
  }

  TempDir folder_;
  evidence::Bundle bundle_;
  std::vector<SampleCase> cases_;
  std::vector<std::string> suites_;
};

/// One case of every fate a case can have.
inline std::vector<SampleCase> every_fate() {
  using judge::Outcome, judge::Provenance, judge::Strength;
  std::vector<SampleCase> cases;
  cases.push_back({.name = "proven"});
  cases.push_back({.name = "observed", .strength = Strength::observed});
  cases.push_back({.name = "canned",
                   .provenance = Provenance::mock,
                   .strength = Strength::none,
                   .reason = "the answer stayed the same while the input changed",
                   .rule = "R10",
                   .missing = {"an answer that follows its input"}});
  cases.push_back({.name = "pretended", .provenance = Provenance::simulated, .strength = Strength::none, .rule = "R5"});
  cases.push_back({.name = "unseen", .provenance = Provenance::unproven, .strength = Strength::none, .rule = "R13"});
  cases.push_back(
      {.name = "unchallenged", .plan = Value::map({{"require", "challenged"}}), .strength = Strength::observed});
  cases.push_back({.name = "accepted",
                   .plan = Value::map({{"require", "none"}}),
                   .provenance = Provenance::unproven,
                   .strength = Strength::none});
  cases.push_back({.name = "wrong",
                   .outcome = Outcome::fail,
                   .reason = "the claim is false",
                   .rule = "R1",
                   .checks = {sample_check(judge::Held::no, "503")},
                   .texts = {{"stdout", "listening\n"}, {"stderr", std::string(2000, 'e')}}});
  cases.push_back({.name = "unreachable",
                   .outcome = Outcome::error,
                   .provenance = Provenance::unproven,
                   .strength = Strength::none,
                   .rule = "R1",
                   .error = "connection refused"});
  cases.push_back({.name = "declared",
                   .plan = Value::map({{"skip", "no licence for the simulator here"}}),
                   .outcome = Outcome::skip,
                   .provenance = Provenance::unproven,
                   .strength = Strength::none,
                   .rule = "",
                   .tried = false});
  cases.push_back({.name = "behind",
                   .outcome = Outcome::not_run,
                   .provenance = Provenance::unproven,
                   .strength = Strength::none,
                   .rule = "",
                   .why_not_run = "needs wrong, which failed",
                   .tried = false});
  cases.push_back({.name = "if-possible",
                   .plan = Value::map({{"optional", true}}),
                   .outcome = Outcome::not_run,
                   .provenance = Provenance::unproven,
                   .strength = Strength::none,
                   .rule = "",
                   .why_not_run = "needs wrong, which failed",
                   .tried = false});
  cases.push_back({.name = "waived",
                   .plan = Value::map({{"soft", true}, {"owner", "ann"}, {"expires", "2027-01-31"}}),
                   .outcome = Outcome::fail,
                   .checks = {sample_check(judge::Held::no, "404")}});
  judge::Trial first;
  first.error = "timed out after 2 s";
  cases.push_back({.name = "sometimes", .flaky = true, .earlier = {first}});
  return cases;
}
}  // namespace mccoy::run
