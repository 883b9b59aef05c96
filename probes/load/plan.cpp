#include "probes/load/plan.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "probes/load/draw.hpp"
#include "probes/load/rendering.hpp"

namespace mccoy::load {
namespace {
Result<Pattern> pattern(const std::string& text) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(re2::RE2::Options::EncodingLatin1);  // bodies are bytes
  auto compiled = std::make_shared<const re2::RE2>(text, options);
  if (!compiled->ok())
    return Error{.what = fmt::format("not a regular expression: {}: {}", visible_line(text, 200), compiled->error())};
  return Pattern{std::move(compiled)};
}

bool has(const Template& text, Piece::Kind kind) {
  return std::ranges::any_of(text, [&](const Piece& piece) { return piece.kind == kind; });
}

void add_variables(const Template& text, std::vector<std::size_t>& variables) {
  for (const Piece& piece : text)
    if (piece.kind == Piece::Kind::capture) variables.push_back(piece.variable);
}

bool is_literal(const Template& text) {
  return std::ranges::all_of(text, [](const Piece& piece) { return piece.kind == Piece::Kind::literal; });
}

template <class Test>
bool every_text(const Request& request, Test test) {
  return test(request.path) && test(request.body) &&
         std::ranges::all_of(request.headers, [&](const Header& header) { return test(header.value); });
}

std::string authority_of(const Target& target) {
  if (!target.authority.empty()) return target.authority;
  if (!target.unix_path.empty()) return "localhost";
  const bool usual = target.port == (target.tls ? 443 : 80);
  const bool six = target.host.find(':') != std::string::npos;
  const std::string host = six ? "[" + target.host + "]" : target.host;
  return usual ? host : fmt::format("{}:{}", host, target.port);
}
}  // namespace

Result<Plan> Plan::make(const Profile& profile, Deadline deadline, const Interrupt* interrupt) {
  Plan plan(profile);
  for (const auto& target : profile.targets) {
    TargetPlan ready{.asked = &target, .authority = authority_of(target), .addresses = {}, .tls = {}};
    MCCOY_TRY(addresses, addresses_of(target, deadline, interrupt));
    ready.addresses = std::move(addresses);
    if (target.tls) {
      MCCOY_TRY(tls, TlsContext::make(target));
      ready.tls = std::move(tls);
    }
    plan.targets_.push_back(std::move(ready));
  }
  for (const auto& journey : profile.journeys) MCCOY_DO(plan.add_journey(journey));
  return plan;
}

Status Plan::add_journey(const Journey& journey) {
  const double before = journeys_.empty() ? 0 : journeys_.back().up_to;
  JourneyPlan plan{.asked = &journey, .up_to = before + journey.weight, .steps = {}};
  for (const auto& request : journey.steps) {
    MCCOY_TRY(step, ready(request, plan.steps.size()));
    plan.steps.push_back(std::move(step));
  }
  journeys_.push_back(std::move(plan));
  return {};
}

Result<RequestPlan> Plan::ready(const Request& request, std::size_t step) {
  RequestPlan plan;
  plan.asked = &request;
  plan.index = static_cast<std::uint32_t>(requests_++);
  plan.step = static_cast<std::uint16_t>(step);
  plan.protocol = profile_->targets[request.target].protocol;
  plan.is_head = request.method == "HEAD";
  plan.may_resend =
      plan.protocol != Protocol::tcp && (plan.is_head || request.method == "GET" || request.method == "OPTIONS");
  plan.has_nonce = !every_text(request, [](const Template& text) { return !has(text, Piece::Kind::nonce); });
  plan.is_fixed = every_text(request, is_literal);
  add_variables(request.path, plan.in_path);
  for (const Header& header : request.headers) add_variables(header.value, plan.in_headers);
  const Duration timeout =
      request.response_timeout > Duration{} ? request.response_timeout : profile_->response_timeout;
  plan.response_timeout_ns = timeout.count();
  plan.always_examined = !request.captures.empty();
  for (const auto& check : request.checks) {
    const bool needs_text = check.kind == Check::Kind::matches || check.kind == Check::Kind::header;
    MCCOY_TRY(compiled, needs_text ? pattern(check.text) : Result<Pattern>(Pattern{}));
    plan.checks.push_back(std::move(compiled));
    plan.examined = plan.examined || check.kind != Check::Kind::status;
    plan.always_examined = plan.always_examined || (check.kind != Check::Kind::status && check.share >= 1);
  }
  for (const auto& capture : request.captures) {
    MCCOY_TRY(compiled, capture.kind == Capture::Kind::regex ? pattern(capture.where) : Result<Pattern>(Pattern{}));
    plan.captures.push_back(std::move(compiled));
  }
  plan.examined = plan.examined || plan.always_examined;
  if (plan.is_fixed && plan.protocol != Protocol::http2) {
    Rendering rendering(*profile_);
    rendering.request(plan, targets_[request.target].authority, {}, plan.fixed);
  }
  return plan;
}

std::uint32_t Plan::journey_of(std::uint64_t number) const {
  if (journeys_.size() == 1) return 0;
  const double chosen = unit(draw(profile_->seed, number, Purpose::journey, 0)) * journeys_.back().up_to;
  const auto found = std::ranges::upper_bound(journeys_, chosen, {}, &JourneyPlan::up_to);
  return static_cast<std::uint32_t>(std::min<std::ptrdiff_t>(found - journeys_.begin(), std::ssize(journeys_) - 1));
}
}  // namespace mccoy::load
