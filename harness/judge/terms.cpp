// Terms, challenge records and their words, as the journal holds them.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/base/text.hpp"
#include "harness/judge/judge.hpp"

namespace mccoy::judge {
namespace {
template <class Word>
struct Named {
  Word word;
  std::string_view text;
};
constexpr std::array<Named<ChallengeClass>, 6> kClasses = {{{ChallengeClass::control, "control"},
                                                            {ChallengeClass::sensitivity, "sensitivity"},
                                                            {ChallengeClass::bound_wall, "bound-wall"},
                                                            {ChallengeClass::bound_cpu, "bound-cpu"},
                                                            {ChallengeClass::equivalent, "equivalent"},
                                                            {ChallengeClass::liveness, "liveness"}}};
constexpr std::array<Named<ChallengeStatus>, 3> kStatuses = {
    {{ChallengeStatus::void_, "void"}, {ChallengeStatus::met, "met"}, {ChallengeStatus::unmet, "unmet"}}};
constexpr std::array<Named<ObligationStatus>, 3> kObligations = {
    {{ObligationStatus::unseen, "unseen"}, {ObligationStatus::held, "held"}, {ObligationStatus::broken, "broken"}}};
constexpr std::array<Named<suite::Expected>, 3> kExpected = {
    {{suite::Expected::fail, "fail"}, {suite::Expected::pass, "pass"}, {suite::Expected::any, "any"}}};
constexpr std::array<Named<suite::Relation>, 5> kRelations = {{{suite::Relation::differs, "differs"},
                                                               {suite::Relation::equals, "equals"},
                                                               {suite::Relation::increases, "increases"},
                                                               {suite::Relation::decreases, "decreases"},
                                                               {suite::Relation::scales, "scales"}}};

template <class Word, std::size_t size>
std::string_view text_of(const std::array<Named<Word>, size>& names, Word word) {
  const auto* row = std::find_if(names.begin(), names.end(), [word](const auto& named) { return named.word == word; });
  MCCOY_CHECK(row != names.end());
  return row->text;
}
template <class Word, std::size_t size>
std::optional<Word> word_of(const std::array<Named<Word>, size>& names, std::string_view text) {
  const auto* row = std::find_if(names.begin(), names.end(), [text](const auto& named) { return named.text == text; });
  return row == names.end() ? std::nullopt : std::optional<Word>(row->word);
}

Value texts(const std::vector<std::string>& items) {
  Value list = Value::list();
  for (const auto& item : items) list.push(item);
  return list;
}
std::vector<std::string> texts_of(const Value& list) {
  std::vector<std::string> items;
  for (const auto& item : list.as_list()) items.push_back(item.as_string());
  return items;
}

void set_unless_empty(Value& value, std::string_view name, const std::string& text) {
  if (!text.empty()) value.set(name, text);
}
void set_unless_empty(Value& value, std::string_view name, const std::vector<std::string>& items) {
  if (!items.empty()) value.set(name, texts(items));
}
Value to_value(const suite::Obligation& obligation) {
  Value value = Value::map({{"kind", obligation.kind->name}, {"settings", obligation.settings}});
  if (!obligation.stated) value.set("stated", false);
  if (!obligation.span.file.empty()) value.set("file", obligation.span.file);
  if (obligation.span.line > 0) value.set("line", obligation.span.line).set("column", obligation.span.column);
  return value;
}

constexpr std::array<suite::Fingerprint::Kind, 9> kKinds = {
    suite::Fingerprint::Kind::no_double,      suite::Fingerprint::Kind::runner,
    suite::Fingerprint::Kind::test_double,    suite::Fingerprint::Kind::service_virtualisation,
    suite::Fingerprint::Kind::emulator,       suite::Fingerprint::Kind::recorder,
    suite::Fingerprint::Kind::fake_clock,     suite::Fingerprint::Kind::fake_fs,
    suite::Fingerprint::Kind::fault_simulator};
constexpr std::array<suite::Fingerprint::Implies, 3> kImplies = {
    suite::Fingerprint::Implies::nothing, suite::Fingerprint::Implies::simulated, suite::Fingerprint::Implies::mock};
/// What is not understood reads as the first: no double, implying nothing.
template <class Word, std::size_t size>
Word named(const std::array<Word, size>& words, const std::string& text) {
  const auto* found = std::find_if(words.begin(), words.end(), [&](Word word) { return suite::to_text(word) == text; });
  return found == words.end() ? words.front() : *found;
}

/// What recognises it and what it implies; what is said of it for people stays in the catalogue.
Value to_value(const suite::Fingerprint& fingerprint) {
  Value value = Value::map({{"id", fingerprint.id},
                            {"kind", suite::to_text(fingerprint.kind)},
                            {"implies", suite::to_text(fingerprint.implies)}});
  set_unless_empty(value, "library", fingerprint.library);
  set_unless_empty(value, "stands_for", fingerprint.stands_for);
  set_unless_empty(value, "files", fingerprint.files);
  set_unless_empty(value, "programs", fingerprint.programs);
  set_unless_empty(value, "with", fingerprint.with);
  set_unless_empty(value, "always_loaded_by", fingerprint.always_loaded_by);
  return value;
}
suite::Fingerprint fingerprint_from(const Value& value) {
  suite::Fingerprint fingerprint;
  fingerprint.id = value["id"].as_string();
  fingerprint.library = value["library"].as_string();
  fingerprint.kind = named(kKinds, value["kind"].as_string());
  fingerprint.implies = named(kImplies, value["implies"].as_string());
  fingerprint.stands_for = texts_of(value["stands_for"]);
  fingerprint.files = texts_of(value["files"]);
  fingerprint.programs = texts_of(value["programs"]);
  fingerprint.with = texts_of(value["with"]);
  fingerprint.always_loaded_by = texts_of(value["always_loaded_by"]);
  return fingerprint;
}

Result<suite::Obligation> obligation_from(const Value& value) {
  const auto kinds = suite::obligation_kinds();
  const std::string& name = value["kind"].as_string();
  const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return k.name == name; });
  if (kind == kinds.end())
    return Error{.what = fmt::format("a recorded obligation is of an unknown kind \"{}\"", visible_line(name, 40))};
  suite::Obligation obligation;
  obligation.kind = &*kind;
  obligation.settings = value["settings"];
  obligation.stated = value["stated"].as_bool(true);
  obligation.span.file = intern(value["file"].as_string());
  obligation.span.line = static_cast<int>(value["line"].as_int());
  obligation.span.column = static_cast<int>(value["column"].as_int());
  return obligation;
}

}  // namespace

std::string_view to_text(ObligationStatus status) {
  return text_of(kObligations, status);
}
std::string_view to_text(ChallengeStatus status) {
  return text_of(kStatuses, status);
}
std::string_view to_text(ChallengeClass cls) {
  return text_of(kClasses, cls);
}

Value to_value(const Terms& terms) {
  Value value = Value::map({{"case", terms.case_id}, {"kind", terms.kind}});
  set_unless_empty(value, "claim", terms.claim);
  set_unless_empty(value, "challenges", terms.challenges);
  if (!terms.fingerprints.empty()) {
    Value fingerprints = Value::list();
    for (const auto& fingerprint : terms.fingerprints) fingerprints.push(to_value(fingerprint));
    value.set("fingerprints", std::move(fingerprints));
    set_unless_empty(value, "stand_ins", terms.stand_ins);
  }
  if (terms.contract.empty()) return value;
  Value contract = Value::list();
  for (const auto& obligation : terms.contract) contract.push(to_value(obligation));
  value.set("contract", std::move(contract));
  return value;
}

Result<Terms> terms_from_value(const Value& value) {
  Terms terms;
  terms.case_id = value["case"].as_string();
  terms.kind = value["kind"].as_string();
  terms.claim = value["claim"].as_string();
  terms.challenges = texts_of(value["challenges"]);
  for (const auto& item : value["fingerprints"].as_list()) terms.fingerprints.push_back(fingerprint_from(item));
  terms.stand_ins = texts_of(value["stand_ins"]);
  for (const auto& item : value["contract"].as_list()) {
    MCCOY_TRY(obligation, obligation_from(item));
    terms.contract.push_back(std::move(obligation));
  }
  return terms;
}

Value to_value(const ChallengeRecord& record) {
  Value value = Value::map({{"name", record.name},
                            {"class", to_text(record.cls)},
                            {"expected", text_of(kExpected, record.expected)},
                            {"broke", record.broke},
                            {"perturbation_seen", record.perturbation_seen},
                            {"repeat_green", record.repeat_green}});
  set_unless_empty(value, "group", record.group);
  if (record.automatic) value.set("automatic", true);
  set_unless_empty(value, "repeat_why", record.repeat_why);
  Value outcomes = Value::list();
  for (const auto outcome : record.outcomes) outcomes.push(to_text(outcome));
  value.set("outcomes", std::move(outcomes));
  set_unless_empty(value, "outcome_whys", record.outcome_whys);
  if (record.relation) value.set("relation", text_of(kRelations, *record.relation));
  if (!record.inputs.empty()) value.set("inputs", Value(record.inputs));
  if (!record.outputs.empty()) value.set("outputs", Value(record.outputs));
  set_unless_empty(value, "of", record.of);
  set_unless_empty(value, "stopped", record.stopped);
  if (!record.out.empty()) {
    value.set("out", record.out);
    value.set("out_of_it", to_text(record.out_of_it));
    value.set("out_of_nothing", to_text(record.out_of_nothing));
    set_unless_empty(value, "out_why", record.out_why);
  }
  if (record.oracle_agrees) value.set("oracle_agrees", *record.oracle_agrees);
  if (record.wall_at_least != 0) value.set("wall_at_least", record.wall_at_least);
  if (record.cpu_at_least != 0) value.set("cpu_at_least", record.cpu_at_least);
  if (record.wall != 0) value.set("wall", record.wall);
  if (record.cpu != -1) value.set("cpu", record.cpu);
  set_unless_empty(value, "same", record.same);
  set_unless_empty(value, "unseen", record.unseen);
  set_unless_empty(value, "changed", record.changed);
  return value;
}

ChallengeRecord challenge_from_value(const Value& value) {
  ChallengeRecord record;
  record.name = value["name"].as_string();
  record.automatic = value["automatic"].as_bool();
  record.cls = word_of(kClasses, value["class"].as_string()).value_or(ChallengeClass::control);
  record.expected = word_of(kExpected, value["expected"].as_string()).value_or(suite::Expected::fail);
  record.group = value["group"].as_string();
  record.broke = value["broke"].as_string();
  record.stopped = value["stopped"].as_string();
  record.perturbation_seen = value["perturbation_seen"].as_bool();
  record.repeat_green = value["repeat_green"].as_bool();
  record.repeat_why = value["repeat_why"].as_string();
  for (const auto& item : value["outcomes"].as_list()) {
    Outcome outcome = Outcome::not_run;
    from_text(item.as_string(), outcome);
    record.outcomes.push_back(outcome);
  }
  record.outcome_whys = texts_of(value["outcome_whys"]);
  record.relation = word_of(kRelations, value["relation"].as_string());
  record.inputs = value["inputs"].as_list();
  record.outputs = value["outputs"].as_list();
  record.of = value["of"].as_string();
  record.out = value["out"].as_string();
  from_text(value["out_of_it"].as_string(), record.out_of_it);
  from_text(value["out_of_nothing"].as_string(), record.out_of_nothing);
  record.out_why = value["out_why"].as_string();
  if (value["oracle_agrees"].is_bool()) record.oracle_agrees = value["oracle_agrees"].as_bool();
  record.wall_at_least = value["wall_at_least"].as_int();
  record.cpu_at_least = value["cpu_at_least"].as_int();
  record.wall = value["wall"].as_int();
  record.cpu = value["cpu"].as_int(-1);
  record.same = texts_of(value["same"]);
  record.unseen = texts_of(value["unseen"]);
  record.changed = texts_of(value["changed"]);
  return record;
}
}  // namespace mccoy::judge
