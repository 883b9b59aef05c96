// Reports checked by something that is not us: xmllint with the published schemas, python's JSON parser.
#pragma once
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "harness/base/process.hpp"
#include "reports/catalogue.hpp"
#include "tests/harness/run/sample_run.hpp"

namespace mccoy::reports {
inline Captured run_tool(std::vector<std::string> argv) {
  return run_command(
             {.argv = std::move(argv), .env = base_environment(), .cwd = "/", .input = "", .uid = {}, .gid = {}},
             Deadline::in(std::chrono::seconds(60)))
      .value();
}

inline std::string schema(const std::string& name) {
  return std::string(MCCOY_SOURCE_DIR) + "/tests/golden/schemas/" + name;
}

inline ReportFiles render(const std::string& report, const run::RunView& view, const std::string& dialect = "") {
  auto files = find_report(report)->render(view, dialect);
  BOOST_REQUIRE_MESSAGE(files.ok(), (files.ok() ? "" : files.error().what));
  return std::move(files).value();
}

inline std::string render_one(const std::string& report, const run::RunView& view, const std::string& dialect = "") {
  const ReportFiles files = render(report, view, dialect);
  BOOST_REQUIRE(files.size() == 1);
  return files[0].second;
}

/// Well-formed without options that lift a parser's limits, and valid under each of the schemas.
inline void must_be_xml(const run::SampleRun& sample, const std::string& xml, const std::vector<std::string>& schemas) {
  const std::string path = sample.beside("report.xml");
  run::must(write_atomically(path, xml));
  for (const std::string& xsd : schemas) {
    const Captured checked = run_tool({"xmllint", "--noout", "--nonet", "--schema", schema(xsd), path});
    BOOST_TEST(checked.ended.code == 0, xsd << ": " << checked.err.text());
  }
  if (!schemas.empty()) return;
  const Captured checked = run_tool({"xmllint", "--noout", "--nonet", path});
  BOOST_TEST(checked.ended.code == 0, checked.err.text());
}

/// What an XPath expression gives, by xmllint.
inline std::string xpath(const run::SampleRun& sample, const std::string& xml, const std::string& expression) {
  const std::string path = sample.beside("xpath.xml");
  run::must(write_atomically(path, xml));
  std::string found = run_tool({"xmllint", "--nonet", "--xpath", "string(" + expression + ")", path}).out.text();
  if (found.ends_with('\n')) found.pop_back();
  return found;
}

inline const std::vector<std::string> kCommonSchemas = {"ant-junit.xsd", "jenkins-junit-10.xsd"};
}  // namespace mccoy::reports
