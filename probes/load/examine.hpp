// Looks into the few responses somebody wants to see: checks, captures, nonces. Off the hot path, and free to allocate.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "probes/load/plan.hpp"
#include "probes/load/response_reader.hpp"

namespace mccoy::load {
/// A response as far as it is kept.
struct KeptResponse final : ResponseSink {
  explicit KeptResponse(std::size_t body_max) : limit(body_max) {}
  void head(std::string_view part) override { heads.append(part); }
  void body(std::string_view part) override {
    const std::size_t room = limit - std::min(limit, bodies.size());
    cut = cut || part.size() > room;
    bodies.append(part.substr(0, room));
  }
  std::size_t limit;
  bool cut = false;  ///< the body was longer
  std::string heads, bodies;
};

/// Whether a check is due for this response: by its share and the seed.
bool is_checked(const RequestPlan& plan, std::size_t check, const Profile& profile, std::uint64_t journey);
/// Whether the response must be kept: a capture, or a check of more than the status that is due.
bool is_examined(const RequestPlan& plan, const Profile& profile, std::uint64_t journey);
/// What a look into a response can tell.
enum class Checked : std::uint8_t {
  held,
  failed,
  unknown,  ///< it depends on the part of the body that was not kept
};
/// kept: may be null for a check of the status
Checked check(const RequestPlan& plan, std::size_t check, int status, const KeptResponse* kept);
/// Fills the journey's variables. failed: something was not there.
Checked capture(const RequestPlan& plan, const KeptResponse& kept, std::vector<std::string>& variables);
/// Whether what was captured can stand where the request wants it: no line end in a header, no blank in a path.
bool can_stand(const RequestPlan& plan, const std::vector<std::string>& variables);
}  // namespace mccoy::load
