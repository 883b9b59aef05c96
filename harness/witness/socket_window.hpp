// Conversations and listening sockets of one window of time, summed by program and address. Filled by a SocketLog.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "harness/evidence/activity.hpp"
#include "harness/witness/tcp_farewells.hpp"

namespace mccoy::witness {
class SocketWindow {
 public:
  /// What one program says to one address. nullptr: there are too many.
  evidence::SeenConnection* connection(int by, const std::string& to, std::string_view protocol);
  evidence::SeenListener* listener(int by, const std::string& at);

  /// A socket that was connected when the window began.
  void stood(std::uint64_t cookie, const SocketBytes& bytes) { before_.insert_or_assign(cookie, bytes); }
  bool has_stood(std::uint64_t cookie) const { return before_.contains(cookie); }
  /// Bytes of a socket since the window began.
  SocketBytes since(std::uint64_t cookie, const SocketBytes& now) const;

  std::vector<evidence::SeenConnection> connections;
  std::vector<evidence::SeenListener> listeners;
  std::int64_t dropped = 0;
  bool lost_bytes = false;

 private:
  std::map<std::tuple<int, std::string, std::string>, std::size_t> connection_at_;  ///< by, protocol, address
  std::map<std::pair<int, std::string>, std::size_t> listener_at_;
  std::unordered_map<std::uint64_t, SocketBytes> before_;
};
}  // namespace mccoy::witness
