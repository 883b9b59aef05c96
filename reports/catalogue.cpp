#include "reports/catalogue.hpp"

#include <algorithm>
#include <iterator>

namespace mccoy::reports {
extern const ReportKind junit_kind, json_kind;

namespace {
const ReportKind* const kKinds[] = {
    &junit_kind,
    &json_kind,
};
}  // namespace

std::span<const ReportKind* const> catalogue() {
  return kKinds;
}

const ReportKind* find_report(std::string_view name) {
  const auto row = std::ranges::find(kKinds, name, &ReportKind::name);
  return row == std::end(kKinds) ? nullptr : *row;
}
}  // namespace mccoy::reports
