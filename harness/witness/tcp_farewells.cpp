#include "harness/witness/tcp_farewells.hpp"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "harness/witness/netlink.hpp"

namespace mccoy::witness {
namespace {
constexpr std::size_t kRoom = 64 * 1024;
constexpr int kBacklog = 4 << 20;
// tcp_states.h
constexpr std::uint8_t kSynSent = 2, kSynReceived = 3, kTimeWait = 6, kClosed = 7, kCloseWait = 8, kLastAck = 9,
                       kListen = 10, kClosing = 11;

SocketBytes bytes_of(const tcp_info& info) {
  const auto sent = static_cast<std::int64_t>(info.tcpi_bytes_sent),
             again = static_cast<std::int64_t>(info.tcpi_bytes_retrans);
  SocketBytes bytes{.out = sent - again, .in = static_cast<std::int64_t>(info.tcpi_bytes_received)};
  bytes.established = bytes.out > 0 || bytes.in > 0 ||
                      (info.tcpi_state != kSynSent && info.tcpi_state != kSynReceived && info.tcpi_state != kClosed);
  const bool has_ended = info.tcpi_state == kCloseWait || info.tcpi_state == kLastAck || info.tcpi_state == kClosing ||
                         info.tcpi_state == kTimeWait;
  if (bytes.in > 0 && (has_ended || info.tcpi_data_segs_in == 0)) --bytes.in;
  bytes.erased = info.tcpi_state == kClosed && info.tcpi_segs_out == 0 && info.tcpi_segs_in == 0;
  bytes.maybe_one_less = bytes.in > 0 && info.tcpi_state == kClosed;
  return bytes;
}

std::uint64_t cookie_of(const inet_diag_sockid& id) {
  return std::uint64_t{id.idiag_cookie[1]} << 32 | id.idiag_cookie[0];
}

/// What one message of the socket diagnosis says of a socket. nullopt: nothing that could be counted.
std::optional<Farewell> socket_in(const nlmsghdr& message) {
  if (message.nlmsg_len < NLMSG_LENGTH(sizeof(inet_diag_msg))) return std::nullopt;
  inet_diag_msg told{};
  std::memcpy(&told, NLMSG_DATA(&message), sizeof told);
  constexpr std::size_t kBefore = NLMSG_ALIGN(sizeof(inet_diag_msg));
  auto rest = static_cast<int>(message.nlmsg_len) - static_cast<int>(NLMSG_LENGTH(kBefore));
  const auto* parts = static_cast<const char*>(NLMSG_DATA(&message)) + kBefore;
  for (const auto* part = reinterpret_cast<const rtattr*>(parts); RTA_OK(part, rest); part = RTA_NEXT(part, rest)) {
    if (part->rta_type != INET_DIAG_INFO) continue;
    tcp_info info{};
    std::memcpy(&info, RTA_DATA(part), std::min(sizeof info, std::size_t{RTA_PAYLOAD(part)}));
    return Farewell{.cookie = cookie_of(told.id),
                    .local = make_endpoint(told.idiag_family, told.id.idiag_src, ntohs(told.id.idiag_sport)),
                    .peer = make_endpoint(told.idiag_family, told.id.idiag_dst, ntohs(told.id.idiag_dport)),
                    .bytes = bytes_of(info),
                    .closed = told.idiag_inode == 0};
  }
  return std::nullopt;
}
}  // namespace

SocketBytes bytes_of_socket(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  return ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? bytes_of(info) : SocketBytes{};
}

std::uint64_t cookie_of_socket(int fd) {
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  return ::getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

std::optional<TcpSockets> tcp_sockets() {
  constexpr std::uint32_t kNotAsked = 1U << kTimeWait | 1U << kListen | 1U << kClosed;
  TcpSockets sockets;
  for (const int family : {AF_INET, AF_INET6}) {
    inet_diag_req_v2 question{};
    question.sdiag_family = static_cast<std::uint8_t>(family);
    question.sdiag_protocol = IPPROTO_TCP;
    question.idiag_states = ~kNotAsked;
    question.idiag_ext = 1U << (INET_DIAG_INFO - 1);
    const std::string_view body(reinterpret_cast<const char*>(&question), sizeof question);
    const Answer answer = ask_sock_diag(body, true, [&](const nlmsghdr& message) {
      if (auto socket = socket_in(message)) sockets.insert_or_assign(socket->cookie, *socket);
    });
    if (answer == Answer::refused) return std::nullopt;
  }
  return sockets;
}

TcpFarewells::TcpFarewells() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

void TcpFarewells::listen() {
  if (netlink_) return;
  UniqueFd netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1U << (SKNLGRP_INET_TCP_DESTROY - 1) | 1U << (SKNLGRP_INET6_TCP_DESTROY - 1);
  if (!netlink || ::bind(netlink.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
  ::setsockopt(netlink.get(), SOL_SOCKET, SO_RCVBUF, &kBacklog, sizeof kBacklog);
  epoll_event event{.events = EPOLLIN, .data = {.fd = netlink.get()}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, netlink.get(), &event) == 0) netlink_ = std::move(netlink);
}

bool TcpFarewells::drain(const std::function<void(const Farewell&)>& take) {
  alignas(nlmsghdr) static thread_local std::array<char, kRoom> room;
  for (;;) {
    const ssize_t got = netlink_ ? ::recv(netlink_.get(), room.data(), room.size(), MSG_DONTWAIT) : 0;
    if (got <= 0) return got == 0 || errno != ENOBUFS;
    auto left = static_cast<std::uint32_t>(got);
    for (auto* message = reinterpret_cast<nlmsghdr*>(room.data()); NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left))
      if (const auto gone = socket_in(*message)) take(*gone);
  }
}
}  // namespace mccoy::witness
