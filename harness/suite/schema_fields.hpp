// The pieces a JSON Schema of the suite language is made of: one row of a table -> the schema of its value.
#pragma once
#include <initializer_list>
#include <span>
#include <string_view>

#include "harness/base/value.hpp"
#include "harness/suite/field.hpp"

namespace mccoy::suite::schema {
Value refers_to(std::string_view definition);
Value any_of(Value::List choices);
Value type(std::string_view name);
Value text_like(std::string_view pattern);
Value array_of(Value items, int least);
Value map_of(Value values);
/// With a description, a default and an example for editors to show.
Value described(Value schema, std::string_view help, std::string_view fallback = {}, std::string_view example = {});
Value closed_object(Value properties, Value::List required);
/// At least one of these members must be there; for `anyOf` and `oneOf`.
Value requires_one(std::initializer_list<std::string_view> names);
/// A value of this type, or a text with a variable where one may stand.
Value field_schema(const Field& field);
Value object_schema(std::span<const Field> fields);
}  // namespace mccoy::suite::schema
