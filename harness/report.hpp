// Door two: what a report is: a pure function of a sealed bundle. It reads nothing else: no clock, no locale, no
// environment.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/run/run_view.hpp"

namespace mccoy {
/// File name (relative to where the user asked for it; "" = exactly that file) and bytes. More than one when a
/// consumer's limits ask for a split: then names are "-2", "-3" … to be put before the extension.
using ReportFiles = std::vector<std::pair<std::string, std::string>>;

struct ReportKind {
  std::string_view name;  ///< the option: "junit" -> --junit FILE
  std::string_view summary;
  std::vector<std::string_view> (*dialects)();  ///< first is the default; empty: none
  Result<ReportFiles> (*render)(const run::RunView& run, std::string_view dialect);
};
}  // namespace mccoy
