// Whom the programs below a watched command talked to, and where they listened. Used by the one thread that answers
// the calls.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "harness/evidence/activity.hpp"
#include "harness/witness/endpoint.hpp"
#include "harness/witness/programs.hpp"
#include "harness/witness/tcp_farewells.hpp"

namespace mccoy::witness {
class SocketLog {
 public:
  /// Before the kernel connects (or sends to an address, `once`).
  ///   address  bytes of a sockaddr
  void connects(Watched& process, int by, int fd, std::string_view address, bool once);
  void listens(Watched& process, int by, int fd);
  void accepts(Watched& process, int by, int fd);
  /// Its sockets are still open.
  void before_exit(Watched& process);
  /// Looks at connections whose end is not known yet.
  void settle(Programs& programs);
  bool unsettled() const { return !fresh_.empty(); }
  int farewells_fd() const { return farewells_.fd(); }
  void take_farewells();

  /// Waits a moment for what the kernel has yet to say of sockets that were closed.
  void await_farewells(Programs& programs);
  std::vector<evidence::SeenConnection> finish_connections(const std::vector<evidence::SeenProgram>& programs);
  std::vector<evidence::SeenListener> take_listeners() { return std::move(listeners_); }
  std::int64_t dropped() const { return dropped_; }
  bool lost_bytes() const { return lost_bytes_; }

 private:
  /// One socket that was told to connect.
  struct Socket {
    std::size_t connection = 0;
    pid_t pid = 0;
    int fd = -1;
    int looks = 0;
    bool made = false, finished = false;
    SocketBytes bytes = {};
    UniqueFd copy = {};  ///< of unix sockets, which say no farewell: kept until it is known whether they are connected
  };
  /// What came in over a socket that is gone may be one byte less; if its other end was here, its farewell tells.
  struct Uncertain {
    std::size_t connection = 0;
    Farewell farewell;
  };
  void take_farewell(const Farewell& farewell);
  void settle_bytes(const Uncertain& ours, const Farewell& theirs);
  bool farewells_missing(const Programs& programs) const;
  void look(std::uint64_t cookie, Socket& socket, int pidfd);
  void note_made(Socket& socket);
  void find_peer(Socket& socket, int fd);
  static void find_listener(evidence::SeenConnection& connection, const Endpoint& to);

  TcpFarewells farewells_;
  std::vector<evidence::SeenConnection> connections_;
  std::map<std::pair<int, std::string>, std::size_t> connection_at_;
  std::unordered_map<std::uint64_t, Socket> sockets_;  ///< by cookie
  std::vector<std::uint64_t> fresh_;  ///< cookies of those that are not known to be made or to have failed
  std::vector<evidence::SeenListener> listeners_;
  std::map<std::pair<int, std::string>, std::size_t> listener_at_;
  std::vector<Uncertain> uncertain_;
  std::deque<Farewell> others_;  ///< the last ones of sockets that are not in sockets_
  std::int64_t dropped_ = 0;
  bool lost_bytes_ = false;
};
}  // namespace mccoy::witness
