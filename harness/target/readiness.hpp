// Is a service ready? Asked until it is, until it cannot become ready any more, or until its time is over. An answer
// counts only when it comes from a process of the service's own tree.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "harness/evidence/facts.hpp"
#include "harness/suite/suite.hpp"
#include "harness/target/life.hpp"
#include "harness/target/service_plan.hpp"
#include "harness/witness/ownership.hpp"

namespace mccoy::target {
struct ReadyAsk {
  const ServicePlan* plan = nullptr;
  suite::Scope own;                 ///< see own_scope()
  std::vector<std::string> env;     ///< base environment of commands
  const Life* life = nullptr;       ///< null: attached, whoever answers is meant
  std::function<bool()> line_seen;  ///< log: the pattern was seen in this life
  int line_fd = -1;                 ///< readable when line_seen() may have changed
  const witness::Ownership* ownership = nullptr;
  std::int64_t run_started_ms = 0;
  Duration at_least{};  ///< waited, if that is more than `within` of the service
  const Interrupt* interrupt = nullptr;
};
struct ReadyAnswer {
  bool ready = false;
  bool hopeless = false;  ///< asking again will not help
  std::string how = {};   ///< "http 200 from http://127.0.0.1:8080/ready"
  std::string why = {};   ///< of the last attempt when not ready
  std::optional<evidence::Responder> responder = {};
};
/// Waits at most `within` of the service (or `at_least`). Returns at once when the service dies, a stranger answers or
/// the interrupt is raised.
ReadyAnswer wait_until_ready(const ReadyAsk& ask);
}  // namespace mccoy::target
