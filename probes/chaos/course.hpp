// The course of one chaos trial: the steady state, the faults as they come and go, the recovery, the ledger. What it
// does is written down as it is done; what that means is worked out by the judge (harness/judge/chaos.hpp).
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "harness/evidence/observation.hpp"
#include "probes/chaos/background.hpp"
#include "probes/chaos/steady_state.hpp"

namespace mccoy::chaos {
class Course {
 public:
  Course(const ChaosAsk& ask, const Trial& trial);
  ~Course();
  /// errors  a fault that may not be done or cannot be made: nothing was injected
  Result<evidence::Observation> run();

 private:
  struct Doing {
    const FaultAsk* ask = nullptr;
    FaultContext context;
    std::unique_ptr<Fault> fault;  ///< until it is injected
    FaultPlan plan;
    std::unique_ptr<ActiveFault> active;
    bool healed = false;
  };
  struct Event {
    Duration when{};
    std::size_t fault = 0;
    bool heals = false;
  };

  Status prepare();
  std::string lacking() const;
  void disturb();
  bool begin_backgrounds();
  void inject_all();
  std::vector<Event> events() const;
  bool wait(Instant until) const;
  bool inject(std::size_t index);
  void heal(std::size_t index);
  void heal_all();
  void recover();
  void tell_whether_it_lives(std::size_t index);
  void try_write();
  void close_ledger();
  Deadline soon() const;
  void tell_last_words();
  void say(std::string_view phase);
  bool to_end() const;
  void break_off();
  evidence::Observation observation();
  Value faults_value() const;
  Value ledger_value() const;

  const ChaosAsk& ask_;
  const Trial& trial_;
  Chronicle chronicle_;
  LedgerBook book_;
  Stage stage_;
  SteadyState steady_;
  std::vector<Doing> doings_;
  std::vector<std::unique_ptr<Background>> backgrounds_;
  Instant healing_{};  ///< when the last fault began to be undone
  std::string lacks_, broken_off_, ledger_why_;
  std::optional<Remains> remains_;
};
}  // namespace mccoy::chaos
