#include "probes/load_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/suite/check.hpp"
#include "probes/load_amounts.hpp"
#include "probes/load_target.hpp"

namespace mccoy::probes {
namespace {
struct Number {
  const char* field;
  std::int64_t least, most;
  void (*set)(load::Profile& profile, std::int64_t value);
};
constexpr Number kNumbers[] = {
    {"max_in_flight", 1, 1'000'000,
     [](load::Profile& p, std::int64_t v) { p.max_in_flight = static_cast<std::size_t>(v); }},
    {"connections", 1, 100'000, [](load::Profile& p, std::int64_t v) { p.connections = static_cast<std::size_t>(v); }},
    {"threads", 1, 256, [](load::Profile& p, std::int64_t v) { p.threads = static_cast<int>(v); }},
    {"iterations", 1, std::int64_t{1} << 50,
     [](load::Profile& p, std::int64_t v) { p.max_journeys = static_cast<std::uint64_t>(v); }},
};
struct Length {
  const char* field;
  void (*set)(load::Profile& profile, Duration value);
};
constexpr Length kSpans[] = {
    {"timeout", [](load::Profile& p, Duration v) { p.response_timeout = v; }},
    {"connect_timeout", [](load::Profile& p, Duration v) { p.connect_timeout = v; }},
    {"drain", [](load::Profile& p, Duration v) { p.drain = v; }},
    {"grid", [](load::Profile& p, Duration v) { p.grid = v; }},
};

Status read_numbers(const Said& said, load::Profile& profile) {
  for (const Number& row : kNumbers) {
    const Said given = said[row.field];
    if (!given.given() || given.open()) continue;
    const std::int64_t value = given.value().as_int();
    if (value < row.least || value > row.most)
      return given.refuse(fmt::format("{} must be {} to {}", row.field, row.least, row.most), "for example 100");
    row.set(profile, value);
  }
  for (const Length& row : kSpans) {
    const Said given = said[row.field];
    if (!given.given() || given.open()) continue;
    MCCOY_TRY(span, read_span(given, row.field));
    row.set(profile, span);
  }
  return {};
}

Status read_rest(const Said& said, load::Profile& profile) {
  if (said["arrival"].text() == "poisson") profile.spacing = load::Spacing::poisson;
  if (const Said reuse = said["reuse"]; reuse.given() && !reuse.open()) profile.reuse = reuse.value().as_bool(true);
  const Said think = said["think"];
  if (!think.given() || think.open()) return {};
  MCCOY_TRY(span, read_think(think));
  if (profile.model == load::Model::open && !profile.stages.empty())
    return think.refuse("requests that come by the clock do not wait for anybody to think",
                        "users: N instead of rate, or remove it");
  profile.think_min = span.first;
  profile.think_max = span.second;
  return {};
}

Status read_arrivals(const Said& said, LoadPlan& plan) {
  if (!said.given()) return {};
  ArrivalsAsk ask{.url = said["http"].text(),
                  .extract = said["take"].given() ? said["take"].text() : "number",
                  .of = {},
                  .span = said.span()};
  const auto parsed = suite::parse_extractor(ask.extract, "body");
  if (!parsed.ok()) return said["take"].refuse(parsed.error().what, parsed.error().hint);
  if (!said["http"].open()) {
    MCCOY_TRY(address, read_load_address(said["http"]));
    const bool http = address.target.protocol != load::Protocol::tcp && !address.target.host.empty();
    if (!http || (!address.method.empty() && address.method != "GET"))
      return said["http"].refuse("the counter is read with a GET", "for example GET http://127.0.0.1:8080/metrics");
  }
  const Said of = said["of"];
  for (std::size_t i = 0; i < of.size(); ++i) {
    const std::string name = of.at(i).text();
    const std::vector<std::string_view> known(plan.requests.begin(), plan.requests.end());
    if (std::ranges::find(known, name) == known.end()) {
      const auto near = did_you_mean(name, known);
      return of.at(i).refuse(
          fmt::format("no request is called \"{}\"", visible_line(name, 60)),
          near.empty() ? "one of: " + join(plan.requests, ", ") : fmt::format("did you mean \"{}\"?", near));
    }
    ask.of.push_back(name);
  }
  ask.at_least = said["at_least"].value().as_bool();
  if (const Said tolerance = said["tolerance"]; tolerance.given() && !tolerance.open()) {
    MCCOY_TRY(share, read_share(tolerance));
    ask.tolerance = share;
  }
  plan.arrivals = std::move(ask);
  return {};
}
}  // namespace

Duration LoadPlan::span() const {
  Duration whole{};
  for (const load::Stage& stage : profile.stages) whole += stage.span;
  return whole;
}

Result<LoadPlan> plan_load(const Said& said, const std::string& folder) {
  LoadPlan plan;
  MCCOY_DO(plan_stages(said, plan.profile));
  MCCOY_DO(plan_requests(said, folder, plan));
  MCCOY_DO(read_numbers(said, plan.profile));
  MCCOY_DO(read_rest(said, plan.profile));
  MCCOY_DO(read_arrivals(said["arrivals"], plan));
  return plan;
}
}  // namespace mccoy::probes
