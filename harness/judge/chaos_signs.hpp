// Signs of a fault: what was well before it and went wrong while it was there. Pure, from the timeline alone.
//
//   A sign counts only for what was asked with a pass, and never otherwise, before anything was injected, and was well
//   when it was asked last before the fault. It lies between the injection of the fault and the end of its healing, and
//   not in the time of a fault in another service: then it could have been made by either.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/judge/chaos.hpp"

namespace mccoy::judge {
/// Something that was asked again and again: a case in its role, or the background traffic ("" and "").
struct Source {
  std::string role, name;
  bool is_traffic() const { return role.empty(); }
};
/// Every one in the timeline whose answers say something of the target: steady, while, traffic.
std::vector<Source> sources_of(const Timeline& timeline);

/// It was seen to be well before the first injection, and nothing of it went wrong before.
bool well_before(const Timeline& timeline, const Source& source);

/// When it went wrong after the first injection; nanoseconds as in the timeline.
struct Trouble {
  std::int64_t first = 0;  ///< the first time; 0: never
  std::int64_t back = 0;   ///< well again after the last time; 0: it was not asked with a pass again
};
/// Of a source that was not well before only what is worse than the worst before counts, and of a case nothing.
Trouble trouble_of(const Timeline& timeline, const Source& source);

/// What went wrong because of each fault.
///   services  [n] of each fault the service, n as many as timeline.faults
///   returns   [n]
std::vector<Signs> signs_of(const Timeline& timeline, std::span<const std::string> services);
}  // namespace mccoy::judge
