// What a suite may say, as tables. Validation, `mccoy probes`, `mccoy schema` and the docs are all derived from these
// rows.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mccoy::suite {
/// How a value is written in YAML and what it becomes. A scalar that holds ${…} is checked again after expansion.
enum class FieldType {
  text,      ///< string
  word,      ///< one of `words`
  flag,      ///< true | false
  integer,   ///< whole number
  number,    ///< number
  duration,  ///< "250ms", "2s", "1.5m"; kept as nanoseconds
  size,      ///< "64KiB", "500MiB" or a number of bytes
  date,      ///< 2026-11-21
  argv,      ///< list of strings, not empty: a command without a shell
  argvs,     ///< list of argv
  texts,     ///< list of strings; a single string is a list of one
  names,     ///< map: name -> scalar
  json,      ///< anything
  port,      ///< 1..65535
  path,      ///< string naming a file, relative to the suite's folder
  object,    ///< map with `fields`
  objects,   ///< list of maps with `fields`; a single map is a list of one
  named,     ///< map: name -> map with `fields`
};
/// In a sentence: "a duration", "a list of words: a command and its arguments".
std::string_view in_words(FieldType type);
/// How to write one: "write a number and a unit: 250ms, 2s, 1.5m".
std::string_view advice(FieldType type);
/// The enumerator: "duration".
std::string_view to_text(FieldType type);

struct Field {
  std::string_view name;
  FieldType type = FieldType::text;
  std::string_view help = {};  ///< one sentence, shown by editors, `mccoy probes` and the docs
  bool required = false;
  std::string_view fallback = {};  ///< the default as a suite would write it; "" = none
  std::string_view example = {};
  std::span<const std::string_view> words = {};
  std::span<const Field> fields = {};
  std::string_view short_form = {};  ///< of an object (or of each named one): the field a bare scalar means; "" = none
  bool fixed = false;                ///< read before anything runs, so it takes no ${…}
};

/// How an entry of `expect:` is written; see docs/suite.md, "Checks".
enum class Match {
  number,    ///< 200 | [200, 201] | ">= 3" | "1..10" | 2xx (status classes)
  duration,  ///< "< 500ms"
  size,      ///< "> 1KiB" | 512
  text,      ///< "contains this" | {equals, contains, not_contains, matches, not_matches, number, json, lines, empty,
             ///< bytes} | list of these
  json,      ///< {/pointer: value, …} or a subset document; values: scalar, list, map (subset), or a matcher under
             ///< `json_match`
  matcher,   ///< {/pointer: <text or number matcher>}: `json_match: {/id: {matches: "^[0-9]+$"}, /n: {number: "> 3"}}`
  names,     ///< {Header-Name: <text matcher>}
  globs,     ///< list of globs, each of which must match at least one
  flag,      ///< true | false
  word,      ///< a scalar compared as text
};

struct ExpectField {
  std::string_view name;
  Match match;
  std::string_view subject;  ///< the extractor it looks at (check.hpp); "" = its own name
  std::string_view help;
  std::string_view fallback = {};  ///< what must hold when the suite says nothing of it: "0" for exit; "" = nothing
  std::string_view unless = {};    ///< … and nothing of this one either; "*" = of any
};

/// What a kind measures, so that a gate can be about it.
enum class MetricSort : std::uint8_t {
  times,    ///< many durations, kept as a histogram
  time,     ///< one duration
  counter,  ///< a whole number; with the time it took, a rate
  share,    ///< a part of a whole
};
std::string_view to_text(MetricSort sort);

struct Metric {
  std::string_view name;
  MetricSort sort = MetricSort::counter;
  std::string_view help;                           ///< what is measured, one sentence
  std::span<const std::string_view> aliases = {};  ///< what others call it: http_req_duration
};

class Reading;
struct Node;
struct Case;

/// Everything a suite may say to one kind of case.
struct KindSchema {
  std::string_view name;     ///< the key that selects the kind: "exec"
  std::string_view summary;  ///< one line of `mccoy probes`
  Field head;                ///< what stands behind that key: argv, "GET URL", an address, a path
  std::span<const Field> fields;
  std::span<const ExpectField> expects;
  std::span<const std::string_view> sources;  ///< what captures and `vary.of` may name: "stdout", "json", "header" …
  std::string_view main_text;                 ///< the text `json` and `number` look into: "stdout", "body"
  std::string_view default_contract;          ///< in words, for `mccoy check` and `mccoy probes`
  std::span<const Metric> metrics = {};       ///< what `gates:` may be about; none: the kind has no gates. The first
                                              ///< of a sort is meant where a gate names an aggregate only
  std::span<const std::string_view> selectors = {};  ///< labels its series have: request, stage
  /// The values a label can have in this case: what gates may select.
  std::vector<std::string> (*labels)(std::string_view selector, const Node& node) = nullptr;
  /// What no table can say: finds further mistakes of a case that the tables accept, and may add checks to it.
  void (*examine)(Reading& reading, const Node& node, Case& which) = nullptr;
  /// Variables of the harness that are the probe's to fill in: ${unique} reaches it as {{unique}}.
  std::span<const std::string_view> late = {};
  bool claims = false;  ///< its fields claim something by themselves, so it needs no expectation
  bool alone = false;   ///< it disturbs services, so nothing else of the suite runs meanwhile
};
}  // namespace mccoy::suite
