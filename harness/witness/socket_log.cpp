#include "harness/witness/socket_log.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "harness/witness/responder.hpp"
#include "harness/witness/socket_owners.hpp"
#include "harness/witness/socket_tables.hpp"

namespace mccoy::witness {
namespace {
using evidence::SeenConnection;
constexpr std::size_t kMostSockets = 100'000, kMostUncertain = 10'000;
constexpr std::size_t kMostPeers = 8;
constexpr std::size_t kMostLocals = 256;
constexpr std::size_t kMostOthers = 4096;
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

std::uint64_t inode_of(int fd) {
  struct stat file {};
  return ::fstat(fd, &file) == 0 ? file.st_ino : 0;
}

void add_local(SeenConnection* connection, const Endpoint& local) {
  if (connection == nullptr || connection->locals.size() >= kMostLocals) return;
  std::string text = local.text();
  if (std::ranges::find(connection->locals, text) == connection->locals.end())
    connection->locals.push_back(std::move(text));
}

void add_peers(SeenConnection& connection, const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids)
    if (connection.peers.size() < kMostPeers &&
        std::ranges::none_of(connection.peers, [pid](const auto& peer) { return peer.id.pid == pid; }))
      connection.peers.push_back(see_process(pid));
}
/// Who listens there: a short connection can be over before its other end is looked at.
void find_listener(SeenConnection& connection, const Endpoint& to) {
  std::vector<std::uint64_t> inodes;
  const std::string name = connection.to.substr(connection.to.find(':') + 1);
  if (connection.protocol == "unix" && (name.starts_with('/') || name.starts_with('@')))
    inodes = proc_net::listening_unix_sockets(name);
  if (connection.protocol == "tcp" && is_local(to))
    for (const TcpSocket& socket : listening_sockets(to.port))
      if (socket.local.is_any() || socket.local == to) inodes.push_back(socket.inode);
  add_peers(connection, owners_of(inodes, {}).pids);
}

void find_accepted(SeenConnection& connection, const Endpoint& ours, const Endpoint& theirs) {
  if (!is_local(theirs)) return;
  const auto accepted = find_connected(theirs, ours);
  if (accepted && accepted->inode != 0) add_peers(connection, owners_of(std::array{accepted->inode}, {}).pids);
}

/// Just after it was to be copied: the call will fail.
bool is_no_descriptor(const Watched& process, const UniqueFd& copy) {
  return !copy && errno == EBADF && process.pidfd;
}
}  // namespace

void SocketLog::note_try(int by, const std::string& to, std::string_view protocol, const Endpoint& peer) {
  for (SocketWindow* window : windows_) {
    SeenConnection* connection = window->connection(by, to, protocol);
    if (connection == nullptr) continue;
    if (connection->tried++ == 0 && connection->peers.empty()) find_listener(*connection, peer);
  }
}

void SocketLog::sends(const Watched& process, int by, int fd, std::span<const std::string> addresses) {
  if (windows_.empty()) return;
  const UniqueFd socket = tracee::copy_descriptor(process.pidfd.get(), fd);
  if (is_no_descriptor(process, socket)) return;
  for (const std::string& address : addresses)
    if (const std::string to = text_of(address); !to.empty())
      note_try(by, to, protocol_of(socket.get(), to), endpoint_in(address));
}

void SocketLog::connects(Watched& process, int by, int fd, std::string_view address) {
  const std::string to = text_of(address);
  if (to.empty()) return;
  UniqueFd socket = tracee::copy_descriptor(process.pidfd.get(), fd);
  if (is_no_descriptor(process, socket)) return;
  const std::string protocol(protocol_of(socket.get(), to));
  const Endpoint peer = endpoint_in(address);
  note_try(by, to, protocol, peer);
  if (!socket) return;
  const std::uint64_t cookie = cookie_of_socket(socket.get());
  if (cookie == 0) return;
  if (sockets_.size() >= kMostSockets) {
    lost_sockets_ = true;  // of a later window
    for (SocketWindow* window : windows_) window->lost_bytes = true;
    return;
  }
  Socket& fresh = sockets_[cookie];
  fresh = {.by = by, .to = to, .protocol = protocol, .peer = peer, .pid = process.pid, .fd = fd};
  if (protocol == "unix") fresh.inode = inode_of(socket.get());
  if (windows_.empty()) return;
  if (protocol == "tcp") farewells_.listen();
  if (protocol == "unix") fresh.copy = std::move(socket);
  fresh_.push_back(cookie);
}

void SocketLog::note_made(std::uint64_t cookie, Socket& socket) {
  if (socket.made) return;
  socket.made = true;
  for (SocketWindow* window : windows_)
    if (!window->has_stood(cookie))
      if (SeenConnection* connection = window->connection(socket.by, socket.to, socket.protocol)) ++connection->made;
}

/// Who holds the other end of a connection that stands; looked up for the first to each address.
void SocketLog::find_peer(const Socket& socket, int fd) {
  for (SocketWindow* window : windows_) {
    SeenConnection* connection = window->connection(socket.by, socket.to, socket.protocol);
    if (connection == nullptr || connection->made > 1) continue;
    if (socket.protocol == "unix") {
      ucred peer{};
      socklen_t size = sizeof peer;
      if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid > 0)
        add_peers(*connection, {peer.pid});  // who called listen
    } else if (socket.protocol == "tcp") {
      socklen_t size = 0;
      const auto ours = name_of(fd, ::getsockname, size);
      const auto theirs = name_of(fd, ::getpeername, size);
      if (ours && theirs) find_accepted(*connection, endpoint_of(*ours), endpoint_of(*theirs));
    }
  }
}

void SocketLog::look(std::uint64_t cookie, Socket& socket, int pidfd) {
  ++socket.looks;
  const UniqueFd fd = socket.copy ? UniqueFd(::fcntl(socket.copy.get(), F_DUPFD_CLOEXEC, 0))
                                  : tracee::copy_descriptor(pidfd, socket.fd);
  if (!fd || cookie_of_socket(fd.get()) != cookie) {
    socket.finished = true;  // closed; of TCP the farewell tells the rest
    return;
  }
  if (socket.protocol == "tcp") {
    socket.bytes = bytes_of_socket(fd.get());
    if (!socket.bytes.established) return;
  } else {
    socklen_t size = 0;
    if (!name_of(fd.get(), ::getpeername, size)) return;
  }
  note_made(cookie, socket);
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
  if (windows_.empty()) return;
  for (auto& [cookie, socket] : sockets_)
    if (socket.pid == process.pid && !socket.finished) look(cookie, socket, process.pidfd.get());
}

void SocketLog::take_farewells() {
  const bool all = farewells_.drain([this](const Farewell& farewell) { take_farewell(farewell); });
  for (SocketWindow* window : windows_) window->lost_bytes = window->lost_bytes || !all;
}

namespace {
bool are_ends_of_one(const Farewell& one, const Farewell& other) {
  return one.local == other.peer && one.peer == other.local;
}
}  // namespace

/// What went over it in this window; a socket that neither did anything nor is new leaves no trace but that it stood.
void SocketLog::add_bytes(SocketWindow& window, std::uint64_t cookie, const Socket& socket, const SocketBytes& now) {
  SeenConnection* connection = window.connection(socket.by, socket.to, socket.protocol);
  if (connection == nullptr) return;
  const SocketBytes more = window.since(cookie, now);
  connection->bytes_out += more.out;
  connection->bytes_in += more.in;
  if (window.has_stood(cookie)) ++connection->stood;
}

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
  if (farewell.bytes.established) note_made(farewell.cookie, socket);
  SocketBytes certain = farewell.bytes;
  certain.in -= certain.maybe_one_less ? 1 : 0;
  Uncertain ours{.by = socket.by, .to = socket.to, .protocol = socket.protocol, .windows = {}, .farewell = farewell};
  for (SocketWindow* window : windows_) {
    window->lost_bytes = window->lost_bytes || farewell.bytes.erased;
    add_bytes(*window, farewell.cookie, socket, certain);
    if (socket.protocol == "tcp") add_local(window->connection(socket.by, socket.to, socket.protocol), farewell.local);
    if (window->since(farewell.cookie, farewell.bytes).maybe_one_less) ours.windows.push_back(window);
  }
  if (!ours.windows.empty() && uncertain_.size() < kMostUncertain) {
    const auto theirs =
        std::ranges::find_if(others_, [&](const Farewell& other) { return are_ends_of_one(farewell, other); });
    if (theirs != others_.end())
      settle_bytes(ours, *theirs);
    else
      uncertain_.push_back(std::move(ours));
  }
  sockets_.erase(found);
}

/// Counted without the byte that is in doubt: it was payload when the other end has sent as much.
void SocketLog::settle_bytes(const Uncertain& ours, const Farewell& theirs) {
  if (theirs.bytes.out < ours.farewell.bytes.in) return;
  for (SocketWindow* window : windows_)
    if (std::ranges::find(ours.windows, window) != ours.windows.end())
      if (SeenConnection* connection = window->connection(ours.by, ours.to, ours.protocol)) ++connection->bytes_in;
}

// ---- windows

/// A socket that says no farewell, or of which none was heard.
bool SocketLog::is_open(std::uint64_t cookie, Socket& socket, Programs& programs) {
  const Watched* process = programs.find(socket.pid);
  const UniqueFd fd = process != nullptr ? tracee::copy_descriptor(process->pidfd.get(), socket.fd) : UniqueFd();
  if (!fd || cookie_of_socket(fd.get()) != cookie)  // its number may have changed
    return socket.inode != 0 && unix_peer(socket.inode) != 0;
  socklen_t size = 0;
  socket.made = socket.made || name_of(fd.get(), ::getpeername, size).has_value();
  if (socket.protocol == "tcp") socket.bytes = bytes_of_socket(fd.get());
  return true;
}

void SocketLog::forget_closed(Programs& programs) {
  const auto open = has_tcp() ? tcp_sockets() : std::nullopt;
  for (auto at = sockets_.begin(); at != sockets_.end();) {
    auto& [cookie, socket] = *at;
    bool stays = false;
    if (socket.protocol != "tcp" || !open) {
      stays = is_open(cookie, socket, programs);
    } else if (const auto now = open->find(cookie); now != open->end() && !now->second.closed) {
      stays = true;
      socket.bytes = now->second.bytes;
      socket.made = socket.made || socket.bytes.established;
    }
    at = stays ? std::next(at) : sockets_.erase(at);
  }
  most_before_cleaning_ = std::max(most_before_cleaning_, 2 * sockets_.size());
}

bool SocketLog::has_tcp() const {
  return std::ranges::any_of(sockets_, [](const auto& entry) { return entry.second.protocol == "tcp"; });
}

void SocketLog::begin(SocketWindow& window, Programs& programs) {
  window.lost_bytes = std::exchange(lost_sockets_, false);
  const bool first = windows_.empty();
  if (first) {
    others_.clear();
    if (has_tcp()) farewells_.listen();  // before they are looked at, so that none is closed unheard
    if (!sockets_.empty()) forget_closed(programs);
  } else if (const auto open = has_tcp() ? tcp_sockets() : std::nullopt) {
    for (auto& [cookie, socket] : sockets_)
      if (const auto now = open->find(cookie); now != open->end()) socket.bytes = now->second.bytes;
  }
  for (const auto& [cookie, socket] : sockets_) {
    if (socket.made) window.stood(cookie, socket.bytes);
    if (!socket.made && first) fresh_.push_back(cookie);
  }
  windows_.push_back(&window);
}

bool SocketLog::all_told(const SocketWindow& window, Programs& programs, OtherEnds other_ends) {
  settle(programs);
  take_farewells();
  if (!farewells_.listening()) return true;
  const auto is_awaited = [&](const Uncertain& uncertain) {  // an earlier window has waited for its own
    return std::ranges::find(uncertain.windows, &window) != uncertain.windows.end() &&
           is_local(uncertain.farewell.peer);
  };
  if (other_ends == OtherEnds::awaited && std::ranges::any_of(uncertain_, is_awaited)) return false;
  if (std::ranges::none_of(sockets_, [](const auto& entry) { return entry.second.protocol == "tcp"; })) return true;
  const auto open = tcp_sockets();
  return !open || std::ranges::none_of(sockets_, [&](const auto& entry) {
    return entry.second.protocol == "tcp" && !open->contains(entry.first);
  });
}

/// Those that are still open, or were closed without a farewell.
void SocketLog::add_open(SocketWindow& window) {
  const auto open = has_tcp() ? tcp_sockets() : std::nullopt;
  for (auto& [cookie, socket] : sockets_) {
    const auto now = open ? open->find(cookie) : TcpSockets::const_iterator();
    const Farewell* state = open && now != open->end() ? &now->second : nullptr;
    if (state != nullptr && state->bytes.established) note_made(cookie, socket);  // it was too short to be looked at
    add_bytes(window, cookie, socket, state != nullptr ? state->bytes : socket.bytes);
    if (state != nullptr) add_local(window.connection(socket.by, socket.to, socket.protocol), state->local);
  }
  const bool heard = farewells_.listening() && !window.lost_bytes;
  for (SeenConnection& connection : window.connections)
    connection.bytes_complete = connection.protocol == "tcp" && heard;
  for (const auto& [cookie, socket] : sockets_) {
    SeenConnection* connection = window.connection(socket.by, socket.to, socket.protocol);
    if (connection == nullptr) continue;
    const auto now = open ? open->find(cookie) : TcpSockets::const_iterator();
    const Farewell* state = open && now != open->end() ? &now->second : nullptr;
    if (state == nullptr) connection->bytes_complete = false;
    if (!connection->peers.empty()) continue;
    find_listener(*connection, socket.peer);
    if (state != nullptr) find_accepted(*connection, state->local, state->peer);
  }
}

void SocketLog::end(SocketWindow& window) {
  add_open(window);
  for (const Uncertain& uncertain : uncertain_)
    if (std::ranges::find(uncertain.windows, &window) != uncertain.windows.end())
      if (SeenConnection* connection = window.connection(uncertain.by, uncertain.to, uncertain.protocol))
        connection->bytes_complete = false;
  std::erase(windows_, &window);
  for (Uncertain& uncertain : uncertain_) std::erase(uncertain.windows, &window);
  std::erase_if(uncertain_, [](const Uncertain& uncertain) { return uncertain.windows.empty(); });
  if (!windows_.empty()) return;
  farewells_.stop();
  fresh_.clear();
}

void SocketLog::renumber(const std::vector<int>& now) {
  for (auto& [cookie, socket] : sockets_)
    if (socket.by != evidence::kNoProgram) socket.by = now[static_cast<std::size_t>(socket.by)];
}

void SocketLog::listens(Watched& process, int by, int fd) {
  if (windows_.empty()) return;
  const UniqueFd socket = tracee::copy_descriptor(process.pidfd.get(), fd);
  const std::string at = socket ? own_name(socket.get()) : "";
  for (SocketWindow* window : windows_)
    if (!at.empty()) window->listener(by, at);
}

void SocketLog::accepts(Watched& process, int by, int fd) {
  if (windows_.empty()) return;
  const UniqueFd socket = tracee::copy_descriptor(process.pidfd.get(), fd);
  const std::string at = socket ? own_name(socket.get()) : "";
  if (at.empty()) return;
  for (SocketWindow* window : windows_)  // of a socket it has from its parent, too
    if (evidence::SeenListener* listener = window->listener(by, at)) ++listener->accepted;
}
}  // namespace mccoy::witness
