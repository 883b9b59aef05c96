// The suite language as tables: every key a suite may use that belongs to no kind of probe, with its type and one
// sentence.
#pragma once
#include <span>
#include <string_view>

#include "harness/suite/field.hpp"

namespace mccoy::suite::language {
std::span<const Field> suite_fields();                  ///< the top level
std::span<const Field> preflight_fields();              ///< of `preflight:`
std::span<const Field> service_fields();                ///< of one entry of `services:`
std::span<const Field> case_fields();                   ///< of every case, whatever its kind
std::span<const Field> control_fields();                ///< of `control:`
std::span<const Field> challenge_fields();              ///< of one entry of `challenges:`
std::span<const Field> vary_fields();                   ///< of `vary:`
std::span<const Field> drawn_fields();                  ///< of `over:` of `vary:`, when it is a map
std::span<const Field> fingerprint_fields();            ///< of one entry of `fingerprints:`
std::span<const Field> catalogue_fields();              ///< the same, and what only the catalogue of the product says
std::span<const std::string_view> fingerprint_kinds();  ///< in the order of Fingerprint::Kind
std::span<const std::string_view> fingerprint_implications();  ///< in the order of Fingerprint::Implies

/// A way to look at a text: `stdout: { contains: ready }`.
struct Matcher {
  std::string_view name;
  std::string_view help;
  std::string_view example;
  enum class Takes { texts, patterns, number, size, json, matchers, flag } takes;
};
std::span<const Matcher> matchers();

/// A variable the harness itself knows.
struct Builtin {
  std::string_view name;  ///< "nonce"; "env." and "services." stand for all below
  std::string_view help;
  bool in_cases, in_services, in_preflight;
};
std::span<const Builtin> builtins();
/// What can be said of a service: port, url, host, dir, pid, log.
std::span<const std::string_view> service_facts();
}  // namespace mccoy::suite::language
