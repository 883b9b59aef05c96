#include "harness/run/trial.hpp"

#include <algorithm>
#include <filesystem>

#include "harness/base/digest.hpp"
#include "harness/base/text.hpp"
#include "harness/judge/gates.hpp"
#include "harness/run/baseline.hpp"
#include "harness/run/breakage.hpp"
#include "harness/run/identities.hpp"
#include "harness/run/kept_activity.hpp"
#include "harness/run/neighbours.hpp"
#include "harness/run/records.hpp"
#include "harness/run/service_windows.hpp"
#include "harness/run/trial_scope.hpp"
#include "harness/run/trial_watch.hpp"
#include "harness/suite/read_gates.hpp"
#include "harness/witness/files.hpp"

namespace mccoy::run {
namespace {
constexpr std::size_t kLastOutput = 4096;

/// Everything one trial needs while it goes on; its steps in the order in which they are taken.
class Attempt {
 public:
  Attempt(SuiteContext& context, const suite::Case& which, const Perturbation& perturbation, TrialPlace place)
      : context_(context),
        which_(which),
        perturbation_(perturbation),
        place_(std::move(place)),
        seed_(derive_seed(context.seed, name_of(which, place_))),
        variables_(context, which, perturbation, seed_) {}

  TrialRun go() {
    started_ms_ = wall_ms();
    if (auto done = act(); !done.ok()) fail(variables_.trouble().value_or(done.error()));
    run_.vary_used = variables_.vary_used();
    run_.nonce_used = variables_.nonce_used();
    run_.nonce = variables_.nonce();
    run_.interrupted = context_.interrupt.raised() && run_.outcome() != judge::Outcome::pass;
    journal();
    return std::move(run_);
  }

 private:
  static std::string name_of(const suite::Case& which, const TrialPlace& place) {
    const std::string name = which.id + "/" + place.phase + "/" + std::to_string(place.attempt);
    return place.round == 1 ? name : name + "." + std::to_string(place.round);
  }

  Status act() {
    MCCOY_DO(make_folder());
    MCCOY_DO(environment());
    MCCOY_DO(set_up());
    MCCOY_DO(settle());
    MCCOY_DO(observe());
    evaluate();
    MCCOY_DO(believe());
    if (run_.outcome() == judge::Outcome::pass) MCCOY_DO(capture());
    extract();
    MCCOY_DO(ask_oracle());
    return {};
  }

  void fail(const Error& error) {
    run_.trial.error =
        context_.recorder.masker().mask(error.what + (error.hint.empty() ? "" : " (" + error.hint + ")"));
    run_.trial.timed_out = error.cause == std::errc::timed_out;
  }

  Status make_folder() {
    folder_ = context_.suite.folder;
    if (which_.workspace.empty()) return {};
    MCCOY_TRY(from, variables_.scope().expand_text(which_.workspace, which_.span));
    folder_ = variables_.scratch() + "/workspace";
    return copy_tree(absolute(from, context_.suite.folder), folder_);
  }

  /// The base, then what the challenge changes. The case's own `env` is laid over it by the probe; see settle().
  Status environment() {
    env_ = context_.env;
    if (perturbation_.challenge == nullptr) return {};
    for (const auto& [name, located] : perturbation_.challenge->env) {
      MCCOY_TRY(value, variables_.scope().expand(located.value, located.span));
      changed_env_.emplace_back(name, value);
      if (!value.is_null()) set_env(env_, name, suite::scalar_text(value));
    }
    return {};
  }

  Result<Captured> command(const suite::Located& argv, std::vector<std::string> env) {
    MCCOY_TRY(expanded, variables_.scope().expand(argv.value, argv.span));
    Command command;
    for (const Value& word : expanded.as_list()) command.argv.push_back(suite::scalar_text(word));
    command.env = std::move(env);
    command.cwd = folder_;
    return run_command(command, Deadline::in(which_.within), kKeepOutput, &context_.interrupt);
  }

  Status set_up() {
    for (const suite::Located& argv : which_.before) {
      MCCOY_TRY(done, command(argv, env_));
      if (!succeeded(done)) return Error{.where = argv.span, .what = "set-up did not succeed: " + told(argv, done)};
    }
    if (perturbation_.challenge == nullptr) return {};
    for (const suite::Located& argv : perturbation_.challenge->before) {
      auto done = command(argv, env_);
      if (done.ok() && succeeded(*done)) continue;
      run_.perturbed = false;
      run_.perturbed_why = context_.recorder.masker().mask(done.ok() ? told(argv, *done) : done.error().what);
    }
    if (!perturbation_.challenge->file.empty() && !which_.workspace.empty()) break_in_workspace();
    return {};
  }

  /// Gone with the private copy of the workspace.
  void break_in_workspace() {
    const suite::Challenge& challenge = *perturbation_.challenge;
    auto path = variables_.scope().expand_text(challenge.file, challenge.span);
    auto broken =
        path.ok() ? Breakage::make(absolute(*path, folder_), challenge.file_how) : Result<Breakage>(path.error());
    run_.perturbed = run_.perturbed && broken.ok();
    if (broken.ok())
      broken_.emplace(std::move(broken).value());
    else
      run_.perturbed_why = broken.error().what;
  }

  static bool succeeded(const Captured& done) {
    return done.ended.exited && done.ended.code == 0 && !done.deadline_passed && !done.interrupted;
  }
  static std::string told(const suite::Located& argv, const Captured& done) {
    std::vector<std::string> words;
    for (const Value& word : argv.value.as_list()) words.push_back(suite::scalar_text(word));
    std::string text = "`" + shell_quoted(words) + "` ";
    if (done.deadline_passed)
      text += "was still running at its deadline";
    else
      text += done.ended.exited ? "exited with " + std::to_string(done.ended.code)
                                : "was ended by SIG" + signal_name(done.ended.code);
    const std::string_view last = trim(done.err.bytes > 0 ? done.err.head : done.out.head);
    return last.empty() ? text : text + ": " + visible_line(last, 200);
  }

  /// Settings with the challenge's changes laid over what the case says.
  Status settle() {
    kind_ = context_.kinds(which_.kind->name);
    suite::Located head = which_.head;
    suite::LocatedMap given = which_.settings;
    if (const suite::Challenge* challenge = perturbation_.challenge) {
      if (!challenge->argv.empty()) head = changed_argv(*challenge);
      for (const auto& [name, value] : changed_env_) change_env(given, name, value);
    }
    MCCOY_TRY(settings, suite::Settings::resolve(*which_.kind, head, given, variables_.scope()));
    settings_ = std::move(settings);
    MCCOY_TRY(checks, suite::expand_checks(which_.checks, variables_.scope()));
    checks_ = std::move(checks);
    return agree_terms();
  }

  suite::Located changed_argv(const suite::Challenge& challenge) const {
    suite::Located head{Value::list(), challenge.span};
    for (const suite::Located& word : challenge.argv) {
      if (word.value.as_string() == "…" || word.value.as_string() == "...") {
        if (!which_.head.value.as_list().empty()) head.value.push(which_.head.value.as_list().front());
      } else {
        head.value.push(word.value);
      }
    }
    return head;
  }

  static void change_env(suite::LocatedMap& given, const std::string& name, const Value& value) {
    auto env = std::ranges::find(given, "env", &suite::LocatedMap::value_type::first);
    if (env == given.end()) env = given.insert(given.end(), {"env", {Value::map(), {}}});
    env->second.value.set(name, value);
  }

  Status agree_terms() {
    expected_service_ = context_.services ? context_.services->service_at(kind_->address(settings_)) : "";
    run_.terms.case_id = which_.id;
    run_.terms.kind = which_.kind->name;
    run_.terms.claim = which_.claim;
    for (const suite::Challenge& challenge : which_.challenges) run_.terms.challenges.push_back(challenge.name);
    std::vector<suite::Obligation> contract = which_.contract;
    for (const suite::Check& check : checks_)
      if (check.op == suite::Op::glob && check.subject.source == "wrote") contract.push_back(write_of(check));
    if (contract.empty() && claims_absence())
      contract.push_back(unstated("absent", settings_.head()));
    else if (contract.empty())
      contract = kind_->default_contract(settings_, expected_service_);
    for (suite::Obligation& obligation : contract) {
      MCCOY_TRY(settings, scope_of(obligation).expand(obligation.settings, obligation.span));
      obligation.settings = std::move(settings);
      if (obligation.kind->name == "service") make_absolute(obligation.settings);
      resolve_identities(obligation, env_, obligation.stated ? folder_ : folder_of_command());
      run_.terms.contract.push_back(std::move(obligation));
    }
    return {};
  }

  /// What a service must have done is said with its own ${dir} and ${port}.
  suite::Scope scope_of(const suite::Obligation& obligation) const {
    const suite::Scope& scope = variables_.scope();
    if (obligation.kind->name != "service" || !obligation.settings["svc"].is_string()) return scope;
    const std::string prefix = "services." + obligation.settings["svc"].as_string() + ".";
    Value own = Value::map();
    for (const std::string_view name : {"dir", "port"}) {
      Value storage;
      if (const Value* value = scope.find(prefix + std::string(name), storage)) own.set(name, *value);
    }
    return scope.with(std::move(own));
  }

  void make_absolute(Value& settings) const {
    for (const std::string_view field : {"read", "write", "nowrite"}) {
      if (settings.find(field) == nullptr) continue;
      Value places = Value::list();
      const Value given = settings[field].is_list() ? settings[field] : Value(Value::List{settings[field]});
      for (const Value& place : given.as_list()) places.push(absolute(suite::scalar_text(place), real_folder()));
      settings.set(field, std::move(places));
    }
  }

  /// A file case that says that nothing is there does not claim that something was written.
  bool claims_absence() const {
    return which_.kind->name == "file" && std::ranges::any_of(checks_, [](const suite::Check& check) {
             const bool is_existence = check.subject.source == "exists" && check.operand == Value(false);
             const bool is_count = check.subject.source == "count" && suite::scalar_text(check.operand) == "0";
             return (is_existence && check.op == suite::Op::equals) ||
                    (is_count && (check.op == suite::Op::equals || check.op == suite::Op::compare));
           });
  }

  static suite::Obligation unstated(std::string_view kind, const Value& path) {
    return {.kind = suite::find_obligation_kind(kind),
            .settings = Value::map({{"path", path}}),
            .span = {},
            .stated = false};
  }

  /// `wrote: [glob]` claims that the command made these files in this trial, and did not copy something older.
  static suite::Obligation write_of(const suite::Check& check) {
    return {.kind = suite::find_obligation_kind("write"),
            .settings = Value::map({{"path", check.operand}, {"derived", true}, {"expected", true}}),
            .span = check.span,
            .stated = true};
  }

  static bool is_about_files(const suite::Obligation& obligation) {
    return obligation.kind->name == "write" || obligation.kind->name == "absent";
  }

  std::vector<std::string> watched_globs() const {
    std::vector<std::string> globs;
    for (const suite::Obligation& obligation : run_.terms.contract)
      if (is_about_files(obligation) && which_.kind->name != "file")
        globs.push_back(obligation.settings["path"].as_string());
    return globs;
  }

  Status observe() {
    MCCOY_TRY(probe, kind_->make(settings_));
    Trial trial;
    trial.case_id = which_.id;
    trial.nonce = variables_.nonce();
    trial.seed = seed_;
    trial.folder = folder_;
    trial.scratch = context_.scratch;
    trial.env = env_;
    trial.attached = context_.options.attached && place_.phase == "baseline";  // only that one is the user's
    trial.interrupt = &context_.interrupt;
    trial.checks = checks_;
    NeighbourTrials neighbours(context_, which_, place_);
    trial.neighbours = &neighbours;
    trial.services = context_.services.get();
    trial.dry_run = context_.options.dry_run;
    trial.beyond_suite = context_.options.beyond_suite;
    trial.phase = [this](std::string_view what) { context_.progress.phase(which_, what); };
    trial.progress = [this](const Value& figures) { context_.progress.measuring(which_, figures); };
    TrialWatch watch(context_, which_, expected_service_);
    if (place_.asked) watch.look_at_services_anyway();
    if (perturbation_.challenge != nullptr && perturbation_.challenge->cut_network) watch.cut_network();
    trial.watch = &watch;
    const std::vector<std::string> globs = watched_globs();
    std::optional<witness::FileWatch> files;
    if (!globs.empty()) files.emplace(witness::FileWatch::begin(globs, folder_));
    ServiceWindows services(context_, which_, run_.terms.contract);
    const Instant began = Clock::now();
    trial.deadline = Deadline::in(which_.within);
    run_.asked = true;
    auto observed = probe->observe(trial);
    run_.trial.neighbours = neighbours.take();
    const Duration wall = Clock::now() - began;
    run_.trial.facts = watch.take();
    evidence::Facts& facts = run_.trial.facts;
    services.end(facts);
    if (place_.asked) facts.services_alone = false;  // whoever asks it does other things beside
    if (facts.wall_ns == 0) facts.wall_ns = wall.count();
    if (files) look_at_files(*files);
    if (which_.kind->name == "file")
      for (const suite::Obligation& obligation : run_.terms.contract)
        if (is_about_files(obligation)) look_at_place(obligation.settings["path"].as_string());
    count_tests(run_.terms, folder_, started_ms_, facts);
    facts.folder = real_folder();
    const bool shape = std::ranges::any_of(which_.challenges, [](const auto& item) { return !item.same.empty(); });
    keep_what_matters(facts, run_.terms, context_.suite.fingerprints, shape);
    note_named_stand_ins(run_.terms, context_.suite, which_);
    if (!observed.ok()) return std::move(observed).error();
    observation_ = std::move(observed).value();
    if (files) observation_->values.set("wrote", wrote());
    if (suite::needs_baseline(checks_)) MCCOY_DO(lay_baseline_beside());
    count_requests();
    mask();
    see_nonce();
    if (judge::is_chaos(*observation_)) conclude();
    return {};
  }

  /// What follows from the record of a chaos trial stands beside it; a dry run has nothing but its plan to look at.
  void conclude() {
    const Value follows = judge::conclude_chaos(*observation_);
    for (const auto& [name, value] : follows.as_map()) observation_->values.set(name, value);
    run_.trial.chaos = judge::chaos_facts(*observation_);
    show_chaos();
    if (!run_.trial.chaos->dry_run) return;
    checks_ = {suite::Check{.subject = {.source = "plan", .argument = {}},
                            .op = suite::Op::empty,
                            .operand = Value(false),
                            .span = which_.span}};
  }

  void show_chaos() {
    Value figures = run_.figures.is_map() ? run_.figures : Value::map();
    for (const char* name : {"chaos", "metrics"}) figures.set(name, observation_->values[name]);
    run_.figures = std::move(figures);
  }

  Status lay_baseline_beside() {
    MCCOY_TRY(stated, variables_.scope().expand(which_.baseline.value, which_.baseline.span));
    const std::string from_suite = stated.is_null() ? "" : absolute(suite::scalar_text(stated), context_.suite.folder);
    add_baseline(context_.options.baseline.empty() ? from_suite : context_.options.baseline, which_.id, *observation_);
    return {};
  }

  /// A probe that makes many requests shows the watch a few connections and counts the rest itself.
  void count_requests() {
    const Value& all = observation_->values["load"]["all"];
    std::optional<evidence::Responder>& responder = run_.trial.facts.responder;
    if (all.is_map())
      run_.figures =
          Value::map({{"load", observation_->values["load"]}, {"arrivals", observation_->values["arrivals"]}});
    if (!responder || !all.is_map()) return;
    responder->requests = all["finished"].as_int();
    responder->bytes_out = all["bytes_out"].as_int();
    responder->bytes_in = all["bytes_in"].as_int();
  }

  /// What was measured is kept and shown, and the trial is an error all the same.
  Status believe() const {
    std::string why = judge::void_reason(*observation_);
    if (why.empty() && run_.trial.chaos) why = run_.trial.chaos->lacks;
    return why.empty() ? Status() : Status(Error{.what = why});
  }

  /// Where a name of the command itself is looked up; what the suite states begins in the folder of the trial.
  std::string folder_of_command() const {
    const std::string cwd = settings_.text("cwd");
    return cwd.empty() ? folder_ : absolute(cwd, folder_);
  }

  /// As observers see it: without links.
  std::string real_folder() const {
    std::error_code unknown;
    return std::filesystem::canonical(folder_, unknown).string();
  }

  /// What stands at a path, or at each that matches a pattern; the path itself when nothing does.
  void look_at_place(const std::string& place) {
    std::vector<evidence::SeenFile>& seen = run_.trial.facts.files;
    evidence::SeenFile itself = witness::look_at(absolute(place, folder_), context_.run_started_ms);
    const auto matches = glob(place, folder_);
    if (itself.change != evidence::SeenFile::Change::missing || !matches.ok() || matches->empty()) {
      seen.push_back(std::move(itself));
      return;
    }
    for (const std::string& path : *matches)
      seen.push_back(witness::look_at(absolute(path, folder_), context_.run_started_ms));
  }

  void look_at_files(witness::FileWatch& files) {
    evidence::Coverage coverage;
    run_.trial.facts.files = files.end(coverage);
    run_.trial.facts.coverage.push_back(std::move(coverage));
  }

  /// An honest rebuild gives the same bytes again: it was emptied or made anew for that, which a touch does not do.
  bool was_written_again(const evidence::SeenFile& file) const {
    const evidence::Facts& facts = run_.trial.facts;
    const std::string path = absolute(file.path, facts.folder);
    return facts.activity && std::ranges::any_of(facts.activity->writes, [&](const evidence::SeenWrite& write) {
             return write.path == path && (write.emptied || write.before.inode != write.after.inode);
           });
  }

  Value wrote() const {
    using Change = evidence::SeenFile::Change;
    Value paths = Value::list();
    for (const evidence::SeenFile& file : run_.trial.facts.files)
      if (file.change == Change::created || file.change == Change::changed ||
          (file.change == Change::unchanged && was_written_again(file)))
        paths.push(file.path);
    return paths;
  }

  /// Secrets are gone before anything is judged or kept, so that `mccoy verify` judges what this run judged.
  void mask() {
    const Masker& masker = context_.recorder.masker();
    observation_->values = masker.mask_value(observation_->values);
    for (auto& [name, text] : observation_->texts) {
      const bool whole = text.whole();  // then head and tail touch, and a secret may lie across
      std::string head = masker.mask(whole ? text.text() : text.head), tail = whole ? "" : masker.mask(text.tail);
      if (whole && head == text.text()) continue;
      if (head == text.head && tail == text.tail) continue;
      text.head = std::move(head);
      text.tail = std::move(tail);
      text.sha256 = sha256(text.text());  // the digest of what was masked would let a short secret be guessed
      if (text.whole()) text.bytes = static_cast<std::int64_t>(text.head.size() + text.tail.size());
    }
    for (suite::Check& check : checks_) check.operand = masker.mask_value(check.operand);
  }

  void see_nonce() {
    evidence::Facts& facts = run_.trial.facts;
    facts.nonce_sent = variables_.nonce_used();
    facts.nonce_returned = facts.nonce_sent && std::ranges::any_of(observation_->texts, [&](const auto& named) {
                             return named.second.head.find(variables_.nonce()) != std::string::npos ||
                                    named.second.tail.find(variables_.nonce()) != std::string::npos;
                           });
  }

  void evaluate() {
    for (const suite::Check& check : checks_) run_.trial.checks.push_back(judge::evaluate(check, *observation_));
    for (const std::string name : {"stderr", "stdout", "body", "reply", "content"}) {
      const auto text = observation_->texts.find(name);
      if (text == observation_->texts.end() || text->second.bytes == 0) continue;
      const std::string& kept = text->second.tail.empty() ? text->second.head : text->second.tail;
      run_.last_output = kept.size() > kLastOutput ? kept.substr(kept.size() - kLastOutput) : kept;
      run_.last_output_name = name;
      break;
    }
  }

  Status capture() {
    for (const suite::Capture& capture : which_.captures) {
      auto found = judge::extract(capture.from, *observation_);
      if (!found.ok())
        return Error{.where = capture.span,
                     .what = "nothing to capture as \"" + capture.name + "\": " + found.error().what};
      run_.captured.set(capture.name, std::move(found).value());
    }
    return {};
  }

  void extract() {
    if (perturbation_.challenge == nullptr || !perturbation_.challenge->vary) return;
    auto found = judge::extract(perturbation_.challenge->vary->of, *observation_);
    if (found.ok())
      run_.extracted = std::move(found).value();
    else
      run_.extract_why = found.error().what;
  }

  /// The oracle finds the texts of the observation in files named by variables: $STDOUT, $STDERR, $BODY, …
  Status ask_oracle() {
    if (perturbation_.challenge == nullptr || perturbation_.challenge->oracle.empty()) return {};
    std::vector<std::string> env = env_;
    for (const auto& [name, text] : observation_->texts) {
      std::string upper = name;
      std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      const std::string path = variables_.scratch() + "/" + name;
      MCCOY_DO(write_atomically(path, text.text(), 0600));
      set_env(env, upper, path);
    }
    set_env(env, "NONCE", variables_.nonce());
    suite::Located argv{Value::list(), perturbation_.challenge->span};
    for (const suite::Located& word : perturbation_.challenge->oracle) argv.value.push(word.value);
    MCCOY_TRY(done, command(argv, env));
    if (gave_an_answer(done)) run_.oracle_agrees = done.ended.code == 0;
    return {};
  }

  /// An oracle that was ended, could not be run by its shell or ran out of time has said neither yes nor no.
  static bool gave_an_answer(const Captured& done) {
    constexpr int kCannotBeRun = 126, kNotFound = 127;
    return done.ended.exited && !done.deadline_passed && !done.interrupted && done.ended.code != kCannotBeRun &&
           done.ended.code != kNotFound;
  }

  void journal() {
    Value body = Value::map({{"case", place_.of.empty() ? which_.id : place_.of},
                             {"phase", place_.phase},
                             {"attempt", place_.attempt},
                             {"nonce", variables_.nonce()},
                             {"started_ms", started_ms_}});
    if (place_.round > 1) body.set("round", place_.round);
    if (place_.asked) body.set("terms", judge::to_value(run_.terms));
    Value asked = Value::list();
    for (const suite::Check& check : checks_) asked.push(suite::to_value(check));
    body.set("asked", std::move(asked));
    if (observation_) {
      auto kept = context_.recorder.keep(*observation_);
      if (kept.ok()) body.set("observation", std::move(kept).value());
    }
    body.set("facts", evidence::to_value(run_.trial.facts));
    if (!run_.trial.error.empty()) body.set("error", run_.trial.error);
    if (run_.trial.timed_out) body.set("timed_out", true);
    Value results = Value::list();
    for (const judge::CheckResult& result : run_.trial.checks) results.push(judge::to_value(result));
    body.set("checks", std::move(results));
    context_.recorder.append(record::kTrial, body);
  }

  SuiteContext& context_;
  const suite::Case& which_;
  const Perturbation& perturbation_;
  TrialPlace place_;
  std::uint64_t seed_;
  TrialScope variables_;
  std::int64_t started_ms_ = 0;
  std::string folder_;
  std::vector<std::string> env_;
  std::vector<std::pair<std::string, Value>> changed_env_;
  const ProbeKind* kind_ = nullptr;
  suite::Settings settings_;
  std::vector<suite::Check> checks_;
  std::string expected_service_;
  std::optional<evidence::Observation> observation_;
  std::optional<Breakage> broken_;  ///< a file of the private workspace
  TrialRun run_;
};
}  // namespace

std::string TrialRun::why() const {
  if (!trial.error.empty()) return trial.error;
  for (const judge::CheckResult& check : trial.checks)
    if (check.held != judge::Held::yes)
      return check.subject + " " + check.expected + ", but was " + visible_line(check.actual, 120) +
             (check.why.empty() ? "" : " (" + check.why + ")");
  return {};
}

TrialRun run_trial(SuiteContext& context, const suite::Case& which, const Perturbation& perturbation,
                   TrialPlace place) {
  return Attempt(context, which, perturbation, std::move(place)).go();
}
}  // namespace mccoy::run
