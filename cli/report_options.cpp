#include "cli/report_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/suites.hpp"
#include "reports/catalogue.hpp"
#include "reports/write.hpp"

namespace mccoy::cli {
void add_report_options(CLI::App& command, ReportOptions& into) {
  for (const auto* kind : reports::catalogue()) {
    const std::string name(kind->name);
    command.add_option("--" + name, into.files[name], std::string(kind->summary))->type_name("FILE")->group("Reports");
    const auto dialects = kind->dialects();
    if (dialects.empty()) continue;
    command.add_option("--" + name + "-dialect", into.dialects[name], "how " + name + " is written")
        ->check(CLI::IsMember(std::vector<std::string>(dialects.begin(), dialects.end())))
        ->default_val(std::string(dialects.front()))
        ->group("Reports");
  }
}

bool any_wanted(const ReportOptions& options) {
  return std::any_of(options.files.begin(), options.files.end(),
                     [](const auto& wanted) { return !wanted.second.empty(); });
}

bool write_reports(const std::string& bundle, const ReportOptions& options) {
  if (!any_wanted(options)) return true;
  const auto view = run::read_run(bundle);
  if (!view.ok()) {
    tell(view.error());
    return false;
  }
  bool all_written = true;
  for (const auto& [name, file] : options.files) {
    if (file.empty()) continue;
    const auto dialect = options.dialects.find(name);
    auto written = reports::write_report(*reports::find_report(name), *view,
                                         dialect == options.dialects.end() ? "" : dialect->second, file);
    if (written.ok()) continue;
    written.error().what = "the report " + file + " could not be written: " + written.error().what;
    tell(written.error());
    all_written = false;
  }
  return all_written;
}
}  // namespace mccoy::cli
