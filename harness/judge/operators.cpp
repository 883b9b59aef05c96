#include "harness/judge/operators.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <optional>

#include "harness/base/digest.hpp"
#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/judge/shorten.hpp"

namespace mccoy::judge {
namespace {
using suite::Comparison;
using suite::Op;

Answer yes_no(bool holds, std::string actual) {
  return {holds ? Held::yes : Held::no, std::move(actual), {}};
}
Answer not_known(std::string why, std::string actual = {}) {
  return {Held::unknown, std::move(actual), std::move(why)};
}

/// A text has no type: `equals: 42` means the same as `equals: "42"`.
std::string as_text(const Value& value) {
  return value.is_string() ? value.as_string() : to_json(value);
}

/// A subject as a text: what was kept of its beginning and end, and whether that is all.
struct Text {
  std::string head, tail;
  std::int64_t bytes = 0;
  const Output* cut = nullptr;  ///< not null: bytes between head and tail are gone
};

Text text_of(const Found& found) {
  if (found.text != nullptr) {
    const Output& text = *found.text;
    if (text.whole()) return {text.text(), {}, text.bytes, nullptr};
    return {text.head, text.tail, text.bytes, &text};
  }
  std::string text = as_text(found.value);
  const auto bytes = static_cast<std::int64_t>(text.size());
  return {std::move(text), {}, bytes, nullptr};
}

std::string shown(const Found& found) {
  if (found.kind == Found::Kind::value) return shorten_json(found.value);
  if (found.text->bytes == 0) return "nothing (0 bytes)";
  std::string beginning = shorten(found.text->head);
  const bool more = found.text->bytes > static_cast<std::int64_t>(found.text->head.size());
  return more ? fmt::format("{} (cut: {})", beginning, cut_words(*found.text)) : beginning;
}

/// A figure that was taken out of a text is compared as a number when a number is asked for.
Value comparable(const Found& found, bool number_wanted) {
  if (!found.textual || !number_wanted || !found.value.is_string()) return found.value;
  Value number = number_in(trim(found.value.as_string()));
  return number.is_null() ? found.value : number;
}

// ---- equals, any_of

/// Without a last line end the texts are equal as well, unless the wanted one has its own. A text that was cut is
/// compared by its digest, so equality is always known.
bool equals_text(const Output& text, const std::string& wanted) {
  if (text.whole()) {
    const std::string all = text.text();
    return all == wanted || (!wanted.ends_with('\n') && without_last_line_end(all) == wanted);
  }
  if (sha256(wanted) == text.sha256) return true;
  return !wanted.ends_with('\n') && (sha256(wanted + "\n") == text.sha256 || sha256(wanted + "\r\n") == text.sha256);
}

bool equals_one(const Found& found, const Value& wanted) {
  if (found.kind == Found::Kind::text) return equals_text(*found.text, as_text(wanted));
  return comparable(found, wanted.is_number()) == wanted;
}

Answer equals(const Found& found, const Value& wanted) {
  return yes_no(equals_one(found, wanted), shown(found));
}

std::optional<Comparison> comparison_of(const Value& wanted) {
  if (wanted.is_number()) return Comparison{Comparison::Kind::eq, wanted.as_double(), wanted.as_double()};
  if (!wanted.is_string()) return std::nullopt;
  for (const auto unit : {suite::Unit::none, suite::Unit::duration_ns, suite::Unit::size_bytes})
    if (auto comparison = suite::parse_comparison(wanted.as_string(), unit); comparison.ok()) return *comparison;
  return std::nullopt;
}

bool number_holds(const Value& number, const Value& wanted) {
  const auto comparison = comparison_of(wanted);
  return number.is_number() && comparison && comparison->holds(number.as_double());
}

Answer any_of(const Found& found, const Value& wanted) {
  const Value number = comparable(found, true);
  const auto& list = wanted.as_list();
  const bool holds = std::any_of(list.begin(), list.end(), [&](const Value& item) {
    return equals_one(found, item) || (found.kind == Found::Kind::value && number_holds(number, item));
  });
  return yes_no(holds, shown(found));
}

// ---- texts

bool list_has(const Value& list, const Value& wanted) {
  const auto& items = list.as_list();
  return std::find(items.begin(), items.end(), wanted) != items.end();
}

Answer contains(const Found& found, const Value& wanted) {
  if (found.kind == Found::Kind::value && found.value.is_list())
    return yes_no(list_has(found.value, wanted), shown(found));
  const std::string needle = as_text(wanted);
  const Text text = text_of(found);
  if (text.head.find(needle) != std::string::npos || text.tail.find(needle) != std::string::npos)
    return yes_no(true, shown(found));
  if (text.cut != nullptr) return not_known(cut_words(*text.cut) + ", and the text was not among them", shown(found));
  return yes_no(false, shown(found));
}

/// Presence in what was kept; `^`, `$` and `\b` are not believed at a place where bytes were dropped.
bool found_in(const RE2& regex, const Text& text) {
  auto search = [&regex](const std::string& piece, std::size_t begin, std::size_t end) {
    return begin <= end && regex.Match(piece, begin, end, RE2::UNANCHORED, nullptr, 0);
  };
  if (text.cut == nullptr) return search(text.head, 0, text.head.size());
  if (!text.head.empty() && search(text.head, 0, text.head.size() - 1)) return true;
  return !text.tail.empty() && search(text.tail, 1, text.tail.size());
}

Answer matches(const Found& found, const Value& wanted) {
  const RE2 regex(wanted.as_string(), RE2::Quiet);
  if (!regex.ok()) return not_known(fmt::format("the pattern cannot be read: {}", regex.error()));
  const Text text = text_of(found);
  if (found_in(regex, text)) return yes_no(true, shown(found));
  if (text.cut != nullptr) return not_known(cut_words(*text.cut) + ", and nothing in it matched", shown(found));
  return yes_no(false, shown(found));
}

Answer negated(Answer answer) {
  if (answer.held != Held::unknown) answer.held = answer.held == Held::yes ? Held::no : Held::yes;
  return answer;
}
Answer not_contains(const Found& found, const Value& wanted) {
  return negated(contains(found, wanted));
}
Answer not_matches(const Found& found, const Value& wanted) {
  return negated(matches(found, wanted));
}

// ---- numbers

Answer compared(const Value& number, const Value& wanted, std::string actual) {
  if (!number.is_number()) return yes_no(false, fmt::format("{}, which is no number", actual));
  const auto comparison = comparison_of(wanted);
  if (!comparison) return not_known(fmt::format("{} is no comparison", shorten_json(wanted)), std::move(actual));
  return yes_no(comparison->holds(number.as_double()), std::move(actual));
}

Answer compare(const Found& found, const Value& wanted) {
  if (wanted.is_list()) return any_of(found, wanted);
  if (found.kind == Found::Kind::text && !found.text->whole())
    return not_known(cut_words(*found.text) + ": no number by itself", shown(found));
  const Value number = found.kind == Found::Kind::text ? number_in(trim(found.text->head)) : comparable(found, true);
  return compared(number, wanted, shown(found));
}

Answer bytes(const Found& found, const Value& wanted) {
  const auto count = text_of(found).bytes;
  return compared(count, wanted, fmt::format("{} bytes", count));
}

Answer lines(const Found& found, const Value& wanted) {
  const Text text = text_of(found);
  if (text.cut != nullptr) return not_known(cut_words(*text.cut) + ": its lines cannot be counted");
  const auto ends = std::count(text.head.begin(), text.head.end(), '\n');
  const std::int64_t count = ends + (text.head.empty() || text.head.ends_with('\n') ? 0 : 1);
  return compared(count, wanted, fmt::format("{} line{}", count, count == 1 ? "" : "s"));
}

// ---- structures

bool is_subset(const Value& part, const Value& whole);

bool items_in_order(const Value::List& parts, const Value::List& items) {
  auto at = items.begin();
  for (const auto& part : parts) {
    at = std::find_if(at, items.end(), [&](const Value& item) { return is_subset(part, item); });
    if (at == items.end()) return false;
    ++at;
  }
  return true;
}

bool is_subset(const Value& part, const Value& whole) {
  if (part.is_list()) return whole.is_list() && items_in_order(part.as_list(), whole.as_list());
  if (!part.is_map()) return part == whole;
  return whole.is_map() && std::all_of(part.as_map().begin(), part.as_map().end(), [&](const auto& member) {
           const Value* other = whole.find(member.first);
           return other != nullptr && is_subset(member.second, *other);
         });
}

/// A whole text is read as JSON first.
Answer subset(const Found& found, const Value& wanted) {
  if (found.kind == Found::Kind::value) return yes_no(is_subset(wanted, found.value), shown(found));
  if (!found.text->whole()) return not_known(cut_words(*found.text) + ": too long to be read as JSON");
  const auto document = from_json(found.text->text());
  if (!document.ok()) return yes_no(false, "not JSON: " + shown(found));
  return yes_no(is_subset(wanted, *document), shown(found));
}

bool is_nothing(const Found& found) {
  const Value& value = found.value;
  if (found.text != nullptr) return found.text->bytes == 0;
  if (value.is_string()) return value.as_string().empty();
  return value.is_null() || (value.is_list() && value.as_list().empty()) || (value.is_map() && value.as_map().empty());
}
Answer empty(const Found& found, const Value& wanted) {
  return yes_no(is_nothing(found) == wanted.as_bool(true), shown(found));
}

Answer glob(const Found& found, const Value& wanted) {
  if (found.kind != Found::Kind::value) return not_known("a text is no list of paths", shown(found));
  const auto& paths = found.value.as_list();
  auto has_match = [&paths](const Value& pattern) {
    return std::any_of(paths.begin(), paths.end(),
                       [&](const Value& path) { return glob_matches(pattern.as_string(), path.as_string()); });
  };
  const bool holds =
      wanted.is_list() ? std::all_of(wanted.as_list().begin(), wanted.as_list().end(), has_match) : has_match(wanted);
  return yes_no(holds, paths.empty() ? "none" : shown(found));
}

// ---- the table

constexpr std::array<OperatorRow, 12> kRows = {{
    {Op::equals, "equals ", &equals},
    {Op::any_of, "one of ", &any_of},
    {Op::contains, "contains ", &contains},
    {Op::not_contains, "does not contain ", &not_contains},
    {Op::matches, "matches ", &matches},
    {Op::not_matches, "does not match ", &not_matches},
    {Op::compare, "", &compare},
    {Op::subset, "holds ", &subset},
    {Op::empty, "", &empty},
    {Op::lines, "number of lines ", &lines},
    {Op::bytes, "number of bytes ", &bytes},
    {Op::glob, "a path like ", &glob},
}};
}  // namespace

const OperatorRow& operator_row(Op op) {
  const auto* row = std::find_if(kRows.begin(), kRows.end(), [op](const OperatorRow& r) { return r.op == op; });
  MCCOY_CHECK(row != kRows.end());
  return *row;
}
}  // namespace mccoy::judge
