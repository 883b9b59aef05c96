#include "harness/judge/engine_names.hpp"

#include <algorithm>

namespace mccoy::judge {
bool is_about(std::string_view name, std::string_view engine) {
  return !engine.empty() && !name.empty() && (name.starts_with(engine) || engine.starts_with(name));
}

bool stands_for(const suite::Fingerprint& what, std::string_view engine) {
  return what.stands_for.empty() ||
         std::ranges::any_of(what.stands_for, [&](const auto& one) { return is_about(engine, one); });
}
}  // namespace mccoy::judge
