// A fault: a disturbance of a service that is provably there, provably gone afterwards, and undone whatever becomes of
// mccoy. A kind of fault is one .cpp in probes/chaos/ and one row of catalogue.cpp.
//
//   make      from settings; nothing has happened yet, and plan() says what will
//   measure   may be called at any time: before, during, after. What it finds decides, never what inject() returned
//   inject    each side effect is promised to be undone (harness/base/undo.hpp) before it is done
//   heal      puts everything back as it was; ActiveFault calls it when it goes away
//
// No kind needs a destructor, times or records of its own: ActiveFault has them for all.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/base/error.hpp"
#include "harness/base/process.hpp"
#include "harness/base/value.hpp"
#include "harness/suite/field.hpp"
#include "harness/target/services.hpp"

namespace mccoy::chaos {
/// What a fault may touch. Outlives the fault.
struct FaultContext {
  target::Services* services = nullptr;  ///< never null
  std::string service;                   ///< the one it is done to; target::Services::whereabouts() knows the rest
  std::uint64_t seed = 0;                ///< for every random choice
  std::string scratch;                   ///< absolute, private to the trial, removed after it
  std::string folder;                    ///< absolute, of the suite; where relative paths of settings start
  /// From its injection on: a fault not healed by then is healed by the guardian, even if mccoy only hangs.
  Duration expires_in = std::chrono::minutes(10);
  Deadline deadline;  ///< of the trial
  const Interrupt* interrupt = nullptr;
  /// May it touch what does not belong to the suite: attached services, the host's network, paths elsewhere?
  bool beyond_suite = false;
  Duration recovers_within{};  ///< what a service that is started again may take, if that is more than its own `within`
};

/// One measurement of what the fault is about.
struct Reading {
  std::string what;  ///< "processes of db that run"
  std::string unit;  ///< "processes", "ms", "MiB/s"; "" = a mere number
  double value = 0;
  std::string text = {};  ///< one sentence for people, with what the value does not hold: pids, errno, digests
  Value facts = {};       ///< what else was measured, for is_healed() and the journal: a map, or null
};
Value to_value(const Reading& reading);

/// What will be done, before anything is.
struct FaultPlan {
  std::vector<std::string> does;     ///< one sentence each, naming what is touched
  std::vector<std::string> by_hand;  ///< commands that undo it, should everything else fail; none: nothing stays
  std::string through = {};          ///< the means when it is not mccoy itself: "libfaketime", "stress-ng", "cgroup v1"
};

class Fault {
 public:
  virtual ~Fault() = default;
  virtual FaultPlan plan() const = 0;
  /// errors  it cannot be measured (that is no statement about the effect)
  virtual Result<Reading> measure() = 0;
  virtual bool has_effect(const Reading& before, const Reading& during) const = 0;
  virtual bool is_healed(const Reading& before, const Reading& after) const = 0;
  /// Why it was less than it was to be, although its effect was seen; "" = it was all. Asked once it is undone.
  ///   last  measured just before it was undone
  virtual std::string fell_short(const Reading& before, const Reading& last) const {
    (void)before;
    (void)last;
    return "";
  }

 protected:
  friend class ActiveFault;
  /// Not called twice. On error ActiveFault calls heal() for what was done by then.
  virtual Status inject() = 0;
  /// May be called twice, and after half an injection. errors: what could not be put back, with the commands to do so
  virtual Status heal() = 0;
};

/// How a fault went, as far as it got; kept in the journal.
struct FaultCourse {
  std::optional<Reading> before, during, after;
  std::optional<Reading> last;                  ///< just before it was undone
  std::int64_t inject_ns = 0, injected_ns = 0;  ///< CLOCK_MONOTONIC just before and after it was done; 0: not yet
  std::int64_t effect_ns = 0;                   ///< when its effect was first measured; 0: never
  std::int64_t heal_ns = 0, healed_ns = 0;      ///< just before and after it was undone
  std::int64_t verified_ns = 0;                 ///< when a measurement first said that it is healed; 0: none did
  std::int64_t inject_wall_ms = 0;
};
Value to_value(const FaultCourse& course);

/// An injected fault. Letting go of it heals the target. Used by one thread at a time.
class ActiveFault {
 public:
  /// Measures, then injects.
  ///   errors  it cannot be measured before, or it could not be injected (then it is healed again)
  static Result<std::unique_ptr<ActiveFault>> inject(std::unique_ptr<Fault> fault, const FaultContext& context);
  ~ActiveFault();
  ActiveFault(const ActiveFault&) = delete;
  ActiveFault& operator=(const ActiveFault&) = delete;

  /// Measures until the effect is there, at most until `deadline`; the last measurement is kept as `during`.
  ///   returns  false: no effect could be measured
  ///   errors   it cannot be measured
  Result<bool> await_effect(Deadline deadline);
  /// Undoes it, once.
  Status heal();
  /// Measures until it is healed, at most until `deadline`; the last measurement is kept as `after`.
  Result<bool> await_healed(Deadline deadline);
  bool expired() const;  ///< the guardian may have healed it by now
  /// Of a fault that was undone: why it was less than it was to be; "" = it was all.
  const std::string& fell_short() const { return fell_short_; }
  const FaultCourse& course() const { return course_; }

 private:
  explicit ActiveFault(std::unique_ptr<Fault> fault, const FaultContext& context);
  Result<bool> await(Deadline deadline, std::optional<Reading>& kept, std::int64_t& seen_ns,
                     bool (Fault::*holds)(const Reading&, const Reading&) const);
  std::unique_ptr<Fault> fault_;
  const Interrupt* interrupt_;
  Deadline expiry_;
  FaultCourse course_;
  std::string fell_short_;
};

/// How far the effect of a fault goes.
enum class Reach {
  service,  ///< the processes of a service of this suite, or files below its folders
  host,     ///< others notice it too; refused unless FaultContext::beyond_suite
};

/// One row of the catalogue.
struct FaultKind {
  std::string_view name;  ///< the word suites use
  std::string_view summary;
  std::span<const suite::Field> fields;
  std::string_view needs;  ///< privileges and tools in words, for docs and `mccoy probes`; "" = none
  Reach reach = Reach::service;
  /// What is wrong with the settings, whatever the machine; may be null. Asked when the suite is read.
  ///   hold    how long the fault will last
  ///   errors  a number out of range, settings that make no sense together
  Status (*check)(const Value& settings, Duration hold) = nullptr;
  /// What the service must be given before it starts; may be null. The plan calls it for each fault of a suite.
  void (*provide)(const Value& settings, target::Provisions& provisions) = nullptr;
  /// Why it cannot be done on this machine to this service; "" = it can. Touches nothing. Leads to `not-run`.
  std::string (*lacks)(const FaultContext& context, const Value& settings);
  /// settings  typed by `fields`, defaults filled in: durations in ns, sizes in bytes
  /// errors    settings that make no sense together, a service that is not in the suite
  Result<std::unique_ptr<Fault>> (*make)(const FaultContext& context, const Value& settings);
};

std::span<const FaultKind* const> fault_kinds();
const FaultKind* find_fault(std::string_view name);
/// What a suite wrote, typed by the table; unknown and missing fields are errors with a hint.
Result<Value> typed_settings(const FaultKind& kind, const Value& given);
/// Refuses what goes beyond the suite without leave (FaultContext::beyond_suite): kinds that reach the host, attached
/// services, services that are not in the suite. Then makes it.
Result<std::unique_ptr<Fault>> make_fault(const FaultKind& kind, const FaultContext& context, const Value& settings);
/// An absolute path for a setting, refused when it (or what its links lead to) lies neither below the suite's folder
/// nor below the service's, unless FaultContext::beyond_suite.
Result<std::string> path_within(const FaultContext& context, const std::string& path);
}  // namespace mccoy::chaos
