// What a suite may say in a chaos case, as tables. The fields of `fault` are those of all kinds of faults together, so
// that the schema and the docs are derived from the catalogue.
#pragma once
#include <span>
#include <string_view>

#include "harness/suite/field.hpp"
#include "probes/chaos/fault.hpp"

namespace mccoy::chaos {
/// Of an entry of `fault`: a row for each kind (its value is the service), `at`, `hold`, and the fields of the kinds. A
/// name whose type differs from kind to kind has the type `json`.
std::span<const suite::Field> fault_fields();
const suite::KindSchema& chaos_schema();
/// Mistakes that no table can tell, services and cases that are used, and the time it takes.
void examine_chaos(suite::Reading& reading, const suite::Node& node, suite::Case& which);
}  // namespace mccoy::chaos
