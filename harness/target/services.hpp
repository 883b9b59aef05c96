// The services of one suite: started in the order of their needs on ports the harness chose, ready only when a process
// of their own tree answers, watched for death, stopped with everything they started. One object per suite and run.
// Thread-safe: cases ask from several threads.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/process.hpp"
#include "harness/evidence/facts.hpp"
#include "harness/suite/scope.hpp"
#include "harness/suite/suite.hpp"
#include "harness/witness/call_faults.hpp"
#include "harness/witness/ownership.hpp"
#include "harness/witness/service_witness.hpp"

namespace mccoy::target {
/// Appends a record to the journal (harness/run/records.hpp: "service", "preflight"); called from any thread.
using Recorder = std::function<void(std::string_view type, Value body)>;

class Vias;
/// What the faults of a suite need of one service before it starts, because it cannot be had later.
struct Provisions {
  std::vector<std::string> calls = {};  ///< system calls that will be made to fail or wait: shown to the witness
  bool clock = false;                   ///< its wall clock can be set, through libfaketime
  bool private_mounts = false;          ///< a mount namespace of its own (root)
  std::int64_t disk_bytes = 0;          ///< its folder on a file system of this size (tmpfs, root); 0: where all are
  void add(const Provisions& more);
};

struct ServiceOptions {
  std::string scratch;  ///< absolute, private to the run; service x gets scratch/services/x as ${dir}
  std::string logs;     ///< absolute; service x writes logs/x.out and logs/x.err there
  std::int64_t run_started_ms = 0;
  std::vector<std::string> env;  ///< base environment
  const Interrupt* interrupt = nullptr;
  Recorder record;
  std::map<std::string, Provisions> provisions = {};  ///< by service
};

struct Leftovers {
  std::vector<std::string> processes;  ///< "pid 312 /usr/bin/sleep (of service db)"
  std::vector<std::string> ports, files;
  bool empty() const { return processes.empty() && ports.empty() && files.empty(); }
};

/// Where a service is to be found at this moment.
struct Whereabouts {
  ProcessId root;     ///< of its present or last life; {0, 0}: it was not started
  pid_t keeper = -1;  ///< everything below it is of this service; -1: nothing runs, or it is attached
  std::vector<pid_t> members;
  std::string dir;         ///< its ${dir}; "" when attached
  std::vector<int> ports;  ///< the first is ${port}
  std::string host;        ///< where these are
  bool attached = false;   ///< this run did not start it
  std::string clock_file;  ///< see target/clock.hpp; "" when its clock cannot be set
  std::string disk;        ///< source of the mount at `dir`; "" when that is no file system of its own
  std::string no_disk;     ///< why there is none although one was provided for
  Duration stop_within{};  ///< what it may take to end
};

/// What a service printed on one of its streams, and how much of it lies in the file.
struct LogFile {
  std::string service;
  std::string stream;  ///< "out" or "err"
  std::string path;
  std::int64_t bytes = 0;    ///< of the stream
  std::int64_t dropped = 0;  ///< of these, in the middle or for want of room, not in the file
  std::string sha256;        ///< of the stream, all of it
};

class Services final : public witness::Ownership {
 public:
  /// Chooses ports (held open until the service starts, so that two runs do not choose the same) and makes the folders.
  ///   scope   variables of the suite; must outlive this
  ///   errors  no port, no folder, attach address not understood
  static Result<std::unique_ptr<Services>> prepare(const suite::Suite& suite, suite::Scope scope,
                                                   ServiceOptions options);
  ~Services() override;

  /// Starts these and what they need, independent ones at the same time; waits until each is ready or its `within`
  /// passed. A service that does not get ready is stopped again; those that need it are not started. Results by
  /// state().
  void start(const std::vector<std::string>& names);

  /// nullopt: it can be used. Else one sentence: "db exited with status 1 after 0.3 s: <last line of its log>".
  std::optional<std::string> unusable(const std::string& name) const;

  /// ${services.x.port}, .url, .host, .dir, .pid, .log for all services; .via, .via_url of those behind a proxy.
  suite::Scope with_services(const suite::Scope& scope) const;

  /// The service that owns this "host:port" by configuration, or through its proxy; "" if none.
  std::string service_at(std::string_view address) const;

  /// The proxies that stand in front of services.
  const Vias& vias() const;

  /// Ends one service as a control: its whole tree, TERM then KILL. errors: it would not die, or its port still
  /// answers.
  Status stop_for_control(const std::string& name);
  /// Starts it again (same ports, same folder, without `before`) and every service that died meanwhile because of it;
  /// waits until all are ready.
  ///   at_least  each may take so long, if that is more than its own `within`
  ///   errors    one is not ready again
  Status restore(const std::string& name, Duration at_least = {});

  /// What is alive now, who listens, which service holds connections to which.
  std::vector<evidence::SeenService> look() const;
  /// Records what a service does from here on. nullptr: its system calls are not watched.
  ///   files  files as well, and not its connections only
  std::unique_ptr<witness::ServiceWitness::Window> open_window(const std::string& name, bool files) const;
  /// Why its system calls are not watched; "" when they are.
  std::string unwatched(const std::string& name) const;
  /// The last lines of a service's output, raw.
  std::string last_output(const std::string& name, std::size_t bytes) const;

  /// Of the services that mccoy starts; whole once stop_all() has returned.
  std::vector<LogFile> logs() const;

  /// Stops all in reverse order; what had to be killed in the end or is still there is returned and recorded.
  Leftovers stop_all();

  /// Makes calls of a service fail; nullptr: nothing was provided for that, or it is not watched (see unwatched()).
  std::shared_ptr<witness::CallFaults> call_faults(const std::string& name) const;
  /// Where one service is to be found; nullopt: there is none of that name.
  std::optional<Whereabouts> whereabouts(const std::string& name) const;
  /// Processes of one service that are alive now.
  std::vector<pid_t> members_of(const std::string& name) const;

  witness::Owner owner_of(pid_t pid) const override;
  std::vector<pid_t> likely() const override;

 private:
  Services();
  struct State;
  std::unique_ptr<State> state_;
};
}  // namespace mccoy::target
