// The socket tables asked by netlink: one exact question costs the same with 10 or 100,000 sockets open.
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>

#include <cstring>

#include "harness/witness/netlink.hpp"
#include "harness/witness/socket_tables.hpp"

namespace mccoy::witness {
namespace {
constexpr std::uint32_t kListening = 1U << TCP_LISTEN;
constexpr std::uint32_t kEstablished = 1U << TCP_ESTABLISHED;

template <class Plain>
std::string_view bytes_of(const Plain& plain) {
  return {reinterpret_cast<const char*>(&plain), sizeof plain};
}

TcpSocket socket_of(const nlmsghdr& message) {
  inet_diag_msg answer{};
  std::memcpy(&answer, NLMSG_DATA(&message), sizeof answer);
  return {.local = make_endpoint(answer.idiag_family, answer.id.idiag_src, ntohs(answer.id.idiag_sport)),
          .peer = make_endpoint(answer.idiag_family, answer.id.idiag_dst, ntohs(answer.id.idiag_dport)),
          .inode = answer.idiag_inode,
          .listening = answer.idiag_state == TCP_LISTEN};
}

inet_diag_req_v2 tcp_question(int family, std::uint32_t states, int local_port, int peer_port) {
  inet_diag_req_v2 question{};
  question.sdiag_family = static_cast<std::uint8_t>(family);
  question.sdiag_protocol = IPPROTO_TCP;
  question.idiag_states = states;
  question.id.idiag_sport = htons(static_cast<std::uint16_t>(local_port));
  question.id.idiag_dport = htons(static_cast<std::uint16_t>(peer_port));
  return question;
}

/// False when either family is not answered for.
bool dump(std::uint32_t states, int local_port, std::vector<TcpSocket>& into) {
  bool answered = true;
  for (const int family : {AF_INET, AF_INET6}) {
    const auto question = tcp_question(family, states, local_port, 0);
    answered &= ask_sock_diag(bytes_of(question), true,
                              [&](const nlmsghdr& message) { into.push_back(socket_of(message)); }) == Answer::given;
  }
  return answered;
}

/// "No such socket" and "no module that could tell" look alike; a dump tells them apart.
bool tcp_is_answered_for() {
  static const bool answered = [] {
    std::vector<TcpSocket> ignored;
    return dump(kListening, 0, ignored);
  }();
  return answered;
}
}  // namespace

std::optional<TcpSocket> find_connected(const Endpoint& local, const Endpoint& peer) {
  auto question = tcp_question(local.family, ~0U, local.port, peer.port);
  std::memcpy(question.id.idiag_src, local.address.data(), local.address.size());
  std::memcpy(question.id.idiag_dst, peer.address.data(), peer.address.size());
  question.id.idiag_cookie[0] = question.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  std::optional<TcpSocket> found;
  const Answer answer = ask_sock_diag(bytes_of(question), false, [&](const nlmsghdr& message) {
    const TcpSocket socket = socket_of(message);
    // Without a connected one the kernel names the listening socket; that is another question.
    if (!socket.listening && socket.local == local && socket.peer == peer) found = socket;
  });
  if (answer == Answer::refused || (answer == Answer::nothing && !tcp_is_answered_for()))
    return proc_net::find_connected(local, peer);
  return found;
}

std::vector<TcpSocket> listening_sockets(int port) {
  std::vector<TcpSocket> found;
  return dump(kListening, port, found) ? found : proc_net::listening_sockets(port);
}

std::vector<TcpSocket> established_sockets() {
  std::vector<TcpSocket> found;
  return dump(kEstablished, 0, found) ? found : proc_net::established_sockets();
}

std::uint64_t unix_peer(std::uint64_t inode) {
  unix_diag_req question{};
  question.sdiag_family = AF_UNIX;
  question.udiag_states = ~0U;
  question.udiag_ino = static_cast<std::uint32_t>(inode);
  question.udiag_show = UDIAG_SHOW_PEER;
  question.udiag_cookie[0] = question.udiag_cookie[1] = ~0U;
  std::uint32_t peer = 0;
  ask_sock_diag(bytes_of(question), false, [&](const nlmsghdr& message) {
    constexpr std::size_t kBefore = NLMSG_ALIGN(sizeof(unix_diag_msg));
    auto left = static_cast<int>(message.nlmsg_len) - static_cast<int>(NLMSG_LENGTH(kBefore));
    const auto* bytes = static_cast<const char*>(NLMSG_DATA(&message)) + kBefore;
    for (const auto* part = reinterpret_cast<const rtattr*>(bytes); RTA_OK(part, left); part = RTA_NEXT(part, left))
      if (part->rta_type == UNIX_DIAG_PEER) std::memcpy(&peer, RTA_DATA(part), sizeof peer);
  });
  return peer;
}
}  // namespace mccoy::witness
