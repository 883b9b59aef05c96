#include "harness/suite/gate_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"

namespace mccoy::suite {
namespace {
using Kind = GateWord::Kind;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The bytes of the word that starts here; 0: none does.
std::size_t length_at(std::string_view rest, Kind& kind) {
  constexpr std::string_view kSigns[] = {"===", "!==", "<=", ">=", "==", "!=", "<", ">", "=", "(", ")", "*", "%", "/"};
  std::size_t length = 0;
  if (is_letter(rest[0])) {
    kind = Kind::word;
    while (length < rest.size() && (is_letter(rest[length]) || is_digit(rest[length]))) ++length;
    return length;
  }
  if (is_digit(rest[0]) || rest[0] == '.' || rest[0] == '-') {
    kind = Kind::number;
    for (length = 1; length < rest.size() && (is_digit(rest[length]) || rest[length] == '.');) ++length;
    return length;
  }
  if (rest[0] == '{') {
    kind = Kind::labels;
    const auto end = rest.find('}');
    return end == std::string_view::npos ? 0 : end + 1;
  }
  kind = Kind::sign;
  const auto* sign = std::ranges::find_if(kSigns, [&](std::string_view s) { return rest.starts_with(s); });
  return sign == std::end(kSigns) ? 0 : sign->size();
}
}  // namespace

Error gate_error(const GateWord& about, std::string what, std::string hint) {
  const std::size_t braces = about.kind == Kind::labels ? 2 : 0;
  return {.where = {.column = static_cast<int>(about.at) + 1,
                    .length = static_cast<int>(std::max<std::size_t>(about.text.size() + braces, 1))},
          .what = std::move(what),
          .hint = std::move(hint)};
}

Result<std::vector<GateWord>> gate_words(std::string_view text) {
  std::vector<GateWord> words;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == ' ' || text[at] == '\t') {
      ++at;
      continue;
    }
    GateWord word{.text = text.substr(at, 1), .at = at};
    const std::size_t length = length_at(text.substr(at), word.kind);
    if (length == 0) {
      word.kind = Kind::sign;
      return gate_error(word, fmt::format("\"{}\" means nothing in a gate", visible_line(word.text)),
                        text[at] == '{' ? "close the selector: {request: login}" : "for example p(95) < 500ms");
    }
    word.text = text.substr(at, length);
    if (word.kind == Kind::labels) word.text = word.text.substr(1, length - 2);
    words.push_back(word);
    at += length;
  }
  words.push_back({.kind = Kind::end, .text = {}, .at = text.size()});
  return words;
}
}  // namespace mccoy::suite
