// By what a known substitute is recognised: the files it is loaded from, the program it is. Data only; an entry never
// decides anything by itself (harness/judge/fingerprints.hpp).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/error.hpp"

namespace mccoy::suite {
struct Fingerprint {
  enum class Kind {
    no_double,  ///< looks like one and is none: listed so that nobody takes it for one
    runner,     ///< runs tests; loads what names it in always_loaded_by
    test_double,
    service_virtualisation,
    emulator,
    recorder,
    fake_clock,
    fake_fs,
    fault_simulator,
  };
  /// What a result is when the substitute is shown to have stood in for what the claim names.
  enum class Implies { nothing, simulated, mock };

  std::string id;  ///< "python.responses"; unique
  std::string ecosystem, library;
  Kind kind = Kind::no_double;
  Implies implies = Implies::nothing;
  std::vector<std::string> stands_for;  ///< engines and services: "redis"; a claim that names none of them is not hurt
  std::vector<std::string> files;       ///< globs of files opened by the process it is loaded into
  std::vector<std::string> programs;    ///< globs of executables and scripts that are the substitute
  std::vector<std::string> with;        ///< words of which the program's argv must hold one; empty: it always is
  std::vector<std::string> env, symbols, headers;  ///< further marks for a person who looks: nothing here reads them
  std::vector<std::string> always_loaded_by;       ///< ids of runners that load it in every run
  std::vector<std::string> examples;               ///< real paths, as installed
  std::string verified;                            ///< with which version it was seen; "" = from documentation
  std::string note;
  Span span;  ///< of its id
};
std::string_view to_text(Fingerprint::Kind kind);        ///< "service-virtualisation"
std::string_view to_text(Fingerprint::Implies implies);  ///< "none", "simulated", "mock"

/// A catalogue of its own: a YAML file whose only key is `fingerprints`.
///   errors  the first mistake, with its place
Result<std::vector<Fingerprint>> read_catalogue(std::string_view text, std::string_view name);
}  // namespace mccoy::suite
