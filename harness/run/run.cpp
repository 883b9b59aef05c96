#include "harness/run/run.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "harness/base/file.hpp"
#include "harness/base/random.hpp"
#include "harness/base/undo.hpp"
#include "harness/run/case_runner.hpp"
#include "harness/run/context.hpp"
#include "harness/run/open_record.hpp"
#include "harness/run/records.hpp"
#include "harness/run/scheduler.hpp"
#include "harness/run/service_logs.hpp"
#include "harness/target/preflight.hpp"

namespace mccoy::run {
namespace {
using judge::Outcome;

constexpr std::int64_t kClockStepMs = 100;

/// Progress whose calls never overlap, however many threads report.
class OneAtATime final : public Progress {
 public:
  explicit OneAtATime(Progress& inner) : inner_(inner) {}
  void planned(std::int64_t cases, std::string_view bundle) override {
    guarded([&] { inner_.planned(cases, bundle); });
  }
  void preflight(const Value& record) override {
    guarded([&] { inner_.preflight(record); });
  }
  void service(const Value& record) override {
    guarded([&] { inner_.service(record); });
  }
  void started(const suite::Case& which) override {
    guarded([&] { inner_.started(which); });
  }
  void phase(const suite::Case& which, std::string_view what) override {
    guarded([&] { inner_.phase(which, what); });
  }
  void measuring(const suite::Case& which, const Value& figures) override {
    guarded([&] { inner_.measuring(which, figures); });
  }
  void ended(const CaseEnd& end) override {
    guarded([&] { inner_.ended(end); });
  }
  void note(std::string_view text) override {
    guarded([&] { inner_.note(text); });
  }

 private:
  template <class Call>
  void guarded(const Call& call) {
    const std::lock_guard lock(mutex_);
    call();
  }
  std::mutex mutex_;
  Progress& inner_;
};

Result<Masker> masker_of(const std::vector<suite::Suite>& suites) {
  std::vector<Secret> secrets;
  for (const suite::Suite& suite : suites)
    for (const std::string& name : suite.secrets)
      if (const char* value = std::getenv(name.c_str())) secrets.push_back({name, value});
  return Masker::make(secrets);
}

/// What the cases name; all services as soon as one case names none, for it may reach one by a fixed address.
std::vector<std::string> wanted_services(const suite::Suite& suite, const Schedule& schedule) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const suite::Case* which : schedule.cases) {
    if (!which->skip.empty()) continue;
    for (const std::string& name : which->uses) add(name);
    if (which->uses.empty())
      for (const suite::Service& service : suite.services) add(service.name);
  }
  return names;
}

class Run {
 public:
  Run(const std::vector<suite::Suite>& suites, const RunOptions& options, KindFinder kinds, Progress& progress,
      const Interrupt& interrupt, std::vector<Planned> plan, evidence::Bundle bundle, Masker masker, TempDir scratch,
      Undo scratch_undo)
      : suites_(suites),
        options_(options),
        kinds_(kinds),
        progress_(progress),
        interrupt_(interrupt),
        plan_(std::move(plan)),
        bundle_(std::move(bundle)),
        masker_(std::move(masker)),
        scratch_undo_(std::move(scratch_undo)),
        scratch_(std::move(scratch)),
        recorder_(bundle_, masker_) {}

  RunResult go() {
    started_ms_ = wall_ms();
    started_us_ = mono_us();
    seed_ = options_.seed != 0 ? options_.seed : fresh_seed();
    result_.bundle = bundle_.folder();
    result_.run_id = uuid_v4();
    if (journal_plan()) {
      progress_.planned(static_cast<std::int64_t>(plan_.size()), bundle_.folder());
      for (const suite::Suite& suite : suites_) run_suite(suite);
    }
    return close();
  }

 private:
  suite::Requirement requirement(const suite::Case& which) const { return options_.require.value_or(which.require); }

  bool journal_plan() {
    for (const suite::Suite& suite : suites_)
      if (auto kept = bundle_.blobs().put(masker_.mask(suite.text)); !kept.ok()) {
        result_.evidence_lost = std::move(kept).error();
        return false;
      }
    recorder_.append(record::kOpen, open_body(suites_, options_, result_.run_id, started_ms_, seed_));
    for (std::size_t first = 0; first < plan_.size(); first += record::kPlanChunk) {
      Value cases = Value::list();
      for (std::size_t i = first; i < std::min(plan_.size(), first + record::kPlanChunk); ++i)
        cases.push(plan_entry(plan_[i], requirement(*plan_[i].which)));
      recorder_.append(record::kPlan, Value::map({{"cases", std::move(cases)}}));
    }
    return recorder_.append(record::kPlanned, Value::map({{"cases", plan_.size()}}), evidence::Durable::soon);
  }

  void run_suite(const suite::Suite& suite) {
    Schedule schedule;
    for (const Planned& planned : plan_)
      if (planned.suite == &suite) schedule.cases.push_back(planned.which);
    if (schedule.cases.empty()) return;
    if (interrupt_.raised()) return none_of(schedule, "interrupted");
    if (recorder_.lost()) return none_of(schedule, "the evidence could not be kept");
    if (options_.fail_fast && !stopped_by_.empty()) return none_of(schedule, "--fail-fast: " + stopped_by_);
    schedule.jobs = jobs_of(options_);
    schedule.fail_fast = options_.fail_fast;
    auto scope = suite_scope(suite);
    if (!scope.ok()) return none_of(schedule, "the suite's variables: " + scope.error().what);
    SuiteContext context{.suite = suite,
                         .options = options_,
                         .kinds = kinds_,
                         .recorder = recorder_,
                         .progress = progress_,
                         .interrupt = interrupt_,
                         .scratch = scratch_.path(),
                         .run_started_ms = started_ms_,
                         .seed = seed_,
                         .env = options_.attached ? own_environment() : base_environment(),
                         .scope = std::move(scope).value(),
                         .services = nullptr,
                         .world = {},
                         .captures = {}};
    if (const std::string why = preflight(context); !why.empty()) return none_of(schedule, why);
    if (!suite.services.empty())
      if (const std::string why = bring_up(context, schedule); !why.empty()) return none_of(schedule, why);
    run_schedule(context, schedule, result_.problems, [this](CaseEnd end) { note_end(std::move(end)); });
    if (context.services) take_down(context);
  }

  void none_of(const Schedule& schedule, const std::string& why) {
    for (const suite::Case* which : schedule.cases) {
      const bool skipped = !which->skip.empty();
      note_end(pass_over(recorder_, *which, skipped ? Outcome::skip : Outcome::not_run, skipped ? which->skip : why));
    }
  }

  std::string preflight(SuiteContext& context) {
    std::string first;
    for (const auto& result : target::run_preflight(context.suite, context.scope, context.env, &interrupt_)) {
      const Value body = target::to_value(result, context.suite.name);
      recorder_.append(record::kPreflight, body);
      progress_.preflight(body);
      if (result.ok) continue;
      result_.problems.push_back("preflight: " + result.why);
      if (first.empty()) first = "preflight failed: " + result.why;
    }
    return first;
  }

  std::string bring_up(SuiteContext& context, const Schedule& schedule) {
    target::ServiceOptions options;
    options.scratch = scratch_.path();
    options.logs = logs_of(context.suite);
    options.run_started_ms = started_ms_;
    options.env = context.env;
    options.interrupt = &interrupt_;
    options.record = [this](std::string_view type, const Value& body) {
      recorder_.append(type, body);
      progress_.service(body);
    };
    for (const suite::Case* which : schedule.cases)
      if (const ProbeKind* kind = kinds_(which->kind->name); kind->provide != nullptr)
        kind->provide(*which, options.provisions);
    auto services = target::Services::prepare(context.suite, context.scope, std::move(options));
    if (!services.ok()) {
      result_.problems.push_back("services: " + services.error().what);
      return "the services cannot be prepared: " + services.error().what;
    }
    context.services = std::move(services).value();
    const std::vector<std::string> names = wanted_services(context.suite, schedule);
    context.services->start(names);
    for (const std::string& name : names)
      if (const auto why = context.services->unusable(name))
        result_.problems.push_back("service " + name + ": " + *why);
    return {};
  }

  void take_down(SuiteContext& context) {
    const target::Leftovers left = context.services->stop_all();
    keep_service_logs(context);
    const auto tell = [&](const char* what, const std::vector<std::string>& names) {
      for (const std::string& name : names) result_.problems.push_back(std::string("left behind: ") + what + name);
    };
    tell("", left.processes);
    tell("port ", left.ports);
    tell("file ", left.files);
  }

  std::string logs_of(const suite::Suite& suite) const { return scratch_.path() + "/logs-" + suite.name; }

  judge::Weighed weigh(const suite::Case& which, const judge::Judgement& judgement) const {
    return {.judgement = judgement,
            .require = requirement(which),
            .soft = which.level == suite::Level::soft,
            .optional = which.optional};
  }

  void note_end(CaseEnd end) {
    if (end.judgement.outcome != Outcome::pass && end.judgement.outcome != Outcome::skip && stopped_by_.empty())
      stopped_by_ = end.which->id + " did not pass";
    weighed_.emplace(end.which, weigh(*end.which, end.judgement));
    progress_.ended(end);
  }

  RunResult close() {
    std::vector<judge::Weighed> weighed;
    for (const Planned& planned : plan_) {
      const auto known = weighed_.find(planned.which);
      weighed.push_back(known != weighed_.end() ? known->second : weigh(*planned.which, {}));
    }
    note_clock_step();
    for (const std::string& problem : result_.problems)
      recorder_.append(record::kProblem, Value::map({{"text", problem}}));
    const bool interrupted = interrupt_.raised();
    if (!result_.evidence_lost) result_.evidence_lost = recorder_.loss();
    result_.summary = judge::summarise(weighed, options_.strict, interrupted, result_.evidence_lost.has_value(),
                                       result_.problems.size());
    if (!result_.evidence_lost) {
      Value body = judge::to_value(result_.summary);
      body.set("reason", interrupted ? "interrupted" : "finished");
      if (auto sealed = bundle_.seal(body); !sealed.ok()) result_.evidence_lost = std::move(sealed).error();
      if (result_.evidence_lost)
        result_.summary = judge::summarise(weighed, options_.strict, interrupted, true, result_.problems.size());
    }
    return std::move(result_);
  }

  void note_clock_step() {
    const std::int64_t drift = (wall_ms() - started_ms_) - (mono_us() - started_us_) / 1000;
    if (std::abs(drift) <= kClockStepMs) return;
    const std::string text = "the wall clock was set by " + std::to_string(drift) + " ms during the run";
    recorder_.append(record::kNote, Value::map({{"text", text}}));
    progress_.note(text);
  }

  const std::vector<suite::Suite>& suites_;
  const RunOptions& options_;
  KindFinder kinds_;
  OneAtATime progress_;
  const Interrupt& interrupt_;
  std::vector<Planned> plan_;
  evidence::Bundle bundle_;
  Masker masker_;
  Undo scratch_undo_;  ///< before the folder, so that it is withdrawn after the folder is gone
  TempDir scratch_;
  Recorder recorder_;
  RunResult result_;
  std::map<const suite::Case*, judge::Weighed> weighed_;
  std::string stopped_by_;  ///< the first case that did not pass
  std::int64_t started_ms_ = 0, started_us_ = 0;
  std::uint64_t seed_ = 0;
};
}  // namespace

Result<RunResult> run_suites(const std::vector<suite::Suite>& suites, const RunOptions& options, KindFinder kinds,
                             Progress& progress, const Interrupt& interrupt) {
  MCCOY_TRY(plan, plan_of(suites, options, kinds));
  MCCOY_TRY(masker, masker_of(suites));
  const char* tmp = std::getenv("TMPDIR");
  MCCOY_TRY(scratch, TempDir::make(tmp != nullptr && *tmp == '/' ? tmp : "/tmp", "mccoy-run-"));
  MCCOY_TRY(scratch_undo, Undo::promise(Undo::What::remove, "", scratch.path()));
  MCCOY_TRY(bundle, evidence::Bundle::create(options.out));
  return Run(suites, options, kinds, progress, interrupt, std::move(plan), std::move(bundle), std::move(masker),
             std::move(scratch), std::move(scratch_undo))
      .go();
}
}  // namespace mccoy::run
