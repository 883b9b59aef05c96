#include "harness/witness/test_report.hpp"

#include <fmt/format.h>

#include <pugixml.hpp>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"

namespace mccoy::witness {
namespace {
constexpr std::int64_t kMostBytes = 64 << 20;
constexpr int kMostDepth = 64;

Error refused(const std::string& path, std::string_view why) {
  return {.what = fmt::format("{} cannot be read as a JUnit report: {}", visible_line(path, 200), why)};
}

/// Runners say in several ways that a test was not run: an element, or `status`, or `result`.
bool was_skipped(const pugi::xml_node& test) {
  if (test.child("skipped") || test.child("disabled")) return true;
  for (const char* attribute : {"status", "result"}) {
    const std::string_view word = test.attribute(attribute).as_string();
    if (word == "notrun" || word == "skipped" || word == "disabled" || word == "suppressed") return true;
  }
  return false;
}

/// Each test case once. What is stated in attributes of its suites may be made up more easily and is not used.
Status count(const std::string& path, const pugi::xml_node& node, int depth, evidence::TestCounts& counts) {
  if (depth > kMostDepth) return refused(path, "it is nested too deeply");
  for (const pugi::xml_node child : node.children()) {
    const std::string_view name = child.name();
    if (name == "testsuite" || name == "testsuites") MCCOY_DO(count(path, child, depth + 1, counts));
    if (name != "testcase") continue;
    const bool skipped = was_skipped(child);
    const bool failed = child.child("failure") || child.child("error");
    counts.skipped += skipped ? 1 : 0;
    counts.executed += skipped ? 0 : 1;
    counts.failed += failed && !skipped ? 1 : 0;
  }
  return {};
}
}  // namespace

Result<evidence::TestCounts> read_junit_counts(const std::string& path) {
  MCCOY_TRY(bytes, read_file(path, kMostBytes));
  pugi::xml_document document;
  // Entities are never expanded; a DOCTYPE is kept as a node only to be refused.
  const auto parsed = document.load_buffer(bytes.data(), bytes.size(), pugi::parse_default | pugi::parse_doctype);
  if (!parsed) return refused(path, fmt::format("it is not XML: {} at byte {}", parsed.description(), parsed.offset));
  for (const pugi::xml_node child : document.children())
    if (child.type() == pugi::node_doctype) return refused(path, "it has a DOCTYPE");
  const pugi::xml_node root = document.document_element();
  const std::string_view name = root.name();
  if (name != "testsuites" && name != "testsuite") return refused(path, "it holds no test suites");
  evidence::TestCounts counts{.seen = true, .report = path};
  MCCOY_DO(count(path, root, 0, counts));
  return counts;
}
}  // namespace mccoy::witness
