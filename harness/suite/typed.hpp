// One value typed by one row of a table: used when a suite is read and again when a trial's variables are known.
#pragma once
#include <string_view>

#include "harness/base/error.hpp"
#include "harness/base/value.hpp"
#include "harness/suite/field.hpp"

namespace mccoy::suite {
/// A scalar that holds a variable; it is typed after expansion.
bool has_variable(std::string_view text);
/// Some string inside does.
bool has_variable(const Value& value);
/// The value as its type keeps it: durations in ns, sizes in bytes, words of argv as strings.
///   value   as written, so scalars are strings; or what variables were expanded to, which may be typed
///   errors  it does not fit; where is left empty
Result<Value> typed(const Field& field, Value value);
/// A date that exists: 2026-02-30 does not.
bool is_date(std::string_view text);
}  // namespace mccoy::suite
