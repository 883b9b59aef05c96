// The claim contract: what must be seen for a pass to be believed (`evidence:` of a case). The vocabulary is a table;
// whether an obligation is held, broken or unseen is decided by the judge.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "harness/base/error.hpp"
#include "harness/base/value.hpp"
#include "harness/suite/field.hpp"

namespace mccoy::suite {
struct ObligationKind {
  std::string_view name;  ///< exec, read, write, nowrite, absent, connect, listener, service, delegate, signal,
                          ///< syscall, duration, cpu, tests, engine, children, overlap
  std::string_view help;
  std::span<const Field> fields;
  std::string_view short_form;  ///< the field a bare scalar means: `listener: orders` is {svc: orders}; "" = none
  bool performing;              ///< doing the work, as against touching
  bool effect;                  ///< a change in the world that a dry run would not make
};
std::span<const ObligationKind> obligation_kinds();
/// nullptr when there is none of that name.
const ObligationKind* find_obligation_kind(std::string_view name);

/// System calls whose number a `syscall` obligation may state.
std::span<const std::string_view> countable_calls();
bool is_countable_call(std::string_view name);

struct Obligation {
  const ObligationKind* kind = nullptr;
  Value settings;  ///< map by field name; may hold ${…} until expanded
  Span span;
  bool stated = true;  ///< by the suite; false: a default of the kind of probe
};
}  // namespace mccoy::suite
