// Makes load: threads of its own, each with its own epoll and its own slice of the arrivals. The caller's thread waits,
// and is asked about once a second. Nothing of the engine outlives the call.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "harness/base/process.hpp"
#include "probes/load/report.hpp"

namespace mccoy::load {
/// The run so far, seen about once a second. Valid during the call only.
struct Progress {
  Duration elapsed = {};
  Duration span = {};              ///< of all stages
  std::size_t stage = 0;           ///< the one now; index into Profile::stages
  Second last = {};                ///< the last complete second
  const Report* so_far = nullptr;  ///< cells, seconds, stages, requests; no generator, connections, peers, nonces. Null
                                   ///< where there is no abort hook: adding it up takes time
};

/// How one request ended. Moments are nanoseconds since the load began; `sent` 0: it never was.
struct Finished {
  std::uint64_t journey = 0;        ///< what {{unique}} stands for in it
  std::size_t request = 0;          ///< index into Report::requests
  int status = 0;                   ///< of a complete response
  bool ok = false;                  ///< complete, and all checks passed
  std::optional<Cause> cause = {};  ///< why there is no complete response
  std::int64_t due = 0, sent = 0, ended = 0;
  bool abandoned = false;  ///< the load ended first: no answer so far, and no cause. sent: 0 when it was not yet sent
};

struct Hooks {
  /// In the caller's thread, about once a second and once at the end. May be empty.
  std::function<void(const Progress&)> progress = {};
  /// In the caller's thread, after each progress: a reason to stop now, or "". May be empty.
  std::function<std::string(const Progress&)> abort = {};
  /// A connected socket over which bytes have come back, still open; each connection once: the first `exchanges` of
  /// each target, then one about every `exchange_every` (at moments nobody can know before, and more often in the
  /// beginning), and `exchanges_last` of each target among those that carry the last requests or are still open at the
  /// end. In a generator's thread, never two at a time; the target waits meanwhile, so be quick.
  std::function<void(int fd, std::int64_t bytes_out, std::int64_t bytes_in)> exchanged = {};
  std::size_t exchanges = 1;
  Duration exchange_every = {};  ///< 0: no more than the first and the last ones
  std::size_t exchanges_last = 0;
  /// Each request that ended. In the generator's threads, several at a time: be very quick. May be empty.
  std::function<void(const Finished&)> finished = {};
  /// In the caller's thread, just before the first request: the moment 0 of the load. May be empty.
  std::function<void(Instant origin)> begun = {};
  Deadline deadline = {};                ///< the run is broken off, drain included; what there is is reported
  const Interrupt* interrupt = nullptr;  ///< the same; may be null
};

/// Runs the profile to its end.
///   errors  a profile that makes no sense (what names the field), a name that cannot be looked up, TLS files that
///           cannot be read, no thread or epoll to be had. A target that refuses, lies or dies is no error: it is
///           counted
Result<Report> run(const Profile& profile, const Hooks& hooks);

/// What run() would refuse the profile for, without running it.
Status check(const Profile& profile);
/// The same for the number of its requests and stages alone.
Status check_cells(std::size_t requests, std::size_t stages);
}  // namespace mccoy::load
