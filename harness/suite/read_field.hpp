// One node of a suite typed by one row of a table; every mistake is reported at its own place.
#pragma once
#include <optional>
#include <span>
#include <string_view>

#include "harness/suite/reading.hpp"

namespace mccoy::suite {
/// The typed value; strings that hold ${…} stay as written. Nothing when a mistake was reported.
std::optional<Value> read_field(Reading& reading, const Field& field, const Node& node);
/// A map by its table: unknown and missing keys are reported. Members in file order.
///   owner  how the map is called in messages: "http", "retry"
LocatedMap read_fields(Reading& reading, std::span<const Field> fields, const Node& map, std::string_view owner);
/// The row of that name; nullptr when there is none.
const Field* find_field(std::span<const Field> fields, std::string_view name);
/// "OWNER has no field "x"", with the nearest of the known ones.
void report_unknown_key(Reading& reading, const Node& key, std::string_view owner,
                        const std::vector<std::string_view>& known);
std::vector<std::string_view> names_of(std::span<const Field> fields);
/// false after reporting that this is no map (or list) although it must be.
bool require_map(Reading& reading, const Node& node, std::string_view name, std::string_view example);
bool require_list(Reading& reading, const Node& node, std::string_view name, std::string_view example);

const Located* find_located(const LocatedMap& map, std::string_view name);
std::string text_of(const LocatedMap& map, std::string_view name);
std::vector<std::string> texts_of(const LocatedMap& map, std::string_view name);
Located located_of(const LocatedMap& map, std::string_view name);
Duration duration_of(const LocatedMap& map, std::string_view name, Duration fallback);
/// A list of argvs as one Located each, all with the place of the list.
std::vector<Located> commands_of(const LocatedMap& map, std::string_view name);
LocatedMap names_of(const LocatedMap& map, std::string_view name);
}  // namespace mccoy::suite
