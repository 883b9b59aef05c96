// Packets with descriptors over a Unix SOCK_SEQPACKET pair: how mccoy, its guardian and the keepers talk.
// A packet arrives whole or not at all; received descriptors are close-on-exec.
#pragma once
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "harness/base/error.hpp"
#include "harness/base/owned.hpp"

namespace mccoy {
constexpr std::size_t kMaxPassedFds = 4;
constexpr std::size_t kMaxPacketBytes = 64 * 1024;  ///< well below the smallest send buffer

struct SocketPair {
  UniqueFd ours, theirs;
};
Result<SocketPair> make_socket_pair();

/// Blocks while the receiver is slow, unless MSG_DONTWAIT is among the flags (then EAGAIN). errors: EPIPE when the
/// other end is gone.
///   bytes  at most kMaxPacketBytes
///   fds    at most kMaxPassedFds; they stay the caller's
Status send_packet(int socket, std::string_view bytes, std::span<const int> fds = {}, int flags = 0);

struct Packet {
  std::ptrdiff_t size =
      -1;  ///< bytes; 0: the other end is gone; -1: nothing there (only with MSG_DONTWAIT) or an error
  std::array<UniqueFd, kMaxPassedFds> fds;
};
Packet receive_packet(int socket, std::span<char> into, int flags = 0);

/// A plain struct as the bytes of a packet, and back.
template <class T>
std::string_view bytes_of(const T& plain) {
  return {reinterpret_cast<const char*>(&plain), sizeof plain};
}
template <class T>
std::span<char> room_of(T& plain) {
  return {reinterpret_cast<char*>(&plain), sizeof plain};
}
}  // namespace mccoy
