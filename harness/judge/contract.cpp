// The claim contract weighed against what was seen: one evaluator for each kind of obligation.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/judge/weigh.hpp"
#include "harness/judge/weigh_activity.hpp"

namespace mccoy::judge {
namespace {
Weight not_watched() {
  return unseen(std::string(kNeedsWitness));
}
Weight read(const Question& question) {
  return read_seen(question).value_or(not_watched());
}
Weight delegate(const Question& question) {
  return delegation_seen(question).value_or(not_watched());
}
Weight signal(const Question& question) {
  return signal_seen(question).value_or(not_watched());
}
/// What a call returned shows only after the witness has let it pass.
Weight syscall(const Question& question) {
  if (!question.setting("errno").is_null()) return unseen("errors that the kernel returns are not watched");
  return calls_seen(question).value_or(not_watched());
}
Weight children(const Question& question) {
  return children_seen(question).value_or(not_watched());
}
Weight overlap(const Question& question) {
  return overlap_seen(question).value_or(not_watched());
}
std::string read_text(const Value& settings) {
  return fmt::format("{} was read", settings["path"].as_string());
}
std::string delegate_text(const Value& settings) {
  return fmt::format("work was handed to {}", settings["to"].as_string());
}
std::string signal_text(const Value& settings) {
  return fmt::format("signal {} reached {}", settings["sig"].as_string(), settings["to"].as_string());
}
std::string syscall_text(const Value& settings) {
  const std::string& call = settings["call"].as_string();
  if (!settings["errno"].is_null()) return fmt::format("{} failed with {}", call, settings["errno"].as_string());
  return fmt::format("{} was called", call);
}
std::string children_text(const Value& settings) {
  const std::string what = settings["exe"].is_null() ? "processes" : "processes of " + settings["exe"].as_string();
  return fmt::format("{} {} ran at the same time", quantity(settings["min"], 1), what);
}
std::string overlap_text(const Value& settings) {
  const std::string& one = settings["exe"].as_string();
  if (settings["with"].is_null()) return fmt::format("two of {} ran at the same time", one);
  return fmt::format("{} and {} ran at the same time", one, settings["with"].as_string());
}
/// That two were alive at once says how the work was done, not that it was; a call may have failed.
constexpr std::array<ObligationRow, 6> kUnwatched = {{{"read", &read, &read_text, false},
                                                      {"delegate", &delegate, &delegate_text, true},
                                                      {"signal", &signal, &signal_text, true},
                                                      {"syscall", &syscall, &syscall_text, false},
                                                      {"children", &children, &children_text, false},
                                                      {"overlap", &overlap, &overlap_text, false}}};

const ObligationRow* row_of(std::string_view kind) {
  for (const auto rows : {process_obligations(), file_obligations(), socket_obligations(), unwatched_obligations()}) {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [kind](const ObligationRow& row) { return row.kind == kind; });
    if (found != rows.end()) return &*found;
  }
  return nullptr;
}

ObligationResult weigh_one(const Question& question) {
  const suite::Obligation& obligation = question.obligation;
  ObligationResult result;
  result.stated = obligation.stated;
  result.kind = obligation.kind->name;
  result.performing = obligation.kind->performing;
  result.effect = obligation.kind->effect;
  const ObligationRow* row = row_of(obligation.kind->name);
  if (row == nullptr) {  // a kind this judge does not know is never held
    result.text = result.kind;
    result.why = "this version cannot weigh it";
    return result;
  }
  Weight weight = row->weigh(question);
  result.text = row->text(obligation.settings);
  result.shows_work = row->shows_work;
  result.status = weight.status;
  result.why = std::move(weight.why);
  result.accuses = weight.accuses;
  result.untouched = weight.untouched;
  return result;
}

bool asks_a_server(const Terms& terms) {
  return terms.kind == "http" || terms.kind == "tcp";
}
bool was_known(const std::optional<evidence::Responder>& responder) {
  return responder && responder->how != evidence::Responder::How::unseen &&
         responder->who != evidence::Responder::Who::unknown;
}

/// An answer is worth nothing as long as nobody knows whose it is, whatever else the suite states or leaves out.
ObligationResult nobody_known(const evidence::Facts& facts) {
  ObligationResult result;
  result.text = "it is known who answered";
  result.kind = "listener";
  result.stated = false;
  result.why = facts.responder && !facts.responder->why_unseen.empty() ? facts.responder->why_unseen
                                                                       : "no conversation was seen";
  return result;
}

std::vector<ObligationResult> weigh_all(const Terms& terms, const evidence::Facts& facts, bool exit_checked) {
  std::vector<ObligationResult> results;
  for (const auto& obligation : terms.contract)
    results.push_back(weigh_one({obligation, facts, exit_checked, terms.claim, terms.contract}));
  if (asks_a_server(terms) && !was_known(facts.responder)) results.push_back(nobody_known(facts));
  return results;
}
}  // namespace

std::span<const ObligationRow> unwatched_obligations() {
  return kUnwatched;
}
Weight held(std::string why) {
  return {.status = ObligationStatus::held, .why = std::move(why)};
}
Weight unseen(std::string why) {
  return {.status = ObligationStatus::unseen, .why = std::move(why)};
}
Weight broken(std::string why, std::string_view accuses) {
  return {.status = ObligationStatus::broken, .why = std::move(why), .accuses = accuses};
}
Weight untouched(std::string why) {
  return {.status = ObligationStatus::broken, .why = std::move(why), .untouched = true};
}

std::vector<ObligationResult> weigh(const Terms& terms, const evidence::Facts& facts) {
  return weigh_all(terms, facts, false);
}

std::vector<ObligationResult> weigh(const Terms& terms, const Trial& trial) {
  const bool exit_checked = std::any_of(trial.checks.begin(), trial.checks.end(), [](const CheckResult& check) {
    return check.held == Held::yes && (check.subject == "exit" || check.subject == "signal");
  });
  return weigh_all(terms, trial.facts, exit_checked);
}
}  // namespace mccoy::judge
