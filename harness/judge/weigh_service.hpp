// What a service did during the trial, and who was reached by way of it.
#pragma once
#include <optional>
#include <string>

#include "harness/judge/weigh.hpp"

namespace mccoy::judge {
/// The obligation `service`: connect, read, write, nowrite. The worst of them counts.
Weight service_did(const Question& question);
std::string service_text(const Value& settings);
std::string why_unwatched(const evidence::SeenService& seen);
/// A service of ours was talked to, and it (or one it asked) talked to what the obligation names. Nothing: none did.
///   first  the service that was talked to
std::optional<Weight> by_way_of(const Question& question, const std::string& first, const std::string& to);
/// A service of ours answered, and by its record it did not talk to what the obligation names, or nobody can say so.
/// Nothing: it was not watched.
std::optional<Weight> handed_nothing_on(const Question& question, const std::string& service, const std::string& to);
}  // namespace mccoy::judge
