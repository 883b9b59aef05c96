// What happened under load: figures, never a judgement. All moments are nanoseconds since the load began.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/base/histogram.hpp"
#include "probes/load/profile.hpp"

namespace mccoy::load {
/// Why a request got no complete response.
enum class Cause {
  refused,      ///< connection refused
  unreachable,  ///< no route, network down, no such unix socket
  resolve,      ///< the target's name is unknown
  connect_timeout,
  tls,  ///< handshake or record failed, certificate not trusted
  reset,
  closed_early,  ///< the peer closed before the response was whole
  protocol,      ///< bytes that are no response, or more than one
  response_timeout,
  too_large,  ///< header over 64 KiB, body over body_limit
  capture,    ///< the response lacks what a later step needs, or it cannot stand where that step needs it
  unchecked,  ///< a check or a capture asks for more of the body than is kept (Profile::body_kept)
  // The generator's own: the target had no part in these.
  no_ports,  ///< EADDRNOTAVAIL
  no_files,  ///< descriptors or memory of this machine ran out
};
inline constexpr std::size_t kCauses = 14;
std::string_view to_text(Cause cause);  ///< "connect timeout"
constexpr bool by_generator(Cause cause) {
  return cause == Cause::no_ports || cause == Cause::no_files;
}

/// What became of the requests of one name in one stage (the stage in which the journey was due).
/// At the end: due == ok + check_failed + failures() + dropped + never_sent + abandoned.
struct Tally {
  std::uint64_t due = 0;
  std::uint64_t dropped = 0;                       ///< never started: max_in_flight was reached
  std::uint64_t dropped_late = 0;                  ///< of these: the generator was late, or is catching up
  std::uint64_t never_sent = 0;                    ///< never begun: the generator did not come to it in time
  std::uint64_t sent = 0;                          ///< handed to the kernel whole, or answered before it was
  std::uint64_t ok = 0;                            ///< complete response, all checks passed
  std::uint64_t check_failed = 0;                  ///< complete response, a check failed
  std::array<std::uint64_t, kCauses> failed = {};  ///< by Cause
  std::uint64_t abandoned = 0;                     ///< waiting or under way when the run ended
  std::uint64_t came = 0, came_bytes = 0;  ///< complete responses that came while the stage ran, of whatever stage
  std::uint64_t late = 0;                  ///< sent over Generator::late_after after it was due, whoever was to blame
  std::uint64_t late_generator = 0;        ///< of these: because the generator looked too late
  std::uint64_t bytes_out = 0, bytes_in = 0;             ///< of requests and responses, before encryption
  std::vector<std::pair<int, std::uint64_t>> statuses;   ///< ascending; complete responses only
  std::vector<std::uint64_t> checks_run, checks_failed;  ///< parallel to Request::checks; empty when requests are mixed
  Histogram response;                                    ///< due to last byte; complete responses
  Histogram service;                                     ///< sent to last byte; complete responses
  Histogram arrival;                                     ///< due to sent; all that were sent
  Histogram failure;                                     ///< due to the failure, for what is in `failed`

  std::uint64_t failures() const;
  std::uint64_t finished() const { return ok + check_failed; }
  std::uint64_t in_flight() const {  ///< due, and nothing became of it yet; 0 at the end
    return due - finished() - failures() - dropped - never_sent - abandoned;
  }
  std::uint64_t of_class(int hundreds) const;  ///< responses with status 2xx: of_class(2)
  /// checks_* add up only when both have the same number of them, else they are emptied.
  void merge(const Tally& other);
};
void add_statuses(Tally& tally, const std::vector<std::pair<int, std::uint64_t>>& statuses);

/// The tally of one request name in one stage. Cells in which nothing was due are left out.
struct Cell {
  std::size_t stage = 0;    ///< index into Report::stages
  std::size_t request = 0;  ///< index into Report::requests
  Tally tally;
};

struct StageInfo {
  std::string name;
  bool counted = true;
  Duration begin = {}, end = {};  ///< as asked
  double asked = 0;               ///< open: journeys asked for in it; closed: 0
};

struct RequestInfo {
  std::string name, journey, target;
  std::vector<std::string> checks;  ///< names
};

/// One second of the run, all requests and stages together.
struct Second {
  std::uint32_t second = 0;  ///< 0: the first
  double asked = 0;          ///< open: journeys per second asked for; closed: virtual users
  std::uint64_t due = 0, dropped = 0, sent = 0, finished = 0, ok = 0, errors = 0;  ///< errors: check_failed + failures
  std::uint64_t in_flight = 0;                                                     ///< at its end
  std::uint64_t p50 = 0, p95 = 0, p99 = 0, max = 0;  ///< ns, response time of what finished in it; 0: nothing did
};

struct ThreadHealth {
  double cpu_s = 0, wall_s = 0;
  std::uint64_t wakeups = 0;
  Duration loop_max = {};  ///< the longest time between two looks at the clock
};

/// How the generator itself fared: the facts behind "the generator was the limit".
struct Generator {
  std::vector<ThreadHealth> threads;
  double cpu_s = 0;          ///< of the threads together
  double cpu_share = 0;      ///< of one processor, of the busiest thread
  int processors = 0;        ///< it may run on
  Duration grid = {};        ///< the one used; 0: each arrival had a wake-up of its own
  bool grid_chosen = false;  ///< by the engine
  Duration late_after = {};  ///< what counts as late
  Histogram lag;             ///< open: due to the moment a thread looked; closed: read_lag
  Histogram read_lag;        ///< how late a reply may have been seen, at each look that found one
  Duration away = {};        ///< how long in all a thread got no processor when it wanted one; the largest
  std::uint64_t ports_all = 0, ports_used_max = 0;  ///< ephemeral ports; connections open at a time to one address
  std::uint64_t files_limit = 0, files_used_max = 0;
  std::uint64_t retransmits = 0;     ///< of the connections looked at (TCP_INFO when they are closed)
  std::uint64_t retransmits_of = 0;  ///< how many connections were looked at

  // Inputs of the verdict "saturated".
  std::uint64_t lag_p99() const { return lag.percentile(0.99); }
};

struct Connections {
  std::string target;
  std::uint64_t opened = 0;  ///< established, TLS included
  std::uint64_t failed = 0;  ///< attempts that did not get there
  std::uint64_t reused = 0;  ///< requests on a connection that had carried one before
  std::uint64_t resent = 0;  ///< GET, HEAD and OPTIONS sent again: the peer had closed the idle connection
  std::uint64_t closed_by_peer = 0, closed_by_us = 0;
  std::uint64_t open_max = 0;    ///< at a time
  std::string tls_failure = {};  ///< why TLS broke down, one of the times it did; "": never
};

struct Peer {
  std::size_t target = 0;     ///< index into Report::connections
  std::string local, remote;  ///< "127.0.0.1:40312", "unix:/run/x.sock"
};

struct NonceSample {
  std::string nonce;
  std::size_t request = 0;
  bool returned = false;  ///< seen in head or body (as far as kept) of the response
};

enum class Ended {
  finished,
  interrupted,
  aborted,  ///< by the hook; see reason
  deadline,
};
std::string_view to_text(Ended ended);

struct Report {
  Ended ended = Ended::finished;
  std::string reason;  ///< aborted: what the hook said
  std::int64_t began_wall_ms = 0;
  Duration elapsed = {};       ///< drain included
  Duration load_elapsed = {};  ///< until the last stage ended or was broken off; with Profile::max_journeys until the
                               ///< last of them ended; of a run that goes on: as far as all threads have told what
                               ///< they counted
  Duration asked_until =
      {};  ///< open: until the last journey was asked for (Profile::max_journeys); closed: all stages
  Model model = Model::open;
  std::uint64_t journeys_begun = 0, journeys_finished = 0;
  std::uint64_t journeys_cut_off = 0;  ///< the end of the run found them between two steps
  std::vector<StageInfo> stages;
  std::vector<RequestInfo> requests;
  std::vector<Cell> cells;
  std::vector<Second> seconds;
  Generator generator;
  std::vector<Connections> connections;  ///< parallel to Profile::targets
  std::vector<Peer> peers;               ///< the first connections of each target, at most 64 in all
  std::vector<NonceSample> nonces;

  Tally all() const;                            ///< counted stages
  Tally of_request(std::size_t request) const;  ///< counted stages
  Tally of_stage(std::size_t stage) const;      ///< counted or not
  Tally of(std::size_t stage, std::size_t request) const;
  /// Seconds of the counted stages that were run, broken-off parts left out: the divisor of a rate.
  double counted_seconds() const;
};
}  // namespace mccoy::load
