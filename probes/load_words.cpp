#include "probes/load_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "harness/base/text.hpp"

using namespace std::string_view_literals;

namespace mccoy::probes {
namespace {
using load::Piece;

std::string as_json_inside(const std::string& text) {
  const std::string quoted = to_json(Value(text));
  return quoted.substr(1, quoted.size() - 2);
}

std::string as_url(const std::string& text) {
  constexpr std::string_view kPlain = "-._~";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       kPlain.find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return out;
}

std::string written_as(const std::string& text, Written written) {
  if (written == Written::json) return as_json_inside(text);
  return written == Written::url ? as_url(text) : text;
}

/// "random", "random 1..6"
Result<Piece> random_piece(std::string_view range, const Said& place) {
  Piece piece{.kind = Piece::Kind::random, .low = 0, .high = (std::int64_t{1} << 31) - 1};
  range = trim(range);
  if (range.empty()) return piece;
  const auto dots = range.find("..");
  const auto number = [](std::string_view text, std::int64_t& out) {
    text = trim(text);
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
    return problem == std::errc() && end == text.data() + text.size();
  };
  if (dots == std::string_view::npos || !number(range.substr(0, dots), piece.low) ||
      !number(range.substr(dots + 2), piece.high) || piece.low > piece.high)
    return place.refuse(fmt::format("\"{}\" is no range of numbers", visible_line(range, 40)), "write {{random 1..6}}");
  return piece;
}

Error unknown_name(std::string_view name, const Said& place, const LoadData& data, const Captured& captured) {
  std::vector<std::string> known = data.names();
  for (const auto& [variable, index] : captured) known.push_back(variable);
  for (const char* own : {"unique", "nonce", "random"}) known.emplace_back(own);
  const std::vector<std::string_view> words(known.begin(), known.end());
  const auto near = did_you_mean(name, words);
  return place.refuse(fmt::format("{{{{{}}}}} is nothing a load can put in", visible_line(name, 60)),
                      near.empty() ? "one of: " + join(known, ", ") : fmt::format("did you mean \"{}\"?", near));
}

Result<Piece> named_piece(std::string_view name, const Said& place, Written written, LoadData& data,
                          const Captured& captured) {
  if (name == "unique") return Piece{.kind = Piece::Kind::unique};
  if (name == "nonce") return Piece{.kind = Piece::Kind::nonce};
  if (name == "random" || name.starts_with("random ")) return random_piece(name.substr(6), place);
  if (const auto found = captured.find(name); found != captured.end())
    return Piece{.kind = Piece::Kind::capture, .variable = found->second};
  const auto dot = name.find('.');
  const bool column = dot != std::string_view::npos && data.has(name.substr(0, dot));
  if (!column) return unknown_name(name, place, data, captured);
  auto piece = data.piece(name.substr(0, dot), name.substr(dot + 1), written);
  if (piece.ok()) return piece;
  if (piece.error().hint.empty()) return unknown_name(name, place, data, captured);
  piece.error().where = place.span();
  return piece;
}
}  // namespace

bool LoadData::has(std::string_view name) const {
  return std::ranges::find(named_, name, &Named::name) != named_.end();
}

std::vector<std::string> LoadData::names() const {
  std::vector<std::string> names;
  for (const Named& named : named_)
    for (const std::string& column : named.columns) names.push_back(named.name + "." + column);
  return names;
}

std::size_t LoadData::table_for(const Named& named, Written written) {
  const auto [made, is_new] = made_.emplace(std::pair(named.name, written), tables_.size());
  if (!is_new) return made->second;
  load::Table table = named.table;
  table.drawn_as = static_cast<std::size_t>(&named - named_.data());
  for (auto& row : table.rows)
    for (std::string& value : row) value = written_as(value, written);
  tables_.push_back(std::move(table));
  return made->second;
}

Result<load::Piece> LoadData::piece(std::string_view table, std::string_view column, Written written) {
  const auto named = std::ranges::find(named_, table, &Named::name);
  MCCOY_CHECK(named != named_.end());
  const auto found = std::ranges::find(named->columns, column);
  if (found == named->columns.end()) return Error{.what = "no such column"};
  const auto index = static_cast<std::size_t>(found - named->columns.begin());
  const auto has_line_end = [&](const auto& row) { return row[index].find_first_of("\r\n\0"sv) != std::string::npos; };
  if (written == Written::line && std::ranges::any_of(named->table.rows, has_line_end))
    return Error{.what = fmt::format("{}.{} has a value with a line end, which no header can hold", table, column),
                 .hint = "take it out of the file, or send the value in the body"};
  const bool same = std::ranges::all_of(named->table.rows,
                                        [&](const auto& row) { return written_as(row[index], written) == row[index]; });
  return Piece{
      .kind = Piece::Kind::column, .table = table_for(*named, same ? Written::plain : written), .column = index};
}

Result<load::Template> read_template(std::string_view text, const Said& place, Written written, LoadData& data,
                                     const Captured& captured) {
  load::Template pieces;
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty()) pieces.push_back({.kind = Piece::Kind::literal, .text = std::move(literal)});
    literal.clear();
  };
  while (!text.empty()) {
    const auto open = text.find("{{");
    literal += text.substr(0, open);
    if (open == std::string_view::npos) break;
    text.remove_prefix(open + 2);
    if (text.starts_with("{{")) {
      literal += "{{";
      text.remove_prefix(2);
      continue;
    }
    const auto close = text.find("}}");
    if (close == std::string_view::npos)
      return place.refuse("{{ without }}", "write {{unique}}, or {{{{ for a literal {{");
    flush();
    MCCOY_TRY(piece, named_piece(trim(text.substr(0, close)), place, written, data, captured));
    pieces.push_back(std::move(piece));
    text.remove_prefix(close + 2);
  }
  flush();
  return pieces;
}
}  // namespace mccoy::probes
