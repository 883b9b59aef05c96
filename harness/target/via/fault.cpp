#include "harness/target/via/fault.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mccoy::via {
namespace {
using enum FaultKind;
constexpr bool is_whole(const Fault&) {
  return true;
}
constexpr bool has_delay(const Fault& fault) {
  return fault.delay.count() > 0 || fault.jitter.count() > 0;
}
constexpr bool has_rate(const Fault& fault) {
  return fault.rate > 0;
}
constexpr bool has_size(const Fault& fault) {
  return fault.size > 0 && fault.variation < fault.size;
}
constexpr bool has_chance(const Fault& fault) {
  return fault.chance > 0 && fault.chance <= 1;
}
constexpr bool has_status(const Fault& fault) {
  return fault.status >= 200 && fault.status <= 599;
}
constexpr bool has_text(const Fault& fault) {
  return !fault.text.empty() && std::ranges::none_of(fault.text, [](char c) { return c < ' ' || c > '~'; });
}

constexpr std::array<FaultRow, 14> kRows = {{
    {latency, "latency", &Readings::bytes_delayed, "bytes that were held", false, "a delay or a jitter", &has_delay},
    {bandwidth, "bandwidth", &Readings::bytes_delayed, "bytes that were held", false, "a rate above 0", &has_rate},
    {refuse, "refuse", &Readings::refused, "connections refused", false, "", &is_whole},
    {reset, "reset", &Readings::resets, "connections reset", false, "", &is_whole},
    {black_hole, "black_hole", &Readings::bytes_dropped, "bytes swallowed", false, "", &is_whole},
    {stall, "stall", &Readings::bytes_delayed, "bytes that were held", false, "", &is_whole},
    {slow_close, "slow_close", &Readings::ends_delayed, "ends passed on late", false, "a delay", &has_delay},
    {slice, "slice", &Readings::pieces, "pieces cut", false, "a size above its variation", &has_size},
    {limit, "limit_data", &Readings::closes, "connections closed", false, "", &is_whole},
    {corrupt, "corrupt", &Readings::bytes_corrupted, "bytes changed", false, "a chance in (0, 1]", &has_chance},
    {http_status, "http_status", &Readings::requests_changed, "requests answered by the proxy", true,
     "a status from 200 to 599", &has_status},
    {http_truncate, "http_truncate", &Readings::requests_changed, "bodies cut short", true, "", &is_whole},
    {http_type, "http_type", &Readings::requests_changed, "content types replaced", true, "a content type", &has_text},
    {http_delay, "http_delay", &Readings::requests_changed, "responses held", true, "a delay", &has_delay},
}};
}  // namespace

std::span<const FaultRow> fault_rows() {
  return kRows;
}

const FaultRow& row_of(FaultKind kind) {
  return *std::ranges::find(kRows, kind, &FaultRow::kind);
}

const FaultRow* find_fault(std::string_view name) {
  const auto found = std::ranges::find(kRows, name, &FaultRow::name);
  return found == kRows.end() ? nullptr : &*found;
}

Status check(const Fault& fault) {
  const FaultRow& row = row_of(fault.kind);
  if (!(fault.share >= 0 && fault.share <= 100))
    return Error{.what = fmt::format("{}: a share of {} % is none", row.name, fault.share)};
  const std::int64_t counts[] = {fault.delay.count(), fault.jitter.count(), fault.after.count(), fault.bytes,
                                 fault.rate,          fault.size,           fault.variation};
  if (std::ranges::any_of(counts, [](std::int64_t count) { return count < 0; }))
    return Error{.what = fmt::format("{}: a number below 0", row.name)};
  if (!row.complete(fault)) return Error{.what = fmt::format("{} needs {}", row.name, row.needs)};
  return {};
}

bool had_effect(const Fault& fault, const Readings& readings) {
  return readings.*row_of(fault.kind).touched > 0;
}
}  // namespace mccoy::via
