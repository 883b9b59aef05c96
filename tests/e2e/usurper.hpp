// A stranger that takes over a service's port in the middle of a run: a thread of the test, which is nobody's process
// to mccoy.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string_view>
#include <thread>

#include "harness/base/owned.hpp"

namespace mccoy::e2e {
inline sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

/// Takes over a port as soon as nobody listens on it any more, and answers as the service did. A process of nobody's.
class Usurper {
 public:
  explicit Usurper(int port) : port_(port), thread_([this] { run(); }) {}
  ~Usurper() {
    over_ = true;
    if (const int fd = listener_; fd >= 0) ::shutdown(fd, SHUT_RDWR);
    thread_.join();
  }
  int answered() const { return answered_; }

 private:
  bool take_over() {
    const int on = 1;
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(port_);
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return false;
    if (::listen(fd.get(), 128) != 0) return false;
    held_ = std::move(fd);
    listener_ = held_.get();
    return true;
  }
  void run() {
    for (bool ready = false; !ready && !over_;) {
      UniqueFd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      const sockaddr_in address = loopback(port_);
      const bool there = ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
      seen_ = seen_ || there;
      ready = seen_ && !there && take_over();
      if (!ready) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    while (!over_) {
      const UniqueFd peer(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
      char bytes[4096];
      if (!peer || ::recv(peer.get(), bytes, sizeof bytes, 0) <= 0) continue;
      constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
      ::send(peer.get(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
      ++answered_;
      while (::recv(peer.get(), bytes, sizeof bytes, 0) > 0) continue;
    }
  }
  int port_;
  std::atomic<bool> over_ = false;
  bool seen_ = false;
  UniqueFd held_;
  std::atomic<int> listener_ = -1, answered_ = 0;
  std::thread thread_;
};

inline int free_port() {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  BOOST_REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}
}  // namespace mccoy::e2e
