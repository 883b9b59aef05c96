// All reports, one row each in catalogue.cpp.
#pragma once
#include <span>

#include "harness/report.hpp"

namespace mccoy::reports {
std::span<const ReportKind* const> catalogue();
const ReportKind* find_report(std::string_view name);
}  // namespace mccoy::reports
