// docs/suite.md: the suite language in words, derived from the tables that reading a suite uses.
#include <fmt/format.h>

#include <algorithm>

#include "harness/suite/language.hpp"
#include "harness/suite/suite.hpp"

namespace mccoy::suite {
namespace {
constexpr std::string_view kOpening = R"(# The suite language

A suite is one YAML file. It names a **target** (services that are started, or attached to) and **cases**; each case puts one
**probe** to one claim. Every key is checked when the suite is read: unknown keys, wrong types, duplicate names, checks of
nothing and cycles are errors at their line and column, and nothing is run. This page is written by `mccoy schema --markdown`
from the tables that reading uses; `mccoy schema` writes the JSON Schema from the same tables.

```yaml
suite: orders
services:
  db:
    run: [postgres, -D, "${dir}/data", -p, "${port}"]
    before: [[initdb, -D, "${dir}/data"]]
    ready: { tcp: "127.0.0.1:${port}", within: 20s }
  orders:
    run: [./orders, --port, "${port}", --db, "postgres://127.0.0.1:${services.db.port}/orders"]
    ready: { http: "http://127.0.0.1:${port}/ready" }
cases:
  healthy:
    http: GET ${services.orders.url}/health
    expect: { status: 200, json: { /status: ok } }
    control: { stop: db }          # with db stopped this must fail, or the check proves nothing
  takes-an-order:
    needs: [healthy]
    http: POST ${services.orders.url}/orders
    json: { item: "${nonce}" }
    expect: { status: 201 }
    capture: { order: json /id }
    evidence:                      # what must be seen for a pass to be believed
      listener: orders
      service: { orders: { connect: db, min_bytes_in: 1 } }
```

Limits: 32 MiB, 64 levels, 100,000 values from aliases. Merge keys (`<<`), tags and several documents are refused.
A text in quotes stays a text; `$${` is a literal `${`.
)";

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string code(std::string_view text) {
  return text.empty() ? std::string() : fmt::format("`{}`", cell(text));
}

std::string words_of(const Field& field) {
  std::string out;
  for (const auto word : field.words) out += (out.empty() ? "" : ", ") + code(word);
  return out;
}

std::string type_of(const Field& field) {
  std::string out(to_text(field.type));
  if (!field.words.empty()) out = words_of(field);
  if (field.required) out += ", required";
  return out;
}

std::string help_of(const Field& field) {
  std::string out(field.help);
  if (!field.fallback.empty()) out += fmt::format(" Default {}.", code(field.fallback));
  if (!field.short_form.empty()) out += fmt::format(" A single value means its {}.", code(field.short_form));
  return cell(out);
}

void add_rows(std::string& out, std::span<const Field> fields, const std::string& prefix) {
  for (const Field& field : fields) {
    const std::string name = prefix + std::string(field.name);
    out += fmt::format("| `{}` | {} | {} | {} |\n", name, type_of(field), help_of(field), code(field.example));
    const bool named = field.type == FieldType::named;
    add_rows(out, field.fields, name + (named ? ".NAME." : "."));
  }
}

void add_table(std::string& out, std::string_view title, std::string_view intro, std::span<const Field> fields) {
  out += fmt::format("\n## {}\n\n{}\n\n| field | type | meaning | for example |\n|---|---|---|---|\n", title, intro);
  add_rows(out, fields, "");
}

/// The rows without what stands below them, which has a section of its own.
std::vector<Field> flat(std::span<const Field> fields) {
  std::vector<Field> rows(fields.begin(), fields.end());
  for (Field& field : rows) field.fields = {};
  return rows;
}

std::string_view match_in_words(Match match) {
  switch (match) {
    case Match::number:
      return "a number, a list of numbers, `\">= 3\"`, `\"1..10\"`, `2xx`";
    case Match::duration:
      return "`\"< 500ms\"`";
    case Match::size:
      return "`512`, `\"> 1KiB\"`";
    case Match::text:
      return "a text check";
    case Match::json:
      return "`{ /pointer: value }`, or a document whose members must be there";
    case Match::matcher:
      return "`{ /pointer: text check }`";
    case Match::names:
      return "`{ Name: text check }`";
    case Match::globs:
      return "globs, each of which must match";
    case Match::flag:
      return "`true`, `false`";
    case Match::word:
      return "a word, or a list of words of which one must be it";
  }
  return "";
}

void add_kind(std::string& out, const KindSchema& kind) {
  out += fmt::format("\n### {}\n\n{}. Behind `{}:` stands: {} For example `{}: {}`.\n", kind.name, kind.summary,
                     kind.name, kind.head.help, kind.name, kind.head.example);
  if (!kind.default_contract.empty()) out += fmt::format("\nBelieved only if: {}.\n", kind.default_contract);
  if (!kind.head.fields.empty()) {
    out += fmt::format("\n| field of `{}:` | type | meaning | for example |\n|---|---|---|---|\n", kind.name);
    add_rows(out, kind.head.fields, "");
  }
  if (!kind.fields.empty()) {
    out += "\n| field | type | meaning | for example |\n|---|---|---|---|\n";
    add_rows(out, kind.fields, "");
  }
  out += "\n| `expect` | written as | meaning |\n|---|---|---|\n";
  for (const ExpectField& field : kind.expects) {
    const std::string implied =
        field.fallback.empty() ? std::string() : fmt::format(" If nothing is said: `{}`.", field.fallback);
    out +=
        fmt::format("| `{}` | {} | {}{} |\n", field.name, cell(match_in_words(field.match)), cell(field.help), implied);
  }
  if (!kind.metrics.empty()) {
    out += "\n| `gates` measure | as | meaning | also called |\n|---|---|---|---|\n";
    for (const Metric& metric : kind.metrics) {
      std::string aliases;
      for (const auto alias : metric.aliases) aliases += (aliases.empty() ? "" : ", ") + code(alias);
      out += fmt::format("| `{}` | {} | {} | {} |\n", metric.name, to_text(metric.sort), cell(metric.help), aliases);
    }
  }
  out += "\nMay be captured and varied:";
  for (const auto source : kind.sources) out += fmt::format(" `{}`", source);
  out += fmt::format("; `json`, `number`, `line` and `matches` look into `{}` unless another text is named.\n",
                     kind.main_text);
}

void add_checks(std::string& out) {
  out +=
      "\n## Checks\n\nAll entries of `expect` must hold. A text check is a text that must be in it, a list of checks "
      "that must "
      "all hold, or a map of these:\n\n| check | meaning | for example |\n|---|---|---|\n";
  for (const auto& matcher : language::matchers()) {
    out += fmt::format("| `{}` | {} | {} |\n", matcher.name, cell(matcher.help), code(matcher.example));
  }
  out +=
      "\nA check that cannot fail (an empty text, a pattern that matches anything, `\">= 0\"` lines) is refused.\n"
      "\n`capture` and `vary.of` say what to take: `NAME`, `[TEXT] json /POINTER`, `[TEXT] number`, `[TEXT] line N` "
      "(negative "
      "from the end), `[TEXT] matches REGEX` (its first group), `[TEXT] sha256`, `header NAME`.\n";
}

void add_gates(std::string& out) {
  out +=
      "\n## Gates\n\n`gates` is a list of sentences about what was measured many times, all of which must hold. A gate "
      "without a sample to look at is an error, never a pass.\n\n"
      "```\nGATE       [METRIC] [AGGREGATE] [SELECTOR] SIGN LIMIT\n"
      "AGGREGATE  p(95) avg min max med count rate value share\n"
      "SELECTOR   {request: login, stage: hold}\n"
      "SIGN       < <= > >= == !=\n"
      "LIMIT      50ms | 50 (ms) | 0.1% | 0.001 | 100/s | 12 | 95% of target | baseline | 1.1 * baseline\n```\n\n"
      "METRIC or AGGREGATE may be left out where the other says enough: `p(95) < 500ms` is about response times, "
      "`rate >= 100/s` and `count > 10` about requests, `errors < 1%` about their share. k6's form works as well: "
      "`gates: { http_req_duration: [\"p(95)<500\"], http_req_failed: [\"rate<0.01\"] }`. A gate that stops the load "
      "when it is missed: `{ gate: \"errors < 5%\", abort: true, delay: 10s }`. Details: docs/load.md.\n";
}

void add_evidence(std::string& out) {
  out +=
      "\n## Evidence\n\nWhat must be seen for a pass to be believed. Each may be a map of fields, or a list of such "
      "maps.\n";
  for (const ObligationKind& kind : obligation_kinds()) {
    out += fmt::format("\n### evidence: {}\n\n{} {}\n", kind.name, kind.help,
                       kind.performing ? "This is work." : "This alone is no work.");
    if (!kind.short_form.empty()) out += fmt::format("A single value means its `{}`.\n", kind.short_form);
    if (kind.name == "service") out += "Short: `service: { orders: { connect: db } }`.\n";
    out += "\n| field | type | meaning | for example |\n|---|---|---|---|\n";
    add_rows(out, kind.fields, "");
  }
}

void add_types(std::string& out) {
  out += "\n## Types\n\n| type | is | how |\n|---|---|---|\n";
  for (int i = 0; i <= static_cast<int>(FieldType::named); ++i) {
    const auto type = static_cast<FieldType>(i);
    out += fmt::format("| {} | {} | {} |\n", to_text(type), in_words(type), cell(advice(type)));
  }
}

void add_variables(std::string& out) {
  out +=
      "\n## Variables\n\nTyped, put in once, never in keys; a value is never read again for more variables.\n\n"
      "| variable | meaning | cases | services | preflight |\n|---|---|---|---|---|\n";
  const auto mark = [](bool yes) { return yes ? "yes" : ""; };
  for (const auto& builtin : language::builtins()) {
    const std::string name = std::string(builtin.name) + (builtin.name.ends_with('.') ? "…" : "");
    out += fmt::format("| `${{{}}}` | {} | {} | {} | {} |\n", name, cell(builtin.help), mark(builtin.in_cases),
                       mark(builtin.in_services), mark(builtin.in_preflight));
  }
  out += "| `${NAME}` | A variable of `vars`; in a case also a capture of a case it needs. | yes | yes | yes |\n";
}
}  // namespace

std::string suite_reference(std::span<const KindSchema* const> kinds) {
  std::string out(kOpening);
  add_table(out, "The file", "The top level of a suite.", flat(language::suite_fields()));
  add_table(out, "Preflight", "Found out before anything runs; the tools are run.", language::preflight_fields());
  add_table(out, "Services", "Each entry of `services`. A service has `run` or `attach`.", language::service_fields());
  add_table(out, "Cases", "What every case may say, whatever its kind.", flat(language::case_fields()));
  out += "\n## Kinds of cases\n\nA case has exactly one of these keys.\n";
  for (const KindSchema* kind : kinds) add_kind(out, *kind);
  add_checks(out);
  add_gates(out);
  add_table(out, "Controls",
            "Each entry of `control` breaks something; the case must then fail, and pass again afterwards.",
            language::control_fields());
  add_table(out, "Vary", "The case is run once with each value of `over`.", language::vary_fields());
  add_table(out, "Drawn values", "`over` may be a map instead of a list: the same seed draws the same values.",
            language::drawn_fields());
  add_table(out, "Challenges", "The general form: a perturbation, and what honest work gives then.",
            language::challenge_fields());
  add_table(
      out, "Fingerprints",
      "Each entry of `fingerprints` is a substitute of your own. That it was there decides nothing: it must also be "
      "shown that what the claim names was not reached.",
      language::fingerprint_fields());
  const auto& fields = language::case_fields();
  for (const std::string_view name : {"until", "retry"}) {
    const auto field = std::ranges::find(fields, name, &Field::name);
    add_table(out, name == "until" ? "Until" : "Retry", field->help, field->fields);
  }
  add_evidence(out);
  add_variables(out);
  add_types(out);
  return out;
}
}  // namespace mccoy::suite
