#include "harness/witness/socket_log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstring>

#include "harness/base/clock.hpp"
#include "harness/witness/responder.hpp"
#include "harness/witness/socket_owners.hpp"
#include "harness/witness/socket_tables.hpp"

namespace mccoy::witness {
namespace {
using evidence::SeenConnection;
constexpr std::size_t kMostConnections = 10'000, kMostSockets = 100'000, kMostListeners = 5'000;
constexpr std::size_t kMostPeers = 8;
constexpr std::size_t kMostOthers = 4096;
constexpr auto kMostWaitForFarewells = std::chrono::milliseconds(50);
constexpr int kMostLooks = 64;  ///< at a connection that is neither made nor refused; then it is left to its farewell

std::string unix_name(std::string_view address) {
  if (address.size() <= offsetof(sockaddr_un, sun_path)) return "unix:";
  std::string_view name = address.substr(offsetof(sockaddr_un, sun_path));
  if (name.front() == '\0') return "unix:@" + std::string(name.substr(1));
  return "unix:" + std::string(name.substr(0, name.find('\0')));
}

Endpoint endpoint_in(std::string_view address) {
  sockaddr_storage storage{};
  std::memcpy(&storage, address.data(), std::min(address.size(), sizeof storage));
  return endpoint_of(storage);
}

/// "" for families that are no conversation with another program (netlink, packets).
std::string text_of(std::string_view address) {
  sa_family_t family = AF_UNSPEC;
  std::memcpy(&family, address.data(), std::min(address.size(), sizeof family));
  if (family == AF_UNIX) return unix_name(address);
  const Endpoint endpoint = endpoint_in(address);
  return endpoint.family == AF_UNSPEC ? "" : endpoint.text();
}

std::string_view protocol_of(int fd, std::string_view to) {
  if (to.starts_with("unix:")) return "unix";
  int type = 0;
  socklen_t size = sizeof type;
  if (fd < 0 || ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return "tcp";
  return type == SOCK_STREAM ? "tcp" : "udp";
}

std::optional<sockaddr_storage> name_of(int fd, int (*ask)(int, sockaddr*, socklen_t*), socklen_t& size) {
  sockaddr_storage storage{};
  size = sizeof storage;
  if (ask(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return std::nullopt;
  return storage;
}

std::string own_name(int fd) {
  socklen_t size = 0;
  const auto storage = name_of(fd, ::getsockname, size);
  return storage ? text_of({reinterpret_cast<const char*>(&*storage), size}) : "";
}

void add_peers(SeenConnection& connection, const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids)
    if (connection.peers.size() < kMostPeers &&
        std::ranges::none_of(connection.peers, [pid](const auto& peer) { return peer.id.pid == pid; }))
      connection.peers.push_back(see_process(pid));
}
}  // namespace

void SocketLog::connects(Watched& process, int by, int fd, std::string_view address, bool once) {
  std::string to = text_of(address);
  if (to.empty()) return;
  UniqueFd socket = tracee::copy_descriptor(process.pidfd.get(), fd);
  const auto known = connection_at_.find({by, to});
  if (known == connection_at_.end() && connections_.size() >= kMostConnections) {
    ++dropped_;
    return;
  }
  const std::size_t at = known != connection_at_.end() ? known->second : connections_.size();
  if (known == connection_at_.end()) {
    connection_at_.emplace(std::pair(by, to), at);
    connections_.push_back({.by = by, .to = to, .protocol = std::string(protocol_of(socket.get(), to))});
    find_listener(connections_.back(), endpoint_in(address));
  }
  ++connections_[at].tried;
  if (once || !socket) return;
  const std::uint64_t cookie = cookie_of_socket(socket.get());
  if (cookie == 0) return;
  if (sockets_.size() >= kMostSockets) {
    lost_bytes_ = true;
    return;
  }
  if (connections_[at].protocol == "tcp") farewells_.listen();
  const bool is_local_only = connections_[at].protocol == "unix";
  sockets_[cookie] = {.connection = at, .pid = process.pid, .fd = fd};
  if (is_local_only) sockets_[cookie].copy = std::move(socket);
  fresh_.push_back(cookie);
}

void SocketLog::note_made(Socket& socket) {
  if (socket.made) return;
  socket.made = true;
  ++connections_[socket.connection].made;
}

/// Who listens there: a short connection can be over before its other end is looked at.
void SocketLog::find_listener(SeenConnection& connection, const Endpoint& to) {
  std::vector<std::uint64_t> inodes;
  const std::string name = connection.to.substr(connection.to.find(':') + 1);
  if (connection.protocol == "unix" && (name.starts_with('/') || name.starts_with('@')))
    inodes = proc_net::listening_unix_sockets(name);
  if (connection.protocol == "tcp" && is_local(to))
    for (const TcpSocket& socket : listening_sockets(to.port))
      if (socket.local.is_any() || socket.local == to) inodes.push_back(socket.inode);
  add_peers(connection, owners_of(inodes, {}).pids);
}

/// Who holds the other end of a connection that stands; looked up for the first to each address.
void SocketLog::find_peer(Socket& socket, int fd) {
  SeenConnection& connection = connections_[socket.connection];
  if (connection.made > 1) return;
  std::vector<pid_t> pids;
  if (connection.protocol == "unix") {
    ucred peer{};
    socklen_t size = sizeof peer;
    struct stat ours {};
    const std::uint64_t accepted = ::fstat(fd, &ours) == 0 ? unix_peer(ours.st_ino) : 0;
    if (accepted != 0) pids = owners_of(std::array{accepted}, {}).pids;
    if (pids.empty() && ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid > 0)
      pids.push_back(peer.pid);  // who called listen
  } else if (connection.protocol == "tcp") {
    socklen_t size = 0;
    const auto ours = name_of(fd, ::getsockname, size);
    const auto theirs = name_of(fd, ::getpeername, size);
    if (!ours || !theirs || !is_local(endpoint_of(*theirs))) return;
    const auto accepted = find_connected(endpoint_of(*theirs), endpoint_of(*ours));
    if (accepted && accepted->inode != 0) pids = owners_of(std::array{accepted->inode}, {}).pids;
  }
  add_peers(connection, pids);
}

void SocketLog::look(std::uint64_t cookie, Socket& socket, int pidfd) {
  ++socket.looks;
  const UniqueFd fd = socket.copy ? UniqueFd(::fcntl(socket.copy.get(), F_DUPFD_CLOEXEC, 0))
                                  : tracee::copy_descriptor(pidfd, socket.fd);
  if (!fd || cookie_of_socket(fd.get()) != cookie) {
    socket.finished = true;  // closed; of TCP the farewell tells the rest
    return;
  }
  const SeenConnection& connection = connections_[socket.connection];
  if (connection.protocol == "tcp") {
    socket.bytes = bytes_of_socket(fd.get());
    if (!socket.bytes.established) return;
  } else {
    socklen_t size = 0;
    if (!name_of(fd.get(), ::getpeername, size)) return;
  }
  note_made(socket);
  find_peer(socket, fd.get());
}

void SocketLog::settle(Programs& programs) {
  std::erase_if(fresh_, [&](std::uint64_t cookie) {
    const auto found = sockets_.find(cookie);
    if (found == sockets_.end()) return true;
    Socket& socket = found->second;
    const Watched* process = programs.find(socket.pid);
    if (process == nullptr && !socket.copy) return true;
    look(cookie, socket, process != nullptr ? process->pidfd.get() : -1);
    const bool settled = socket.made || socket.finished || socket.looks >= kMostLooks;
    if (settled) socket.copy.reset();
    return settled;
  });
}

void SocketLog::before_exit(Watched& process) {
  for (auto& [cookie, socket] : sockets_)
    if (socket.pid == process.pid && !socket.finished) look(cookie, socket, process.pidfd.get());
}

void SocketLog::take_farewells() {
  const bool all = farewells_.drain([this](const Farewell& farewell) { take_farewell(farewell); });
  lost_bytes_ = lost_bytes_ || !all;
}

namespace {
bool are_ends_of_one(const Farewell& one, const Farewell& other) {
  return one.local == other.peer && one.peer == other.local;
}
}  // namespace

void SocketLog::take_farewell(const Farewell& farewell) {
  const auto found = sockets_.find(farewell.cookie);
  if (found == sockets_.end()) {
    const auto ours = std::ranges::find_if(
        uncertain_, [&](const Uncertain& uncertain) { return are_ends_of_one(uncertain.farewell, farewell); });
    if (ours == uncertain_.end()) {
      others_.push_back(farewell);
      if (others_.size() > kMostOthers) others_.pop_front();
      return;
    }
    settle_bytes(*ours, farewell);
    uncertain_.erase(ours);
    return;
  }
  Socket& socket = found->second;
  if (farewell.bytes.established) note_made(socket);
  SeenConnection& connection = connections_[socket.connection];
  connection.bytes_out += farewell.bytes.out;
  connection.bytes_in += farewell.bytes.in - (farewell.bytes.maybe_one_less ? 1 : 0);
  if (farewell.bytes.maybe_one_less) {
    const auto theirs =
        std::ranges::find_if(others_, [&](const Farewell& other) { return are_ends_of_one(farewell, other); });
    const Uncertain ours{.connection = socket.connection, .farewell = farewell};
    if (theirs != others_.end())
      settle_bytes(ours, *theirs);
    else
      uncertain_.push_back(ours);
  }
  sockets_.erase(found);
}

/// Counted without the byte that is in doubt: it was payload when the other end has sent as much.
void SocketLog::settle_bytes(const Uncertain& ours, const Farewell& theirs) {
  if (theirs.bytes.out >= ours.farewell.bytes.in) ++connections_[ours.connection].bytes_in;
}

/// Closed by their process, or with it, and the kernel has not told of them yet.
bool SocketLog::farewells_missing(const Programs& programs) const {
  if (std::ranges::any_of(uncertain_, [](const Uncertain& uncertain) { return is_local(uncertain.farewell.peer); }))
    return true;
  return std::ranges::any_of(sockets_, [&](const auto& entry) {
    const Socket& socket = entry.second;
    return connections_[socket.connection].protocol == "tcp" && (socket.finished || !programs.lives(socket.pid));
  });
}

void SocketLog::await_farewells(Programs& programs) {
  const Deadline deadline = Deadline::in(kMostWaitForFarewells);
  settle(programs);
  pollfd heard{farewells_.fd(), POLLIN, 0};
  while (farewells_missing(programs) && farewells_.fd() >= 0 && !deadline.passed()) {
    if (::poll(&heard, 1, deadline.poll_ms()) <= 0) break;
    take_farewells();
  }
}

void SocketLog::listens(Watched& process, int by, int fd) {
  const UniqueFd socket = tracee::copy_descriptor(process.pidfd.get(), fd);
  std::string at = socket ? own_name(socket.get()) : "";
  if (at.empty() || listener_at_.contains({by, at})) return;
  if (listeners_.size() >= kMostListeners) {
    ++dropped_;
    return;
  }
  listener_at_.emplace(std::pair(by, at), listeners_.size());
  listeners_.push_back({.by = by, .at = std::move(at)});
}

void SocketLog::accepts(Watched& process, int by, int fd) {
  const UniqueFd socket = tracee::copy_descriptor(process.pidfd.get(), fd);
  const std::string at = socket ? own_name(socket.get()) : "";
  if (at.empty()) return;
  if (!listener_at_.contains({by, at})) listens(process, by, fd);  // inherited from its parent
  if (const auto found = listener_at_.find({by, at}); found != listener_at_.end()) ++listeners_[found->second].accepted;
}

std::vector<SeenConnection> SocketLog::finish_connections(const std::vector<evidence::SeenProgram>& programs) {
  for (auto& [cookie, socket] : sockets_) {  // still open, or closed without a farewell
    SeenConnection& connection = connections_[socket.connection];
    connection.bytes_out += socket.bytes.out;
    connection.bytes_in += socket.bytes.in;
  }
  for (SeenConnection& connection : connections_) {
    connection.bytes_complete = connection.protocol == "tcp" && !lost_bytes_ && farewells_.fd() >= 0;
    for (const evidence::SeenProcess& peer : connection.peers)
      for (std::size_t i = 0; i < programs.size(); ++i)
        if (programs[i].process.id == peer.id && !programs[i].replaced)
          connection.peer_programs.push_back(static_cast<int>(i));
  }
  for (const auto& [cookie, socket] : sockets_) connections_[socket.connection].bytes_complete = false;
  for (const Uncertain& uncertain : uncertain_) connections_[uncertain.connection].bytes_complete = false;
  return std::move(connections_);
}
}  // namespace mccoy::witness
