#include "probes/dial.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>

#include "harness/base/text.hpp"
#include "harness/witness/endpoint.hpp"

namespace mccoy::probes {
namespace {
using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

/// A name look-up that nobody has to wait for: getaddrinfo(3) cannot be cut short, so a thread of its own does it and
/// keeps its share of this until it is done.
struct LookUp {
  std::string host, port;
  UniqueFd done{::eventfd(0, EFD_CLOEXEC)};
  std::mutex mutex;
  Addresses found{nullptr, &::freeaddrinfo};
  int problem = 0;

  void run(int flags) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags | AI_NUMERICSERV;
    addrinfo* list = nullptr;
    const int result = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
    const std::lock_guard lock(mutex);
    found.reset(result == 0 ? list : nullptr);
    problem = result;
    ::eventfd_write(done.get(), 1);
  }
};

Error timed_out(const DialAsk& ask, std::string_view what) {
  return {.where = ask.span,
          .what = fmt::format("{} {} within the time allowed", visible_line(ask.text(), 200), what),
          .hint = "give it more time with `within:`, or check address, routes and firewalls",
          .cause = std::make_error_code(std::errc::timed_out)};
}

Error gave_up(const DialAsk& ask, Waited waited, std::string_view what) {
  return waited == Waited::interrupted ? interrupted_error(ask.span) : timed_out(ask, what);
}

Result<Addresses> look_up(const DialAsk& ask) {
  auto work = std::make_shared<LookUp>();
  work->host = ask.host;
  work->port = std::to_string(ask.port);
  work->run(AI_NUMERICHOST);
  if (work->problem == 0) return std::move(work->found);
  eventfd_t ignored = 0;
  ::eventfd_read(work->done.get(), &ignored);
  std::thread([work] { work->run(AI_ADDRCONFIG); }).detach();
  const Waited waited = wait_for(work->done.get(), POLLIN, ask.deadline, ask.interrupt);
  if (waited != Waited::ready) return gave_up(ask, waited, "could not be looked up");
  const std::lock_guard lock(work->mutex);
  if (work->problem == 0) return std::move(work->found);
  return Error{.where = ask.span,
               .what = fmt::format("the name of {} is unknown: {}", visible_line(ask.text(), 200),
                                   ::gai_strerror(work->problem)),
               .hint = "check the spelling and the name server"};
}

/// One attempt. errno of the connection: 0 when it stands.
Result<int> connect_once(const DialAsk& ask, const sockaddr* address, socklen_t length, UniqueFd& fd) {
  fd = UniqueFd(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return errno;
  if (::connect(fd.get(), address, length) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  const Waited waited = wait_for(fd.get(), POLLOUT, ask.deadline, ask.interrupt);
  if (waited != Waited::ready) return gave_up(ask, waited, "did not take the connection");
  int problem = 0;
  socklen_t size = sizeof problem;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &problem, &size);
  return problem;
}

Error unreachable(const DialAsk& ask, int problem) {
  Error error = system_error(visible_line(ask.text(), 200) + " could not be reached", problem);
  error.where = ask.span;
  error.hint = ask.path.empty() ? "check address, routes and firewalls"
                                : "is the service running, and is this the path of its socket?";
  return error;
}

std::string peer_text(const addrinfo& address) {
  sockaddr_storage storage{};
  std::memcpy(&storage, address.ai_addr, address.ai_addrlen);
  return witness::endpoint_of(storage).text();
}

Result<Dialled> dial_tcp(const DialAsk& ask) {
  MCCOY_TRY(addresses, look_up(ask));
  int last = EHOSTUNREACH;
  bool refused = addresses != nullptr;
  Dialled dialled;
  for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) {
    MCCOY_TRY(problem, connect_once(ask, each->ai_addr, each->ai_addrlen, dialled.fd));
    dialled.peer = peer_text(*each);
    if (problem == 0) return dialled;
    refused &= problem == ECONNREFUSED;
    last = problem;
  }
  if (!refused) return unreachable(ask, last);
  dialled.fd.reset();
  dialled.refused = true;
  return dialled;
}

Result<Dialled> dial_unix(const DialAsk& ask) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (ask.path.size() >= sizeof address.sun_path)
    return Error{.where = ask.span,
                 .what = fmt::format("{} is too long for a socket's path", visible_line(ask.path, 200)),
                 .hint = fmt::format("at most {} bytes", sizeof address.sun_path - 1)};
  std::memcpy(address.sun_path, ask.path.data(), ask.path.size());
  Dialled dialled;
  dialled.peer = ask.text();
  MCCOY_TRY(problem, connect_once(ask, reinterpret_cast<const sockaddr*>(&address), sizeof address, dialled.fd));
  if (problem != 0 && problem != ECONNREFUSED) return unreachable(ask, problem);
  dialled.refused = problem == ECONNREFUSED;
  if (dialled.refused) dialled.fd.reset();
  return dialled;
}
}  // namespace

std::string DialAsk::text() const {
  if (!path.empty()) return "unix:" + path;
  return fmt::format(fmt::runtime(host.find(':') == std::string::npos ? "{}:{}" : "[{}]:{}"), host, port);
}

Result<Dialled> dial(const DialAsk& ask) {
  return ask.path.empty() ? dial_tcp(ask) : dial_unix(ask);
}

Waited wait_for(int fd, short events, Deadline deadline, const Interrupt* interrupt) {
  for (;;) {
    std::array<pollfd, 2> waited{{{fd, events, 0}, {interrupt != nullptr ? interrupt->fd() : -1, POLLIN, 0}}};
    ::poll(waited.data(), waited.size(), deadline.poll_ms());
    if (waited[1].revents != 0) return Waited::interrupted;
    if (waited[0].revents != 0) return Waited::ready;
    if (deadline.passed()) return Waited::deadline;
  }
}

Error interrupted_error(Span span) {
  return {.where = span,
          .what = "given up because the run was interrupted",
          .cause = std::make_error_code(std::errc::interrupted)};
}
}  // namespace mccoy::probes
