// render(): an error as the user sees it, with the line of the file it is about.
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/base/utf8.hpp"

namespace mccoy {
namespace {
constexpr std::int64_t kSourceLimitBytes = 16 << 20;
constexpr std::size_t kShortHintBytes = 60;     ///< a hint up to here stands behind the caret
constexpr std::size_t kWindowBytes = 110;       ///< of a long source line
constexpr std::size_t kBeforeColumnBytes = 40;  ///< of them in front of the column

/// Line `number` (1-based) without its line end; false when the file cannot be read or is shorter.
bool source_line(const Span& where, std::string& line) {
  if (where.file.empty() || where.line <= 0) return false;
  const auto text = read_file(std::string(where.file), kSourceLimitBytes);
  if (!text.ok()) return false;
  std::string_view rest = *text;
  for (int skip = 1; skip < where.line; ++skip) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return false;
    rest.remove_prefix(end + 1);
  }
  line = rest.substr(0, rest.find('\n'));
  if (line.ends_with('\r')) line.pop_back();
  return true;
}

bool continues_a_code_point(std::string_view line, std::size_t at) {
  return at < line.size() && (static_cast<unsigned char>(line[at]) & 0xC0U) == 0x80U;
}

/// Never cuts inside a code point; an invalid line is cut anywhere after three steps.
std::size_t boundary_before(std::string_view line, std::size_t at) {
  for (int step = 0; step < 3 && at > 0 && continues_a_code_point(line, at); ++step) --at;
  return at;
}

/// The part of a line that is shown, and where the underlining starts in it.
struct Window {
  std::string_view shown;
  std::size_t mark = 0;  ///< bytes of `shown` in front of the column
  bool cut_before = false;
  bool cut_after = false;
};

Window window_around(std::string_view line, std::size_t mark) {
  mark = std::min(mark, line.size());
  const bool far = line.size() > kWindowBytes && mark > kBeforeColumnBytes;
  const std::size_t begin = far ? boundary_before(line, mark - kBeforeColumnBytes) : 0;
  const std::size_t end = boundary_before(line, std::min(line.size(), begin + kWindowBytes));
  return {line.substr(begin, end - begin), std::min(mark - begin, end - begin), begin > 0, end < line.size()};
}

/// Blanks as wide as the text on a terminal; tabs stay tabs, so that both lines jump alike.
std::string blanks_for(std::string_view visible) {
  std::string blanks;
  for (std::size_t at = 0; at < visible.size(); at += decode_utf8(visible.substr(at)).length) {
    blanks += visible[at] == '\t' ? '\t' : ' ';
  }
  return blanks;
}

std::string underline(const Window& window, int length_bytes) {
  const auto marked = window.shown.substr(window.mark, static_cast<std::size_t>(std::max(length_bytes, 1)));
  const std::size_t width = std::max<std::size_t>(count_code_points(visible_line(marked)), 1);
  return blanks_for(visible_line(window.shown.substr(0, window.mark))) + '^' + std::string(width - 1, '~');
}

std::string place(const Span& where) {
  if (where.file.empty()) {
    return where.line > 0 ? fmt::format("line {}, column {}: ", where.line, where.column) : std::string();
  }
  std::string out = visible_line(where.file);
  if (where.line > 0) out += fmt::format(":{}", where.line);
  if (where.line > 0 && where.column > 0) out += fmt::format(":{}", where.column);
  return out + ": ";
}

std::string hint_line(std::size_t gutter, std::string_view hint) {
  std::string out = std::string(gutter, ' ') + " = hint: ";
  const std::string indent = '\n' + std::string(out.size(), ' ');
  for (const char c : visible_text(hint)) c == '\n' ? out += indent : out += c;
  return out + '\n';
}

std::string excerpt(const Span& where, std::string_view line, std::string_view short_hint) {
  const auto window = window_around(line, static_cast<std::size_t>(std::max(where.column - 1, 0)));
  const std::string_view lead = window.cut_before ? "…" : "";
  std::string out =
      fmt::format("{:>5} | {}{}{}\n", where.line, lead, visible_line(window.shown), window.cut_after ? "…" : "");
  if (where.column <= 0) return out;
  const auto gutter = std::max<std::size_t>(5, std::to_string(where.line).size());
  out += std::string(gutter, ' ') + " | " + blanks_for(lead) + underline(window, where.length);
  if (!short_hint.empty()) out += ' ' + std::string(short_hint);
  return out + '\n';
}
}  // namespace

std::string render(const Error& error) {
  std::string out = place(error.where) + "error: " + visible_text(error.what) + '\n';
  const std::string hint = visible_line(error.hint);
  std::string line;
  const bool has_source = source_line(error.where, line);
  const bool behind_caret = has_source && error.where.column > 0 && hint.size() <= kShortHintBytes;
  if (has_source) out += excerpt(error.where, line, behind_caret ? hint : "");
  const auto gutter = std::max<std::size_t>(5, std::to_string(error.where.line).size());
  if (!behind_caret && !hint.empty()) out += hint_line(gutter, error.hint);
  return out;
}
}  // namespace mccoy
