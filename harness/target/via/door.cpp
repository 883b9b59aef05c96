#include "harness/target/via/door.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace mccoy::via {
namespace {
constexpr int kWaiting = 4096;  ///< connections the kernel keeps for us; it allows fewer where it is told so
constexpr int kTakenAtOnce = 64;
constexpr Duration kForRoom = std::chrono::milliseconds(20);

bool is_of_one_connection(int problem) {
  return problem == ECONNABORTED || problem == EINTR || problem == EPROTO || problem == EPERM;
}
}  // namespace

namespace {
/// The kernel's choice, 0 when it has none.
int free_port() {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Address any = loopback(0);
  return ::bind(socket.get(), any.get(), any.size) == 0 ? own_address(socket.get()).port() : 0;
}
}  // namespace

/// The port is named when it is bound, for one the kernel chose would be given back when the socket stops to listen.
Status Door::open(int port) {
  if (port == 0) port = free_port();
  socket_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_) return system_error("no socket for a proxy", errno);
  const int yes = 1;
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const Address here = loopback(port);
  if (::bind(socket_.get(), here.get(), here.size) != 0 || ::listen(socket_.get(), kWaiting) != 0)
    return system_error("a proxy cannot listen on " + here.text(), errno);
  port_ = own_address(socket_.get()).port();
  return loop_.watch(socket_.get(), EPOLLIN, *this);
}

Status Door::set_closed(bool closed) {
  if (closed == closed_) return {};
  if (closed) {
    again_.disarm();
    ::shutdown(socket_.get(), SHUT_RD);  // no longer listens, still bound
  } else if (::listen(socket_.get(), kWaiting) != 0) {
    return system_error("a proxy cannot listen again on " + loopback(port_).text(), errno);
  }
  closed_ = closed;
  return {};
}

void Door::accept_some() {
  for (int taken = 0; taken < kTakenAtOnce; ++taken) {
    if (closed_) return;
    if (!fresh_) fresh_ = UniqueFd(::socket(family_, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fresh_) return wait_for_room();
    Address from;
    from.size = sizeof from.raw;
    UniqueFd client(::accept4(socket_.get(), from.get(), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client && is_of_one_connection(errno)) continue;
    if (!client && errno != EAGAIN) return wait_for_room();
    if (!client) return;
    take_(std::move(client), from, std::move(fresh_));
  }
  loop_.later(*this);
}

void Door::wait_for_room() {
  ++waits_;
  again_.arm(Clock::now() + kForRoom);
}
}  // namespace mccoy::via
