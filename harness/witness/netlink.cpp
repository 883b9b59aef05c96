#include "harness/witness/netlink.hpp"

#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "harness/base/owned.hpp"

namespace mccoy::witness {
namespace {
constexpr std::size_t kReplyBytes = 64 * 1024;

bool send_question(int netlink, std::string_view body, bool dump) {
  nlmsghdr head{};
  head.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(body.size()));
  head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  head.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | (dump ? NLM_F_DUMP : 0));
  std::array<iovec, 2> parts{{{&head, sizeof head}, {const_cast<char*>(body.data()), body.size()}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  return ::sendmsg(netlink, &message, 0) >= 0;
}

Answer answer_of_error(const nlmsghdr& message) {
  nlmsgerr problem{};
  std::memcpy(&problem, NLMSG_DATA(&message), sizeof problem);
  return problem.error == -ENOENT ? Answer::nothing : Answer::refused;
}

Answer hear(int netlink, bool dump, const std::function<void(const nlmsghdr&)>& take) {
  alignas(nlmsghdr) std::array<char, kReplyBytes> room;
  for (;;) {
    const ssize_t got = ::recv(netlink, room.data(), room.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Answer::refused;
    auto left = static_cast<std::uint32_t>(got);
    for (auto* message = reinterpret_cast<nlmsghdr*>(room.data()); NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
      if (message->nlmsg_type == NLMSG_DONE) return Answer::given;
      if (message->nlmsg_type == NLMSG_ERROR) return answer_of_error(*message);
      take(*message);
      if (!dump) return Answer::given;
    }
  }
}
}  // namespace

Answer ask_sock_diag(std::string_view body, bool dump, const std::function<void(const nlmsghdr&)>& take) {
  // One for each thread that asks: each question is answered to its end before the next.
  thread_local UniqueFd kept;
  UniqueFd netlink =
      kept ? std::move(kept) : UniqueFd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!netlink || !send_question(netlink.get(), body, dump)) return Answer::refused;
  const Answer answer = hear(netlink.get(), dump, take);
  if (answer != Answer::refused) kept = std::move(netlink);
  return answer;
}
}  // namespace mccoy::witness
