#include "harness/suite/read_expect.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/suite/read_check.hpp"
#include "harness/suite/read_field.hpp"

namespace mccoy::suite {
namespace {
const ExpectField* find_expect(const KindSchema& kind, std::string_view name) {
  const auto found = std::ranges::find(kind.expects, name, &ExpectField::name);
  return found == kind.expects.end() ? nullptr : &*found;
}

void read_entry(Reading& reading, const KindSchema& kind, const ExpectField& field, const Node& node,
                std::vector<Check>& checks) {
  CheckReader reader(reading, std::string(field.name), checks);
  const Extractor subject{.source = std::string(field.subject.empty() ? field.name : field.subject), .argument = {}};
  const bool own = !field.subject.empty() && field.subject != "json";
  const std::string document = own ? subject.source : std::string(kind.main_text);
  switch (field.match) {
    case Match::number:
      return reader.number(subject, node, Unit::none);
    case Match::duration:
      return reader.number(subject, node, Unit::duration_ns);
    case Match::size:
      return reader.number(subject, node, Unit::size_bytes);
    case Match::text:
      return reader.text(subject, node);
    case Match::json:
      return reader.json(document, node);
    case Match::matcher:
      return reader.json_match(document, node);
    case Match::globs:
      return reader.globs(subject, node);
    case Match::flag:
      return reader.flag(subject, node);
    case Match::word:
      return reader.word(subject, node);
    case Match::names:
      break;
  }
  if (!node.is_map() || node.items.empty()) {
    reading.add(node, fmt::format("{} must be a map of names and texts", field.name),
                fmt::format("for example {}: {{ Content-Type: json }}", field.name));
    return;
  }
  for (std::size_t i = 0; i < node.size(); ++i) {
    CheckReader member(reading, node.key(i).text, checks);
    member.text({.source = "header", .form = Extractor::Form::header, .argument = node.key(i).text}, node.value(i));
  }
}
}  // namespace

std::vector<Check> read_expect(Reading& reading, const KindSchema& kind, const Node& expect) {
  std::vector<Check> checks;
  if (!expect.is_map()) {
    reading.add(
        expect, fmt::format("expect must be a map; this is {}", kind_in_words(expect)),
        kind.expects.empty() ? std::string() : fmt::format("for example expect: {{ {}: … }}", kind.expects[0].name));
    return checks;
  }
  if (expect.items.empty()) {
    reading.add(expect, "this checks nothing: expect is empty", "say what must hold, or remove it");
    return checks;
  }
  checks.reserve(expect.size());
  for (std::size_t i = 0; i < expect.size(); ++i) {
    const Node& key = expect.key(i);
    if (const ExpectField* field = find_expect(kind, key.text)) {
      if (expect.value(i).kind == Node::Kind::null && field->match != Match::json) {
        reading.add(expect.value(i), fmt::format("{} has no value, so it checks nothing", key.text),
                    "say what it must be");
        continue;
      }
      read_entry(reading, kind, *field, expect.value(i), checks);
      continue;
    }
    std::vector<std::string_view> known;
    for (const ExpectField& field : kind.expects) known.push_back(field.name);
    report_unknown_key(reading, key, fmt::format("expect of {}", kind.name), known);
  }
  return checks;
}

void add_implied_checks(const KindSchema& kind, const Node* expect, Span span, std::vector<Check>& checks) {
  for (const ExpectField& field : kind.expects) {
    if (field.fallback.empty()) continue;
    const auto said = [&](std::string_view name) { return expect != nullptr && expect->find(name) != nullptr; };
    if (said(field.name) || said(field.unless) || (field.unless == "*" && !checks.empty())) continue;
    Check check{.subject = {.source = std::string(field.subject.empty() ? field.name : field.subject), .argument = {}},
                .operand = plain_value(field.fallback),
                .span = span};
    if (check.operand.is_string() && field.match != Match::word) check.op = Op::compare;
    checks.push_back(std::move(check));
  }
}

std::optional<Extractor> read_extractor(Reading& reading, const KindSchema& kind, const Node& node) {
  if (!node.is_scalar()) {
    reading.add(node, fmt::format("this must say what to take; this is {}", kind_in_words(node)),
                "for example json /id, or stdout number");
    return std::nullopt;
  }
  auto parsed = parse_extractor(node.text, kind.main_text);
  if (!parsed.ok()) {
    reading.add(node, parsed.error().what, parsed.error().hint);
    return std::nullopt;
  }
  std::vector<std::string_view> known(kind.sources.begin(), kind.sources.end());
  known.push_back(kind.main_text);
  const bool is_header = parsed->form == Extractor::Form::header;
  const bool has_headers = std::ranges::find(known, "headers") != known.end();
  if (std::ranges::find(known, parsed->source) != known.end() || (is_header && has_headers)) {
    return std::move(parsed).value();
  }
  reading.add(Places(reading, node).next(is_header ? "header" : std::string_view(parsed->source)),
              fmt::format("{} gives no \"{}\"", kind.name, visible_line(parsed->source, 60)),
              near_or(parsed->source, known, "it gives: " + listed(known)));
  return std::nullopt;
}

std::vector<Capture> read_captures(Reading& reading, const KindSchema& kind, const Node& capture) {
  std::vector<Capture> captures;
  if (!require_map(reading, capture, "capture", "{ order: json /id }")) return captures;
  for (std::size_t i = 0; i < capture.size(); ++i) {
    auto from = read_extractor(reading, kind, capture.value(i));
    if (from) captures.push_back({capture.key(i).text, std::move(*from), reading.span(capture.value(i))});
  }
  return captures;
}
}  // namespace mccoy::suite
