// The words for outcome, provenance and strength, and a judgement as the journal holds it.
#include "harness/judge/verdict.hpp"

#include <algorithm>

namespace mccoy::judge {
namespace {
constexpr std::array<std::string_view, kOutcomes> kOutcomeWords = {"not-run", "pass", "fail", "error", "skip"};
constexpr std::array<std::string_view, kProvenances> kProvenanceWords = {"unproven", "mock", "simulated", "real"};
constexpr std::array<std::string_view, 3> kStrengthWords = {"none", "observed", "challenged"};

template <std::size_t size, class Word>
bool find_word(const std::array<std::string_view, size>& words, std::string_view text, Word& word) {
  const auto* found = std::find(words.begin(), words.end(), text);
  if (found == words.end()) return false;
  word = static_cast<Word>(found - words.begin());
  return true;
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
}  // namespace

std::string_view to_text(Outcome outcome) {
  return kOutcomeWords[static_cast<std::size_t>(outcome)];
}
std::string_view to_text(Provenance provenance) {
  return kProvenanceWords[static_cast<std::size_t>(provenance)];
}
std::string_view to_text(Strength strength) {
  return kStrengthWords[static_cast<std::size_t>(strength)];
}
bool from_text(std::string_view text, Outcome& outcome) {
  return find_word(kOutcomeWords, text, outcome);
}
bool from_text(std::string_view text, Provenance& provenance) {
  return find_word(kProvenanceWords, text, provenance);
}
bool from_text(std::string_view text, Strength& strength) {
  return find_word(kStrengthWords, text, strength);
}

Value to_value(const Judgement& judgement) {
  Value value = Value::map({{"outcome", to_text(judgement.outcome)}, {"provenance", to_text(judgement.provenance)}});
  if (judgement.strength != Strength::none) value.set("strength", to_text(judgement.strength));
  if (judgement.flaky) value.set("flaky", true);
  if (!judgement.rule.empty()) value.set("rule", judgement.rule);
  if (!judgement.reason.empty()) value.set("reason", judgement.reason);
  if (!judgement.facts.empty()) value.set("facts", texts(judgement.facts));
  if (!judgement.missing.empty()) value.set("missing", texts(judgement.missing));
  return value;
}

Judgement judgement_from_value(const Value& value) {
  Judgement judgement;  // a word that is unknown leaves the weakest answer
  from_text(value["outcome"].as_string(), judgement.outcome);
  from_text(value["provenance"].as_string(), judgement.provenance);
  from_text(value["strength"].as_string(), judgement.strength);
  judgement.flaky = value["flaky"].as_bool();
  judgement.rule = value["rule"].as_string();
  judgement.reason = value["reason"].as_string();
  judgement.facts = texts_of(value["facts"]);
  judgement.missing = texts_of(value["missing"]);
  return judgement;
}

bool meets(const Judgement& judgement, suite::Requirement requirement) {
  if (judgement.outcome != Outcome::pass) return false;
  if (requirement == suite::Requirement::none) return true;
  if (judgement.provenance != Provenance::real) return false;
  return requirement == suite::Requirement::real || judgement.strength == Strength::challenged;
}
}  // namespace mccoy::judge
