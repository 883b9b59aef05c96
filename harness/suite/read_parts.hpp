// The parts of a suite file, each read by its own .cpp.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/suite/reading.hpp"

namespace mccoy::suite {
using Kinds = std::span<const KindSchema* const>;

/// One entry of `cases:`. Needs are left as written (names and globs), see resolve_needs().
///   index  of the case in the suite
Case read_case(Reading& reading, Kinds kinds, std::string_view today, const Node& name, const Node& node,
               std::size_t index);
Service read_service(Reading& reading, const Node& name, const Node& node);
std::vector<Preflight> read_preflight(Reading& reading, const Node& node);
std::vector<Claim> read_claims(Reading& reading, const Node& node, const Suite& suite);
LocatedMap read_vars(Reading& reading, const Node& node);
std::vector<Fingerprint> read_fingerprints(Reading& reading, const Node& node);
Requirement requirement_of(std::string_view word);

/// Globs become names, in file order; reports unknown names, globs that match nothing, and cycles.
void resolve_needs(Reading& reading, Suite& suite);
/// `nonce: { out: … }` of challenges: the cases exist, and their services are there for those who ask them.
void resolve_passages(Reading& reading, Suite& suite);
/// Cases that a case asks while it runs exist, and their services and needs become its own.
void resolve_asks(Reading& reading, Suite& suite);
/// Captures used without needing a case that captures them, and names nobody explains.
void check_captures(Reading& reading, const Suite& suite);
/// Cycles among services.
void check_service_needs(Reading& reading, const Suite& suite);

bool is_glob(std::string_view name);
/// For did-you-mean: names of cases, at most 2,000.
std::vector<std::string_view> known_cases(const Suite& suite);

/// A name that may stand in ids, folders and globs; reports what is wrong with it.
bool check_name(Reading& reading, const Node& node, std::string_view what);
}  // namespace mccoy::suite
