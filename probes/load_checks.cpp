#include "probes/load_checks.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/suite/check.hpp"

namespace mccoy::probes {
namespace {
using load::Check;

class ResponseReader {
 public:
  ResponseReader(double share, bool http) : share_(share), http_(http) {}

  Result<std::vector<Check>> read(const Said& expect) {
    if (expect.given() && (!expect.value().is_map() || expect.size() == 0))
      return expect.refuse("what a response must be is a map", "for example { status: 201, json: { /ok: true } }");
    for (std::size_t i = 0; i < expect.size(); ++i) MCCOY_DO(entry(expect.key(i), expect.member(i)));
    const bool asked =
        std::ranges::any_of(checks_, [](const Check& check) { return check.kind == Check::Kind::status; });
    if (http_ && !asked)
      checks_.insert(checks_.begin(), {.kind = Check::Kind::status, .name = "status 2xx", .ranges = {{200, 299}}});
    return std::move(checks_);
  }

 private:
  Status entry(const std::string& key, const Said& value) {
    if (key == "status" && http_) return status(value);
    if (key == "body") return body(value);
    if (key == "json") return json(value);
    if (key == "headers" && http_) return headers(value);
    std::vector<std::string_view> known = {"body", "json"};
    if (http_) known.insert(known.end(), {"status", "headers"});
    const auto near = did_you_mean(key, known);
    return value.refuse(
        fmt::format("a response has no \"{}\"", visible_line(key, 40)),
        near.empty() ? "it has: status, headers, body, json" : fmt::format("did you mean \"{}\"?", near));
  }

  Status status(const Said& value) {
    Check check{.kind = Check::Kind::status, .name = "status", .ranges = {}};
    const std::size_t count = value.value().is_list() ? value.size() : 1;
    if (count == 0) return value.refuse("status is an empty list, which checks nothing", "for example [200, 201]");
    for (std::size_t i = 0; i < count; ++i) {
      const Said one = value.value().is_list() ? value.at(i) : value;
      const auto bounds = suite::parse_comparison(one.text(), suite::Unit::none);
      using Kind = suite::Comparison::Kind;
      if (!bounds.ok() || (bounds->kind != Kind::eq && bounds->kind != Kind::range) || bounds->low < 100)
        return one.refuse(fmt::format("\"{}\" is no status", visible_line(one.text(), 40)),
                          "write 200, 2xx, 200..204 or a list of these");
      const double high = bounds->kind == Kind::range ? bounds->high : bounds->low;
      check.ranges.push_back({static_cast<int>(bounds->low), static_cast<int>(high)});
      check.name += (i == 0 ? " " : ", ") + one.text();
    }
    checks_.push_back(std::move(check));
    return {};
  }

  Status body(const Said& value) {
    if (!value.value().is_map()) return texts(Check::Kind::contains, "contains", value);
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string& how = value.key(i);
      if (how == "contains")
        MCCOY_DO(texts(Check::Kind::contains, how, value.member(i)));
      else if (how == "not_contains")
        MCCOY_DO(texts(Check::Kind::lacks, how, value.member(i)));
      else if (how == "matches")
        MCCOY_DO(texts(Check::Kind::matches, how, value.member(i)));
      else
        return value.member(i).refuse(fmt::format("under load a body is not asked for \"{}\"", visible_line(how, 40)),
                                      "it is asked for: contains, not_contains, matches, and json");
    }
    return {};
  }

  Status texts(Check::Kind kind, std::string_view how, const Said& value) {
    if (value.value().is_list()) {
      if (value.size() == 0) return value.refuse("an empty list checks nothing", "say what must be in it");
      for (std::size_t i = 0; i < value.size(); ++i) MCCOY_DO(texts(kind, how, value.at(i)));
      return {};
    }
    const std::string text = value.text();
    if (text.empty()) return value.refuse("an empty text is in every body", "say what must be in it");
    MCCOY_DO(is_the_same_for_all(value, text));
    if (kind == Check::Kind::matches && !value.open()) MCCOY_DO(pattern(value, text));
    add({.kind = kind, .name = fmt::format("body {} {}", how, visible_line(text, 40)), .ranges = {}, .text = text});
    return {};
  }

  /// Nothing is put in here for each request: {{unique}} would be looked for as it stands.
  static Status is_the_same_for_all(const Said& value, std::string_view text) {
    const auto open = text.find("{{");
    const bool word = open != std::string_view::npos && text.find("}}", open) != std::string_view::npos;
    const bool late =
        text.find("${unique}") != std::string_view::npos || text.find("${nonce}") != std::string_view::npos;
    if (!word && !late) return {};
    return value.refuse("what a response must be is the same for every request, so {{…}} cannot stand here",
                        "say what does not change; of {{nonce}} it is recorded whether it came back");
  }

  static Status pattern(const Said& value, const std::string& text) {
    const re2::RE2 compiled(text, re2::RE2::Quiet);
    if (compiled.ok()) return {};
    return value.refuse("not a regular expression: " + visible_line(compiled.error()), "RE2 syntax");
  }

  Status json(const Said& value) {
    if (!value.value().is_map() || value.size() == 0)
      return value.refuse("json is a map of JSON pointers and values", "for example { /status: ok }");
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string& pointer = value.key(i);
      if (!pointer.starts_with('/'))
        return value.member(i).refuse(fmt::format("\"{}\" is no JSON pointer", visible_line(pointer, 40)),
                                      fmt::format("write /{}", visible_line(pointer, 40)));
      MCCOY_DO(is_the_same_for_all(value.member(i), to_json(value.member(i).value())));
      add({.kind = Check::Kind::json,
           .name = fmt::format("json {}", visible_line(pointer, 60)),
           .ranges = {},
           .where = pointer,
           .expected = value.member(i).value()});
    }
    return {};
  }

  Status headers(const Said& value) {
    if (!value.value().is_map() || value.size() == 0)
      return value.refuse("headers is a map of names and texts", "for example { Content-Type: json }");
    for (std::size_t i = 0; i < value.size(); ++i) {
      const Said wanted = value.member(i);
      const Said regex = wanted["matches"];
      const bool is_pattern = wanted.value().is_map() && regex.given();
      const std::string text = is_pattern ? regex.text() : re2::RE2::QuoteMeta(wanted.text());
      if (wanted.value().is_map() && !is_pattern)
        return wanted.refuse("a header is asked for a text, or for { matches: … }", "for example { Server: nginx }");
      MCCOY_DO(is_the_same_for_all(wanted, is_pattern ? text : wanted.text()));
      if (!wanted.open()) MCCOY_DO(pattern(wanted, text));
      add({.kind = Check::Kind::header,
           .name = fmt::format("header {}", visible_line(value.key(i), 40)),
           .ranges = {},
           .text = text,
           .where = value.key(i)});
    }
    return {};
  }

  void add(Check check) {
    check.share = share_;
    const std::string name = check.name;
    for (int twin = 2; std::ranges::find(checks_, check.name, &Check::name) != checks_.end(); ++twin)
      check.name = fmt::format("{} ({})", name, twin);
    checks_.push_back(std::move(check));
  }

  double share_;
  bool http_;
  std::vector<Check> checks_;
};
}  // namespace

Result<std::vector<load::Check>> read_response_checks(const Said& expect, double share, bool http) {
  return ResponseReader(share, http).read(expect);
}

Result<std::vector<load::Capture>> read_load_captures(const Said& capture, const std::string& step,
                                                      Captured& captured) {
  using Form = suite::Extractor::Form;
  std::vector<load::Capture> captures;
  for (std::size_t i = 0; i < capture.size(); ++i) {
    const Said from = capture.member(i);
    auto parsed = suite::parse_extractor(from.text(), "body");
    if (!parsed.ok()) return from.refuse(parsed.error().what, parsed.error().hint);
    load::Capture one{.where = parsed->argument, .variable = captured.size()};
    const bool from_body = parsed->source == "body";
    if (parsed->form == Form::json && from_body)
      one.kind = load::Capture::Kind::json;
    else if (parsed->form == Form::header)
      one.kind = load::Capture::Kind::header;
    else if (parsed->form == Form::matches && from_body)
      one.kind = load::Capture::Kind::regex;
    else
      return from.refuse(fmt::format("under load \"{}\" cannot be captured", visible_line(from.text(), 60)),
                         "write json /token, header Location or matches REGEX");
    captured.emplace(step + "." + capture.key(i), one.variable);
    captures.push_back(std::move(one));
  }
  return captures;
}
}  // namespace mccoy::probes
