// Who answered: from a connected socket of ours to the process at its other end, by the kernel's own tables
// (sock_diag for TCP, SO_PEERCRED and unix_diag for local sockets), /proc/PID/fd and /proc/PID/exe.
// Works while the connection is open; coverage: this network namespace only.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "harness/evidence/facts.hpp"
#include "harness/witness/endpoint.hpp"
#include "harness/witness/ownership.hpp"

namespace mccoy::witness {
/// The other end of a connected TCP or unix socket. Never fails: what cannot be seen is said in why_unseen.
///   run_started_wall_ms  to tell an instance that was there before
///   expected_service     preferred when processes of several services hold the socket; kept in the answer
///   cost     does not grow with the number of sockets that are open elsewhere; grows with those the owner itself
///   holds, and
///            with all processes when it is neither among ownership.likely() nor was seen lately
evidence::Responder who_answered(int fd, const Ownership& ownership, std::int64_t run_started_wall_ms,
                                 const std::string& expected_service = {});

/// The same for a connection of this machine that is known by its two ends.
evidence::Responder who_holds(const Endpoint& ours, const Endpoint& theirs, const Ownership& ownership,
                              std::int64_t run_started_wall_ms, const std::string& expected_service = {});

/// Who takes connections at an address of this machine now, by the sockets that listen there; a party of several that
/// have nothing to do with one another is Who::unknown. How::unseen: nobody listens, or nobody of them can be seen.
evidence::Responder who_listens(const Endpoint& at, const Ownership& ownership, std::int64_t run_started_wall_ms,
                                const std::string& expected_service = {});

/// Owners of the sockets that listen on a TCP port of any local address ("0" family: v4 and v6).
std::vector<evidence::SeenProcess> listeners_on(int port, const std::vector<pid_t>& likely);
/// TCP ports on which processes of this set listen.
std::vector<int> ports_listened_by(const std::vector<pid_t>& pids);
/// Established TCP connections of these processes: local and peer "address:port".
struct Connection {
  std::string local, peer;
  int local_port = 0, peer_port = 0;
  bool peer_is_local = false;
};
std::vector<Connection> connections_of(const std::vector<pid_t>& pids);
evidence::SeenProcess see_process(pid_t pid);  ///< exe with digest (cached), script, start time
}  // namespace mccoy::witness
