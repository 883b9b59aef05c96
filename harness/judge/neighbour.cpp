#include "harness/judge/neighbour.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/judge/chain.hpp"
#include "harness/judge/follow.hpp"
#include "harness/judge/judge.hpp"

namespace mccoy::judge {
namespace {
std::string prefix_of(std::string_view phase, std::int64_t attempt) {
  return fmt::format("{} {}: ", phase, attempt);
}
}  // namespace

std::string neighbour_phase(std::string_view phase, std::int64_t attempt, std::string_view role,
                            std::string_view name) {
  return prefix_of(phase, attempt) + fmt::format("{} {}", role, name);
}

bool is_neighbour_of(std::string_view neighbour, std::string_view phase, std::int64_t attempt, std::string& role,
                     std::string& name) {
  const std::string prefix = prefix_of(phase, attempt);
  if (!neighbour.starts_with(prefix)) return false;
  const std::string_view rest = neighbour.substr(prefix.size());
  const auto blank = rest.find(' ');
  if (blank == std::string_view::npos) return false;
  role = rest.substr(0, blank);
  name = rest.substr(blank + 1);
  return true;
}

std::vector<std::string> services_in(const evidence::Facts& seen) {
  const evidence::Facts facts = followed(seen);
  std::set<std::string> names;
  if (facts.responder && facts.responder->who == evidence::Responder::Who::service)
    names.insert(facts.responder->service);
  if (facts.activity)
    for (const evidence::SeenConnection& connection : facts.activity->connections)
      if (connection.made > 0) names.insert(service_of(facts, connection.peers));
  names.erase("");
  const std::set<std::string> first = names;
  for (const std::string& name : first)
    for (const Hop& hop : behind(facts, name))
      if (!hop.to.empty()) names.insert(hop.to);
  // A connection that stood all the time shows that one depends on the other, too.
  for (bool more = true; more;) {
    more = false;
    for (const evidence::SeenService& service : facts.services)
      if (names.contains(service.name))
        for (const std::string& to : service.connected_to) more |= names.insert(to).second;
  }
  return {names.begin(), names.end()};
}

Neighbour judged(Neighbour asked, Terms terms, const Trial& trial) {
  CaseEvidence evidence;
  evidence.terms = std::move(terms);
  evidence.terms.challenges.clear();
  evidence.attempts.push_back(trial);
  Judgement judgement = judge(evidence);
  asked.outcome = trial.outcome();
  asked.provenance = judgement.provenance;
  asked.rule = std::move(judgement.rule);
  asked.reason = std::move(judgement.reason);
  asked.services = services_in(trial.facts);
  return asked;
}
}  // namespace mccoy::judge
