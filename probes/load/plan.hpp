// A profile made ready to run: names looked up, texts rendered as far as they are the same for all, patterns compiled.
// Read by all threads, written by none.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "probes/load/address.hpp"
#include "probes/load/schedule.hpp"
#include "probes/load/tls.hpp"

namespace re2 {
class RE2;
}

namespace mccoy::load {
struct Pattern {
  std::shared_ptr<const re2::RE2> compiled;  ///< null where the check or capture has no pattern
};

struct RequestPlan {
  const Request* asked = nullptr;
  std::uint32_t index = 0;  ///< in reports
  std::uint16_t step = 0;
  Protocol protocol = Protocol::http1;
  std::string fixed;  ///< http1, tcp: the bytes of every such request; "": they differ
  bool is_fixed = false;
  bool is_head = false;     ///< HEAD: a response without body
  bool may_resend = false;  ///< GET, HEAD, OPTIONS
  bool has_nonce = false;
  bool always_examined = false;  ///< captures, or a check of every body
  bool examined = false;         ///< that, or a check of some bodies
  std::int64_t response_timeout_ns = 0;
  std::vector<Pattern> checks, captures;         ///< parallel to those of `asked`
  std::vector<std::size_t> in_path, in_headers;  ///< captured variables that stand there; http
};

struct JourneyPlan {
  const Journey* asked = nullptr;
  double up_to = 0;  ///< sum of weights so far, this one included
  std::vector<RequestPlan> steps;
};

struct TargetPlan {
  const Target* asked = nullptr;
  std::string authority;
  std::vector<Address> addresses;
  TlsContext tls;  ///< empty without TLS
};

class Plan {
 public:
  /// The profile must outlive the plan.
  static Result<Plan> make(const Profile& profile, Deadline deadline, const Interrupt* interrupt);

  const Profile& profile() const { return *profile_; }
  const Course& course() const { return course_; }
  const std::vector<TargetPlan>& targets() const { return targets_; }
  const std::vector<JourneyPlan>& journeys() const { return journeys_; }
  std::size_t requests() const { return requests_; }
  std::uint32_t journey_of(std::uint64_t number) const;  ///< by weight and seed

 private:
  explicit Plan(const Profile& profile) : profile_(&profile), course_(profile.stages) {}
  Status add_journey(const Journey& journey);
  Result<RequestPlan> ready(const Request& request, std::size_t step);

  const Profile* profile_;
  Course course_;
  std::vector<TargetPlan> targets_;
  std::vector<JourneyPlan> journeys_;
  std::size_t requests_ = 0;
};
}  // namespace mccoy::load
