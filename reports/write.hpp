// A rendered report on its way to disk.
#pragma once
#include <string>
#include <string_view>

#include "harness/report.hpp"

namespace mccoy::reports {
/// Renders and writes atomically; a reader sees the old report or the whole new one. Parts get "-2", "-3" … before the
/// extension; parts of an older, longer report of ours that are left under the next numbers are removed, as a consumer
/// that collects "report*.xml" would count them.
///   dialect  "" is the first of the kind
///   errors   a kept text is missing from the bundle, no such dialect, the file or its folder cannot be written
Status write_report(const ReportKind& kind, const run::RunView& run, std::string_view dialect, const std::string& path);
/// "out/j.xml", "-2" -> "out/j-2.xml"
std::string part_path(const std::string& path, std::string_view part);
}  // namespace mccoy::reports
