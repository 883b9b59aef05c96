#include "harness/suite/settings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/suite/node.hpp"
#include "harness/suite/typed.hpp"

namespace mccoy::suite {
namespace {
const Value kNull;

Result<Value> settle(const Field& field, const Value& given, Span span, const Scope& scope);

Result<Value> settle_members(std::span<const Field> fields, const Value& given, Span span, const Scope& scope) {
  Value::Map members;
  for (const auto& [name, member] : given.as_map()) {
    const auto field = std::ranges::find(fields, std::string_view(name), &Field::name);
    MCCOY_CHECK(field != fields.end());
    MCCOY_TRY(value, settle(*field, member, span, scope));
    members.emplace_back(name, std::move(value));
  }
  return Value(std::move(members));
}

Result<Value> settle_items(const Field& field, const Value& given, Span span, const Scope& scope) {
  Value::List items;
  for (const Value& item : given.as_list()) {
    MCCOY_TRY(value, settle_members(field.fields, item, span, scope));
    items.push_back(std::move(value));
  }
  return Value(std::move(items));
}

Result<Value> settle_named(const Field& field, const Value& given, Span span, const Scope& scope) {
  Value::Map named;
  for (const auto& [name, member] : given.as_map()) {
    MCCOY_TRY(value, settle_members(field.fields, member, span, scope));
    named.emplace_back(name, std::move(value));
  }
  return Value(std::move(named));
}

/// Expands and types. Values without a variable were typed when the suite was read and are left alone.
Result<Value> settle(const Field& field, const Value& given, Span span, const Scope& scope) {
  if (!has_variable(given)) return given;
  if (field.type == FieldType::object && given.is_map()) return settle_members(field.fields, given, span, scope);
  if (field.type == FieldType::objects && given.is_list()) return settle_items(field, given, span, scope);
  if (field.type == FieldType::named && given.is_map()) return settle_named(field, given, span, scope);
  MCCOY_TRY(expanded, scope.expand(given, span));
  auto fitted = typed(field, std::move(expanded));
  if (!fitted.ok()) fitted.error().where = span;
  return fitted;
}

std::vector<std::string> strings_of(const Value& value) {
  std::vector<std::string> out;
  if (value.is_list()) {
    for (const Value& item : value.as_list()) out.push_back(scalar_text(item));
  } else if (!value.is_null() && !value.is_map()) {
    out.push_back(scalar_text(value));
  }
  return out;
}

/// The default of a row, typed; rows with a default that does not fit its type are a mistake of ours.
Value fallback_of(const Field& field) {
  const bool structured = field.type == FieldType::json || field.type == FieldType::texts ||
                          field.type == FieldType::argv || field.type == FieldType::names;
  if (structured) {
    const auto node = parse_yaml_text(field.fallback, field.name);
    MCCOY_CHECK(node.ok());
    auto fitted = typed(field, to_value(*node));
    MCCOY_CHECK(fitted.ok());
    return std::move(fitted).value();
  }
  auto fitted = typed(field, Value(field.fallback));
  MCCOY_CHECK(fitted.ok());
  return std::move(fitted).value();
}

/// "< 500ms" -> "< 500000000": what a comparison means once its variables are known.
std::string without_units(const std::string& text) {
  for (const Unit unit : {Unit::none, Unit::duration_ns, Unit::size_bytes}) {
    if (const auto parsed = parse_comparison(text, unit); parsed.ok()) return to_text(*parsed);
  }
  return text;  // the judge says what is wrong with it
}
}  // namespace

Result<Settings> Settings::resolve(const KindSchema& kind, const Located& head, const LocatedMap& given,
                                   const Scope& scope) {
  Settings settings;
  MCCOY_TRY(settled_head, settle(kind.head, head.value, head.span, scope));
  settings.head_ = std::move(settled_head);
  settings.head_span_ = head.span;
  Value::Map values;
  for (const auto& [name, located] : given) {
    const auto field = std::ranges::find(kind.fields, std::string_view(name), &Field::name);
    if (field == kind.fields.end()) {
      return Error{.where = located.span, .what = fmt::format("{} has no field \"{}\"", kind.name, name)};
    }
    MCCOY_TRY(value, settle(*field, located.value, located.span, scope));
    values.emplace_back(name, std::move(value));
    settings.spans_.emplace_back(name, located.span);
  }
  settings.values_ = Value(std::move(values));
  for (const Field& field : kind.fields) {
    if (!field.fallback.empty() && settings.values_.find(field.name) == nullptr) {
      settings.values_.set(field.name, fallback_of(field));
    }
  }
  return settings;
}

bool Settings::has(std::string_view name) const {
  return values_.find(name) != nullptr;
}
const Value& Settings::value(std::string_view name) const {
  const Value* found = values_.find(name);
  return found != nullptr ? *found : kNull;
}
std::string Settings::text(std::string_view name) const {
  return scalar_text(value(name));
}
std::vector<std::string> Settings::texts(std::string_view name) const {
  return strings_of(value(name));
}
std::vector<std::string> Settings::head_texts() const {
  return strings_of(head_);
}
bool Settings::flag(std::string_view name) const {
  return value(name).as_bool();
}
std::int64_t Settings::integer(std::string_view name) const {
  return value(name).as_int();
}
Duration Settings::duration(std::string_view name) const {
  return Duration(value(name).as_int());
}

Span Settings::span(std::string_view name) const {
  const auto found = std::ranges::find(spans_, name, &std::pair<std::string, Span>::first);
  return found != spans_.end() ? found->second : head_span_;
}

std::string scalar_text(const Value& value) {
  if (value.is_string()) return value.as_string();
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  if (value.is_int()) return std::to_string(value.as_int());
  if (value.is_double()) return fmt::format("{}", value.as_double());
  if (value.is_null()) return "";
  return to_json(value);
}

Result<std::vector<Check>> expand_checks(const std::vector<Check>& checks, const Scope& scope) {
  std::vector<Check> expanded = checks;
  for (Check& check : expanded) {
    if (!check.subject.argument.empty()) {
      MCCOY_TRY(argument, scope.expand_text(check.subject.argument, check.span));
      check.subject.argument = std::move(argument);
    }
    if (!has_variable(check.operand)) continue;
    MCCOY_TRY(operand, scope.expand(check.operand, check.span));
    const bool is_text = !operand.is_list() && !operand.is_map() && check.op != Op::equals && check.op != Op::subset;
    check.operand = is_text ? Value(scalar_text(operand)) : std::move(operand);
    const bool is_comparison = check.op == Op::compare || check.op == Op::lines || check.op == Op::bytes;
    if (is_comparison) check.operand = without_units(check.operand.as_string());
  }
  return expanded;
}
}  // namespace mccoy::suite
