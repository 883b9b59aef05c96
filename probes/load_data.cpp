// Data for requests, from CSV or JSON; declared in load_words.hpp.
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "probes/load_words.hpp"

namespace mccoy::probes {
namespace {
constexpr std::int64_t kMostBytes = 64 << 20;

/// RFC 4180: fields in quotes may hold commas, line ends and doubled quotes. A last line end ends the last row.
std::vector<std::vector<std::string>> rows_of_csv(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string field;
  bool quoted = false;
  const auto end_field = [&] {
    row.push_back(std::move(field));
    field.clear();
  };
  const auto end_row = [&] {
    end_field();
    if (row.size() > 1 || !row.front().empty()) rows.push_back(std::move(row));
    row.clear();
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted && c == '"' && at + 1 < text.size() && text[at + 1] == '"') {
      field += text[++at];
    } else if (c == '"' && (quoted || field.empty())) {
      quoted = !quoted;
    } else if (!quoted && c == ',') {
      end_field();
    } else if (!quoted && c == '\n') {
      if (field.ends_with('\r')) field.pop_back();
      end_row();
    } else {
      field += c;
    }
  }
  if (!field.empty() || !row.empty()) end_row();
  return rows;
}

Result<LoadData::Named> from_csv(const Said& file, std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  auto rows = rows_of_csv(text);
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
