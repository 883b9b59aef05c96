// One service of a suite through all its lives: set up once, started, restarted, stopped. Its state is told by
// unusable(). start(), stop() and await_ready() are called by one thread at a time; everything else by any thread.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "harness/evidence/facts.hpp"
#include "harness/target/clock.hpp"
#include "harness/target/life.hpp"
#include "harness/target/own_disk.hpp"
#include "harness/target/service_log.hpp"
#include "harness/target/service_plan.hpp"
#include "harness/target/services.hpp"
#include "harness/witness/service_witness.hpp"

namespace mccoy::target {
class LineWatch;

/// What a service shares with the others of its suite.
struct ServiceContext {
  const ServiceOptions* options = nullptr;
  const witness::Ownership* ownership = nullptr;
  std::string suite;
  std::function<suite::Scope()> scope;  ///< with ${services.*} as they are now
};

class Service {
 public:
  enum class State { idle, starting, ready, failed, dead, stopped };

  /// errors: its logs cannot be made
  static Result<std::unique_ptr<Service>> make(ServicePlan plan, ServiceContext context);
  ~Service();

  const suite::Service& asked() const { return *plan_.asked; }
  const ServicePlan& plan() const { return plan_; }
  std::string log_path() const { return log_base_ + ".out"; }

  /// Sets it up (first time), starts it and waits until it is ready. `because` of a restart: the service restored.
  ///   at_least  it may take so long, if that is more than its own `within`
  void start(const std::string& because = "", Duration at_least = {});
  /// It will not be started: what it needs is not there.
  void give_up(const std::string& why);
  /// Is it (still, again) ready? Waits at most its own `within`, or `at_least`. errors: it is not
  Status await_ready(Duration at_least = {});
  /// Ends its whole tree; when `for_control` its ports are held again, so that nobody else answers there.
  void stop(bool for_control);
  bool was_started() const;
  /// Processes that outlived their root in any of its lives and had to be killed.
  std::vector<ProcessInfo> leftovers() const;
  void close_logs();
  std::vector<LogFile> logs() const;

  State state() const;
  std::optional<std::string> unusable() const;  ///< of itself, whatever it needs
  bool alive() const;
  std::optional<std::int64_t> died_ms() const;
  pid_t keeper() const;  ///< everything below it is of this service; -1 when there is none
  /// Attached: is one of these a process that listened there when we came?
  bool owns_attached(const std::vector<pid_t>& pids) const;
  std::vector<pid_t> members() const;  ///< attached: whoever listens there
  ProcessId root() const;              ///< of its present or last life
  pid_t root_pid() const { return root().pid; }
  /// Records what it does from here on. nullptr: nobody watches it, see unwatched().
  std::unique_ptr<witness::ServiceWitness::Window> open_window(bool files) const;
  std::string unwatched() const;  ///< why its system calls are not watched; "" when they are
  const std::string& clock_file() const { return clock_.file(); }
  const OwnDisk& disk() const { return disk_; }
  std::shared_ptr<witness::CallFaults> call_faults() const { return faults_; }  ///< may be null
  std::string last_output(std::size_t bytes) const;
  suite::Scope own_scope_now() const { return own_scope(plan_, context_.scope()); }
  void record(std::string_view event, const Value& more) const;

 private:
  Service(ServicePlan plan, ServiceContext context);
  std::optional<std::string> set_up();
  std::optional<std::string> begin(Duration at_least);
  std::optional<std::string> attach(Duration at_least);
  Result<std::unique_ptr<Life>> begin_life(const Command& command);
  std::string why_not_ready(const std::string& sentence) const;
  void listen(std::string_view bytes, bool err);
  void on_death(const Death& death);
  void finish_start(std::optional<std::string> failed);
  void record_started(const Command& command) const;
  void record_ready(const std::string& how, const std::optional<evidence::Responder>& responder, Duration after) const;
  std::shared_ptr<Life> life() const;
  void set_state(State state, std::string why = "");

  const Provisions& provisions() const;

  ServicePlan plan_;
  const ServiceContext context_;
  OwnDisk disk_;                                 ///< goes after all its lives
  FakeClock clock_;                              ///< none: its clock cannot be set
  std::shared_ptr<witness::CallFaults> faults_;  ///< of all its lives; null: none can be made
  std::string log_base_;
  bool is_set_up_ = false;
  Instant begun_{};

  mutable std::mutex mutex_;  ///< of what follows
  State state_ = State::idle;
  std::string why_;                                   ///< failed, dead, stopped: one sentence about it
  std::shared_ptr<witness::ServiceWitness> witness_;  ///< of life_, which it must outlive
  std::shared_ptr<Life> life_;
  std::optional<Death> death_;
  bool was_started_ = false;
  std::vector<ProcessInfo> leftovers_;
  std::vector<evidence::SeenProcess> attached_to_;

  mutable std::mutex output_mutex_;  ///< of what follows
  std::optional<ServiceLog> out_, err_;
  RecentBytes recent_;
  std::shared_ptr<LineWatch> lines_;
};
}  // namespace mccoy::target
