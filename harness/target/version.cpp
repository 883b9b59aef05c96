// Versions compared by number; declared in preflight.hpp.
#include <algorithm>
#include <charconv>
#include <optional>

#include "harness/base/text.hpp"
#include "harness/target/preflight.hpp"

namespace mccoy::target {
namespace {
using Parts = std::vector<std::int64_t>;

/// The leading "1.2.3" of a text; empty if it does not start with a digit.
Parts parts_of(std::string_view text, std::string_view* rest = nullptr) {
  Parts parts;
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc() || number < 0) break;
    parts.push_back(number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.size() < 2 || text[0] != '.' || text[1] < '0' || text[1] > '9') break;
    text.remove_prefix(1);
  }
  if (rest != nullptr) *rest = text;
  return parts;
}

/// < 0, 0, > 0; missing parts are 0.
int compare(const Parts& a, const Parts& b) {
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const auto left = i < a.size() ? a[i] : 0, right = i < b.size() ? b[i] : 0;
    if (left != right) return left < right ? -1 : 1;
  }
  return 0;
}

bool begins_with(const Parts& version, const Parts& wanted) {
  return wanted.size() <= version.size() && std::equal(wanted.begin(), wanted.end(), version.begin());
}

struct Rule {
  std::string_view sign;
  bool (*holds)(const Parts& version, const Parts& wanted);
};
constexpr Rule kRules[] = {
    {">=", [](const Parts& v, const Parts& w) { return compare(v, w) >= 0; }},
    {"<=", [](const Parts& v, const Parts& w) { return compare(v, w) <= 0; }},
    {"!=", [](const Parts& v, const Parts& w) { return !begins_with(v, w); }},
    {"==", begins_with},
    {">", [](const Parts& v, const Parts& w) { return compare(v, w) > 0; }},
    {"<", [](const Parts& v, const Parts& w) { return compare(v, w) < 0; }},
    {"=", begins_with},
    {"", begins_with},
};

/// nullopt: the rule cannot be read.
std::optional<bool> holds_one(const Parts& version, std::string_view wanted) {
  wanted = trim(wanted);
  for (const auto& rule : kRules) {
    if (!wanted.starts_with(rule.sign)) continue;
    std::string_view rest;
    const auto parts = parts_of(trim(wanted.substr(rule.sign.size())), &rest);
    if (parts.empty() || !rest.empty()) return std::nullopt;
    return rule.holds(version, parts);
  }
  return std::nullopt;
}
}  // namespace

bool version_satisfies(std::string_view version, std::string_view wanted) {
  const auto parts = parts_of(trim(version));
  if (parts.empty()) return false;
  const auto rules = split(wanted, ',');
  return std::all_of(rules.begin(), rules.end(),
                     [&](const auto& rule) { return holds_one(parts, rule).value_or(false); });
}

bool is_version_rule(std::string_view wanted) {
  const auto rules = split(wanted, ',');
  return std::all_of(rules.begin(), rules.end(), [&](const auto& rule) { return holds_one({0}, rule).has_value(); });
}
}  // namespace mccoy::target
