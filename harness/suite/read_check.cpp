#include "harness/suite/read_check.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/suite/language.hpp"
#include "harness/suite/read_field.hpp"
#include "harness/suite/typed.hpp"

namespace mccoy::suite {
namespace {
using Form = Extractor::Form;

/// Matches every text there is, so that asking for it asks nothing.
bool matches_anything(const re2::RE2& pattern) {
  constexpr const char* kUnlike[] = {"", "q", "7\n\x01", "  Zz-\n\n"};
  return std::ranges::all_of(kUnlike, [&](const char* text) { return re2::RE2::PartialMatch(text, pattern); });
}

/// Holds for every count: lines and bytes are never negative.
bool holds_for_any_count(const Comparison& bounds) {
  return (bounds.kind == Comparison::Kind::ge && bounds.low <= 0) ||
         (bounds.kind == Comparison::Kind::gt && bounds.low < 0);
}

bool is_word_value(const Node& node) {
  return node.is_scalar() && !node.text.empty();
}

Extractor part(const Extractor& whole, Form form, std::string argument = {}) {
  return {.source = whole.source, .form = form, .argument = std::move(argument)};
}
}  // namespace

void CheckReader::add(Extractor subject, Op op, Value operand, const Node& node) {
  checks_.push_back(
      {.subject = std::move(subject), .op = op, .operand = std::move(operand), .span = reading_.span(node)});
}

void CheckReader::refuse(const Node& node, std::string what, std::string hint) {
  reading_.add(node, std::move(what), std::move(hint));
}

bool CheckReader::has_text(const Node& node, std::string_view matcher) {
  if (!node.is_scalar()) {
    refuse(
        node, fmt::format("{} of {} must be a text; this is {}", matcher, name_, kind_in_words(node)),
        node.kind == Node::Kind::null ? "put it in quotes if a text is meant" : "write one text, or a list of texts");
    return false;
  }
  return true;
}

void CheckReader::comparison(const Extractor& subject, Op op, const Node& node, Unit unit) {
  if (!node.is_scalar()) {
    refuse(node, fmt::format("{} must be a number or a comparison; this is {}", name_, kind_in_words(node)),
           "write 200, \">= 3\", \"1..10\" or 2xx");
    return;
  }
  if (has_variable(std::string_view(node.text))) {
    add(subject, op, node.text, node);
    return;
  }
  const auto bounds = parse_comparison(node.text, unit);
  if (!bounds.ok()) {
    refuse(node, bounds.error().what, bounds.error().hint);
    return;
  }
  const bool counts = op == Op::lines || op == Op::bytes;
  if (counts && holds_for_any_count(*bounds)) {
    refuse(node, fmt::format("{} \"{}\" holds for anything, so it checks nothing", name_, node.text),
           "write \"> 0\" if something must be there");
    return;
  }
  if (unit == Unit::duration_ns && bounds->kind == Comparison::Kind::eq) {
    refuse(node, fmt::format("no measured time is exactly {}", node.text), fmt::format("write \"< {}\"", node.text));
    return;
  }
  add(subject, op, to_text(*bounds), node);
}

void CheckReader::one_of(const Extractor& subject, const Node& node) {
  if (node.items.empty()) {
    refuse(node, fmt::format("{} is an empty list, which checks nothing", name_), "name the values it may have");
    return;
  }
  Value::List values;
  for (const Node& item : node.items) {
    const Value value = to_value(item);
    if (!value.is_number() && !has_variable(value)) {
      refuse(item, fmt::format("{} may be a list of numbers; this is {}", name_, kind_in_words(item)),
             "for example [200, 201]");
      return;
    }
    values.push_back(value);
  }
  add(subject, Op::any_of, std::move(values), node);
}

void CheckReader::number(const Extractor& subject, const Node& node, Unit unit) {
  if (node.is_list() && unit == Unit::none) return one_of(subject, node);
  if (node.is_scalar() && unit == Unit::none) {
    const Value plain = plain_value(node.text);
    if (plain.is_number()) return add(subject, Op::equals, plain, node);
  }
  comparison(subject, Op::compare, node, unit);
}

void CheckReader::text(const Extractor& subject, const Node& node) {
  if (node.is_list()) {
    if (node.items.empty())
      refuse(node, fmt::format("{} is an empty list, which checks nothing", name_), "say what must be in it");
    for (const Node& item : node.items) text(subject, item);
    return;
  }
  if (!node.is_map()) return each_text(subject, Op::contains, node, "contains");
  if (node.items.empty())
    refuse(node, fmt::format("{} is an empty map, which checks nothing", name_), "for example { contains: ready }");
  for (std::size_t i = 0; i < node.size(); ++i) matcher(subject, node.key(i), node.value(i));
}

void CheckReader::each_text(const Extractor& subject, Op op, const Node& node, std::string_view matcher) {
  if (node.is_list()) {
    if (node.items.empty())
      refuse(node, fmt::format("{} is an empty list, which checks nothing", matcher), "say what must be in it");
    for (const Node& item : node.items) each_text(subject, op, item, matcher);
    return;
  }
  if (!has_text(node, matcher)) return;
  const bool part = op == Op::contains || op == Op::not_contains;
  if (part && node.text.empty()) {
    refuse(node, fmt::format("{} of {} is empty, and every text contains that", matcher, name_),
           "say what must be in it, or write { empty: true }");
    return;
  }
  add(subject, op, node.text, node);
}

void CheckReader::pattern(const Extractor& subject, Op op, const Node& node) {
  if (node.is_list()) {
    if (node.items.empty())
      refuse(node, fmt::format("{} is an empty list, which checks nothing", to_text(op)), "write a regular expression");
    for (const Node& item : node.items) pattern(subject, op, item);
    return;
  }
  if (!has_text(node, to_text(op))) return;
  if (has_variable(std::string_view(node.text))) return add(subject, op, node.text, node);
  const re2::RE2 compiled(node.text, re2::RE2::Quiet);
  if (!compiled.ok()) {
    refuse(node, fmt::format("not a regular expression: {}", visible_line(compiled.error())),
           std::string(kPatternAdvice));
    return;
  }
  if (matches_anything(compiled)) {
    refuse(node, fmt::format("\"{}\" matches anything, so {} checks nothing", visible_line(node.text, 60), to_text(op)),
           "say what must be there");
    return;
  }
  add(subject, op, node.text, node);
}

void CheckReader::emptiness(const Extractor& subject, const Node& node) {
  const Value wanted = to_value(node);
  if (!wanted.is_bool())
    return refuse(node, fmt::format("empty of {} must be true or false", name_), "for example { empty: true }");
  add(subject, Op::empty, wanted, node);
}

void CheckReader::matcher(const Extractor& subject, const Node& key, const Node& value) {
  const bool whole = subject.form == Form::whole;
  Op op = Op::equals;
  if (key.text == "matches" || key.text == "not_matches") {
    op_from_text(key.text, op);
    return pattern(subject, op, value);
  }
  if (key.text == "equals" || key.text == "contains" || key.text == "not_contains") {
    op_from_text(key.text, op);
    if (op == Op::equals && value.is_list())
      return refuse(value, "equals wants one text", "write one text; a text cannot equal several");
    return each_text(subject, op, value, key.text);
  }
  if (key.text == "number") return number(whole ? part(subject, Form::number) : subject, value, Unit::none);
  if (key.text == "lines") return comparison(subject, Op::lines, value, Unit::none);
  if (key.text == "bytes") return comparison(subject, Op::bytes, value, Unit::size_bytes);
  if (key.text == "empty") return emptiness(subject, value);
  if (key.text == "json" && whole) return json(subject.source, value);
  if (key.text == "json_match" && whole) return json_match(subject.source, value);
  std::vector<std::string_view> known;
  for (const auto& row : language::matchers()) known.push_back(row.name);
  report_unknown_key(reading_, key, name_, known);
}

bool CheckReader::pointer(const Node& key) {
  for (std::size_t at = key.text.find('~'); at != std::string::npos; at = key.text.find('~', at + 1)) {
    const char next = at + 1 < key.text.size() ? key.text[at + 1] : ' ';
    if (next == '0' || next == '1') continue;
    refuse(key, "a ~ in a JSON pointer is written ~0 (and a / inside a name ~1)", "see RFC 6901");
    return false;
  }
  return true;
}

void CheckReader::json(const std::string& source, const Node& node) {
  const bool holds_nothing = (node.is_map() || node.is_list()) && node.items.empty() && !node.is_list();
  if (holds_nothing)
    return refuse(node, fmt::format("{} is an empty map, which checks nothing", name_), "for example { /status: ok }");
  const Extractor whole{.source = source, .form = Form::json, .argument = {}};
  if (!node.is_map()) return add(whole, Op::equals, to_value(node), node);
  std::size_t pointers = 0;
  for (std::size_t i = 0; i < node.size(); ++i) pointers += node.key(i).text.starts_with('/') ? 1U : 0U;
  if (pointers == 0) return add(whole, Op::subset, to_value(node), node);
  for (std::size_t i = 0; i < node.size(); ++i) {
    const Node& key = node.key(i);
    const Node& value = node.value(i);
    if (!key.text.starts_with('/')) {
      refuse(key, fmt::format("\"{}\" is no JSON pointer, but others here are", visible_line(key.text, 60)),
             fmt::format("write /{}", visible_line(key.text, 40)));
      continue;
    }
    if (!pointer(key)) continue;
    if (value.is_map() && value.items.empty()) {
      refuse(value, fmt::format("{} must hold nothing in particular, which checks nothing", key.text),
             "say what must be in it");
      continue;
    }
    add({.source = source, .form = Form::json, .argument = key.text}, value.is_map() ? Op::subset : Op::equals,
        to_value(value), value);
  }
}

void CheckReader::json_match(const std::string& source, const Node& node) {
  if (!node.is_map() || node.items.empty()) {
    return refuse(node, fmt::format("{} must be a map of JSON pointers", name_),
                  "for example { /id: { matches: \"^[0-9]+$\" } }");
  }
  for (std::size_t i = 0; i < node.size(); ++i) {
    const Node& key = node.key(i);
    if (!key.text.starts_with('/')) {
      refuse(key, fmt::format("\"{}\" is no JSON pointer", visible_line(key.text, 60)),
             fmt::format("write /{}", visible_line(key.text, 40)));
      continue;
    }
    if (pointer(key)) text({.source = source, .form = Form::json, .argument = key.text}, node.value(i));
  }
}

void CheckReader::globs(const Extractor& subject, const Node& node) {
  if (node.is_list()) {
    if (node.items.empty())
      refuse(node, fmt::format("{} is an empty list, which checks nothing", name_), "for example [\"dist/**/*.js\"]");
    for (const Node& item : node.items) globs(subject, item);
    return;
  }
  if (!is_word_value(node)) {
    return refuse(node, fmt::format("{} must be a path or a glob; this is {}", name_, kind_in_words(node)),
                  "for example \"dist/**/*.js\"");
  }
  add(subject, Op::glob, node.text, node);
}

void CheckReader::flag(const Extractor& subject, const Node& node) {
  const Value wanted = to_value(node);
  if (!wanted.is_bool()) {
    return refuse(node,
                  fmt::format("{} must be true or false; this is {}", name_,
                              node.is_scalar() ? fmt::format("\"{}\"", visible_line(node.text, 60))
                                               : std::string(kind_in_words(node))),
                  fmt::format("for example {}: true", name_));
  }
  add(subject, Op::equals, wanted, node);
}

void CheckReader::word(const Extractor& subject, const Node& node) {
  if (node.is_list() && !node.items.empty() && std::ranges::all_of(node.items, is_word_value)) {
    Value::List words;
    for (const Node& item : node.items) words.emplace_back(item.text);
    return add(subject, Op::any_of, std::move(words), node);
  }
  if (!is_word_value(node))
    return refuse(node, fmt::format("{} must be a word; this is {}", name_, kind_in_words(node)),
                  "write one word, or a list of words");
  add(subject, Op::equals, node.text, node);
}
}  // namespace mccoy::suite
