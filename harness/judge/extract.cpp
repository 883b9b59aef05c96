#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>

#include "harness/base/clock.hpp"
#include "harness/base/text.hpp"
#include "harness/judge/checks.hpp"
#include "harness/judge/found.hpp"
#include "harness/judge/shorten.hpp"

namespace mccoy::judge {
namespace {
using evidence::Observation;
using suite::Extractor;

Found found_value(Value value, bool textual = false) {
  return {.kind = Found::Kind::value, .value = std::move(value), .textual = textual};
}
Found absent(std::string why) {
  return {.kind = Found::Kind::absent, .why = std::move(why)};
}
Found unknown(std::string why) {
  return {.kind = Found::Kind::unknown, .why = std::move(why)};
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Values go through the journal as JSON; bytes that are not UTF-8 must look the same before and after.
Value as_journalled(const Value& value) {
  if (!value.is_string() || is_utf8(value.as_string())) return value;
  auto again = from_json(to_json(value));
  return again.ok() ? std::move(again).value() : Value(utf8_text(value.as_string()));
}

/// A name that the observation does not hold: known to be absent when the observation itself says why.
Found missing_source(const Observation& observation, const std::string& name) {
  const Value& values = observation.values;
  if (name == "exit" && !values["signal"].is_null())
    return absent(fmt::format("no exit status: ended by signal {}", shorten(values["signal"].as_string())));
  if (values["exists"].is_bool() && !values["exists"].as_bool()) return absent("the file does not exist");
  return unknown(fmt::format("the probe brought back no {}", name));
}

Found whole(const Extractor& extractor, const Observation& observation) {
  if (const auto text = observation.texts.find(extractor.source); text != observation.texts.end())
    return {.kind = Found::Kind::text, .text = &text->second};
  if (const Value* value = observation.values.find(extractor.source)) return found_value(as_journalled(*value));
  return missing_source(observation, extractor.source);
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : static_cast<char>(c);
  });
  return result;
}

Found header(const Extractor& extractor, const Observation& observation) {
  const Value* headers = observation.values.find("headers");
  if (headers == nullptr) return missing_source(observation, "headers");
  const std::string name = lower(extractor.argument);
  for (const auto& [key, value] : headers->as_map()) {
    if (lower(key) != name) continue;
    Found result = found_value(as_journalled(value), true);
    return result;
  }
  return absent(fmt::format("no such header; there are: {}", outline(*headers)));
}

/// What stands where a pointer stops leading anywhere: the nearest parent that exists and the names in it.
std::string pointer_stops(const Value& document, const std::string& pointer) {
  std::string parent = pointer;
  while (!parent.empty()) {
    parent.resize(parent.rfind('/') == std::string::npos ? 0 : parent.rfind('/'));
    if (const Value* there = document.pointer(parent))
      return fmt::format("no {}; at \"{}\" there is: {}", pointer, parent.empty() ? "/" : parent, outline(*there));
  }
  return fmt::format("no {}", pointer);
}

Found json_at(const Value& document, const std::string& pointer) {
  if (const Value* value = document.pointer(pointer)) return found_value(*value);
  return absent(pointer_stops(document, pointer));
}

Found json(const Found& source, const Extractor& extractor) {
  if (source.kind == Found::Kind::value && !source.value.is_string()) return json_at(source.value, extractor.argument);
  const std::string text = source.text != nullptr ? source.text->text() : source.value.as_string();
  auto document = from_json(text);
  if (document.ok()) return json_at(*document, extractor.argument);
  if (text.empty()) return absent("not JSON: it is empty");
  return absent(fmt::format("not JSON (line {}: {}); it begins: {}", document.error().where.line, document.error().what,
                            shorten(text, 200)));
}

/// One past the end of the number that begins at `begin`, or `begin` if none does. A sign belongs to a number only
/// where no word ends before it: "orders-5" holds 5, "delta -5" holds -5.
std::size_t number_end(std::string_view text, std::size_t begin) {
  std::size_t at = begin;
  if (text[at] == '-' || text[at] == '+') {
    if (begin > 0 && is_word(text[begin - 1])) return begin;
    ++at;
  }
  auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at > from;
  };
  if (!digits()) return begin;
  if (at + 1 < text.size() && text[at] == '.' && is_digit(text[at + 1])) {
    ++at;
    digits();
  }
  const std::size_t mantissa = at;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (!digits()) return mantissa;
  }
  return at;
}

/// The first number of a text; the end of it is left in `end`.
Value first_number(std::string_view text, std::size_t& end) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    end = number_end(text, at);
    if (end != at) return number_in(text.substr(at, end - at));
  }
  return {};
}

/// In a cut text a number counts only when nothing behind the cut could still belong to it ("1" of "1e-3").
Found number(std::string_view text, const Output* cut) {
  std::size_t end = 0;
  Value value = first_number(text, end);
  if (!value.is_null() && (cut == nullptr || end + 3 < text.size())) return found_value(std::move(value));
  if (cut != nullptr) return unknown(cut_words(*cut) + ", and no number was at its beginning");
  return absent(fmt::format("no number in: {}", shorten(text, 200)));
}

/// Lines without their ends (LF or CR LF); a last line end begins no further line.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// Counted from 1, or from the end when negative. From a cut text only what is whole in its head, or in its tail when
/// counted back.
Found line(std::string_view head, const Output* cut, const std::string& argument) {
  int n = 0;
  std::from_chars(argument.data(), argument.data() + argument.size(), n);
  std::vector<std::string_view> lines = lines_of(cut != nullptr && n < 0 ? std::string_view(cut->tail) : head);
  if (cut != nullptr && !lines.empty() && n < 0) lines.erase(lines.begin());  // its beginning was dropped
  if (cut != nullptr && !lines.empty() && n > 0) lines.pop_back();            // its end may have been
  const auto count = static_cast<int>(lines.size());
  const int index = n > 0 ? n - 1 : count + n;
  if (n != 0 && index >= 0 && index < count) return found_value(lines[static_cast<std::size_t>(index)], true);
  if (cut != nullptr) return unknown(fmt::format("{}, and line {} was not among it", cut_words(*cut), n));
  return absent(fmt::format("no line {}: there {} {}", n, count == 1 ? "is" : "are", count));
}

/// The first capture group, else the whole match. In a cut text a match is only believed when it ends before the cut.
Found matches(std::string_view text, const Output* cut, const std::string& pattern) {
  const RE2 regex(pattern, RE2::Quiet);
  if (!regex.ok()) return unknown(fmt::format("the pattern cannot be read: {}", regex.error()));
  re2::StringPiece groups[2];
  const int wanted = regex.NumberOfCapturingGroups() > 0 ? 2 : 1;
  const std::size_t end = cut != nullptr && !text.empty() ? text.size() - 1 : text.size();
  if (regex.Match(re2::StringPiece(text.data(), text.size()), 0, end, RE2::UNANCHORED, groups, wanted)) {
    const re2::StringPiece& match = groups[wanted - 1];
    const bool at_cut = cut != nullptr && groups[0].data() + groups[0].size() == text.data() + end;
    if (!at_cut) return found_value(std::string(match.data() == nullptr ? "" : match.data(), match.size()), true);
  }
  if (cut != nullptr) return unknown(cut_words(*cut) + ", and nothing matched in its beginning");
  return absent(fmt::format("nothing matched in: {}", shorten(text, 200)));
}

/// Forms that look into a text: the text itself, or a value that is written as one.
Found inside(const Extractor& extractor, const Found& source) {
  const Output* cut = source.text != nullptr && !source.text->whole() ? source.text : nullptr;
  if (extractor.form == Extractor::Form::json) {
    if (cut != nullptr) return unknown(cut_words(*cut) + ": too long to be read as JSON");
    return json(source, extractor);
  }
  if (extractor.form == Extractor::Form::number && source.kind == Found::Kind::value && source.value.is_number())
    return source;
  std::string held;
  if (source.text == nullptr)
    held = source.value.is_string() ? source.value.as_string() : to_json(source.value);
  else
    held = cut != nullptr ? cut->head : source.text->text();
  if (extractor.form == Extractor::Form::number) return number(held, cut);
  if (extractor.form == Extractor::Form::line) return line(held, cut, extractor.argument);
  return matches(held, cut, extractor.argument);
}

Found digest(const Found& source) {
  if (source.text != nullptr) return found_value(source.text->sha256);
  return source;  // a probe that keeps no text gives the digest itself: `sha256` of a file
}
}  // namespace

std::string cut_words(const Output& text) {
  return fmt::format("{} came and only {} were kept", human_size(text.bytes), human_size(text.bytes - text.dropped));
}

std::string_view without_last_line_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

Value number_in(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const char* end = text.data() + text.size();
  std::int64_t whole_number = 0;
  if (const auto read = std::from_chars(text.data(), end, whole_number); read.ec == std::errc{} && read.ptr == end)
    return whole_number;
  double fraction = 0;
  if (const auto read = std::from_chars(text.data(), end, fraction, std::chars_format::general);
      read.ec == std::errc{} && read.ptr == end && fraction - fraction == 0)
    return fraction;
  return {};
}

Found find(const Extractor& extractor, const Observation& observation) {
  if (extractor.form == Extractor::Form::header) return header(extractor, observation);
  Found source = whole(extractor, observation);
  if (extractor.form == Extractor::Form::whole || source.kind == Found::Kind::absent ||
      source.kind == Found::Kind::unknown)
    return source;
  return extractor.form == Extractor::Form::sha256 ? digest(source) : inside(extractor, source);
}

Result<Value> extract(const Extractor& extractor, const Observation& observation) {
  const Found found = find(extractor, observation);
  if (found.kind == Found::Kind::value) return found.value;
  if (found.kind == Found::Kind::text && found.text->whole()) return Value(without_last_line_end(found.text->text()));
  const std::string why = found.kind == Found::Kind::text ? cut_words(*found.text) : found.why;
  return Error{.what = fmt::format("{}: {}", extractor.text(), why)};
}
}  // namespace mccoy::judge
