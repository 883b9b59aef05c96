// What the services that a case uses do during one of its trials: a window on the system calls of each, from just
// before the probe acts until it has its answer, and the state of the files the claim is about, before and after.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "harness/evidence/facts.hpp"
#include "harness/judge/judge.hpp"
#include "harness/run/context.hpp"
#include "harness/target/vias.hpp"

namespace mccoy::run {
class ServiceWindows {
 public:
  /// Opens them. Only what a `service` obligation asks for is looked at in files; of the others connections are seen.
  ServiceWindows(SuiteContext& context, const suite::Case& which, const std::vector<suite::Obligation>& contract);
  ~ServiceWindows();
  ServiceWindows(const ServiceWindows&) = delete;
  /// Adds what was seen.
  void end(evidence::Facts& facts);

 private:
  void add_vias(evidence::Facts& facts);
  struct OfOne;
  SuiteContext& context_;
  std::vector<std::unique_ptr<OfOne>> windows_;
  target::Vias::Marks marks_;
};

/// Its evidence is what a service did (or whom it asked in turn), so nobody else may use the services at that time.
bool needs_services_alone(const suite::Suite& suite, const suite::Case& which);
}  // namespace mccoy::run
