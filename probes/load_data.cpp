// Data for requests, from CSV or JSON; declared in load_words.hpp.
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "probes/csv.hpp"
#include "probes/load_words.hpp"

namespace mccoy::probes {
namespace {
constexpr std::int64_t kMostBytes = 64 << 20;

Result<LoadData::Named> from_csv(const Said& file, std::string_view text) {
  auto read = read_csv(text);
  if (!read.ok())
    return file.refuse(
        fmt::format("{}, line {}: {}", visible_line(file.text(), 80), read.error().where.line, read.error().what),
        "a quote inside a field in quotes is written twice");
  auto& rows = *read;
  if (rows.size() < 2)
    return file.refuse(fmt::format("{} has no rows", visible_line(file.text(), 80)),
                       "the first line names the columns, the others are data");
  LoadData::Named named{.name = {}, .columns = std::move(rows.front()), .table = {}};
  for (std::string& column : named.columns) column = trim(column);
  for (auto column = named.columns.begin(); column != named.columns.end(); ++column)
    if (std::find(named.columns.begin(), column, *column) != column)
      return file.refuse(
          fmt::format("{} names the column \"{}\" twice", visible_line(file.text(), 80), visible_line(*column, 40)),
          "give each column its own name");
  rows.erase(rows.begin());
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].size() != named.columns.size())
      return file.refuse(fmt::format("row {} of {} has {} fields; the first line names {} columns", i + 1,
                                     visible_line(file.text(), 80), rows[i].size(), named.columns.size()),
                         "mend the row; a field with a comma stands in quotes");
  named.table.rows = std::move(rows);
  return named;
}

Result<LoadData::Named> from_json_list(const Said& file, std::string_view text) {
  const auto value = from_json(text);
  if (!value.ok())
    return file.refuse(fmt::format("{} is no JSON: {}", visible_line(file.text(), 80), value.error().what),
                       "a list of objects with the same members");
  const auto& items = value->as_list();
  if (items.empty() || !items.front().is_map())
    return file.refuse(fmt::format("{} has no rows", visible_line(file.text(), 80)),
                       "write a list of objects with the same members");
  LoadData::Named named;
  for (const auto& [column, member] : items.front().as_map()) named.columns.push_back(column);
  for (const Value& item : items) {
    std::vector<std::string> row;
    for (const std::string& column : named.columns) {
      const Value* member = item.find(column);
      if (member == nullptr)
        return file.refuse(fmt::format("item {} of {} has no \"{}\"", named.table.rows.size() + 1,
                                       visible_line(file.text(), 80), visible_line(column, 40)),
                           "all items need the members of the first");
      row.push_back(suite::scalar_text(*member));
    }
    named.table.rows.push_back(std::move(row));
  }
  return named;
}
}  // namespace

Result<LoadData::Named> read_data(const Said& said, const std::string& folder) {
  const Said file = said["file"];
  const std::string path = absolute(file.text(), folder);
  auto bytes = read_file(path, kMostBytes);
  if (!bytes.ok()) {
    const std::error_code cause = bytes.error().cause;
    return file.refuse(fmt::format("{} cannot be read: {}", visible_line(file.text(), 120),
                                   cause ? cause.message() : std::string("no plain file, or too large")),
                       "paths begin in the suite's folder; 64 MiB at most");
  }
  auto named = path.ends_with(".json") ? from_json_list(file, *bytes) : from_csv(file, *bytes);
  if (!named.ok()) return named;
  named->name = said["name"].given() ? said["name"].text() : "data";
  if (said["order"].text() == "random") named->table.order = load::Table::Order::random;
  return named;
}
}  // namespace mccoy::probes
