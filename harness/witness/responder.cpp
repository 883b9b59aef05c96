#include "harness/witness/responder.hpp"

#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <set>

#include "harness/witness/endpoint.hpp"
#include "harness/witness/socket_owners.hpp"
#include "harness/witness/socket_tables.hpp"

namespace mccoy::witness {
namespace {
using evidence::Responder;
using How = Responder::How;
using Who = Responder::Who;

constexpr std::int64_t kStartSlackMs = 20;  ///< a start time is known to a clock tick only
constexpr std::size_t kShownOwners = 64;

/// All owners of a set of sockets, and to whom they belong, socket by socket.
struct Answerers {
  std::vector<pid_t> pids;
  std::set<std::pair<Who, std::string>> parties;
  bool some_unreadable = false;
};

/// One socket may be held by several processes (pre-fork servers, helpers that inherited it): it is the service's as
/// soon as one of them is of the service.
std::pair<Who, std::string> party_of(const std::vector<pid_t>& pids, const Ownership& ownership,
                                     const std::string& expected) {
  std::pair<Who, std::string> party{Who::unknown, {}};
  for (const pid_t pid : pids) {
    const Owner owner = ownership.owner_of(pid);
    if (owner.who == Owner::Who::service && (party.first != Who::service || owner.service == expected))
      party = {Who::service, owner.service};
    if (party.first == Who::service) continue;
    if (owner.who == Owner::Who::harness) party = {Who::harness, {}};
    if (owner.who == Owner::Who::stranger && party.first == Who::unknown) party = {Who::stranger, {}};
  }
  return party;
}

Answerers answerers(const std::vector<std::uint64_t>& inodes, const Ownership& ownership, const std::string& expected) {
  Answerers all;
  const auto likely = ownership.likely();
  for (const std::uint64_t inode : inodes) {
    const SocketOwners owners = owners_of({&inode, 1}, likely);
    all.some_unreadable |= owners.some_unreadable;
    if (owners.pids.empty()) continue;
    all.pids.insert(all.pids.end(), owners.pids.begin(), owners.pids.end());
    all.parties.insert(party_of(owners.pids, ownership, expected));
  }
  std::ranges::sort(all.pids);
  all.pids.erase(std::unique(all.pids.begin(), all.pids.end()), all.pids.end());
  return all;
}

/// False when nobody was found.
bool take(const Answerers& found, How how, std::int64_t run_started_wall_ms, Responder& seen) {
  if (found.pids.empty()) return false;
  seen.how = how;
  std::int64_t youngest = 0;
  for (const pid_t pid : found.pids) {
    if (seen.processes.size() == kShownOwners) break;
    seen.processes.push_back(see_process(pid));
    youngest = std::max(youngest, seen.processes.back().started_wall_ms);
  }
  seen.started_before_run = youngest > 0 && youngest + kStartSlackMs < run_started_wall_ms;
  if (found.parties.size() == 1) {
    seen.who = found.parties.begin()->first;
    seen.service = found.parties.begin()->second;
  } else {
    seen.why_unseen =
        "several sockets listen on this port and belong to different owners; which of them answered is not known";
  }
  return true;
}

std::string nobody(bool some_unreadable) {
  return some_unreadable ? "its owner may not be looked at (another user's process; run as root to see it)"
                         : "no process of this machine holds the socket (another process namespace, or it is gone)";
}

/// The listening sockets that can have taken a connection to this endpoint. The kernel prefers those of the address
/// itself to those of any, and those of its family to those of both.
std::vector<std::uint64_t> listeners_for(const Endpoint& endpoint) {
  std::vector<std::uint64_t> exact, any, any_of_both;
  for (const TcpSocket& socket : listening_sockets(endpoint.port)) {
    if (socket.local == endpoint)
      exact.push_back(socket.inode);
    else if (socket.local.is_any() && socket.local.family == endpoint.family)
      any.push_back(socket.inode);
    else if (socket.local.is_any() && socket.local.family == AF_INET6)
      any_of_both.push_back(socket.inode);
  }
  return !exact.empty() ? exact : !any.empty() ? any : any_of_both;
}

void look_at_tcp(const Endpoint& ours, const Endpoint& theirs, const Ownership& ownership, std::int64_t since,
                 Responder& seen) {
  seen.local = ours.text();
  seen.peer = theirs.text();
  bool unreadable = false;
  const auto accepted = find_connected(theirs, ours);
  if (accepted && accepted->inode != 0) {
    const auto found = answerers({accepted->inode}, ownership, seen.expected_service);
    if (take(found, How::accepted, since, seen)) return;
    unreadable = found.some_unreadable;
  }
  if (!accepted && !is_local(theirs)) {
    seen.who = Who::remote;
    seen.why_unseen = "its address is not of this network namespace: another machine, container or namespace";
    return;
  }
  const auto listening = listeners_for(theirs);
  const auto found = answerers(listening, ownership, seen.expected_service);
  if (take(found, How::listener, since, seen)) return;
  if (!accepted && listening.empty())
    seen.why_unseen =
        "the other end is in no socket table of this network namespace: closed before it could be looked up, "
        "or in another namespace";
  else
    seen.why_unseen = nobody(unreadable || found.some_unreadable);
}

std::uint64_t inode_of(int fd) {
  struct stat file {};
  return ::fstat(fd, &file) == 0 ? file.st_ino : 0;
}

std::string path_of(const sockaddr_storage& address, socklen_t length) {
  const auto& local = reinterpret_cast<const sockaddr_un&>(address);
  if (length <= offsetof(sockaddr_un, sun_path)) return "unix:";
  const std::string name(local.sun_path, length - offsetof(sockaddr_un, sun_path));
  return "unix:" + (name[0] == '\0' ? "@" + name.substr(1) : std::string(name.c_str()));
}

/// The accepted end by unix_diag; the process that called listen(2) by the credentials the kernel kept of it.
void look_at_unix(int fd, const Ownership& ownership, std::int64_t since, Responder& seen) {
  bool unreadable = false;
  if (const std::uint64_t accepted = unix_peer(inode_of(fd)); accepted != 0) {
    const auto found = answerers({accepted}, ownership, seen.expected_service);
    if (take(found, How::accepted, since, seen)) return;
    unreadable = found.some_unreadable;
  }
  ucred listener{};
  socklen_t length = sizeof listener;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &listener, &length) == 0 && listener.pid > 0 &&
      identify_process(listener.pid)) {
    Answerers found{.pids = {listener.pid}, .parties = {}};
    found.parties.insert(party_of(found.pids, ownership, seen.expected_service));
    if (take(found, How::listener, since, seen)) return;
  }
  seen.why_unseen = nobody(unreadable);
}

std::set<std::uint64_t> sockets_of_all(const std::vector<pid_t>& pids) {
  std::set<std::uint64_t> inodes;
  for (const pid_t pid : pids)
    for (const std::uint64_t inode : sockets_of(pid)) inodes.insert(inode);
  return inodes;
}
}  // namespace

Responder who_answered(int fd, const Ownership& ownership, std::int64_t run_started_wall_ms,
                       const std::string& expected_service) {
  Responder seen;
  seen.expected_service = expected_service;
  sockaddr_storage ours{}, theirs{};
  socklen_t our_length = sizeof ours, their_length = sizeof theirs;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&ours), &our_length) != 0 ||
      ::getpeername(fd, reinterpret_cast<sockaddr*>(&theirs), &their_length) != 0) {
    seen.why_unseen = "the connection was closed before it could be looked up";
    return seen;
  }
  if (theirs.ss_family == AF_UNIX) {
    seen.local = path_of(ours, our_length);
    seen.peer = path_of(theirs, their_length);
    look_at_unix(fd, ownership, run_started_wall_ms, seen);
  } else if (const Endpoint peer = endpoint_of(theirs); peer.family != AF_UNSPEC) {
    look_at_tcp(endpoint_of(ours), peer, ownership, run_started_wall_ms, seen);
  } else {
    seen.why_unseen = "neither TCP nor a unix socket";
  }
  return seen;
}

Responder who_holds(const Endpoint& ours, const Endpoint& theirs, const Ownership& ownership,
                    std::int64_t run_started_wall_ms, const std::string& expected_service) {
  Responder seen;
  seen.expected_service = expected_service;
  look_at_tcp(ours, theirs, ownership, run_started_wall_ms, seen);
  return seen;
}

Responder who_listens(const Endpoint& at, const Ownership& ownership, std::int64_t run_started_wall_ms,
                      const std::string& expected_service) {
  Responder seen;
  seen.expected_service = expected_service;
  seen.peer = at.text();
  if (is_local(at))
    take(answerers(listeners_for(at), ownership, expected_service), How::listener, run_started_wall_ms, seen);
  return seen;
}

std::vector<evidence::SeenProcess> listeners_on(int port, const std::vector<pid_t>& likely) {
  std::set<pid_t> pids;
  for (const TcpSocket& socket : listening_sockets(port))
    for (const pid_t pid : owners_of({&socket.inode, 1}, likely).pids) pids.insert(pid);
  std::vector<evidence::SeenProcess> seen;
  for (const pid_t pid : pids) seen.push_back(see_process(pid));
  return seen;
}

std::vector<int> ports_listened_by(const std::vector<pid_t>& pids) {
  const auto inodes = sockets_of_all(pids);
  std::set<int> ports;
  for (const TcpSocket& socket : listening_sockets(0))
    if (inodes.contains(socket.inode)) ports.insert(socket.local.port);
  return {ports.begin(), ports.end()};
}

std::vector<Connection> connections_of(const std::vector<pid_t>& pids) {
  const auto inodes = sockets_of_all(pids);
  std::vector<Connection> found;
  for (const TcpSocket& socket : established_sockets()) {
    if (!inodes.contains(socket.inode)) continue;
    found.push_back({.local = socket.local.text(),
                     .peer = socket.peer.text(),
                     .local_port = socket.local.port,
                     .peer_port = socket.peer.port,
                     .peer_is_local = is_local(socket.peer)});
  }
  return found;
}
}  // namespace mccoy::witness
