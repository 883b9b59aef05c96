// The variables of one trial, and the private things they stand for: made when first asked for, gone with the trial.
#pragma once
#include <optional>
#include <string>

#include "harness/base/file.hpp"
#include "harness/base/random.hpp"
#include "harness/run/trial.hpp"

namespace mccoy::run {
class TrialScope {
 public:
  TrialScope(SuiteContext& context, const suite::Case& which, const Perturbation& perturbation, std::uint64_t seed);
  TrialScope(const TrialScope&) = delete;
  TrialScope& operator=(const TrialScope&) = delete;

  const suite::Scope& scope() const { return scope_; }
  const std::string& nonce() const { return nonce_; }
  bool nonce_used() const { return nonce_used_; }
  bool vary_used() const { return vary_used_; }
  /// Private folder of the trial, made on the first call; a path where nothing is when it cannot be made.
  const std::string& scratch();
  /// Why a variable that is known could not be given a value; then the expansion has failed, too.
  const std::optional<Error>& trouble() const { return trouble_; }

 private:
  const Value* find(std::string_view name, Value& storage);
  Result<Value> free_port();

  SuiteContext& context_;
  std::span<const std::string_view> late_;  ///< see KindSchema::late
  std::string nonce_;
  std::optional<Value> vary_;
  bool nonce_used_ = false, vary_used_ = false;
  Random random_;
  TempDir scratch_;
  std::string no_scratch_;
  int port_ = 0;
  std::optional<Error> trouble_;
  suite::Scope scope_;
};
}  // namespace mccoy::run
