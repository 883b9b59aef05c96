#include "harness/target/via/knock.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "harness/base/owned.hpp"

namespace mccoy::via {
namespace {
bool wait_for(int fd, short events, Deadline deadline) {
  pollfd waited{fd, events, 0};
  int ready = 0;
  do ready = ::poll(&waited, 1, deadline.poll_ms());
  while (ready < 0 && errno == EINTR);
  return ready > 0;
}

Knock::How how_of(int problem) {
  if (problem == ECONNREFUSED) return Knock::How::refused;
  return problem == ECONNRESET || problem == EPIPE ? Knock::How::reset : Knock::How::unreachable;
}

int connect_to(int fd, const Address& address, Deadline deadline) {
  if (::connect(fd, address.get(), address.size) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!wait_for(fd, POLLOUT, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}
}  // namespace

Knock knock(const Address& address, const std::string& say, Deadline deadline) {
  Knock seen;
  const UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const Instant began = Clock::now();
  if (const int problem = connect_to(fd.get(), address, deadline); problem != 0) {
    seen.how = how_of(problem);
    return seen;
  }
  seen.connected = Clock::now() - began;
  if (!say.empty() && ::send(fd.get(), say.data(), say.size(), MSG_NOSIGNAL) < 0) {
    seen.how = how_of(errno);
    return seen;
  }
  if (!wait_for(fd.get(), POLLIN, deadline)) {
    seen.how = say.empty() ? Knock::How::stood : Knock::How::silent;
    return seen;
  }
  seen.answered = Clock::now() - began;
  seen.bytes.resize(4096);
  const ssize_t got = ::recv(fd.get(), seen.bytes.data(), seen.bytes.size(), 0);
  const int problem = errno;
  seen.bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  seen.how = got > 0 ? Knock::How::answered : got == 0 ? Knock::How::closed : how_of(problem);
  return seen;
}
}  // namespace mccoy::via
