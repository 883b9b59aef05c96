// A server of threads, clients with blocking sockets, and a proxy between them.
#pragma once
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "harness/base/random.hpp"
#include "harness/target/via/knock.hpp"
#include "harness/target/via/proxy.hpp"

namespace mccoy::via::testing {
using std::chrono::milliseconds;
using std::chrono::seconds;
constexpr Duration kLong = seconds(20);

inline bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

struct Read {
  std::string bytes;
  bool ended = false;  ///< FIN
  int problem = 0;     ///< ECONNRESET; EAGAIN: it took too long
};
/// Until so many bytes are there, or the end.
inline Read read_some(int fd, std::size_t most = std::string::npos) {
  Read all;
  std::vector<char> room(64 << 10);
  while (all.bytes.size() < most) {
    const ssize_t got = ::recv(fd, room.data(), std::min(room.size(), most - all.bytes.size()), 0);
    if (got < 0 && errno == EINTR) continue;
    all.ended = got == 0;
    all.problem = got < 0 ? errno : 0;
    if (got <= 0) return all;
    all.bytes.append(room.data(), static_cast<std::size_t>(got));
  }
  return all;
}

inline void reset_at_close(int fd) {
  const linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

inline UniqueFd client_of(int port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval long_enough{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &long_enough, sizeof long_enough);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &long_enough, sizeof long_enough);
  const Address to = loopback(port);
  if (::connect(fd.get(), to.get(), to.size) != 0) fd.reset();
  return fd;
}

/// Serves each connection in a thread of its own, until its handler returns.
class Server {
 public:
  using Handler = std::function<void(int fd)>;
  explicit Server(Handler handler) : handler_(std::move(handler)) {
    socket_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const Address any = loopback(0);
    BOOST_REQUIRE(::bind(socket_.get(), any.get(), any.size) == 0);
    BOOST_REQUIRE(::listen(socket_.get(), 4096) == 0);
    address_ = own_address(socket_.get());
    thread_ = std::thread([this] { accept_all(); });
  }
  ~Server() { die(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const Address& address() const { return address_; }
  std::int64_t accepted() const { return accepted_; }
  /// Like a process that is killed: nobody listens, connections are reset.
  void die() {
    if (!thread_.joinable()) return;
    ::shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
    socket_.reset();
    {
      const std::lock_guard lock(mutex_);
      for (Served& each : served_) {
        reset_at_close(each.fd.get());
        ::shutdown(each.fd.get(), SHUT_RD);
      }
    }
    for (Served& each : served_) each.thread.join();
    served_.clear();
  }

 private:
  struct Served {
    UniqueFd fd;
    std::thread thread;
  };
  void accept_all() {
    for (;;) {
      const int fd = ::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ECONNABORTED)) continue;
      if (fd < 0) return;
      ++accepted_;
      const std::lock_guard lock(mutex_);
      Served& each = served_.emplace_back();
      each.fd = UniqueFd(fd);
      each.thread = std::thread([this, fd] {
        handler_(fd);
        ::shutdown(fd, SHUT_RDWR);
      });
    }
  }
  Handler handler_;
  UniqueFd socket_;
  Address address_;
  std::atomic<std::int64_t> accepted_ = 0;
  std::mutex mutex_;
  std::list<Served> served_;
  std::thread thread_;
};

inline void echo(int fd) {
  std::vector<char> room(64 << 10);
  for (ssize_t got = 0; (got = ::recv(fd, room.data(), room.size(), 0)) > 0;)
    if (!send_all(fd, {room.data(), static_cast<std::size_t>(got)})) return;
}

inline std::string random_bytes(std::size_t size, std::uint64_t seed = 1) {
  Random random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.next());
  return bytes;
}

/// Sends from another thread, so that neither end waits for the other.
inline Read exchange(int fd, const std::string& bytes) {
  std::thread sender([&] { send_all(fd, bytes); });
  Read got = read_some(fd, bytes.size());
  sender.join();
  return got;
}

template <class Holds>
bool soon(Holds holds) {
  for (const auto deadline = Deadline::in(kLong); !deadline.passed(); ::poll(nullptr, 0, 1))
    if (holds()) return true;
  return false;
}

struct World {
  explicit World(Server::Handler handler = &echo) : server(std::move(handler)) {
    auto made = Loop::make();
    BOOST_REQUIRE(made.ok());
    loop = *made;
    auto opened = Proxy::open(loop, 0, server.address());
    BOOST_REQUIRE(opened.ok());
    proxy = std::move(*opened);
  }
  UniqueFd client() const { return client_of(proxy->port()); }
  Injected inject(const Fault& fault) const {
    auto injected = proxy->apply(fault);
    BOOST_REQUIRE_MESSAGE(injected.ok(), (injected.ok() ? "" : injected.error().what));
    return std::move(*injected);
  }
  /// A fresh connection behaves as if there were no proxy.
  bool is_normal() const {
    const UniqueFd fresh = client();
    const std::string bytes = random_bytes(10'000, 7);
    return fresh && exchange(fresh.get(), bytes).bytes == bytes;
  }
  Server server;
  std::shared_ptr<Loop> loop;
  std::unique_ptr<Proxy> proxy;
};
}  // namespace mccoy::via::testing
