#include "harness/suite/schema_fields.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/suite/node.hpp"

namespace mccoy::suite::schema {
namespace {
constexpr std::string_view kDurationPattern = R"(^[0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h|d)$)";
constexpr std::string_view kSizePattern = R"(^[0-9]+(B|KiB|MiB|GiB|TiB|kB|KB|MB|GB|TB)?$)";
constexpr std::string_view kDatePattern = R"(^[0-9]{4}-[0-9]{2}-[0-9]{2}$)";

/// A scalar as JSON sees it: 1.1 in YAML is a number, "1.1" a string; both mean the word 1.1.
void add_word(Value::List& words, std::string_view word) {
  words.emplace_back(word);
  if (const Value plain = plain_value(word); !plain.is_string()) words.push_back(plain);
}

Value with_short_form(const Field& field, Value object);

Value type_schema(const Field& field) {
  switch (field.type) {
    case FieldType::text:
    case FieldType::path:
      return refers_to("scalar");
    case FieldType::word: {
      Value::List words;
      for (const auto word : field.words) add_word(words, word);
      return Value::map({{"enum", std::move(words)}});
    }
    case FieldType::flag:
      return type("boolean");
    case FieldType::integer:
      return type("integer");
    case FieldType::number:
      return type("number");
    case FieldType::duration:
      return text_like(kDurationPattern);
    case FieldType::size:
      return any_of({Value::map({{"type", "integer"}, {"minimum", 0}}), text_like(kSizePattern)});
    case FieldType::date:
      return text_like(kDatePattern);
    case FieldType::argv:
      return array_of(refers_to("scalar"), 1);
    case FieldType::argvs:
      return array_of(array_of(refers_to("scalar"), 1), 1);
    case FieldType::texts: {
      if (field.words.empty()) return any_of({refers_to("scalar"), array_of(refers_to("scalar"), 0)});
      Value::List words;
      for (const auto word : field.words) add_word(words, word);
      const Value one = Value::map({{"enum", std::move(words)}});
      return any_of({one, array_of(one, 0)});
    }
    case FieldType::names:
      return map_of(any_of({refers_to("scalar"), type("null")}));
    case FieldType::json:
      return Value::map();
    case FieldType::port:
      return Value::map({{"type", "integer"}, {"minimum", 1}, {"maximum", 65535}});
    case FieldType::object:
      return with_short_form(field, object_schema(field.fields));
    case FieldType::objects: {
      const Value one = object_schema(field.fields);
      return any_of({one, array_of(one, 1)});
    }
    case FieldType::named: {
      const Value one = with_short_form(field, object_schema(field.fields));
      if (field.short_form.empty()) return map_of(one);
      return any_of({map_of(any_of({one, type("null")})), array_of(refers_to("scalar"), 0)});
    }
  }
  return Value::map();
}

bool is_typed_scalar(const Field& field) {
  return field.type == FieldType::word || field.type == FieldType::flag || field.type == FieldType::integer ||
         field.type == FieldType::number || field.type == FieldType::duration || field.type == FieldType::size ||
         field.type == FieldType::date || field.type == FieldType::port;
}

Value with_short_form(const Field& field, Value object) {
  if (field.short_form.empty()) return object;
  const auto meant = std::ranges::find(field.fields, field.short_form, &Field::name);
  return any_of({field_schema(*meant), std::move(object)});
}

}  // namespace

Value refers_to(std::string_view name) {
  return Value::map({{"$ref", fmt::format("#/$defs/{}", name)}});
}
Value any_of(Value::List choices) {
  return Value::map({{"anyOf", std::move(choices)}});
}
Value type(std::string_view name) {
  return Value::map({{"type", name}});
}
Value text_like(std::string_view pattern) {
  return Value::map({{"type", "string"}, {"pattern", pattern}});
}
Value array_of(Value items, int least) {
  return Value::map({{"type", "array"}, {"minItems", least}, {"items", std::move(items)}});
}
Value map_of(Value values) {
  return Value::map({{"type", "object"}, {"additionalProperties", std::move(values)}});
}

Value requires_one(std::initializer_list<std::string_view> names) {
  Value::List choices;
  for (const auto name : names) choices.push_back(Value::map({{"required", Value::List{Value(name)}}}));
  return choices;
}

Value described(Value schema, std::string_view help, std::string_view fallback, std::string_view example) {
  std::string text(help);
  if (!example.empty()) text += fmt::format("\n\nFor example: {}", example);
  if (!text.empty()) schema.set("description", text);
  if (!fallback.empty()) schema.set("default", plain_value(fallback));
  return schema;
}

Value field_schema(const Field& field) {
  Value schema = type_schema(field);
  if (is_typed_scalar(field) && !field.fixed) schema = any_of({std::move(schema), refers_to("variable")});
  return described(std::move(schema), field.help, field.fallback, field.example);
}

Value closed_object(Value properties, Value::List required) {
  Value schema =
      Value::map({{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}});
  if (!required.empty()) schema.set("required", std::move(required));
  return schema;
}

Value object_schema(std::span<const Field> fields) {
  Value properties = Value::map();
  Value::List required;
  for (const Field& field : fields) {
    properties.set(field.name, field_schema(field));
    if (field.required) required.emplace_back(field.name);
  }
  return closed_object(std::move(properties), std::move(required));
}
}  // namespace mccoy::suite::schema
