// Whom the programs below a watched command talked to, and where they listened. Sockets are followed as long as they
// are open; what they do is told to the windows that are open at that time. Used by one thread at a time.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "harness/witness/endpoint.hpp"
#include "harness/witness/programs.hpp"
#include "harness/witness/socket_window.hpp"
#include "harness/witness/tcp_farewells.hpp"

namespace mccoy::witness {
enum class OtherEnds : std::uint8_t { awaited, left_open };

class SocketLog {
 public:
  /// Before the kernel connects.
  ///   address  bytes of a sockaddr
  void connects(Watched& process, int by, int fd, std::string_view address);
  /// Before it sends messages, each to an address of its own.
  void sends(const Watched& process, int by, int fd, std::span<const std::string> addresses);
  void listens(Watched& process, int by, int fd);
  void accepts(Watched& process, int by, int fd);
  /// Its sockets are still open.
  void before_exit(Watched& process);
  /// Looks at connections whose end is not known yet.
  void settle(Programs& programs);
  bool unsettled() const { return !fresh_.empty(); }
  int farewells_fd() const { return farewells_.fd(); }
  void take_farewells();

  /// A window is told of everything from here on; it must stay where it is until it has ended.
  void begin(SocketWindow& window, Programs& programs);
  /// False: the kernel has yet to say something of sockets that were closed in this window.
  ///   other_ends  does what the other end of a connection says, if it ever does, matter, too?
  bool all_told(const SocketWindow& window, Programs& programs, OtherEnds other_ends);
  void end(SocketWindow& window);
  /// Many are remembered, and some may be closed by now.
  bool crowded() const { return windows_.empty() && sockets_.size() >= most_before_cleaning_; }
  void forget_closed(Programs& programs);
  /// Programs have got new numbers; see Programs::forget_ended().
  void renumber(const std::vector<int>& now);

 private:
  /// One socket that was told to connect.
  struct Socket {
    int by = evidence::kNoProgram;
    std::string to, protocol;
    Endpoint peer;
    std::uint64_t inode = 0;  ///< of a unix socket
    pid_t pid = 0;
    int fd = -1;
    int looks = 0;
    bool made = false, finished = false;
    SocketBytes bytes = {};
    UniqueFd copy = {};  ///< of unix sockets, which say no farewell: kept until it is known whether they are connected
  };
  /// What came in over a socket that is gone may be one byte less; if its other end was here, its farewell tells.
  struct Uncertain {
    int by = evidence::kNoProgram;
    std::string to, protocol;
    std::vector<const SocketWindow*> windows;  ///< those that were open when it was gone
    Farewell farewell;
  };
  void take_farewell(const Farewell& farewell);
  void settle_bytes(const Uncertain& ours, const Farewell& theirs);
  void look(std::uint64_t cookie, Socket& socket, int pidfd);
  void note_try(int by, const std::string& to, std::string_view protocol, const Endpoint& peer);
  void note_made(std::uint64_t cookie, Socket& socket);
  void add_bytes(SocketWindow& window, std::uint64_t cookie, const Socket& socket, const SocketBytes& now);
  void find_peer(const Socket& socket, int fd);
  bool is_open(std::uint64_t cookie, Socket& socket, Programs& programs);
  bool has_tcp() const;
  void add_open(SocketWindow& window);

  TcpFarewells farewells_;
  std::vector<SocketWindow*> windows_;
  std::unordered_map<std::uint64_t, Socket> sockets_;  ///< by cookie
  std::vector<std::uint64_t> fresh_;  ///< cookies of those that are not known to be made or to have failed
  std::vector<Uncertain> uncertain_;
  std::deque<Farewell> others_;  ///< the last ones of sockets that are not in sockets_
  std::size_t most_before_cleaning_ = 4096;
  bool lost_sockets_ = false;
};
}  // namespace mccoy::witness
