// Servers on loopback for the tests of load: threads of the test that answer as a handler says.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "harness/base/owned.hpp"

namespace mccoy::load::testing {
/// Calls the handler with each connection in a thread of its own; the handler may keep it open as long as it wants.
class Server {
 public:
  using Handler = std::function<void(int fd)>;
  explicit Server(Handler handler, int backlog = 4096) : handler_(std::move(handler)) {
    listener_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    BOOST_REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    BOOST_REQUIRE(::listen(listener_.get(), backlog) == 0);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { accept_all(); });
  }
  ~Server() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (auto& thread : threads_) thread.join();
  }
  int port() const { return port_; }
  std::uint64_t accepted() const { return accepted_; }

 private:
  void accept_all() {
    for (int fd; (fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
      ++accepted_;
      const std::lock_guard lock(mutex_);
      open_.push_back(fd);
      threads_.emplace_back([this, fd] { serve(fd); });
    }
  }
  void serve(int fd) {
    handler_(fd);
    const std::lock_guard lock(mutex_);
    std::erase(open_, fd);
    ::close(fd);
  }

  Handler handler_;
  UniqueFd listener_;
  int port_ = 0;
  std::atomic<std::uint64_t> accepted_ = 0;
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread thread_;
};

/// A request with its body, "" when the peer closed. Bytes behind it stay in `buffer`.
inline std::string read_request(int fd, std::string& buffer) {
  const auto more = [&] {
    char bytes[4096];
    const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
    if (got > 0) buffer.append(bytes, static_cast<std::size_t>(got));
    return got > 0;
  };
  std::size_t end;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos)
    if (!more()) return "";
  std::size_t length = 0;
  if (const auto at = buffer.find("Content-Length: "); at < end) length = std::stoul(buffer.substr(at + 16));
  while (buffer.size() < end + 4 + length)
    if (!more()) return "";
  const std::string request = buffer.substr(0, end + 4 + length);
  buffer.erase(0, request.size());
  return request;
}

inline bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

inline std::string response(std::string_view body, std::string_view status = "200 OK", std::string_view more = "") {
  return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(more) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

/// A handler that answers every request of a connection with what `answer` makes of it; "" ends the connection.
inline Server::Handler each_request(std::function<std::string(const std::string&)> answer) {
  return [answer = std::move(answer)](int fd) {
    std::string buffer;
    for (std::string request; !(request = read_request(fd, buffer)).empty();) {
      const std::string text = answer(request);
      if (text.empty() || !send_all(fd, text)) return;
    }
  };
}
}  // namespace mccoy::load::testing
