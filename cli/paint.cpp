#include "cli/paint.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "harness/base/utf8.hpp"

namespace mccoy::cli {
namespace {
constexpr char32_t kFirstWide = 0x1100;  ///< from here on a character may take two columns
constexpr int kDefaultWidth = 80;

std::string_view code_of(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "\x1b[32m";
    case Tone::bad:
      return "\x1b[31m";
    case Tone::unsure:
      return "\x1b[33m";
    case Tone::quiet:
      return "\x1b[2m";
    case Tone::strong:
      return "\x1b[1m";
    case Tone::plain:
      break;
  }
  return "";
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value && *value;
}
}  // namespace

std::string Paint::operator()(Tone tone, std::string_view text) const {
  const std::string_view code = code_of(tone);
  if (!on_ || code.empty()) return std::string(text);
  return std::string(code) + std::string(text) + "\x1b[0m";
}

bool is_terminal(int fd) {
  const char* term = std::getenv("TERM");
  return ::isatty(fd) == 1 && term && std::string_view(term) != "dumb";
}

bool want_colours(const std::string& word, int fd) {
  if (word == "always") return true;
  return word != "never" && !is_set("NO_COLOR") && is_terminal(fd);
}

int terminal_width(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kDefaultWidth;
}

std::string fit(std::string_view text, int columns) {
  std::size_t at = 0, keep = 0;
  for (int used = 0; at < text.size();) {
    const CodePoint next = decode_utf8(text.substr(at));
    used += next.value >= kFirstWide ? 2 : 1;
    if (used > columns) return std::string(text.substr(0, keep)) + "…";
    at += next.length;
    if (used < columns) keep = at;  // leaves a column for the mark
  }
  return std::string(text);
}

std::string padded(std::string_view text, int columns) {
  const auto used = static_cast<int>(count_code_points(text));
  return std::string(text) + std::string(static_cast<std::size_t>(used < columns ? columns - used : 0), ' ');
}
}  // namespace mccoy::cli
