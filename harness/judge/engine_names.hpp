// Names of engines and services, as suites and the catalogue write them.
#pragma once
#include <string_view>

#include "harness/suite/fingerprint.hpp"

namespace mccoy::judge {
/// "postgresql" and "postgres", "redis-server" and "redis" are one engine.
bool is_about(std::string_view name, std::string_view engine);
/// The entry is a substitute for this engine; one that names none is for any.
bool stands_for(const suite::Fingerprint& what, std::string_view engine);
}  // namespace mccoy::judge
