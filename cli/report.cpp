// mccoy report BUNDLE: any report, rendered again from the evidence alone; byte for byte what the run wrote.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/app.hpp"
#include "cli/report_options.hpp"
#include "cli/suites.hpp"

namespace mccoy::cli {
namespace {
struct Options {
  std::string bundle;
  ReportOptions reports;
};

int report_command(const Options& options) {
  if (!any_wanted(options.reports)) {
    tell({.what = "no report was asked for",
          .hint = "for example: mccoy report BUNDLE --junit junit.xml --json report.json"});
    return kUsage;
  }
  return write_reports(options.bundle, options.reports) ? 0 : kEvidenceLost;
}
}  // namespace

void add_report(CLI::App& app, Action& chosen) {
  auto* command = app.add_subcommand("report", "renders reports from kept evidence");
  const auto options = std::make_shared<Options>();
  command->add_option("bundle", options->bundle, "folder of a run")->required()->type_name("BUNDLE");
  add_report_options(*command, options->reports);
  command->callback([&chosen, options] { chosen = [options] { return report_command(*options); }; });
}
}  // namespace mccoy::cli
