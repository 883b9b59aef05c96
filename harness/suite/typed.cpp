#include "harness/suite/typed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "harness/base/clock.hpp"
#include "harness/base/text.hpp"
#include "harness/suite/node.hpp"
#include "harness/suite/settings.hpp"

namespace mccoy::suite {
namespace {
Error misfit(const Field& field, const Value& value) {
  const std::string shown = value.is_list()   ? "a list"
                            : value.is_map()  ? "a map"
                            : value.is_null() ? "nothing"
                                              : fmt::format("\"{}\"", visible_line(scalar_text(value), 60));
  Error error{.what = fmt::format("{} must be {}; this is {}", field.name, in_words(field.type), shown)};
  error.hint = field.example.empty() ? std::string(advice(field.type)) : fmt::format("for example {}", field.example);
  return error;
}

bool is_scalar(const Value& value) {
  return !value.is_list() && !value.is_map() && !value.is_null();
}

Result<Value> as_text(const Field& field, const Value& value) {
  if (!is_scalar(value)) return misfit(field, value);
  return Value(scalar_text(value));
}

std::string all_words(std::span<const std::string_view> words) {
  std::string out;
  for (const auto word : words) out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

Result<Value> as_word(const Field& field, const Value& value) {
  if (!is_scalar(value)) return misfit(field, value);
  std::string word = scalar_text(value);
  if (std::ranges::find(field.words, word) != field.words.end()) return Value(std::move(word));
  const std::vector<std::string_view> candidates(field.words.begin(), field.words.end());
  const auto near = did_you_mean(word, candidates);
  return Error{.what = fmt::format("{} cannot be \"{}\"", field.name, visible_line(word, 60)),
               .hint = near.empty() ? fmt::format("one of: {}", all_words(field.words))
                                    : fmt::format("did you mean \"{}\"?", near)};
}

/// What a text is when it is written plainly; "8080" from a variable is a number too.
Value plainly(const Value& value) {
  return value.is_string() ? plain_value(value.as_string()) : value;
}

Result<Value> as_flag(const Field& field, const Value& value) {
  const Value plain = plainly(value);
  return plain.is_bool() ? Result<Value>(plain) : misfit(field, value);
}

Result<Value> as_integer(const Field& field, const Value& value) {
  const Value plain = plainly(value);
  return plain.is_int() ? Result<Value>(plain) : misfit(field, value);
}

Result<Value> as_number(const Field& field, const Value& value) {
  const Value plain = plainly(value);
  return plain.is_number() ? Result<Value>(plain) : misfit(field, value);
}

Result<Value> as_port(const Field& field, const Value& value) {
  const Value plain = plainly(value);
  if (!plain.is_int() || plain.as_int() < 1 || plain.as_int() > 65535) return misfit(field, value);
  return plain;
}

Result<Value> as_duration(const Field& field, const Value& value) {
  if (!value.is_string()) return misfit(field, value);
  auto span = parse_duration(value.as_string());
  if (!span.ok()) return std::move(span).error();
  return Value(span->count());
}

Result<Value> as_size(const Field& field, const Value& value) {
  if (value.is_int() && value.as_int() >= 0) return value;
  if (!value.is_string()) return misfit(field, value);
  auto bytes = parse_size(value.as_string());
  if (!bytes.ok()) return std::move(bytes).error();
  return Value(*bytes);
}

Result<Value> as_date(const Field& field, const Value& value) {
  if (!value.is_string() || !is_date(value.as_string())) return misfit(field, value);
  return value;
}

Result<Value> as_texts(const Field& field, Value value) {
  if (is_scalar(value)) return Value(Value::List{Value(scalar_text(value))});
  if (!value.is_list()) return misfit(field, value);
  Value::List items;
  items.reserve(value.as_list().size());
  for (const Value& item : value.as_list()) {
    if (!is_scalar(item)) return misfit(field, item);
    items.emplace_back(scalar_text(item));
  }
  return Value(std::move(items));
}

Result<Value> as_argv(const Field& field, Value value) {
  if (!value.is_list() || value.as_list().empty()) return misfit(field, value);
  return as_texts(field, std::move(value));
}

Result<Value> as_argvs(const Field& field, const Value& value) {
  if (!value.is_list()) return misfit(field, value);
  Value::List commands;
  for (const Value& command : value.as_list()) {
    MCCOY_TRY(argv, as_argv(field, command));
    commands.push_back(std::move(argv));
  }
  return Value(std::move(commands));
}

Result<Value> as_names(const Field& field, const Value& value) {
  if (!value.is_map()) return misfit(field, value);
  Value::Map members;
  for (const auto& [name, member] : value.as_map()) {
    if (member.is_list() || member.is_map()) return misfit(field, member);
    members.emplace_back(name, member.is_null() ? Value() : Value(scalar_text(member)));
  }
  return Value(std::move(members));
}

const Field* find_field(std::span<const Field> fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &Field::name);
  return found == fields.end() ? nullptr : &*found;
}

Result<Value> as_object(const Field& field, const Value& value) {
  if (!value.is_map()) return misfit(field, value);
  Value::Map members;
  for (const auto& [name, member] : value.as_map()) {
    const Field* known = find_field(field.fields, name);
    if (known == nullptr) return Error{.what = fmt::format("{} has no field \"{}\"", field.name, name)};
    MCCOY_TRY(fitted, typed(*known, member));
    members.emplace_back(name, std::move(fitted));
  }
  return Value(std::move(members));
}

Result<Value> as_objects(const Field& field, const Value& value) {
  if (!value.is_list()) return misfit(field, value);
  Value::List items;
  for (const Value& item : value.as_list()) {
    MCCOY_TRY(fitted, as_object(field, item));
    items.push_back(std::move(fitted));
  }
  return Value(std::move(items));
}

Result<Value> as_named(const Field& field, const Value& value) {
  if (!value.is_map()) return misfit(field, value);
  Value::Map members;
  for (const auto& [name, member] : value.as_map()) {
    MCCOY_TRY(fitted, as_object(field, member));
    members.emplace_back(name, std::move(fitted));
  }
  return Value(std::move(members));
}
}  // namespace

bool has_variable(std::string_view text) {
  return text.find("${") != std::string_view::npos;
}

bool has_variable(const Value& value) {
  if (value.is_string()) return has_variable(std::string_view(value.as_string()));
  if (value.is_list()) {
    return std::ranges::any_of(value.as_list(), [](const Value& item) { return has_variable(item); });
  }
  return std::ranges::any_of(value.as_map(), [](const auto& member) { return has_variable(member.second); });
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto digits = [text](std::size_t at, std::size_t count) {
    int number = 0;
    for (const char c : text.substr(at, count))
      number = c >= '0' && c <= '9' && number >= 0 ? number * 10 + c - '0' : -1;
    return number;
  };
  const int year = digits(0, 4), month = digits(5, 2), day = digits(8, 2);
  if (year < 0 || month < 0 || day < 0) return false;
  return std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                     std::chrono::day(static_cast<unsigned>(day)))
      .ok();
}

Result<Value> typed(const Field& field, Value value) {
  switch (field.type) {
    case FieldType::text:
    case FieldType::path:
      return as_text(field, value);
    case FieldType::word:
      return as_word(field, value);
    case FieldType::flag:
      return as_flag(field, value);
    case FieldType::integer:
      return as_integer(field, value);
    case FieldType::number:
      return as_number(field, value);
    case FieldType::duration:
      return as_duration(field, value);
    case FieldType::size:
      return as_size(field, value);
    case FieldType::date:
      return as_date(field, value);
    case FieldType::argv:
      return as_argv(field, std::move(value));
    case FieldType::argvs:
      return as_argvs(field, value);
    case FieldType::texts:
      return as_texts(field, std::move(value));
    case FieldType::names:
      return as_names(field, value);
    case FieldType::json:
      return value;
    case FieldType::port:
      return as_port(field, value);
    case FieldType::object:
      return as_object(field, value);
    case FieldType::objects:
      return as_objects(field, value);
    case FieldType::named:
      return as_named(field, value);
  }
  return value;
}
}  // namespace mccoy::suite
