// What a proxy can be told to do to the connections that go through it. Plain data; what each kind needs is in the
// table of kinds.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "harness/base/clock.hpp"
#include "harness/target/via/readings.hpp"

namespace mccoy::via {
enum class FaultKind {
  latency,        ///< every piece of data leaves `delay` later, give or take `jitter`; the order stays
  bandwidth,      ///< no more than `rate` bytes per second and connection
  refuse,         ///< the port is closed; with a share below 100 so many connections are reset when they are accepted
  reset,          ///< RST to both ends: `after` that time, once `bytes` went through, or at once
  black_hole,     ///< data is swallowed; both ends are closed `after` that time, or reset when it is lifted
  stall,          ///< nothing leaves until it is lifted; nothing is lost
  slow_close,     ///< the end of a connection is passed on `delay` later
  slice,          ///< data leaves in pieces of `size` bytes, give or take `variation`, `delay` apart
  limit,          ///< after `bytes` the connection is closed
  corrupt,        ///< each byte has one bit flipped with the probability `chance`
  http_status,    ///< a share of requests is answered with `status` and does not reach the service
  http_truncate,  ///< the body of a share of responses ends after `bytes`, and so does the connection
  http_type,      ///< a share of responses has `text` as its content type
  http_delay,     ///< the first byte of a share of responses leaves `delay` later
};
enum class Toward { both, service, client };
enum class Spread {
  constant,  ///< no jitter
  uniform,   ///< delay - jitter … delay + jitter
  normal,    ///< mean delay, standard deviation jitter, never below 0
  pareto,    ///< at least delay, a long tail above: delay + jitter * (u^(-1/3) - 1), mean delay + jitter / 2
};

struct Fault {
  FaultKind kind = FaultKind::latency;
  Toward toward = Toward::both;
  double share = 100;      ///< percent of connections; of http_*: of requests
  std::uint64_t seed = 0;  ///< of every choice it makes
  Duration delay{}, jitter{};
  Spread spread = Spread::uniform;
  Duration after{};
  std::int64_t bytes = 0;
  std::int64_t rate = 0;  ///< bytes per second
  std::int64_t size = 0, variation = 0;
  double chance = 0;  ///< 0 … 1
  int status = 503;
  std::string text = {};
};

struct FaultRow {
  FaultKind kind;
  std::string_view name;            ///< "latency", "black_hole"
  std::int64_t Readings::*touched;  ///< more than 0: it had an effect
  std::string_view effect;          ///< what that counts: "bytes that were held"
  bool by_request = false;          ///< its share is one of requests
  std::string_view needs = {};      ///< the number it makes no sense without; "" = none
  bool (*complete)(const Fault& fault);
};
std::span<const FaultRow> fault_rows();
const FaultRow& row_of(FaultKind kind);
const FaultRow* find_fault(std::string_view name);
/// errors: a share outside 0 … 100, something it needs is missing or negative
Status check(const Fault& fault);
/// By its own count it did something.
bool had_effect(const Fault& fault, const Readings& readings);
}  // namespace mccoy::via
