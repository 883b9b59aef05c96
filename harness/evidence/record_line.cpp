#include "harness/evidence/record_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "harness/base/digest.hpp"

namespace mccoy::evidence {
namespace {
constexpr std::size_t kHashDigits = 64;
constexpr std::string_view kBeforeHash = R"(,"hash":")";
constexpr std::string_view kAfterHash = R"("})";

bool take(std::string_view& rest, std::string_view expected) {
  if (!rest.starts_with(expected)) return false;
  rest.remove_prefix(expected.size());
  return true;
}

/// Decimal as we write it: no plus, no leading zeros.
bool take_number(std::string_view& rest, std::int64_t& number) {
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc()) return false;
  const auto length = static_cast<std::size_t>(end - rest.data());
  if (rest.substr(0, length) != fmt::format_int(number).c_str()) return false;
  rest.remove_prefix(length);
  return true;
}

bool is_word(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || c == '-' || c == '_'; });
}

bool is_hash(std::string_view text) {
  return text.size() == kHashDigits &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool take_text(std::string_view& rest, std::string_view& text, bool (*allowed)(std::string_view)) {
  const std::size_t end = rest.find('"');
  if (end == std::string_view::npos) return false;
  text = rest.substr(0, end);
  rest.remove_prefix(end);
  return allowed(text);
}
}  // namespace

std::string record_line(const Record& record, std::string_view prev, std::string_view body, std::string& hash) {
  MCCOY_CHECK(is_word(record.type) && is_hash(prev));
  std::string line = fmt::format(R"({{"seq":{},"t_wall":{},"t_mono":{},"type":"{}","prev":"{}","body":{})", record.seq,
                                 record.wall_ms, record.mono_us, record.type, prev, body);
  hash = sha256(line);
  line += kBeforeHash;
  line += hash;
  line += kAfterHash;
  return line;
}

bool take_apart(std::string_view line, LineParts& parts) {
  constexpr std::size_t kEnd = kBeforeHash.size() + kHashDigits + kAfterHash.size();
  if (line.size() < kEnd) return false;
  parts.hashed = line.substr(0, line.size() - kEnd);
  std::string_view end = line.substr(parts.hashed.size());
  if (!take(end, kBeforeHash) || !take_text(end, parts.hash, is_hash) || end != kAfterHash) return false;
  std::string_view rest = parts.hashed;
  const bool understood = take(rest, R"({"seq":)") && take_number(rest, parts.seq) &&            //
                          take(rest, R"(,"t_wall":)") && take_number(rest, parts.wall_ms) &&     //
                          take(rest, R"(,"t_mono":)") && take_number(rest, parts.mono_us) &&     //
                          take(rest, R"(,"type":")") && take_text(rest, parts.type, is_word) &&  //
                          take(rest, R"(","prev":")") && take_text(rest, parts.prev, is_hash) &&
                          take(rest, R"(","body":)");
  parts.body = rest;
  return understood;
}
}  // namespace mccoy::evidence
