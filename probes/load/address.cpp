#include "probes/load/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>

#include "harness/base/text.hpp"

namespace mccoy::load {
namespace {
/// getaddrinfo(3) cannot be cut short: a thread of its own does it and keeps its share of this until it is done.
struct LookUp {
  std::string host, port;
  UniqueFd done{::eventfd(0, EFD_CLOEXEC)};
  std::mutex mutex;
  std::vector<Address> found;
  int problem = 0;

  void run() {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* list = nullptr;
    const int result = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
    const std::lock_guard lock(mutex);
    problem = result;
    for (const addrinfo* each = result == 0 ? list : nullptr; each != nullptr; each = each->ai_next) {
      Address address{{}, each->ai_addrlen};
      std::memcpy(&address.storage, each->ai_addr, each->ai_addrlen);
      found.push_back(address);
    }
    if (result == 0) ::freeaddrinfo(list);
    ::eventfd_write(done.get(), 1);
  }
};

Result<std::vector<Address>> unix_address(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path)
    return Error{.what = "the path of a unix socket is too long: " + visible_line(path, 200)};
  std::memcpy(name.sun_path, path.data(), path.size());
  Address address;
  std::memcpy(&address.storage, &name, sizeof name);
  address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return std::vector<Address>{address};
}

Status wait_until_done(const LookUp& work, Deadline deadline, const Interrupt* interrupt) {
  pollfd waited[] = {{work.done.get(), POLLIN, 0}, {interrupt != nullptr ? interrupt->fd() : -1, POLLIN, 0}};
  while (::poll(waited, 2, deadline.poll_ms()) < 0) {
  }
  if (waited[0].revents != 0) return {};
  return Error{.what = fmt::format("the name {} was not looked up in time", visible_line(work.host, 200)),
               .cause = std::make_error_code(waited[1].revents != 0 ? std::errc::interrupted : std::errc::timed_out)};
}
}  // namespace

Result<std::vector<Address>> addresses_of(const Target& target, Deadline deadline, const Interrupt* interrupt) {
  if (!target.unix_path.empty()) return unix_address(target.unix_path);
  auto work = std::make_shared<LookUp>();
  work->host = target.host;
  work->port = std::to_string(target.port);
  std::thread([work] { work->run(); }).detach();
  MCCOY_DO(wait_until_done(*work, deadline, interrupt));
  const std::lock_guard lock(work->mutex);
  if (work->problem == 0 && !work->found.empty()) return work->found;
  return Error{.what = fmt::format("the name {} of {} is unknown: {}", visible_line(target.host, 200),
                                   visible_line(target.name, 200), ::gai_strerror(work->problem)),
               .hint = "check the spelling and the name server"};
}

std::string text_of(const Address& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.storage.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address.storage, sizeof in);
    ::inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    return fmt::format("{}:{}", text, ntohs(in.sin_port));
  }
  if (address.storage.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address.storage, sizeof in);
    ::inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
    return fmt::format("[{}]:{}", text, ntohs(in.sin6_port));
  }
  sockaddr_un in{};
  std::memcpy(&in, &address.storage, std::min<std::size_t>(address.length, sizeof in));
  return in.sun_path[0] == '\0' ? "unix" : fmt::format("unix:{}", in.sun_path);
}
}  // namespace mccoy::load
