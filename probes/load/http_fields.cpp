#include "probes/load/http_fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace mccoy::load {
namespace {
constexpr bool is_blank(char byte) {
  return byte == ' ' || byte == '\t';
}

/// RFC 9110, 5.6.2: what a name may consist of.
constexpr auto kTokens = [] {
  std::array<bool, 256> tokens = {};
  for (const char byte : std::string_view("!#$%&'*+-.^_`|~0123456789")) tokens[static_cast<unsigned char>(byte)] = true;
  for (unsigned letter = 'a'; letter <= 'z'; ++letter) tokens[letter] = tokens[letter - 'a' + 'A'] = true;
  return tokens;
}();

constexpr char lower(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

std::string_view take_word(std::string_view& list) {
  const auto comma = list.find(',');
  const auto word = list.substr(0, comma);
  list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  return trim_blanks(word);
}
}  // namespace

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  auto line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool equal_ignoring_case(std::string_view a, std::string_view lower_case) {
  return a.size() == lower_case.size() &&
         std::equal(a.begin(), a.end(), lower_case.begin(), [](char x, char y) { return lower(x) == y; });
}

std::string_view trim_blanks(std::string_view text) {
  const auto skip = [](char byte) { return is_blank(byte) || byte == '\r' || byte == '\n'; };
  while (!text.empty() && skip(text.front())) text.remove_prefix(1);
  while (!text.empty() && skip(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<Field> take_field(std::string_view& rest) {
  std::size_t colon = 0;
  while (colon < rest.size() && kTokens[static_cast<unsigned char>(rest[colon])]) ++colon;
  if (colon == 0 || colon == rest.size() || rest[colon] != ':') return std::nullopt;
  std::size_t end = rest.find('\n', colon);
  while (end != std::string_view::npos && end + 1 < rest.size() && is_blank(rest[end + 1]))
    end = rest.find('\n', end + 1);
  if (end == std::string_view::npos) end = rest.size();
  const Field field{rest.substr(0, colon), trim_blanks(rest.substr(colon + 1, end - colon - 1))};
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return field;
}

std::optional<std::string> field_of(std::string_view head, std::string_view name) {
  std::string wanted(name);
  std::ranges::transform(wanted, wanted.begin(), lower);
  take_line(head);
  while (const auto field = take_field(head))
    if (equal_ignoring_case(field->name, wanted)) return std::string(field->value);
  return std::nullopt;
}

bool list_has(std::string_view list, std::string_view lower_case_word) {
  while (!list.empty())
    if (equal_ignoring_case(take_word(list), lower_case_word)) return true;
  return false;
}

std::string_view last_of_list(std::string_view list) {
  std::string_view last;
  while (!list.empty()) last = take_word(list);
  return trim_blanks(last.substr(0, last.find(';')));
}

std::optional<std::uint64_t> content_length(std::string_view value) {
  std::optional<std::uint64_t> all;
  do {
    const auto word = take_word(value);
    std::int64_t one = 0;
    const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), one);
    if (word.empty() || word.front() == '-' || problem != std::errc{} || end != word.data() + word.size()) return {};
    if (all && *all != static_cast<std::uint64_t>(one)) return {};
    all = static_cast<std::uint64_t>(one);
  } while (!value.empty());
  return all;
}
}  // namespace mccoy::load
