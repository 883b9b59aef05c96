// What all cases of one suite share while a run goes on. Lives as long as the suite is being run; used by all its
// threads.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "harness/base/mask.hpp"
#include "harness/evidence/bundle.hpp"
#include "harness/run/run.hpp"
#include "harness/run/world.hpp"
#include "harness/suite/scope.hpp"
#include "harness/target/services.hpp"

namespace mccoy::run {
/// Captured values, by name. A later capture of the same name replaces the earlier one.
class Captures {
 public:
  void set(const std::string& name, Value value);
  Value all() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Value> values_;
};

/// Writes records with secrets masked; remembers the first failure, after which the run must end.
class Recorder {
 public:
  Recorder(evidence::Bundle& bundle, const Masker& masker) : bundle_(bundle), masker_(masker) {}
  /// False once the evidence could not be kept.
  bool append(std::string_view type, const Value& body, evidence::Durable durable = evidence::Durable::no);
  /// An observation as the journal holds it, its texts put among the blobs. Nothing is masked here: its texts and
  /// values must have been before they were judged (trial.cpp).
  Result<Value> keep(const evidence::Observation& observation);
  /// Bytes, masked, as a blob; returns its digest.
  Result<std::string> keep(std::string_view bytes);
  const Masker& masker() const { return masker_; }
  bool lost() const;
  std::optional<Error> loss() const;

 private:
  void lose(Error error);
  evidence::Bundle& bundle_;
  const Masker& masker_;
  mutable std::mutex mutex_;
  std::optional<Error> loss_;
};

struct SuiteContext {
  const suite::Suite& suite;
  const RunOptions& options;
  KindFinder kinds;
  Recorder& recorder;
  Progress& progress;  ///< calls are already made one at a time
  const Interrupt& interrupt;
  std::string scratch;  ///< absolute, private to this suite and run
  std::int64_t run_started_ms = 0;
  std::uint64_t seed = 0;
  std::vector<std::string> env;  ///< base environment of every command
  suite::Scope scope;            ///< vars, env, suite.dir
  std::unique_ptr<target::Services> services;
  World world;
  Captures captures;
};

/// Waits that long, or until the run is interrupted.
void pause(const SuiteContext& context, Duration span);

/// ${env.X}, ${suite.dir} and the suite's vars, each expanded once.
Result<suite::Scope> suite_scope(const suite::Suite& suite);
}  // namespace mccoy::run
