// JSON Schema 2020-12 of the suite language, derived from the tables: what an editor needs to complete and explain.
// It is as strict as a schema can be; names, cycles and patterns are checked by reading the suite.
#include <fmt/format.h>

#include <algorithm>

#include "harness/suite/language.hpp"
#include "harness/suite/schema_fields.hpp"
#include "harness/suite/suite.hpp"

namespace mccoy::suite {
namespace {
using namespace schema;

/// Comparisons of numbers, durations and sizes; %: what a single quantity looks like.
constexpr std::string_view kNumber = R"([+-]?[0-9.]+([eE][+-]?[0-9]+)?)";
constexpr std::string_view kDuration = R"([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h|d))";
constexpr std::string_view kSize = R"([0-9]+(B|KiB|MiB|GiB|TiB|kB|KB|MB|GB|TB)?)";

Value comparison(std::string_view quantity, std::string_view further) {
  return text_like(fmt::format(R"(^\s*((==|!=|<=|>=|<|>|=)?\s*{0}|{0}\s*\.\.\s*{0}{1})\s*$)", quantity, further));
}

Value takes_schema(language::Matcher::Takes takes) {
  using Takes = language::Matcher::Takes;
  switch (takes) {
    case Takes::texts:
      return any_of({refers_to("scalar"), array_of(refers_to("said"), 1)});
    case Takes::patterns:
      return any_of({refers_to("said"), array_of(refers_to("said"), 1)});
    case Takes::number:
      return refers_to("number_check");
    case Takes::size:
      return refers_to("size_check");
    case Takes::json:
      return refers_to("json_check");
    case Takes::matchers:
      return refers_to("json_match");
    case Takes::flag:
      return type("boolean");
  }
  return Value::map();
}

Value text_check() {
  Value properties = Value::map();
  for (const auto& matcher : language::matchers()) {
    properties.set(matcher.name, described(takes_schema(matcher.takes), matcher.help, {}, matcher.example));
  }
  Value object = closed_object(std::move(properties), {});
  object.set("minProperties", 1);
  return any_of({refers_to("said"), std::move(object), array_of(refers_to("text_check"), 1)});
}

void add_check_definitions(Value& definitions) {
  definitions.set("scalar", Value::map({{"type", Value::List{"string", "number", "boolean"}}}));
  Value said = refers_to("scalar");
  definitions.set("said", said.set("minLength", 1));
  definitions.set("variable",
                  described(text_like(R"(\$\{)"), "A text with a variable; its value must fit when it is known."));
  definitions.set("number_check", any_of({type("number"), array_of(any_of({type("number"), refers_to("variable")}), 1),
                                          comparison(kNumber, "|[1-9](xx|XX)"), refers_to("variable")}));
  definitions.set("duration_check", any_of({comparison(kDuration, ""), refers_to("variable")}));
  definitions.set("size_check", any_of({Value::map({{"type", "integer"}, {"minimum", 0}}), comparison(kSize, ""),
                                        refers_to("variable")}));
  definitions.set("json_check", Value::map({{"not", Value::map({{"type", "object"}, {"maxProperties", 0}})}}));
  Value pointers = map_of(refers_to("text_check"));
  pointers.set("minProperties", 1).set("propertyNames", Value::map({{"pattern", "^/"}}));
  definitions.set("json_match", std::move(pointers));
  definitions.set("text_check", text_check());
}

Value match_schema(Match match) {
  switch (match) {
    case Match::number:
      return refers_to("number_check");
    case Match::duration:
      return refers_to("duration_check");
    case Match::size:
      return refers_to("size_check");
    case Match::text:
      return refers_to("text_check");
    case Match::json:
      return refers_to("json_check");
    case Match::matcher:
      return refers_to("json_match");
    case Match::names: {
      Value names = map_of(refers_to("text_check"));
      return names.set("minProperties", 1);
    }
    case Match::globs:
    case Match::word:
      return any_of({refers_to("scalar"), array_of(refers_to("scalar"), 1)});
    case Match::flag:
      return type("boolean");
  }
  return Value::map();
}

Value expect_schema(const KindSchema& kind) {
  Value properties = Value::map();
  for (const ExpectField& field : kind.expects)
    properties.set(field.name, described(match_schema(field.match), field.help));
  Value schema = closed_object(std::move(properties), {});
  schema.set("minProperties", 1);
  return schema;
}

// ---- evidence

Value obligation_schema(const ObligationKind& kind) {
  Value::List choices;
  if (const auto meant = std::ranges::find(kind.fields, kind.short_form, &Field::name); meant != kind.fields.end()) {
    choices.push_back(field_schema(*meant));
  }
  const Value object = object_schema(kind.fields);
  choices.push_back(object);
  if (kind.name == "service") {
    std::vector<Field> fields(kind.fields.begin(), kind.fields.end());
    std::erase_if(fields, [](const Field& field) { return field.name == "svc"; });
    const Value one = object_schema(fields);
    choices.push_back(map_of(any_of({one, array_of(one, 1)})));
  }
  Value items = any_of(choices);
  choices.push_back(array_of(std::move(items), 1));
  return described(any_of(std::move(choices)), kind.help);
}

Value evidence_schema() {
  Value properties = Value::map();
  for (const ObligationKind& kind : obligation_kinds()) properties.set(kind.name, obligation_schema(kind));
  Value schema = closed_object(std::move(properties), {});
  schema.set("minProperties", 1);
  return schema;
}

// ---- cases, services, the suite

Value vary_schema() {
  Value schema = object_schema(language::vary_fields());
  Value properties = schema["properties"];
  Value list = Value::map({{"type", "array"}, {"minItems", 2}, {"uniqueItems", true}});
  const Value over = described(any_of({std::move(list), object_schema(language::drawn_fields())}),
                               properties["over"]["description"].as_string());
  properties.set("over", over);
  schema.set("properties", std::move(properties));
  return schema;
}

Value soft_rule() {
  return Value::map({{"if", Value::map({{"properties", Value::map({{"level", Value::map({{"const", "soft"}})}})},
                                        {"required", Value::List{"level"}}})},
                     {"then", Value::map({{"required", Value::List{"owner", "expires"}}})}});
}

Value case_schema(const KindSchema& kind) {
  Field head = kind.head;
  head.name = kind.name;
  Value properties = Value::map();
  properties.set(kind.name, field_schema(head));
  for (const Field& field : kind.fields) properties.set(field.name, field_schema(field));
  for (const Field& field : language::case_fields()) {
    if (kind.metrics.empty() && (field.name == "gates" || field.name == "baseline")) continue;
    Value schema = described(refers_to(fmt::format("expect_{}", kind.name)), field.help);
    if (field.name != "expect") schema = refers_to(fmt::format("common_{}", field.name));
    properties.set(field.name, std::move(schema));
  }
  Value::List required{Value(kind.name)};
  for (const Field& field : kind.fields) {
    if (field.required) required.emplace_back(field.name);
  }
  Value schema = closed_object(std::move(properties), std::move(required));
  schema.set("title", kind.name).set("description", kind.summary);
  if (!kind.claims)
    schema.set("anyOf", kind.metrics.empty() ? requires_one({"expect", "evidence", "vary", "challenges"})
                                             : requires_one({"expect", "gates", "evidence", "vary", "challenges"}));
  schema.set("allOf", Value::List{soft_rule()});
  return schema;
}

/// A gate, a list of them, or k6's map of metrics.
Value gates_schema() {
  Value text = text_like(R"([<>=!]|\$\{)");
  Value properties = Value::map();
  for (const std::string_view name : {"gate", "threshold"}) properties.set(name, text);
  for (const std::string_view name : {"abort", "abortOnFail"}) properties.set(name, type("boolean"));
  for (const std::string_view name : {"delay", "delayAbortEval"}) properties.set(name, refers_to("scalar"));
  Value object = closed_object(std::move(properties), {});
  object.set("anyOf", requires_one({"gate", "threshold"}));
  const Value one = any_of({std::move(text), std::move(object)});
  const Value several = any_of({one, array_of(one, 1)});
  return any_of({one, array_of(one, 1), map_of(several).set("minProperties", 1)});
}

/// What every kind of case may say besides what is its own.
void add_common_definitions(Value& definitions) {
  for (const Field& field : language::case_fields()) {
    if (field.name == "expect") continue;
    Value schema = field_schema(field);
    if (field.name == "evidence") schema = described(evidence_schema(), field.help);
    if (field.name == "vary") schema = described(vary_schema(), field.help);
    if (field.name == "gates") schema = described(gates_schema(), field.help, {}, field.example);
    if (field.name == "skip") schema = described(type("string").set("minLength", 1), field.help, {}, field.example);
    definitions.set(fmt::format("common_{}", field.name), std::move(schema));
  }
}

/// One of http, tcp, command, log; run or attach.
Value service_schema() {
  Value service = object_schema(language::service_fields());
  Value properties = service["properties"];
  Value ready = properties["ready"];
  properties.set("ready", ready.set("oneOf", requires_one({"http", "tcp", "command", "log"})));
  service.set("properties", std::move(properties));
  return service.set("oneOf", requires_one({"run", "attach"}));
}

Value named_like(Value map, std::string_view pattern) {
  return map.set("propertyNames", Value::map({{"pattern", pattern}}));
}

Value claims_schema() {
  const Value one = map_of(any_of({type("string"), array_of(type("string"), 1)}));
  return any_of({array_of(one, 0), one});
}

Value suite_properties(std::span<const KindSchema* const> kinds) {
  Value properties = Value::map();
  for (const Field& field : language::suite_fields()) {
    Value schema = field_schema(field);
    const std::string help = schema["description"].as_string();
    if (field.name == "vars") schema = described(type("object"), help);
    if (field.name == "claims") schema = described(claims_schema(), help);
    if (field.name == "services")
      schema = described(named_like(map_of(refers_to("service")), "^[A-Za-z0-9_-]{1,64}$"), help);
    if (field.name == "cases") {
      Value::List choices;
      for (const KindSchema* kind : kinds) choices.push_back(refers_to(fmt::format("case_{}", kind->name)));
      schema = described(map_of(Value::map({{"type", "object"}, {"oneOf", std::move(choices)}})), help);
      schema = named_like(schema.set("minProperties", 1), R"(^[^\s./*?\[\]{}]([^/*?\[\]{}]*[^\s/*?\[\]{}])?$)");
    }
    properties.set(field.name, std::move(schema));
  }
  return properties;
}
}  // namespace

std::string suite_schema(std::span<const KindSchema* const> kinds) {
  Value definitions = Value::map();
  add_check_definitions(definitions);
  add_common_definitions(definitions);
  definitions.set("service", service_schema());
  for (const KindSchema* kind : kinds) {
    definitions.set(fmt::format("expect_{}", kind->name), expect_schema(*kind));
    definitions.set(fmt::format("case_{}", kind->name), case_schema(*kind));
  }
  Value schema = Value::map({{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                             {"title", "mccoy suite"},
                             {"description", "Claims about software, each put to the test by a probe."}});
  const Value body = closed_object(suite_properties(kinds), {"suite", "cases"});
  for (const auto& [name, member] : body.as_map()) schema.set(name, member);
  schema.set("$defs", std::move(definitions));
  return to_pretty_json(schema) + "\n";
}
}  // namespace mccoy::suite
