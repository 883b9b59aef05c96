// `--junit FILE`, `--json FILE` …: one option for each row of the catalogue of reports, and the writing of what was
// asked for.
#pragma once
#include <map>
#include <string>

#include "harness/base/error.hpp"

namespace CLI {
class App;
}

namespace mccoy::cli {
struct ReportOptions {
  std::map<std::string, std::string> files;     ///< "junit" -> where to
  std::map<std::string, std::string> dialects;  ///< "junit" -> "gitlab"
};
/// The options keep pointing at `into`, which must outlive the parsing.
void add_report_options(CLI::App& command, ReportOptions& into);
bool any_wanted(const ReportOptions& options);

/// Renders every report asked for from the bundle and writes each atomically. All are tried; failures are told on
/// stderr.
///   returns  false when one could not be rendered or written
bool write_reports(const std::string& bundle, const ReportOptions& options);
}  // namespace mccoy::cli
