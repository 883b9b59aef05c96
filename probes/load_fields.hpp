// What a suite may say to a load case, and what it measures: the tables.
#pragma once
#include "harness/suite/field.hpp"

namespace mccoy::probes {
const suite::KindSchema& load_schema();
}  // namespace mccoy::probes
