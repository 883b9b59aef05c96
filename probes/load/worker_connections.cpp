// Connections: opened, lent to journeys, closed.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "probes/load/worker.hpp"

namespace mccoy::load {
namespace {
constexpr std::size_t kConnectingMax = 1000;  ///< at a time, to one target
constexpr std::size_t kPeersKept = 16;        ///< of each target and thread
constexpr std::uint64_t kRetransmitsEvery = 64;

Cause cause_of(int problem) {
  switch (problem) {
    case ECONNREFUSED:
      return Cause::refused;
    case EADDRNOTAVAIL:
    case EADDRINUSE:
      return Cause::no_ports;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return Cause::no_files;
    case ETIMEDOUT:
      return Cause::connect_timeout;
    case ECONNRESET:
    case EPIPE:
      return Cause::reset;
    default:
      return Cause::unreachable;
  }
}

Address own_address(int fd) {
  Address address;
  address.length = sizeof address.storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.length);
  return address;
}
}  // namespace

Connection::Extra& Worker::extra_of(Connection& connection) {
  if (!connection.extra) connection.extra = std::make_unique<Connection::Extra>();
  return *connection.extra;
}

void Worker::enqueue(Index index) {
  const std::size_t target = plan_of(trips_[index]).asked->target;
  TargetState& state = targets_[target];
  trips_[index].next = kNone;
  (state.tail == kNone ? state.head : trips_[state.tail].next) = index;
  state.tail = index;
  ++state.waiting;
  serve(target);
}

void Worker::requeue_first(Index index) {
  TargetState& state = targets_[plan_of(trips_[index]).asked->target];
  Trip& trip = trips_[index];
  trip.state = Trip::State::waiting;
  trip.connection = kNone;
  trip.resent = true;
  trip.received = 0;
  trip.next = state.head;
  state.head = index;
  if (state.tail == kNone) state.tail = index;
  ++state.waiting;
}

Index Worker::dequeue(TargetState& state) {
  const Index first = state.head;
  state.head = trips_[first].next;
  if (state.head == kNone) state.tail = kNone;
  trips_[first].next = kNone;
  --state.waiting;
  return first;
}

/// Gives connections to those who wait, and opens more of them.
void Worker::serve(std::size_t target) {
  TargetState& state = targets_[target];
  if (std::exchange(state.serving, true)) return;  // the turn that is under way goes on
  while (state.waiting > 0) {
    const Index idle = wants_fresh(state, target) ? take_fresh(target) : take_idle(target);
    if (idle != kNone) {
      start_on(idle, dequeue(state));
    } else if (!may_open(target) || !open(target)) {
      break;
    }
  }
  state.serving = false;
}

/// A request is sent again over a connection that has carried none yet: others may be as stale as its first one.
bool Worker::wants_fresh(const TargetState& state, std::size_t target) const {
  return trips_[state.head].resent && profile_.targets[target].protocol != Protocol::http2;
}

/// One just established, or room for it.
Index Worker::take_fresh(std::size_t target) {
  const Index idle = take_idle(target);
  if (idle == kNone || connections_[idle].carried == 0) return idle;
  if (open_ < connections_max_)
    give_idle(idle);
  else
    close(idle, false);
  return kNone;
}

Index Worker::take_idle(std::size_t target) {
  auto& idle = targets_[target].idle;
  if (profile_.targets[target].protocol == Protocol::http2) return take_idle_http2(target);
  while (!idle.empty()) {
    const auto [index, generation] = idle.back();
    idle.pop_back();
    const Connection& connection = connections_[index];
    if (connection.generation == generation && connection.state == Connection::State::idle) return index;
  }
  return kNone;
}

void Worker::give_idle(Index index) {
  Connection& connection = connections_[index];
  auto& idle = targets_[connection.target].idle;
  connection.state = Connection::State::idle;
  connection.trip = kNone;
  idle.push_back({index, connection.generation});
  if (idle.size() <= 2 * open_ + 64) return;
  std::erase_if(
      idle, [&](const IdleConnection& each) { return connections_[each.connection].generation != each.generation; });
}

bool Worker::may_open(std::size_t target) {
  const TargetState& state = targets_[target];
  const bool many = profile_.targets[target].protocol == Protocol::http2 && profile_.connections == 0;
  const std::size_t wanted = many ? (state.waiting + Http2::kStreamsMax - 1) / Http2::kStreamsMax : state.waiting;
  if (state.stalled != 0 || state.connecting >= std::min(wanted, kConnectingMax)) return false;
  return open_ < connections_max_ || make_room(target);
}

/// Closes an idle connection to another target when no more may be open.
bool Worker::make_room(std::size_t target) {
  for (std::size_t other = 0; other < targets_.size(); ++other) {
    if (other == target || profile_.targets[other].protocol == Protocol::http2) continue;
    if (const Index idle = take_idle(other); idle != kNone) return close(idle, false), true;
  }
  return false;
}

/// Begins a connection. False: it makes no sense to go on at once.
bool Worker::open(std::size_t target) {
  TargetState& state = targets_[target];
  const Address& address = plan_.targets()[target].addresses[state.address];
  const int family = address.storage.ss_family;
  if (open_ >= files_max_) return opening_failed(target, Cause::no_files), true;
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return opening_failed(target, cause_of(errno)), true;
  if (const int on = 1; family != AF_UNIX) ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const int result = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length);
  const int problem = result == 0 ? 0 : errno;
  if (problem == EAGAIN && family == AF_UNIX) {
    state.stalled = std::max<Nanos>(1, now());
    return false;
  }
  if (problem != 0 && problem != EINPROGRESS) return opening_failed(target, cause_of(problem)), true;
  const Index index = connections_.take();
  Connection& connection = connections_[index];
  epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                    {.u64 = std::uint64_t{connection.generation} << 32 | index}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0) {
    connections_.give_back(index);
    return opening_failed(target, Cause::no_files), true;
  }
  connection.fd = fd.release();
  connection.target = static_cast<std::uint16_t>(target);
  connection.state = Connection::State::connecting;
  connection.since = now();
  connection.away = away_;
  connection.carried = 0;
  connection.bytes_out = connection.bytes_in = 0;
  connection.peer_closing = connection.told = false;
  ++state.connecting;
  outcome_.connections[target].open_max = std::max<std::uint64_t>(outcome_.connections[target].open_max, ++state.open);
  open_max_ = std::max(open_max_, ++open_);
  if (problem == 0) connected(index);
  return true;
}

/// One of those who wait pays for it, unless another address of the target is still to be tried.
void Worker::opening_failed(std::size_t target, Cause cause) {
  TargetState& state = targets_[target];
  ++outcome_.connections[target].failed;
  const std::size_t addresses = plan_.targets()[target].addresses.size();
  if (!state.reached && !by_generator(cause) && addresses > 1) {
    state.address = (state.address + 1) % addresses;
    if (++state.addresses_failed < addresses) return;
  }
  if (state.waiting > 0) fail(dequeue(state), cause, now());
}

void Worker::connection_failed(Index index, Cause cause) {
  const std::size_t target = connections_[index].target;
  close(index, false);
  opening_failed(target, cause);
  serve(target);
}

/// The transport stands, or not.
void Worker::connected(Index index) {
  Connection& connection = connections_[index];
  int problem = 0;
  socklen_t size = sizeof problem;
  ::getsockopt(connection.fd, SOL_SOCKET, SO_ERROR, &problem, &size);
  if (problem != 0) return connection_failed(index, cause_of(problem));
  const TargetPlan& target = plan_.targets()[connection.target];
  if (!target.asked->tls) return established(index);
  connection.state = Connection::State::shaking;
  extra_of(connection).tls = target.tls.session(connection.fd);
  if (!connection.extra->tls) return connection_failed(index, Cause::no_files);
  shake_hands(index);
}

void Worker::shake_hands(Index index) {
  Connection& connection = connections_[index];
  const Moved moved = connection.extra->tls.shake_hands();
  if (moved == Moved::later) return;
  if (moved != Moved::some) return connection_failed(index, Cause::tls);
  const bool wants_h2 = profile_.targets[connection.target].protocol == Protocol::http2;
  if (wants_h2 && !connection.extra->tls.agreed_on_h2()) return connection_failed(index, Cause::protocol);
  established(index);
}

void Worker::established(Index index) {
  Connection& connection = connections_[index];
  TargetState& state = targets_[connection.target];
  --state.connecting;
  state.reached = true;
  ++outcome_.connections[connection.target].opened;
  keep_peer(index);
  if (profile_.targets[connection.target].protocol == Protocol::http2) {
    connection.state = Connection::State::busy;
    extra_of(connection).http2 = Http2::make(*this);
    mark_dirty(index);
    relist_http2(index);
  } else {
    give_idle(index);
  }
  serve(connection.target);
}

void Worker::keep_peer(Index index) {
  const Connection& connection = connections_[index];
  TargetState& state = targets_[connection.target];
  if (state.peers_kept >= kPeersKept) return;
  ++state.peers_kept;
  const Address& remote = plan_.targets()[connection.target].addresses[state.address];
  outcome_.peers.push_back({connection.target, text_of(own_address(connection.fd)), text_of(remote)});
}

/// A whole response came over it: the hook may look at who sent it.
void Worker::tell(Connection& connection, std::uint64_t received, Nanos at) {
  connection.bytes_in += received;
  if (connection.told) return;
  if (!control_.wants_exchange(connection.target, at)) return is_ending() ? tell_last(connection) : void();
  connection.told = true;
  control_.exchanged(connection.target, at, connection.fd, static_cast<std::int64_t>(connection.bytes_out),
                     static_cast<std::int64_t>(connection.bytes_in));
}

/// All requests are begun, so this is one of the last to be answered.
bool Worker::is_ending() const {
  return over_ || (arrivals_ && !next_);
}

/// The load ends and the connection is still open: few are kept waiting by a look at it any more.
void Worker::tell_last(Connection& connection) {
  if (connection.told || connection.bytes_in == 0 || !control_.wants_last(connection.target)) return;
  connection.told = true;
  control_.exchanged_last(connection.target, connection.fd, static_cast<std::int64_t>(connection.bytes_out),
                          static_cast<std::int64_t>(connection.bytes_in));
}

void Worker::sample_retransmits(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return;
  ++outcome_.retransmits_of;
  outcome_.retransmits += info.tcpi_total_retrans;
}

void Worker::close(Index index, bool by_peer) {
  Connection& connection = connections_[index];
  TargetState& state = targets_[connection.target];
  auto& figures = outcome_.connections[connection.target];
  const bool stood = connection.state == Connection::State::idle || connection.state == Connection::State::busy;
  if (!stood) --state.connecting;
  if (stood) ++(by_peer ? figures.closed_by_peer : figures.closed_by_us);
  if (closings_++ % kRetransmitsEvery == 0) sample_retransmits(connection.fd);
  if (connection.extra && figures.tls_failure.empty()) figures.tls_failure = connection.extra->tls.failure();
  if (connection.extra && connection.extra->tls && stood && !by_peer) connection.extra->tls.close();
  ::close(connection.fd);  // which takes it out of the epoll, too
  connection.fd = -1;
  connection.extra.reset();
  connection.state = Connection::State::free;
  connection.trip = kNone;
  ++connection.generation;
  connections_.give_back(index);
  --state.open;
  --open_;
}
}  // namespace mccoy::load
