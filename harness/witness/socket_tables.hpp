// The kernel's tables of sockets of this network namespace: by sock_diag, or read from /proc/net where that is refused.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "harness/witness/endpoint.hpp"

namespace mccoy::witness {
struct TcpSocket {
  Endpoint local, peer;
  std::uint64_t inode = 0;  ///< 0: belongs to no process any more, or not yet
  bool listening = false;
};
/// The socket with these ends that is connected (also when it is being closed).
std::optional<TcpSocket> find_connected(const Endpoint& local, const Endpoint& peer);
std::vector<TcpSocket> listening_sockets(int port);  ///< port 0: all
std::vector<TcpSocket> established_sockets();
/// Inode of the other end of a connected unix socket; 0 when it cannot be told.
std::uint64_t unix_peer(std::uint64_t inode);

/// From /proc/net: the first three for where sock_diag is refused.
namespace proc_net {
std::optional<TcpSocket> find_connected(const Endpoint& local, const Endpoint& peer);
std::vector<TcpSocket> listening_sockets(int port);
std::vector<TcpSocket> established_sockets();
/// Inodes of the unix sockets that listen at this name: absolute path, or "@name".
std::vector<std::uint64_t> listening_unix_sockets(std::string_view name);
}  // namespace proc_net
}  // namespace mccoy::witness
