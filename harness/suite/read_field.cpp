#include "harness/suite/read_field.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/suite/typed.hpp"

namespace mccoy::suite {
namespace {
std::string example_hint(const Field& field) {
  if (field.example.empty()) return std::string(advice(field.type));
  return fmt::format("for example {}: {}", field.name, field.example);
}

std::nullopt_t misfit(Reading& reading, const Field& field, const Node& node) {
  reading.add(node, fmt::format("{} must be {}; this is {}", field.name, in_words(field.type), kind_in_words(node)),
              example_hint(field));
  return std::nullopt;
}

std::optional<Value> read_scalar(Reading& reading, const Field& field, const Node& node) {
  if (!node.is_scalar()) return misfit(reading, field, node);
  if (has_variable(std::string_view(node.text))) {
    if (!field.fixed) return Value(node.text);
    reading.add(node, fmt::format("{} is read before anything runs and takes no ${{…}}", field.name),
                "write the value itself");
    return std::nullopt;
  }
  auto value = typed(field, Value(node.text));
  if (value.ok()) return std::move(value).value();
  Error error = std::move(value).error();
  error.where = reading.span(node);
  if (error.hint.empty()) error.hint = example_hint(field);
  reading.add(std::move(error));
  return std::nullopt;
}

/// An item of a list of texts; `field` lends its name and whether variables may stand in it.
std::optional<Value> read_item(Reading& reading, const Field& field, const Node& node) {
  const Field item{.name = field.name,
                   .type = field.words.empty() ? FieldType::text : FieldType::word,
                   .example = field.example,
                   .words = field.words,
                   .fixed = field.fixed};
  if (!node.is_scalar()) {
    reading.add(node, fmt::format("an item of {} must be a text; this is {}", field.name, kind_in_words(node)),
                node.kind == Node::Kind::null ? "put it in quotes if a text is meant" : example_hint(field));
    return std::nullopt;
  }
  return read_scalar(reading, item, node);
}

std::optional<Value> read_texts(Reading& reading, const Field& field, const Node& node) {
  if (node.is_scalar() && field.type == FieldType::texts) {
    auto only = read_item(reading, field, node);
    return only ? std::optional(Value(Value::List{std::move(*only)})) : std::nullopt;
  }
  if (!node.is_list()) return misfit(reading, field, node);
  if (node.items.empty() && field.type == FieldType::argv) {
    reading.add(node, fmt::format("{} is an empty list; the first word is the program", field.name),
                example_hint(field));
    return std::nullopt;
  }
  Value::List items;
  items.reserve(node.size());
  for (const Node& item : node.items) {
    auto value = read_item(reading, field, item);
    if (!value) return std::nullopt;
    items.push_back(std::move(*value));
  }
  return Value(std::move(items));
}

std::optional<Value> read_argvs(Reading& reading, const Field& field, const Node& node) {
  if (!node.is_list() || node.items.empty()) return misfit(reading, field, node);
  const Field command{.name = field.name, .type = FieldType::argv, .example = field.example, .fixed = field.fixed};
  Value::List commands;
  for (const Node& item : node.items) {
    if (!item.is_list()) {
      reading.add(item,
                  fmt::format("{} is a list of commands, each a list; this is {}", field.name, kind_in_words(item)),
                  example_hint(field));
      return std::nullopt;
    }
    auto argv = read_texts(reading, command, item);
    if (!argv) return std::nullopt;
    commands.push_back(std::move(*argv));
  }
  return Value(std::move(commands));
}

std::optional<Value> read_names(Reading& reading, const Field& field, const Node& node) {
  if (!node.is_map()) return misfit(reading, field, node);
  Value::Map members;
  members.reserve(node.size());
  for (std::size_t i = 0; i < node.size(); ++i) {
    const Node& value = node.value(i);
    if (value.is_list() || value.is_map()) {
      reading.add(
          value, fmt::format("{} of {} must be a text; this is {}", node.key(i).text, field.name, kind_in_words(value)),
          example_hint(field));
      return std::nullopt;
    }
    if (field.fixed && has_variable(std::string_view(value.text))) {
      reading.add(value, fmt::format("{} is read before anything runs and takes no ${{…}}", field.name),
                  "write the value itself");
      return std::nullopt;
    }
    members.emplace_back(node.key(i).text, value.is_scalar() ? Value(value.text) : Value());
  }
  return Value(std::move(members));
}

Value values_of(LocatedMap&& map) {
  Value::Map members;
  members.reserve(map.size());
  for (auto& [name, located] : map) members.emplace_back(std::move(name), std::move(located.value));
  return Value(std::move(members));
}

std::optional<Value> read_object(Reading& reading, const Field& field, const Node& node, std::string_view owner) {
  if (node.is_scalar() && !field.short_form.empty()) {
    const Field* meant = find_field(field.fields, field.short_form);
    auto value = read_field(reading, *meant, node);
    if (!value) return std::nullopt;
    return Value(Value::Map{{std::string(field.short_form), std::move(*value)}});
  }
  if (!node.is_map()) {
    reading.add(node, fmt::format("{} must be a map of fields; this is {}", owner, kind_in_words(node)),
                example_hint(field));
    return std::nullopt;
  }
  const std::size_t before = reading.count();
  LocatedMap map = read_fields(reading, field.fields, node, owner);
  if (reading.count() != before) return std::nullopt;
  return values_of(std::move(map));
}

std::optional<Value> read_objects(Reading& reading, const Field& field, const Node& node) {
  Value::List items;
  if (node.is_list()) {
    for (const Node& item : node.items) {
      auto value = read_object(reading, field, item, field.name);
      if (value) items.push_back(std::move(*value));
    }
    if (items.size() != node.size()) return std::nullopt;
    if (items.empty()) return misfit(reading, field, node);
    return Value(std::move(items));
  }
  auto only = read_object(reading, field, node, field.name);
  if (!only) return std::nullopt;
  items.push_back(std::move(*only));
  return Value(std::move(items));
}

/// With a short form, names alone will do: `tools: [node, psql]`.
std::optional<Value> read_bare_names(Reading& reading, const Field& field, const Node& node) {
  Value names = Value::map();
  for (const Node& item : node.items) {
    if (!item.is_scalar()) return misfit(reading, field, item);
    names.set(item.text, Value::map());
  }
  return names;
}

std::optional<Value> read_named(Reading& reading, const Field& field, const Node& node) {
  const bool bare = !field.short_form.empty();
  if (bare && node.is_list()) return read_bare_names(reading, field, node);
  if (!node.is_map()) return misfit(reading, field, node);
  Value::Map members;
  for (std::size_t i = 0; i < node.size(); ++i) {
    if (bare && node.value(i).kind == Node::Kind::null) {
      members.emplace_back(node.key(i).text, Value::map());
      continue;
    }
    auto value = read_object(reading, field, node.value(i), node.key(i).text);
    if (value) members.emplace_back(node.key(i).text, std::move(*value));
  }
  return members.size() == node.size() ? std::optional(Value(std::move(members))) : std::nullopt;
}
}  // namespace

std::optional<Value> read_field(Reading& reading, const Field& field, const Node& node) {
  if (node.kind == Node::Kind::null && field.type != FieldType::json) {
    reading.add(node, fmt::format("{} has no value", field.name), example_hint(field));
    return std::nullopt;
  }
  switch (field.type) {
    case FieldType::argv:
    case FieldType::texts:
      return read_texts(reading, field, node);
    case FieldType::argvs:
      return read_argvs(reading, field, node);
    case FieldType::names:
      return read_names(reading, field, node);
    case FieldType::json:
      return to_value(node);
    case FieldType::object:
      return read_object(reading, field, node, field.name);
    case FieldType::objects:
      return read_objects(reading, field, node);
    case FieldType::named:
      return read_named(reading, field, node);
    default:
      return read_scalar(reading, field, node);
  }
}

LocatedMap read_fields(Reading& reading, std::span<const Field> fields, const Node& map, std::string_view owner) {
  LocatedMap read;
  read.reserve(map.size());
  bool all_known = true;
  for (std::size_t i = 0; i < map.size(); ++i) {
    const Field* field = find_field(fields, map.key(i).text);
    if (field == nullptr) {
      report_unknown_key(reading, map.key(i), owner, names_of(fields));
      all_known = false;
      continue;
    }
    auto value = read_field(reading, *field, map.value(i));
    if (value) read.emplace_back(map.key(i).text, Located{std::move(*value), reading.span(map.value(i))});
  }
  for (const Field& field : fields) {
    if (all_known && field.required && map.find(field.name) == nullptr) {
      reading.add(map, fmt::format("{} lacks {}", owner, field.name), example_hint(field));
    }
  }
  return read;
}

const Field* find_field(std::span<const Field> fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &Field::name);
  return found == fields.end() ? nullptr : &*found;
}

std::vector<std::string_view> names_of(std::span<const Field> fields) {
  std::vector<std::string_view> names;
  names.reserve(fields.size());
  for (const Field& field : fields) names.push_back(field.name);
  return names;
}

void report_unknown_key(Reading& reading, const Node& key, std::string_view owner,
                        const std::vector<std::string_view>& known) {
  if (reading.full()) return;
  reading.add(key, fmt::format("{} has no field \"{}\"", visible_line(owner, 60), visible_line(key.text, 60)),
              near_or(key.text, known, "it has: " + listed(known)));
}

bool require_map(Reading& reading, const Node& node, std::string_view name, std::string_view example) {
  if (node.is_map()) return true;
  reading.add(node, fmt::format("{} must be a map; this is {}", name, kind_in_words(node)),
              fmt::format("for example {}: {}", name, example));
  return false;
}

bool require_list(Reading& reading, const Node& node, std::string_view name, std::string_view example) {
  if (node.is_list()) return true;
  reading.add(node, fmt::format("{} must be a list; this is {}", name, kind_in_words(node)),
              fmt::format("for example {}: {}", name, example));
  return false;
}

const Located* find_located(const LocatedMap& map, std::string_view name) {
  const auto found = std::ranges::find(map, name, &LocatedMap::value_type::first);
  return found == map.end() ? nullptr : &found->second;
}

std::string text_of(const LocatedMap& map, std::string_view name) {
  const Located* found = find_located(map, name);
  return found == nullptr ? std::string() : found->value.as_string();
}

std::vector<std::string> texts_of(const LocatedMap& map, std::string_view name) {
  std::vector<std::string> texts;
  const Located* found = find_located(map, name);
  if (found == nullptr) return texts;
  texts.reserve(found->value.as_list().size());
  for (const Value& item : found->value.as_list()) texts.push_back(item.as_string());
  return texts;
}

Located located_of(const LocatedMap& map, std::string_view name) {
  const Located* found = find_located(map, name);
  return found == nullptr ? Located{} : *found;
}

Duration duration_of(const LocatedMap& map, std::string_view name, Duration fallback) {
  const Located* found = find_located(map, name);
  return found == nullptr ? fallback : Duration(found->value.as_int());
}

std::vector<Located> commands_of(const LocatedMap& map, std::string_view name) {
  std::vector<Located> commands;
  const Located* found = find_located(map, name);
  if (found == nullptr) return commands;
  for (const Value& command : found->value.as_list()) commands.push_back({command, found->span});
  return commands;
}

LocatedMap names_of(const LocatedMap& map, std::string_view name) {
  LocatedMap names;
  const Located* found = find_located(map, name);
  if (found == nullptr) return names;
  for (const auto& [key, value] : found->value.as_map()) names.emplace_back(key, Located{value, found->span});
  return names;
}
}  // namespace mccoy::suite
