#include "harness/judge/chaos_signs.hpp"

#include <algorithm>
#include <limits>

namespace mccoy::judge {
namespace {
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

struct Window {
  std::int64_t from = 0, to = 0;  ///< from 0: the fault was not injected
  bool meets(std::int64_t begin, std::int64_t end) const { return from > 0 && end > from && begin < to; }
};

Window window_of(const FaultTimes& fault) {
  return {fault.inject, fault.healed > 0 ? fault.healed : kNever};
}

bool is_of(const Asked& asked, const Source& source) {
  return asked.role == source.role && asked.name == source.name;
}

double share(const Traffic& traffic) {
  const std::int64_t all = traffic.ok + traffic.failed();
  return all == 0 ? 0 : static_cast<double>(traffic.failed()) / static_cast<double>(all);
}

/// The last answer before this moment was a pass.
bool well_at(const Timeline& timeline, const Source& source, std::int64_t moment) {
  bool well = false;
  if (source.is_traffic()) {
    for (const Traffic& traffic : timeline.traffic)
      if (traffic.at + traffic.span <= moment) well = traffic.failed() == 0;
    return well;
  }
  for (const Asked& asked : timeline.asked)
    if (is_of(asked, source) && asked.end() <= moment) well = asked.passed();
  return well;
}

bool case_well_before(const Timeline& timeline, const Source& source, std::int64_t begun) {
  std::int64_t passed = 0, failed = 0;
  for (const Asked& asked : timeline.asked)
    if (is_of(asked, source) && asked.end() <= begun) ++(asked.passed() ? passed : failed);
  return passed > 0 && failed == 0;
}

bool traffic_well_before(const Timeline& timeline, std::int64_t begun) {
  std::int64_t ok = 0;
  for (const Traffic& traffic : timeline.traffic) {
    if (traffic.failed() > 0 && traffic.first_failed < begun) return false;
    if (traffic.at + traffic.span <= begun) ok += traffic.ok;
  }
  return ok > 0;
}

Trouble trouble_of_case(const Timeline& timeline, const Source& source, std::int64_t begun) {
  Trouble trouble;
  for (const Asked& asked : timeline.asked) {
    if (!is_of(asked, source) || asked.end() <= begun) continue;
    if (asked.passed()) {
      if (trouble.first > 0 && trouble.back == 0) trouble.back = asked.end();
      continue;
    }
    trouble.back = 0;
    if (trouble.first == 0) trouble.first = asked.end();
  }
  return trouble;
}

/// Were all requests before in bad company, only worse company is news.
double worst_before(const Timeline& timeline, std::int64_t begun) {
  double worst = 0;
  for (const Traffic& traffic : timeline.traffic)
    if (traffic.failed() > 0 && traffic.first_failed < begun) worst = std::max(worst, share(traffic));
  return worst;
}

Trouble trouble_of_traffic(const Timeline& timeline, std::int64_t begun) {
  const double worst = worst_before(timeline, begun);
  std::int64_t before = 0;
  Trouble trouble;
  for (const Traffic& traffic : timeline.traffic) {
    if (traffic.at + traffic.span <= begun) before += traffic.ok + traffic.failed();
    const bool wrong = traffic.failed() > 0 && traffic.last_failed >= begun && share(traffic) > worst;
    if (wrong) {
      trouble.back = 0;
      if (trouble.first == 0) trouble.first = std::max(traffic.first_failed, begun);
    } else if (trouble.first > 0 && trouble.back == 0 && traffic.ok > 0) {
      trouble.back = traffic.at;
    }
  }
  return before > 0 ? trouble : Trouble{};
}

class Crediting {
 public:
  Crediting(const Timeline& timeline, std::span<const std::string> services, std::size_t fault)
      : timeline_(timeline), services_(services), fault_(fault), window_(window_of(timeline.faults[fault])) {}

  void add(const Source& source, Signs& signs) const {
    if (window_.from == 0 || !well_before(timeline_, source) || !well_at(timeline_, source, window_.from)) return;
    if (source.is_traffic())
      signs.traffic = signs.traffic || std::ranges::any_of(timeline_.traffic, [&](const Traffic& traffic) {
                        return traffic.failed() > 0 && (is_ours(traffic.first_failed) || is_ours(traffic.last_failed));
                      });
    else if (std::ranges::any_of(timeline_.asked, [&](const Asked& asked) { return is_sign(asked, source); }))
      (source.role == "steady" ? signs.steady : signs.cases).push_back(source.name);
  }

 private:
  bool is_ours(std::int64_t moment) const {
    return window_.meets(moment - 1, moment) && !is_of_others(moment - 1, moment);
  }
  bool is_sign(const Asked& asked, const Source& source) const {
    return is_of(asked, source) && !asked.passed() && window_.meets(asked.at, asked.end()) &&
           !is_of_others(asked.at, asked.end());
  }
  bool is_of_others(std::int64_t begin, std::int64_t end) const {
    for (std::size_t i = 0; i < timeline_.faults.size() && i < services_.size(); ++i)
      if (services_[i] != services_[fault_] && window_of(timeline_.faults[i]).meets(begin, end)) return true;
    return false;
  }

  const Timeline& timeline_;
  std::span<const std::string> services_;
  std::size_t fault_;
  Window window_;
};
}  // namespace

std::vector<Source> sources_of(const Timeline& timeline) {
  std::vector<Source> sources;
  for (const Asked& asked : timeline.asked) {
    const auto same = [&](const Source& known) { return is_of(asked, known); };
    const bool tells = asked.role == "steady" || asked.role == "while";
    if (tells && std::ranges::none_of(sources, same)) sources.push_back({asked.role, asked.name});
  }
  if (!timeline.traffic.empty()) sources.push_back({});
  return sources;
}

bool well_before(const Timeline& timeline, const Source& source) {
  const std::int64_t begun = timeline.begun();
  if (begun == 0) return false;
  return source.is_traffic() ? traffic_well_before(timeline, begun) : case_well_before(timeline, source, begun);
}

Trouble trouble_of(const Timeline& timeline, const Source& source) {
  const std::int64_t begun = timeline.begun();
  if (begun == 0) return {};
  if (source.is_traffic()) return trouble_of_traffic(timeline, begun);
  return case_well_before(timeline, source, begun) ? trouble_of_case(timeline, source, begun) : Trouble{};
}

std::vector<Signs> signs_of(const Timeline& timeline, std::span<const std::string> services) {
  std::vector<Signs> all(timeline.faults.size());
  for (std::size_t i = 0; i < all.size() && i < services.size(); ++i)
    for (const Source& source : sources_of(timeline)) Crediting(timeline, services, i).add(source, all[i]);
  return all;
}
}  // namespace mccoy::judge
