// Door one: what a probe is. A new kind of probe is one .cpp in probes/, one row of probes/catalogue.cpp, a suite, a
// test and four targets in fixtures/ (honest, broken, lying, unreachable).
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/base/process.hpp"
#include "harness/evidence/observation.hpp"
#include "harness/suite/check.hpp"
#include "harness/suite/settings.hpp"

namespace mccoy::target {
class Services;
struct Provisions;
}  // namespace mccoy::target

namespace mccoy {
/// Cases of the same suite, for a case that asks others: each time one trial, journalled under the one that asks.
class Neighbours {
 public:
  struct Answer {
    std::string outcome;  ///< "pass", "fail", "error"
    std::string why;      ///< one line; "" for a pass
    Instant began = {};
    Duration took = {};
    int attempt = 0;  ///< of this case in this role
    bool passed() const { return outcome == "pass"; }
  };
  virtual ~Neighbours() = default;
  /// From any thread.
  ///   name  of a case of the suite
  ///   role  as what it is asked, one word: "steady", "while", "ledger"
  virtual Answer ask(const std::string& name, std::string_view role, Deadline deadline) = 0;
  /// The same with something that is no case of the suite: a command that has to exit with 0, or, as one word, a method
  /// and a URL that have to give status 200. `name` is one word.
  virtual Answer run(const std::string& name, std::string_view role, std::span<const std::string> words,
                     Deadline deadline) = 0;
};

/// What a probe tells the observers while it acts, so that they can look for themselves. All calls are cheap.
class Watch {
 public:
  virtual ~Watch() = default;
  /// A connected socket over which bytes have come back, still open. bytes_*: so far.
  virtual void exchanged(int fd, std::int64_t bytes_out, std::int64_t bytes_in) = 0;
  /// A command is about to be started: it can still be made a watched one.
  virtual void starting(Command& command) = 0;
  /// It was run to its end, or was stopped; nothing of it lives any more.
  virtual void ran(const Command& command, const Captured& captured) = 0;
};

/// One attempt at one claim.
struct Trial {
  std::string case_id;
  std::string nonce;       ///< to send where the suite says ${nonce}
  std::uint64_t seed = 0;  ///< for every random choice
  std::string folder;   ///< absolute; where relative paths and commands start: the workspace copy or the suite's folder
  std::string scratch;  ///< absolute; private to this trial, removed after it
  std::vector<std::string> env;  ///< complete environment for commands, before the case's own `env`
  bool attached = false;         ///< commands share our standard streams, see Command::attached
  Deadline deadline;
  const Interrupt* interrupt = nullptr;
  Watch* watch = nullptr;                                   ///< never null during a run
  std::span<const suite::Check> checks = {};                ///< of the case: some gates end it when they are missed
  Neighbours* neighbours = nullptr;                         ///< never null during a run
  target::Services* services = nullptr;                     ///< of the suite; null: it has none
  bool dry_run = false;                                     ///< faults are planned, and not injected
  bool beyond_suite = false;                                ///< faults may touch what is not the suite's own
  std::function<void(std::string_view what)> phase = {};    ///< what it does now, for people; may be empty
  std::function<void(const Value& figures)> progress = {};  ///< of a probe that takes long; may be empty. No evidence
};

/// One way to put a claim to the test. A probe acts and hands back what it got. It cannot call its
/// own work real: an Observation has no place for that word.
class Probe {
 public:
  virtual ~Probe() = default;

  /// Exercises the target once.
  ///   trial    carries the seed for every random choice and the deadline
  ///   returns  what came back, unjudged
  ///   errors   the target could not be asked, or the deadline passed (cause: std::errc::timed_out)
  virtual Result<evidence::Observation> observe(const Trial& trial) = 0;
};

/// What the harness knows of a kind of probe before making one.
struct ProbeKind {
  const suite::KindSchema* schema;
  /// Called once per trial with settings expanded for it.
  Result<std::unique_ptr<Probe>> (*make)(const suite::Settings& settings);
  /// What must be seen for a pass of this kind even if the suite states nothing (Obligation::stated = false).
  ///   service  the suite's service whose address this case asks, "" if none
  std::vector<suite::Obligation> (*default_contract)(const suite::Settings& settings, const std::string& service);
  /// host:port this probe will talk to, "" when it talks to nobody; to find the service it means
  std::string (*address)(const suite::Settings& settings);
  /// What services must be given before they start so that a case of this kind can be done. May be null.
  ///   which  as the suite says it; values with a variable in them are not known yet
  void (*provide)(const suite::Case& which, std::map<std::string, target::Provisions>& provisions) = nullptr;
};
}  // namespace mccoy
