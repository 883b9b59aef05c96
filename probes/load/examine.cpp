#include "probes/load/examine.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <optional>

#include "harness/base/value.hpp"
#include "probes/load/draw.hpp"
#include "probes/load/http_fields.hpp"

namespace mccoy::load {
namespace {
bool json_equals(const Check& check, const std::string& body) {
  const auto value = from_json(body);
  const Value* found = value.ok() ? value->pointer(check.where) : nullptr;
  return found != nullptr && *found == check.expected;
}

bool header_matches(const Check& check, const Pattern& pattern, const std::string& head) {
  const auto value = field_of(head, check.where);
  return value && re2::RE2::PartialMatch(*value, *pattern.compiled);
}

std::optional<std::string> json_at(const std::string& body, const std::string& pointer) {
  const auto value = from_json(body);
  const Value* found = value.ok() ? value->pointer(pointer) : nullptr;
  if (found == nullptr) return std::nullopt;
  return found->is_string() ? found->as_string() : to_json(*found);
}

std::optional<std::string> first_match(const std::string& body, const re2::RE2& pattern) {
  re2::StringPiece groups[2];
  if (!pattern.Match(body, 0, body.size(), re2::RE2::UNANCHORED, groups, 2)) return std::nullopt;
  const auto& found = groups[pattern.NumberOfCapturingGroups() > 0 ? 1 : 0];
  return std::string(found.data() == nullptr ? "" : found.data(), found.size());
}
}  // namespace

bool is_checked(const RequestPlan& plan, std::size_t check, const Profile& profile, std::uint64_t journey) {
  const double share = plan.asked->checks[check].share;
  return share >= 1 ||
         unit(draw(profile.seed, journey, Purpose::check, (std::uint64_t{plan.step} << 8) + check)) < share;
}

bool is_examined(const RequestPlan& plan, const Profile& profile, std::uint64_t journey) {
  if (!plan.examined || plan.always_examined) return plan.always_examined;
  for (std::size_t check = 0; check < plan.checks.size(); ++check)
    if (plan.asked->checks[check].kind != Check::Kind::status && is_checked(plan, check, profile, journey)) return true;
  return false;
}

Checked check(const RequestPlan& plan, std::size_t check, int status, const KeptResponse* kept) {
  const Check& asked = plan.asked->checks[check];
  const auto known = [](bool good) { return good ? Checked::held : Checked::failed; };
  if (asked.kind == Check::Kind::status)
    return known(std::ranges::any_of(asked.ranges,
                                     [&](const auto& range) { return range.first <= status && status <= range.last; }));
  if (kept == nullptr) return Checked::failed;
  const auto as_far_as_kept = [&](bool good) { return kept->cut ? Checked::unknown : known(good); };
  const auto there = [&] { return kept->bodies.find(asked.text) != std::string::npos; };
  switch (asked.kind) {
    case Check::Kind::contains:
      return there() ? Checked::held : as_far_as_kept(false);
    case Check::Kind::lacks:
      return there() ? Checked::failed : as_far_as_kept(true);
    case Check::Kind::matches:  // "$" matches where the part ends
      return as_far_as_kept(re2::RE2::PartialMatch(kept->bodies, *plan.checks[check].compiled));
    case Check::Kind::json:
      return as_far_as_kept(json_equals(asked, kept->bodies));
    default:
      return known(header_matches(asked, plan.checks[check], kept->heads));
  }
}

Checked capture(const RequestPlan& plan, const KeptResponse& kept, std::vector<std::string>& variables) {
  for (std::size_t i = 0; i < plan.captures.size(); ++i) {
    const Capture& asked = plan.asked->captures[i];
    const bool of_body = asked.kind != Capture::Kind::header;
    auto found = asked.kind == Capture::Kind::json     ? json_at(kept.bodies, asked.where)
                 : asked.kind == Capture::Kind::header ? field_of(kept.heads, asked.where)
                                                       : first_match(kept.bodies, *plan.captures[i].compiled);
    if (!found) return of_body && kept.cut ? Checked::unknown : Checked::failed;
    variables[asked.variable] = std::move(*found);
  }
  return Checked::held;
}

bool can_stand(const RequestPlan& plan, const std::vector<std::string>& variables) {
  const auto in_header = [](char byte) { return byte != '\r' && byte != '\n' && byte != '\0'; };
  const auto in_path = [](char byte) { return static_cast<unsigned char>(byte) > ' ' && byte != '\x7f'; };
  return std::ranges::all_of(plan.in_headers, [&](auto i) { return std::ranges::all_of(variables[i], in_header); }) &&
         std::ranges::all_of(plan.in_path, [&](auto i) { return std::ranges::all_of(variables[i], in_path); });
}
}  // namespace mccoy::load
