// One question to the kernel's socket diagnosis, sock_diag(7), and its answers.
#pragma once
#include <linux/netlink.h>

#include <cstddef>
#include <functional>
#include <string_view>

namespace mccoy::witness {
enum class Answer { refused, nothing, given };  ///< nothing: ENOENT; no such socket, or nobody there who could tell

/// Hands every answer to `take`.
///   body  an inet_diag_req_v2 or a unix_diag_req
///   dump  all that match, else the one that is named exactly
Answer ask_sock_diag(std::string_view body, bool dump, const std::function<void(const nlmsghdr&)>& take);
}  // namespace mccoy::witness
