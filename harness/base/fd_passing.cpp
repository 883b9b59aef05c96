#include "harness/base/fd_passing.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace mccoy {
namespace {
union Ancillary {
  cmsghdr header;
  std::array<char, CMSG_SPACE(kMaxPassedFds * sizeof(int))> room;
};

void attach(msghdr& message, Ancillary& ancillary, std::span<const int> fds) {
  ancillary.room.fill(0);
  message.msg_control = ancillary.room.data();
  message.msg_controllen = CMSG_SPACE(fds.size_bytes());
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(fds.size_bytes());
  std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
}

void take_fds(msghdr& message, Packet& packet) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count && i < kMaxPassedFds; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
      packet.fds[i] = UniqueFd(fd);
    }
  }
}
}  // namespace

Result<SocketPair> make_socket_pair() {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds.data()) != 0)
    return system_error("cannot make a socket pair", errno);
  return SocketPair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

Status send_packet(int socket, std::string_view bytes, std::span<const int> fds, int flags) {
  MCCOY_CHECK(bytes.size() <= kMaxPacketBytes && fds.size() <= kMaxPassedFds);
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  Ancillary ancillary;
  if (!fds.empty()) attach(message, ancillary, fds);
  while (::sendmsg(socket, &message, MSG_NOSIGNAL | flags) < 0)
    if (errno != EINTR) return system_error("cannot send to a helper process of mccoy", errno);
  return {};
}

Packet receive_packet(int socket, std::span<char> into, int flags) {
  iovec part{into.data(), into.size()};
  Ancillary ancillary;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = ancillary.room.data();
  message.msg_controllen = ancillary.room.size();
  Packet packet;
  do packet.size = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | flags);
  while (packet.size < 0 && errno == EINTR);
  if (packet.size >= 0) take_fds(message, packet);
  return packet;
}
}  // namespace mccoy
