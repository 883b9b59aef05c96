// mccoy probes [KIND]: what a suite may ask, told from the tables the suite reader uses; and what substitutes are
// known.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <utility>

#include "cli/app.hpp"
#include "cli/paint.hpp"
#include "cli/suites.hpp"
#include "harness/base/text.hpp"
#include "harness/judge/fingerprints.hpp"
#include "harness/judge/judge.hpp"
#include "harness/suite/contract.hpp"
#include "probes/catalogue.hpp"
#include "probes/chaos/chaos_fields.hpp"

namespace mccoy::cli {
namespace {
using suite::FieldType;
constexpr int kNameColumns = 18, kTypeColumns = 14, kIdColumns = 28;

constexpr std::array<std::pair<FieldType, std::string_view>, 17> kTypeWords = {{
    {FieldType::text, "text"},
    {FieldType::word, "word"},
    {FieldType::flag, "true|false"},
    {FieldType::integer, "whole number"},
    {FieldType::number, "number"},
    {FieldType::duration, "duration"},
    {FieldType::size, "size"},
    {FieldType::date, "date"},
    {FieldType::argv, "command"},
    {FieldType::argvs, "commands"},
    {FieldType::texts, "texts"},
    {FieldType::names, "names: values"},
    {FieldType::json, "anything"},
    {FieldType::port, "port"},
    {FieldType::path, "path"},
    {FieldType::object, "map"},
    {FieldType::objects, "list of maps"},
}};

constexpr std::array<std::pair<suite::Match, std::string_view>, 10> kMatchWords = {{
    {suite::Match::number, "number"},
    {suite::Match::duration, "duration"},
    {suite::Match::size, "size"},
    {suite::Match::text, "text"},
    {suite::Match::json, "JSON"},
    {suite::Match::matcher, "JSON matchers"},
    {suite::Match::names, "headers"},
    {suite::Match::globs, "globs"},
    {suite::Match::flag, "true|false"},
    {suite::Match::word, "word"},
}};

template <class Words, class Key>
std::string_view word_for(const Words& words, Key key) {
  const auto found = std::find_if(words.begin(), words.end(), [&](const auto& row) { return row.first == key; });
  return found == words.end() ? std::string_view() : found->second;
}

std::string help_of(const suite::Field& field) {
  std::string help(field.help);
  if (field.required) help += " (required)";
  if (!field.fallback.empty()) help += " (default: " + std::string(field.fallback) + ")";
  for (const auto word : field.words) help += (word == field.words.front() ? " One of " : ", ") + std::string(word);
  return help;
}

void show_row(std::string_view name, std::string_view type, const std::string& help) {
  std::printf("    %s %s %s\n", padded(name, kNameColumns).c_str(), padded(type, kTypeColumns).c_str(), help.c_str());
}

void show_fields(std::span<const suite::Field> fields) {
  for (const auto& field : fields) show_row(field.name, word_for(kTypeWords, field.type), help_of(field));
}

void show_faults() {
  std::printf("  faults\n");
  for (const chaos::FaultKind* fault : chaos::fault_kinds()) {
    std::printf("  %s: %s%s%s\n", std::string(fault->name).c_str(), std::string(fault->summary).c_str(),
                fault->needs.empty() ? "" : "; needs ", std::string(fault->needs).c_str());
    show_fields(fault->fields);
  }
}

void show_kind(const suite::KindSchema& kind) {
  std::printf("%s: %s\n", std::string(kind.name).c_str(), std::string(kind.summary).c_str());
  show_row(kind.head.name.empty() ? kind.name : kind.head.name, word_for(kTypeWords, kind.head.type),
           help_of(kind.head));
  if (!kind.head.fields.empty()) std::printf("  its fields\n");
  show_fields(kind.head.fields);
  if (!kind.fields.empty()) std::printf("  fields\n");
  show_fields(kind.fields);
  if (kind.name == chaos::chaos_schema().name) show_faults();
  std::printf("  expect\n");
  for (const auto& field : kind.expects)
    show_row(field.name, word_for(kMatchWords, field.match), std::string(field.help));
  std::printf("  captures and vary.of may name: %s\n",
              join(std::vector<std::string>(kind.sources.begin(), kind.sources.end()), ", ").c_str());
  std::printf("  evidence looked for when the suite states none: %s\n", std::string(kind.default_contract).c_str());
}

void show_all() {
  std::printf("kinds of cases (mccoy probes KIND shows one in full)\n");
  for (const auto* kind : probes::kind_schemas())
    std::printf("  %s %s\n", padded(kind->name, kNameColumns).c_str(), std::string(kind->summary).c_str());
  std::printf("\nevidence: of a case may state\n");
  for (const auto& obligation : suite::obligation_kinds()) {
    const std::string_view role = obligation.performing ? "the work itself" : "touching only";
    std::printf("  %s %s [%s]\n", padded(obligation.name, kNameColumns).c_str(), std::string(obligation.help).c_str(),
                std::string(role).c_str());
    show_fields(obligation.fields);
  }
}

void show_rules() {
  for (const auto& rule : judge::rules())
    std::printf("%s %s -> %s\n", padded(rule.id, 4).c_str(), std::string(rule.sentence).c_str(),
                std::string(rule.gives).c_str());
}

std::string brief(const judge::Fingerprint& entry) {
  std::string text = entry.library + ": " + std::string(to_text(entry.kind));
  if (entry.implies != judge::Fingerprint::Implies::nothing) text += ", " + std::string(to_text(entry.implies));
  if (!entry.stands_for.empty()) text += ", for " + join(entry.stands_for, ", ");
  if (!entry.always_loaded_by.empty()) text += "; always loaded by " + join(entry.always_loaded_by, ", ");
  return text;
}

void show_fingerprints() {
  std::printf("known substitutes (to be there is not to be used; a suite adds its own under fingerprints:)\n");
  for (const auto& entry : judge::catalogue().entries()) {
    std::printf("  %s %s\n", padded(entry.id, kIdColumns).c_str(), brief(entry).c_str());
    if (!entry.note.empty()) std::printf("  %s %s\n", padded("", kIdColumns).c_str(), entry.note.c_str());
  }
}

Value texts(const std::vector<std::string>& items) {
  return Value(Value::List(items.begin(), items.end()));
}

Value to_value(const judge::Fingerprint& entry) {
  return Value::map({{"id", entry.id},
                     {"ecosystem", entry.ecosystem},
                     {"library", entry.library},
                     {"kind", to_text(entry.kind)},
                     {"implies", to_text(entry.implies)},
                     {"stands_for", texts(entry.stands_for)},
                     {"files", texts(entry.files)},
                     {"programs", texts(entry.programs)},
                     {"with", texts(entry.with)},
                     {"env", texts(entry.env)},
                     {"symbols", texts(entry.symbols)},
                     {"headers", texts(entry.headers)},
                     {"always_loaded_by", texts(entry.always_loaded_by)},
                     {"examples", texts(entry.examples)},
                     {"verified", entry.verified},
                     {"note", entry.note}});
}

void show_fingerprints_as_json() {
  Value list = Value::list();
  for (const auto& entry : judge::catalogue().entries()) list.push(to_value(entry));
  std::printf("%s\n", to_pretty_json(list).c_str());
}

int unknown_kind(const std::string& name) {
  std::vector<std::string_view> names;
  for (const auto* kind : probes::kind_schemas()) names.push_back(kind->name);
  const auto nearest = did_you_mean(name, names);
  tell({.what = "there is no kind of case \"" + name + "\"",
        .hint = nearest.empty() ? "mccoy probes lists them" : "did you mean \"" + std::string(nearest) + "\"?"});
  return kUsage;
}

struct Asked {
  std::string kind;
  bool rules = false, fingerprints = false, json = false;
};

int probes_command(const Asked& asked) {
  if (asked.rules) return show_rules(), 0;
  if (asked.fingerprints) return asked.json ? show_fingerprints_as_json() : show_fingerprints(), 0;
  if (asked.kind.empty()) return show_all(), 0;
  const auto* kind = probes::find_kind(asked.kind);
  if (!kind) return unknown_kind(asked.kind);
  return show_kind(*kind->schema), 0;
}
}  // namespace

void add_probes(CLI::App& app, Action& chosen) {
  auto* command = app.add_subcommand("probes", "lists kinds of cases, their fields and what counts as evidence");
  const auto asked = std::make_shared<Asked>();
  command->add_option("kind", asked->kind, "one kind, in full")->type_name("KIND");
  command->add_flag("--rules", asked->rules, "the rules by which results are believed");
  auto* fingerprints = command->add_flag("--fingerprints", asked->fingerprints, "the substitutes that are recognised");
  command->add_flag("--json", asked->json, "with --fingerprints: all that is known of them, as JSON")
      ->needs(fingerprints);
  command->callback([&chosen, asked] { chosen = [asked] { return probes_command(*asked); }; });
}
}  // namespace mccoy::cli
