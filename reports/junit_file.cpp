#include "reports/junit_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>
#include <sstream>

#include "harness/base/clock.hpp"

namespace mccoy::reports {
namespace {
constexpr std::size_t kElementBytes = 400;  ///< names, quotes and blanks of a case and its properties

/// As XML, with every character that may be escaped counted as the longest escape.
std::size_t escaped_size(std::string_view text) {
  const auto special = std::ranges::count_if(
      text, [](char c) { return std::string_view("&<>\"\r\n\t").find(c) != std::string_view::npos; });
  return text.size() + 5 * static_cast<std::size_t>(special);
}

std::string seconds(std::int64_t ms) {
  return fmt::format("{}.{:03}", ms / 1000, ms % 1000);
}

void set(pugi::xml_node node, const char* name, const std::string& value) {
  pugi::xml_attribute attribute = node.attribute(name);
  (attribute ? attribute : node.append_attribute(name)).set_value(value.c_str());
}

void add_text(pugi::xml_node parent, const char* name, const std::string& text) {
  parent.append_child(name).append_child(pugi::node_pcdata).set_value(text.c_str());
}

void add_property(pugi::xml_node parent, const std::string& name, const std::string& value) {
  pugi::xml_node property = parent.append_child("property");
  set(property, "name", name);
  set(property, "value", value);
}

struct Counts {
  std::int64_t tests = 0, failures = 0, errors = 0, skipped = 0, flakes = 0, time_ms = 0;
  void add(const Counts& other) {
    tests += other.tests;
    failures += other.failures;
    errors += other.errors;
    skipped += other.skipped;
    flakes += other.flakes;
    time_ms += other.time_ms;
  }
};

Counts counts_of(const JunitCase& one) {
  using Result = JunitCase::Result;
  return {.tests = 1,
          .failures = one.result == Result::failure,
          .errors = one.result == Result::error,
          .skipped = one.result == Result::skipped,
          .flakes = one.result == Result::passed && !one.earlier.empty(),
          .time_ms = one.time_ms};
}
}  // namespace

struct JunitFile::State {
  const JunitDialect& dialect;
  pugi::xml_document document;
  pugi::xml_node root, suite, properties;
  JunitSuite told;
  Counts in_suite, in_file;
  std::int64_t first_start_ms = 0;
  int suites = 0;
  std::size_t bytes = kElementBytes;

  explicit State(const JunitDialect& which) : dialect(which) {
    pugi::xml_node declaration = document.append_child(pugi::node_declaration);
    set(declaration, "version", "1.0");
    set(declaration, "encoding", "UTF-8");
    root = dialect.suite_is_root ? pugi::xml_node(document) : document.append_child("testsuites");
  }

  std::string timestamp(std::int64_t ms) const {
    constexpr std::size_t kToTheSecond = 19;
    const std::string text = rfc3339(ms);
    return dialect.zone ? text : text.substr(0, kToTheSecond);
  }

  void add_properties(const JunitProperties& more, const std::string& prefix) {
    for (const auto& [name, value] : more) {
      add_property(properties, prefix + name, value);
      bytes += kElementBytes / 4 + escaped_size(prefix) + escaped_size(name) + escaped_size(value);
    }
  }

  void add_result(pugi::xml_node node, const JunitCase& one) const {
    constexpr const char* kElements[] = {"", "failure", "error", "skipped"};
    if (one.result == JunitCase::Result::passed) return;
    pugi::xml_node result = node.append_child(kElements[static_cast<std::size_t>(one.result)]);
    set(result, "message", one.message);
    if (one.result != JunitCase::Result::skipped) set(result, "type", one.type);
    const std::string text = dialect.case_texts ? one.details : one.details + one.out + one.err;
    if (!text.empty()) result.append_child(pugi::node_pcdata).set_value(text.c_str());
  }

  /// Attempts before the last: flaky when the last one passed, else runs of the same failure.
  void add_earlier(pugi::xml_node node, const JunitCase& one, bool errors) const {
    const bool passed = one.result == JunitCase::Result::passed;
    const char* const names[] = {passed ? "flakyFailure" : "rerunFailure", passed ? "flakyError" : "rerunError"};
    for (const JunitCase::Earlier& attempt : one.earlier) {
      if (attempt.error != errors) continue;
      pugi::xml_node element = node.append_child(names[errors ? 1 : 0]);
      set(element, "message", attempt.message);
      set(element, "type", attempt.error ? "mccoy.Error" : "mccoy.CheckFailed");
      add_text(element, "stackTrace", attempt.message);
    }
  }

  /// The order is that of Surefire's sequence; the other dialects have at most one result and no attempts.
  void fill(pugi::xml_node node, const JunitCase& one) const {
    const bool failed = one.result == JunitCase::Result::failure;
    if (failed) add_result(node, one);
    if (dialect.suite_is_root) add_earlier(node, one, false);
    if (!failed) add_result(node, one);
    if (dialect.suite_is_root) add_earlier(node, one, true);
    if (!dialect.case_texts) return;
    if (!one.out.empty()) add_text(node, "system-out", one.out);
    if (!one.err.empty()) add_text(node, "system-err", one.err);
  }

  void set_counts(pugi::xml_node node, const Counts& counts) const {
    set(node, "tests", std::to_string(counts.tests));
    set(node, "failures", std::to_string(counts.failures));
    set(node, "errors", std::to_string(counts.errors));
    set(node, "time", seconds(counts.time_ms));
  }
};

JunitFile::JunitFile(const JunitDialect& dialect) : state_(std::make_unique<State>(dialect)) {}
JunitFile::JunitFile(JunitFile&&) noexcept = default;
JunitFile& JunitFile::operator=(JunitFile&&) noexcept = default;
JunitFile::~JunitFile() = default;

std::size_t JunitFile::cases() const {
  return static_cast<std::size_t>(state_->in_file.tests + state_->in_suite.tests);
}
std::size_t JunitFile::bytes() const {
  return state_->bytes;
}

std::size_t JunitFile::bytes_of(const JunitCase& one) {
  std::size_t bytes = kElementBytes + escaped_size(one.classname) + escaped_size(one.name) + escaped_size(one.file) +
                      escaped_size(one.type) + escaped_size(one.message) + escaped_size(one.details) +
                      escaped_size(one.out) + escaped_size(one.err);
  for (const auto& attempt : one.earlier) bytes += kElementBytes + 2 * escaped_size(attempt.message);
  return bytes;
}

void JunitFile::begin_suite(const JunitSuite& suite) {
  state_->told = suite;
  state_->in_suite = {};
  state_->first_start_ms = 0;
  state_->suite = state_->root.append_child("testsuite");
  set(state_->suite, "name", suite.name);
  state_->properties = state_->suite.append_child("properties");
  state_->add_properties(suite.properties, "");
  state_->bytes += kElementBytes + escaped_size(suite.out) + escaped_size(suite.err);
}

void JunitFile::add(const JunitCase& one) {
  State& state = *state_;
  pugi::xml_node node = state.suite.append_child("testcase");
  set(node, "name", one.name);
  set(node, "classname", one.classname);
  set(node, "time", seconds(one.time_ms));
  if (state.dialect.case_place && !one.file.empty()) {
    set(node, "file", one.file);
    set(node, "line", std::to_string(one.line));
  }
  state.fill(node, one);
  state.add_properties(one.properties, "mccoy." + one.name + '.');
  state.in_suite.add(counts_of(one));
  state.bytes += bytes_of(one);
  if (one.started_ms > 0 && (state.first_start_ms == 0 || one.started_ms < state.first_start_ms))
    state.first_start_ms = one.started_ms;
}

void JunitFile::end_suite() {
  State& state = *state_;
  const JunitDialect& dialect = state.dialect;
  state.set_counts(state.suite, state.in_suite);
  set(state.suite, "skipped", std::to_string(state.in_suite.skipped));
  set(state.suite, "timestamp",
      state.timestamp(state.first_start_ms > 0 ? state.first_start_ms : state.told.started_ms));
  if (dialect.suite_is_root) set(state.suite, "flakes", std::to_string(state.in_suite.flakes));
  if (!dialect.suite_is_root) set(state.suite, "hostname", state.told.hostname);
  if (dialect.suite_texts) {
    set(state.suite, "package", state.told.name);
    set(state.suite, "id", std::to_string(state.suites));
    add_text(state.suite, "system-out", state.told.out);
    add_text(state.suite, "system-err", state.told.err);
  }
  ++state.suites;
  state.in_file.add(state.in_suite);
  state.in_suite = {};
}

std::string JunitFile::text() {
  if (state_->dialect.root_counts) state_->set_counts(state_->root, state_->in_file);
  std::ostringstream out;
  out.imbue(std::locale::classic());
  state_->document.save(out, " ", pugi::format_indent, pugi::encoding_utf8);
  return std::move(out).str();
}
}  // namespace mccoy::reports
