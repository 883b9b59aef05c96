// The observers of one trial, told by the probe where to look and looking for themselves.
#pragma once
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "harness/probe.hpp"
#include "harness/run/context.hpp"
#include "harness/witness/call_witness.hpp"
#include "harness/witness/endpoint.hpp"

namespace mccoy::run {
class TrialWatch final : public Watch {
 public:
  /// asked  what the claim needs to be looked at: services, files
  TrialWatch(SuiteContext& context, const suite::Case& which, std::string expected_service);

  /// Commands are started without a network from now on.
  void cut_network() { no_network_ = true; }
  /// Services are looked at even if the case states nothing of them.
  void look_at_services_anyway() { services_matter_ = context_.services != nullptr; }
  void exchanged(int fd, std::int64_t bytes_out, std::int64_t bytes_in) override;
  void starting(Command& command) override;
  void ran(const Command& command, const Captured& captured) override;
  /// What was seen, after the probe has returned.
  evidence::Facts take();

 private:
  bool knows_enough();
  void look_at_listeners(const witness::Endpoint& at);
  void look_at_services();
  void look_behind_proxy(const evidence::Responder& seen);
  void take_activity(const std::vector<std::string>& env);
  SuiteContext& context_;
  std::string expected_service_;
  bool services_matter_;
  bool no_network_ = false;
  std::vector<std::string> counted_;             ///< system calls that obligations are about
  bool many_;                                    ///< the probe shows several connections of one claim
  std::vector<witness::Endpoint> asked_;         ///< where they went to, if many_ and of this machine
  std::optional<witness::CallWitness> witness_;  ///< of the command that runs
  std::mutex mutex_;
  evidence::Facts facts_;
};
}  // namespace mccoy::run
