// `evidence:`, `control:`, `vary:` and `challenges:` of a case.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/suite/reading.hpp"

namespace mccoy::suite {
/// Services that a contract or a challenge names, to be started for the case.
using ServiceNames = std::set<std::string, std::less<>>;

std::vector<Obligation> read_contract(Reading& reading, const Node& evidence, ServiceNames& services);
/// A list of maps, or one map; each becomes a challenge of form `control`.
void read_controls(Reading& reading, const KindSchema& kind, const Node& control, std::vector<Challenge>& challenges,
                   ServiceNames& services);
void read_vary(Reading& reading, const KindSchema& kind, const Node& vary, std::vector<Challenge>& challenges);
/// The map behind `vary:`; nothing when it is not right, which has been reported then.
std::optional<Vary> read_vary_map(Reading& reading, const KindSchema& kind, const Node& node);
void read_challenges(Reading& reading, const KindSchema& kind, const Node& list, std::vector<Challenge>& challenges,
                     ServiceNames& services);
/// Reports a name that is no service of the suite; `node` is the name or a list that holds it.
bool is_service(Reading& reading, const Node& node, std::string_view name);
}  // namespace mccoy::suite
