// What a profile must not be. Messages name the field.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "harness/base/text.hpp"
#include "probes/load/engine.hpp"
#include "probes/load/http_fields.hpp"

namespace mccoy::load {
namespace {
constexpr double kRateMax = 10e6;
constexpr double kUsersMax = 1e6;
constexpr double kArrivalsMax = 1e12;
constexpr std::size_t kInFlightMax = 1'000'000;
constexpr std::size_t kCellsMax = 2'000;  ///< each has four histograms in each thread and in the ledger
constexpr int kThreadsMax = 256;
constexpr auto kSpanMax = std::chrono::hours(24 * 30);

Error wrong(std::string what) {
  return Error{.what = std::move(what)};
}

bool has_line_end(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

Status check_stage(const Stage& stage, Model model) {
  const double most = model == Model::open ? kRateMax : kUsersMax;
  const std::string name = visible_line(stage.name, 100);
  for (const double value : {stage.from, stage.to})
    if (!std::isfinite(value) || value < 0 || value > most)
      return wrong(fmt::format("stage \"{}\": {} {} must lie between 0 and {}", name, value,
                               model == Model::open ? "journeys per second" : "virtual users", most));
  if (stage.span <= Duration{} || stage.span > kSpanMax)
    return wrong(fmt::format("stage \"{}\" must last longer than nothing and at most 30 days", name));
  return {};
}

Status check_course(const Profile& profile) {
  if (profile.stages.empty()) return wrong("a load needs at least one stage");
  double area = 0;
  Duration span = {};
  for (const auto& stage : profile.stages) {
    MCCOY_DO(check_stage(stage, profile.model));
    area += (stage.from + stage.to) / 2 * std::chrono::duration<double>(stage.span).count();
    span += stage.span;
  }
  if (span > kSpanMax) return wrong("the stages last over 30 days");
  if (profile.model == Model::open && area > kArrivalsMax) return wrong("the stages ask for over 10^12 journeys");
  if (area <= 0) return wrong("the stages ask for no load at all");
  return {};
}

Status check_target(const Target& target) {
  const std::string name = visible_line(target.name, 100);
  if (target.unix_path.empty() && (target.host.empty() || target.port < 1 || target.port > 65535))
    return wrong(fmt::format("target {}: a host and a port from 1 to 65535, or a unix socket", name));
  if (has_line_end(target.host) || has_line_end(target.authority) || target.unix_path.find('\0') != std::string::npos)
    return wrong(fmt::format("target {}: a line end in its name", name));
  return {};
}

Status check_piece(const Piece& piece, const Profile& profile, const Journey& journey) {
  switch (piece.kind) {
    case Piece::Kind::column:
      if (piece.table >= profile.tables.size() || profile.tables[piece.table].rows.empty() ||
          piece.column >= profile.tables[piece.table].rows.front().size())
        return wrong("a text asks for a column that is not there");
      return {};
    case Piece::Kind::capture:
      return piece.variable < journey.variables ? Status{} : wrong("a text asks for a variable that is not there");
    case Piece::Kind::random:
      return piece.low <= piece.high ? Status{} : wrong("a random number needs its lower bound first");
    default:
      return {};
  }
}

Status check_text(const Template& text, const Profile& profile, const Journey& journey, bool one_line) {
  for (const auto& piece : text) {
    MCCOY_DO(check_piece(piece, profile, journey));
    if (one_line && piece.kind == Piece::Kind::literal && has_line_end(piece.text))
      return wrong("a line end in a path or a header: " + visible_line(piece.text, 100));
  }
  return {};
}

Status check_method(const Request& request) {
  std::string_view line = request.method;
  std::string with_colon = request.method + ":";
  line = with_colon;
  if (!take_field(line)) return wrong("no method: " + visible_line(request.method, 100));
  return {};
}

Status check_words(const Request& request, const Profile& profile, const Journey& journey) {
  MCCOY_DO(check_text(request.body, profile, journey, false));
  if (profile.targets[request.target].protocol == Protocol::tcp) {
    const bool one = request.until.empty() != (request.bytes == 0);
    return one && !request.body.empty() ? Status{}
                                        : wrong("a raw request needs what is sent, and where the response ends");
  }
  MCCOY_DO(check_method(request));
  if (request.path.empty()) return wrong("no path");
  MCCOY_DO(check_text(request.path, profile, journey, true));
  for (const auto& header : request.headers) {
    std::string line = header.name + ":";
    std::string_view rest = line;
    if (!take_field(rest)) return wrong("no name of a header: " + visible_line(header.name, 100));
    MCCOY_DO(check_text(header.value, profile, journey, true));
  }
  return {};
}

Status check_request(const Request& request, const Profile& profile, const Journey& journey) {
  if (request.target >= profile.targets.size()) return wrong("no such target");
  for (const auto& each : request.checks)
    if (!(each.share > 0) || each.share > 1) return wrong("the share of a check lies above 0 and up to 1");
  for (const auto& each : request.captures)
    if (each.variable >= journey.variables) return wrong("a capture into a variable that is not there");
  if (request.response_timeout < Duration{} || request.pause < Duration{}) return wrong("a time below nothing");
  return check_words(request, profile, journey);
}

Status check_journeys(const Profile& profile) {
  if (profile.journeys.empty()) return wrong("a load needs at least one request");
  std::set<std::string_view> names;
  for (const auto& journey : profile.journeys) {
    if (!(journey.weight > 0) || !std::isfinite(journey.weight)) return wrong("a weight must be above 0");
    if (journey.steps.empty()) return wrong(fmt::format("\"{}\" has no steps", visible_line(journey.name, 100)));
    for (const auto& request : journey.steps) {
      if (!names.insert(request.name).second)
        return wrong(fmt::format("two requests are called \"{}\"", visible_line(request.name, 100)));
      if (auto status = check_request(request, profile, journey); !status.ok())
        return wrong(fmt::format("request \"{}\": {}", visible_line(request.name, 100), status.error().what));
    }
  }
  return check_cells(names.size(), profile.stages.size());
}

Status check_tables(const Profile& profile) {
  for (const auto& table : profile.tables) {
    if (table.rows.empty()) return wrong("a table of data without rows");
    for (const auto& row : table.rows)
      if (row.size() != table.rows.front().size()) return wrong("a table whose rows differ in length");
  }
  return {};
}

Status check_limits(const Profile& profile) {
  if (profile.max_in_flight == 0 || profile.max_in_flight > kInFlightMax)
    return wrong(fmt::format("max_in_flight lies between 1 and {}", kInFlightMax));
  if (profile.connections > kInFlightMax) return wrong(fmt::format("connections: at most {}", kInFlightMax));
  if (profile.connect_timeout <= Duration{} || profile.response_timeout <= Duration{})
    return wrong("a time-out must be above nothing");
  if (profile.grid < Duration{} || profile.grid > std::chrono::seconds(1)) return wrong("grid: at most a second");
  if (profile.think_min < Duration{} || profile.think_max < profile.think_min)
    return wrong("think time: the shorter one first, not below nothing");
  if (profile.drain < Duration{}) return wrong("drain: not below nothing");
  if (profile.threads < 0 || profile.threads > kThreadsMax)
    return wrong(fmt::format("threads: at most {}", kThreadsMax));
  return {};
}
}  // namespace

Status check_cells(std::size_t requests, std::size_t stages) {
  if (requests * stages <= kCellsMax) return {};
  return wrong(fmt::format("{} requests in {} stages are too many to keep apart: at most {} of both multiplied",
                           requests, stages, kCellsMax));
}

Status check(const Profile& profile) {
  MCCOY_DO(check_course(profile));
  if (profile.targets.empty()) return wrong("a load needs a target");
  if (profile.targets.size() > 1000) return wrong("too many targets");
  for (const auto& target : profile.targets) MCCOY_DO(check_target(target));
  MCCOY_DO(check_tables(profile));
  MCCOY_DO(check_journeys(profile));
  return check_limits(profile);
}
}  // namespace mccoy::load
