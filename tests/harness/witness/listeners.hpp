// Servers of fixtures/listeners.py, connections to them, and an ownership that a test decides.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "harness/base/process.hpp"
#include "harness/witness/ownership.hpp"

namespace mccoy::test {
class Listener {
 public:
  explicit Listener(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"python3", MCCOY_SOURCE_DIR "/fixtures/listeners.py"});
    const Command command{
        .argv = std::move(arguments), .env = base_environment(), .cwd = {}, .input = {}, .uid = {}, .gid = {}};
    auto tree = ProcessTree::start(command);
    if (!tree.ok()) BOOST_FAIL(tree.error().what);
    tree_ = std::move(*tree);
    pollfd readable{tree_.out(), POLLIN, 0};
    char room[512];
    while (said_.find('\n') == std::string::npos) {
      BOOST_REQUIRE(::poll(&readable, 1, 60000) == 1);
      const ssize_t got = ::read(tree_.out(), room, sizeof room);
      BOOST_REQUIRE(got > 0);
      said_.append(room, static_cast<std::size_t>(got));
    }
  }
  int port() const { return number(1); }
  int number(int word) const {
    std::istringstream words(said_);
    std::string one;
    for (int skip = 0; skip <= word; ++skip) words >> one;
    return std::stoi(one);
  }
  pid_t root() const { return tree_.root().pid; }
  ProcessTree& tree() { return tree_; }

 private:
  ProcessTree tree_;
  std::string said_;
};

/// Connected, and one line has come back.
inline UniqueFd greeted(UniqueFd fd) {
  char room[16];
  BOOST_REQUIRE(::recv(fd.get(), room, sizeof room, 0) > 0);
  return fd;
}
inline UniqueFd connected(int port, const char* address = "127.0.0.1") {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, address, &to.sin_addr);
  BOOST_REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  return greeted(std::move(fd));
}
inline UniqueFd connected_v6(int port) {
  UniqueFd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(static_cast<std::uint16_t>(port));
  to.sin6_addr = in6addr_loopback;
  BOOST_REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  return greeted(std::move(fd));
}
inline UniqueFd connected_unix(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::strncpy(to.sun_path, path.c_str(), sizeof to.sun_path - 1);
  BOOST_REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  return greeted(std::move(fd));
}

class Decided : public witness::Ownership {
 public:
  void service(pid_t pid, const std::string& name) { owners_[pid] = {witness::Owner::Who::service, name}; }
  void harness(pid_t pid) { owners_[pid] = {witness::Owner::Who::harness, {}}; }
  witness::Owner owner_of(pid_t pid) const override {
    const auto found = owners_.find(pid);
    return found == owners_.end() ? witness::Owner{} : found->second;
  }
  std::vector<pid_t> likely() const override {
    std::vector<pid_t> pids;
    for (const auto& [pid, owner] : owners_)
      if (owner.who == witness::Owner::Who::service) pids.push_back(pid);
    return pids;
  }

 private:
  std::map<pid_t, witness::Owner> owners_;
};
}  // namespace mccoy::test
