// The catalogue as it lies in the program: what fingerprints.yaml says, made into rows when mccoy is built, so that no
// run has to read it. Lists are words with a line feed between them; "" is an empty list.
#pragma once
#include <span>
#include <string_view>

#include "harness/suite/fingerprint.hpp"

namespace mccoy::judge {
struct FingerprintRow {
  std::string_view id, ecosystem, library;
  suite::Fingerprint::Kind kind;
  suite::Fingerprint::Implies implies;
  std::string_view stands_for, files, programs, with, env, symbols, headers, always_loaded_by, examples;
  std::string_view verified, note;
};

/// In the order of the file. Written by compile/fingerprints.cpp.
std::span<const FingerprintRow> fingerprint_rows();
}  // namespace mccoy::judge
