#include "harness/judge/shorten.hpp"

#include <fmt/format.h>

#include "harness/base/text.hpp"

namespace mccoy::judge {
namespace {
bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}
constexpr std::size_t kNamesShown = 12;
}  // namespace

std::string shorten(std::string_view text, std::size_t limit) {
  // Bytes that are not UTF-8 grow when they are replaced: a bounded piece is cleaned first, then cut.
  std::string clean = utf8_text(text.substr(0, limit + 4));
  if (clean.size() <= limit && text.size() <= limit) return clean;
  std::size_t end = std::min(limit, clean.size());
  while (end > 0 && end < clean.size() && continues_character(clean[end])) --end;
  return fmt::format("{}… ({} bytes in all)", clean.substr(0, end), text.size());
}

std::string shorten_json(const Value& value, std::size_t limit) {
  return shorten(to_json(value), limit);
}

std::string outline(const Value& value) {
  if (value.is_list()) return fmt::format("a list of {}", value.as_list().size());
  if (!value.is_map()) return shorten_json(value, 80);
  if (value.as_map().empty()) return "nothing (an empty object)";
  std::vector<std::string> names;
  for (const auto& [name, member] : value.as_map()) {
    if (names.size() == kNamesShown) {
      names.push_back(fmt::format("and {} more", value.as_map().size() - kNamesShown));
      break;
    }
    names.push_back("/" + shorten(name, 60));
  }
  return join(names, ", ");
}
}  // namespace mccoy::judge
