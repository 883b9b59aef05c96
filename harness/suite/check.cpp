// Extractors and checks, and their form in the journal.
#include "harness/suite/check.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "harness/base/text.hpp"

namespace mccoy::suite {
namespace {
using Form = Extractor::Form;
struct FormWord {
  Form form;
  std::string_view word;
};
constexpr FormWord kForms[] = {{Form::whole, ""},       {Form::json, "json"},       {Form::number, "number"},
                               {Form::line, "line"},    {Form::matches, "matches"}, {Form::sha256, "sha256"},
                               {Form::header, "header"}};

struct OpWord {
  Op op;
  std::string_view word;
};
constexpr OpWord kOps[] = {{Op::equals, "equals"},     {Op::any_of, "any_of"},
                           {Op::contains, "contains"}, {Op::not_contains, "not_contains"},
                           {Op::matches, "matches"},   {Op::not_matches, "not_matches"},
                           {Op::compare, "compare"},   {Op::subset, "subset"},
                           {Op::empty, "empty"},       {Op::lines, "lines"},
                           {Op::bytes, "bytes"},       {Op::glob, "glob"},
                           {Op::gate, "gate"}};

constexpr std::string_view kGrammar =
    "write NAME, json /POINTER, number, line N, matches REGEX, sha256 or header NAME; a text's name may stand in front";

Error refused(std::string_view text, std::string_view why) {
  return {.what = fmt::format("\"{}\" does not say what to take: {}", visible_line(text, 80), why),
          .hint = std::string(kGrammar)};
}

/// Takes the first word off.
std::string_view take_word(std::string_view& rest) {
  rest = trim(rest);
  const auto word = rest.substr(0, rest.find_first_of(" \t"));
  rest = trim(rest.substr(word.size()));
  return word;
}

bool form_of(std::string_view word, Form& form) {
  const auto* found = std::ranges::find(kForms, word, &FormWord::word);
  if (word.empty() || found == std::end(kForms)) return false;
  form = found->form;
  return true;
}

Status check_line(std::string_view text, std::string_view argument) {
  int line = 0;
  const auto [end, problem] = std::from_chars(argument.data(), argument.data() + argument.size(), line);
  if (problem != std::errc() || end != argument.data() + argument.size() || line == 0) {
    return refused(text, "line wants a number that is not 0; -1 is the last line");
  }
  return {};
}

Status check_argument(std::string_view text, const Extractor& parsed) {
  switch (parsed.form) {
    case Form::json:
      if (!parsed.argument.empty() && parsed.argument.front() != '/') {
        return refused(text, "a JSON pointer starts with /");
      }
      return {};
    case Form::line:
      return check_line(text, parsed.argument);
    case Form::header:
      return parsed.argument.empty() ? Status(refused(text, "header wants a name")) : Status();
    case Form::matches: {
      if (parsed.argument.empty()) return refused(text, "matches wants a regular expression");
      const re2::RE2 pattern(parsed.argument, re2::RE2::Quiet);
      return pattern.ok() ? Status() : Status(refused(text, pattern.error()));
    }
    case Form::whole:
    case Form::number:
    case Form::sha256:
      return parsed.argument.empty() ? Status()
                                     : Status(refused(text, fmt::format("\"{}\" is too much", parsed.argument)));
  }
  return {};
}

Value to_value(const Extractor& subject) {
  Value value = Value::map({{"source", subject.source}});
  if (subject.form == Form::whole) return value;
  value.set("form", std::ranges::find(kForms, subject.form, &FormWord::form)->word);
  if (!subject.argument.empty()) value.set("argument", subject.argument);
  return value;
}

Extractor extractor_from(const Value& value) {
  Extractor subject{.source = value["source"].as_string(), .argument = value["argument"].as_string()};
  form_of(value["form"].as_string(), subject.form);
  return subject;
}
}  // namespace

std::string Extractor::text() const {
  std::string out = form == Form::header ? "header" : source;
  if (form == Form::whole) return out;
  if (form != Form::header) out += ' ' + std::string(std::ranges::find(kForms, form, &FormWord::form)->word);
  return argument.empty() ? out : out + ' ' + argument;
}

Result<Extractor> parse_extractor(std::string_view text, std::string_view main_text) {
  std::string_view rest = text;
  const auto first = take_word(rest);
  if (first.empty()) return refused(text, "it is empty");
  Extractor parsed{.source = std::string(main_text)};
  if (!form_of(first, parsed.form)) {
    parsed.source = first;
    const auto second = take_word(rest);
    if (!second.empty() && (!form_of(second, parsed.form) || parsed.form == Form::header)) {
      return refused(text, fmt::format("\"{}\" is no way to take a part of {}", second, first));
    }
  }
  if (parsed.form == Form::header) parsed.source = "header";
  parsed.argument = rest;
  MCCOY_DO(check_argument(text, parsed));
  return parsed;
}

std::string_view to_text(Op op) {
  return std::ranges::find(kOps, op, &OpWord::op)->word;
}

bool op_from_text(std::string_view text, Op& op) {
  const auto* found = std::ranges::find(kOps, text, &OpWord::word);
  if (found == std::end(kOps)) return false;
  op = found->op;
  return true;
}

Value to_value(const Check& check) {
  return Value::map({{"subject", to_value(check.subject)},
                     {"op", to_text(check.op)},
                     {"operand", check.operand},
                     {"file", check.span.file},
                     {"line", check.span.line},
                     {"column", check.span.column}});
}

Result<Check> check_from_value(const Value& value) {
  Check check{.subject = extractor_from(value["subject"]), .operand = value["operand"]};
  if (check.subject.source.empty()) return Error{.what = "a recorded check has no subject"};
  if (!op_from_text(value["op"].as_string(), check.op)) {
    return Error{.what = fmt::format("a recorded check has an unknown operator \"{}\"",
                                     visible_line(value["op"].as_string(), 40))};
  }
  check.span = {.file = intern(value["file"].as_string()),
                .line = static_cast<int>(value["line"].as_int()),
                .column = static_cast<int>(value["column"].as_int())};
  return check;
}
}  // namespace mccoy::suite
