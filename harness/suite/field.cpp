#include "harness/suite/field.hpp"

#include <algorithm>
#include <iterator>

namespace mccoy::suite {
namespace {
struct Row {
  FieldType type;
  std::string_view name;
  std::string_view words;
  std::string_view advice;
};
constexpr Row kRows[] = {
    {FieldType::text, "text", "a text", "write one text, in quotes if it has : { [ or # in it"},
    {FieldType::word, "word", "one of the known words", "write one of the known words"},
    {FieldType::flag, "flag", "true or false", "write true or false"},
    {FieldType::integer, "integer", "a whole number", "write it without a point: 3"},
    {FieldType::number, "number", "a number", "write 3 or 0.5"},
    {FieldType::duration, "duration", "a duration such as 250ms, 2s, 1.5m",
     "write a number and a unit: 250ms, 2s, 1.5m"},
    {FieldType::size, "size", "a size such as 512, 64KiB, 500MiB", "write whole bytes or a unit: 512, 64KiB"},
    {FieldType::date, "date", "a date such as 2026-12-31", "write year, month and day: 2026-12-31"},
    {FieldType::argv, "argv", "a list of words: a command and its arguments", "write [program, argument, argument]"},
    {FieldType::argvs, "argvs", "a list of commands, each a list of words", "write [[program, argument], [program]]"},
    {FieldType::texts, "texts", "a list of texts", "write [one, two]"},
    {FieldType::names, "names", "a map of names and values", "write { NAME: value }"},
    {FieldType::json, "json", "any value", "write any value"},
    {FieldType::port, "port", "a port from 1 to 65535", "write 8080"},
    {FieldType::path, "path", "a path", "write one path, in quotes if need be"},
    {FieldType::object, "object", "a map of fields", "write { field: value }"},
    {FieldType::objects, "objects", "a list of maps", "write [{ field: value }]"},
    {FieldType::named, "named", "a map of names, each with a map of fields", "write { NAME: { field: value } }"},
};
const Row& row_of(FieldType type) {
  return *std::ranges::find(kRows, type, &Row::type);
}
static_assert(std::size(kRows) == static_cast<std::size_t>(FieldType::named) + 1);
}  // namespace

std::string_view in_words(FieldType type) {
  return row_of(type).words;
}
std::string_view advice(FieldType type) {
  return row_of(type).advice;
}
std::string_view to_text(FieldType type) {
  return row_of(type).name;
}
std::string_view to_text(MetricSort sort) {
  constexpr std::string_view kSorts[] = {"times", "time", "counter", "share"};
  return kSorts[static_cast<std::size_t>(sort)];
}
}  // namespace mccoy::suite
