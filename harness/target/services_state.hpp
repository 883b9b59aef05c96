// What the parts of Services share (services.cpp, look.cpp).
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "harness/target/service.hpp"
#include "harness/target/services.hpp"
#include "harness/target/vias.hpp"

namespace mccoy::target {
/// The list of services never changes after prepare(); each service looks after its own locks.
struct Services::State {
  const suite::Suite* suite = nullptr;
  suite::Scope scope;
  ServiceOptions options;
  std::vector<std::unique_ptr<Service>> services;  ///< in the order of the suite
  std::map<std::string, std::size_t, std::less<>> index;
  Vias vias;
  bool stopped_all = false;  ///< what is left behind is told once
  std::mutex operations;     ///< start, stop and restore never overlap

  mutable std::mutex pids_mutex;
  mutable std::vector<pid_t> pids;
  mutable Instant pids_at{};

  Service* find(std::string_view name) const;
  suite::Scope scope_now() const;
  std::vector<std::size_t> needs_of(std::size_t node) const;
  std::set<std::size_t> with_needs(const std::vector<std::string>& names) const;
  std::set<std::size_t> dependents_of(std::size_t node) const;  ///< transitive, itself not included
  /// Does `work` on these, in the order of their needs (reverse: dependents first).
  void each(const std::set<std::size_t>& nodes, bool reverse, const std::function<void(Service&)>& work) const;
  void start_one(Service& service, const std::string& because, Duration at_least = {}) const;
  std::string broken_need(const Service& service) const;
};
}  // namespace mccoy::target
